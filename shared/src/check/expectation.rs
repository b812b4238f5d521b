//! An object that a manifest names: it has to be that very object, with that spec or a newer one.

use crate::report::{Code, Item, State};

/// What a manifest says about the identity of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Its identity.
    pub uid: Option<String>,
    /// The number of its spec. A later one is as good.
    pub generation: Option<i64>,
}

impl Expectation {
    /// Replaces a verdict that is about another object of the same name, about an older spec, or about an unknown one. Returns
    /// whether it was replaced.
    pub fn judge(&self, item: &mut Item) -> bool {
        let ids = self.uid.as_deref().zip(item.uid.as_deref());
        if let Some((wanted, own)) = ids.filter(|(wanted, own)| wanted != own) {
            let message = format!("replaced: the manifest is about uid {wanted}, and this object has {own}");
            set(item, State::Unavailable, Code::Replaced, message);
            return true;
        }
        let generations = self.generation.zip(item.generation);
        if let Some((wanted, own)) = generations.filter(|(wanted, own)| own < wanted) {
            let message = format!("generation {wanted} of the manifest is not there yet, only {own}");
            set(item, State::Progressing, Code::NotObserved, message);
            return true;
        }
        let lacks_uid = self.uid.is_some() && item.uid.is_none();
        if lacks_uid || self.generation.is_some() && item.generation.is_none() {
            let what = if lacks_uid { "uid" } else { "generation" };
            let message =
                format!("the verdict does not say which {what} it is about, and the manifest is about one");
            set(item, State::Unknown, Code::NotObserved, message);
            item.healthy = None;
            return true;
        }
        false
    }
}

fn set(item: &mut Item, state: State, reason: Code, message: String) {
    item.state = state;
    item.healthy = Some(false);
    item.reason = reason;
    item.message = message;
    item.detail = None;
    item.since = None;
    item.causes.clear();
    item.acknowledged = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ObjectRef;

    fn item(uid: Option<&str>, generation: Option<i64>) -> Item {
        let object = ObjectRef::namespaced("Deployment", "shop", "web");
        Item {
            healthy: Some(true),
            uid: uid.map(str::to_owned),
            generation,
            ..Item::new(object, State::Healthy, Code::Ready, "1 of 1 ready".to_owned())
        }
    }

    #[test]
    fn an_object_counts_only_if_it_is_the_one_of_the_manifest_in_its_version_or_a_later_one() {
        let expected = Expectation {
            uid: Some("u1".to_owned()),
            generation: Some(3),
        };
        for (uid, generation, state, reason) in [
            (Some("u1"), Some(3), State::Healthy, Code::Ready),
            (Some("u1"), Some(4), State::Healthy, Code::Ready),
            (Some("u1"), Some(2), State::Progressing, Code::NotObserved),
            (Some("u2"), Some(9), State::Unavailable, Code::Replaced),
            // An older agent does not say it.
            (None, Some(3), State::Unknown, Code::NotObserved),
            (Some("u1"), None, State::Unknown, Code::NotObserved),
            (Some("u2"), None, State::Unavailable, Code::Replaced),
        ] {
            let mut item = item(uid, generation);
            let is_replaced = expected.judge(&mut item);
            assert_eq!(
                (item.state, &item.reason),
                (state, &reason),
                "{uid:?} {generation:?}"
            );
            assert_eq!(is_replaced, reason != Code::Ready);
        }
        let mut any = item(Some("u2"), Some(1));
        assert!(!Expectation::default().judge(&mut any));
    }
}
