//! The key that puts items into one group.

use crate::report::{Cause, Code, Item, ObjectRef};

/// Items with the same key belong to one group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// They have the same thing behind them. The key has a code too if that thing can cause different problems.
    Subject(ObjectRef, Option<Code>),
    /// They share these words.
    Words(Code, String),
    /// The item shares nothing with others: code, gist, and the item.
    Own(Code, String, ObjectRef),
}

impl Key {
    /// The key of an item by one of its causes.
    pub fn new(item: &Item, cause: &Cause) -> Self {
        match &cause.subject {
            // A namespace has many rules, and each rule can refuse pods.
            Some(subject) if subject.kind == "Namespace" => {
                Self::Subject(subject.clone(), Some(cause.code.clone()))
            }
            Some(subject) => Self::Subject(subject.clone(), None),
            None if item.is_workload() => match cause.shared_words() {
                Some(words) => Self::Words(cause.code.clone(), words.to_owned()),
                None => Self::Own(cause.code.clone(), cause.gist().to_owned(), item.identity()),
            },
            None => Self::Subject(item.identity(), None),
        }
    }
}
