//! An object that has no verdict: it is there, or it is being deleted.

use crate::kind::ResourceType;
use crate::report::{Code, Item, ObjectRef, State};
use crate::resource::ObjectMeta;

/// The item of an object that is there. Its kind says nothing about how it is.
#[must_use]
pub fn present_item(resource_type: &ResourceType, meta: &ObjectMeta) -> Item {
    let object = ObjectRef::namespaced(&resource_type.kind, &meta.namespace, &meta.name);
    let item = match meta.deletion_timestamp {
        Some(deleted) => Item {
            healthy: Some(false),
            since: Some(deleted.to_string()),
            ..Item::new(
                object,
                State::Terminating,
                Code::Deleting,
                "being deleted".to_owned(),
            )
        },
        None => Item::new(object, State::Healthy, Code::Present, "is there".to_owned()),
    };
    Item {
        uid: Some(meta.uid.clone()).filter(|uid| !uid.is_empty()),
        generation: meta.generation,
        ..item
    }
}

/// Makes an object that reports nothing about itself one that is there.
pub fn set_present_if_silent(item: &mut Item) {
    if item.state == State::Unknown && item.reason == Code::NoConditions {
        item.state = State::Healthy;
        item.healthy = None;
        item.reason = Code::Present;
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "the times of a test are times")]
mod tests {
    use super::*;
    use crate::kind::unjudged_type;
    use crate::resource::Time;

    fn meta(deleted: Option<&str>) -> ObjectMeta {
        ObjectMeta {
            name: "web".to_owned(),
            namespace: "shop".to_owned(),
            uid: "u1".to_owned(),
            deletion_timestamp: deleted.map(|text| Time::parse(text).expect("a time")),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn an_object_without_a_verdict_is_there_or_being_deleted() {
        let config_maps = unjudged_type("v1", "ConfigMap").expect("a kind without a verdict");
        let there = present_item(&config_maps, &meta(None));
        assert_eq!(
            (
                there.identity().to_string(),
                there.state,
                there.healthy,
                there.reason
            ),
            (
                "ConfigMap/shop/web".to_owned(),
                State::Healthy,
                None,
                Code::Present
            )
        );
        assert_eq!(there.uid.as_deref(), Some("u1"));
        let deleted = present_item(&config_maps, &meta(Some("2026-01-01T00:00:00Z")));
        assert_eq!(
            (deleted.state, deleted.healthy, deleted.reason),
            (State::Terminating, Some(false), Code::Deleting)
        );
    }

    #[test]
    fn only_an_object_that_reports_nothing_is_taken_as_there() {
        let reason = |state: State, reason: Code| {
            let object = ObjectRef::namespaced("Monitor", "shop", "web");
            let mut item = Item::new(object, state, reason, String::new());
            set_present_if_silent(&mut item);
            (item.state, item.reason)
        };
        assert_eq!(
            reason(State::Unknown, Code::NoConditions),
            (State::Healthy, Code::Present)
        );
        // Its controller may write a condition within the first minute.
        assert_eq!(
            reason(State::Progressing, Code::NotObserved),
            (State::Progressing, Code::NotObserved)
        );
        assert_eq!(
            reason(State::Unknown, Code::Undecodable),
            (State::Unknown, Code::Undecodable)
        );
    }
}
