//! Whether a run found nothing, though it could read everything. That alone is no answer: a name may be misspelt.

use super::not_seen::nothing_selected;
use crate::judge::Judged;
use crate::report::NotSeen;
use crate::run::request::Request;

/// How much of a run is empty. If only one of several kinds is empty, that is an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Emptiness {
    /// No object of any kind.
    everywhere: bool,
    /// No object of the kinds that are in namespaces.
    in_namespaces: bool,
}

impl Emptiness {
    /// From the parts of a run.
    pub fn new(kinds: &[Judged]) -> Self {
        Self::from_counts(kinds.iter().map(|judged| (judged.namespaced, judged.is_empty())))
    }

    /// From each kind: whether its objects are in namespaces, and whether it was read and has none.
    pub fn from_counts(kinds: impl Iterator<Item = (bool, bool)>) -> Self {
        let (mut all, mut within) = (None, None);
        for (namespaced, is_empty) in kinds {
            all = Some(all.unwrap_or(true) && is_empty);
            if namespaced {
                within = Some(within.unwrap_or(true) && is_empty);
            }
        }
        Self {
            everywhere: all.unwrap_or(false),
            in_namespaces: within.unwrap_or(false),
        }
    }

    /// The namespace that was asked for, if nothing was found in it: it may not exist.
    pub fn namespace(self, request: &Request) -> Option<&str> {
        request.namespace.as_deref().filter(|_| self.in_namespaces)
    }

    /// The entry for a selector that matches no object of these kinds.
    pub fn selector<S: AsRef<str>>(self, request: &Request, checks: &[S]) -> Option<NotSeen> {
        if !request.has_selector() || !self.everywhere {
            return None;
        }
        let namespace = request.namespace.as_deref();
        let fields = request.field_selector.as_str();
        let labels = request.selector_text.as_str();
        if fields.is_empty() {
            return Some(nothing_selected(checks, labels, namespace));
        }
        let both = [labels, fields].into_iter().filter(|text| !text.is_empty());
        let mut entry = nothing_selected(checks, &both.collect::<Vec<_>>().join(" and "), namespace);
        let kinds: Vec<&str> = checks.iter().map(AsRef::as_ref).collect();
        entry.hint = Some(format!("check the fields: kubectl get {} -A", kinds.join(",")));
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_empty_only_if_every_kind_of_it_is() {
        let empty = |kinds: &[(bool, bool)]| {
            let emptiness = Emptiness::from_counts(kinds.iter().copied());
            (emptiness.everywhere, emptiness.in_namespaces)
        };
        assert_eq!(empty(&[]), (false, false), "nothing was read");
        assert_eq!(empty(&[(true, true)]), (true, true));
        assert_eq!(empty(&[(true, true), (true, false)]), (false, false));
        // Nodes are in no namespace, and are found with any.
        assert_eq!(empty(&[(true, true), (false, false)]), (false, true));
        assert_eq!(empty(&[(false, true)]), (true, false));
    }
}
