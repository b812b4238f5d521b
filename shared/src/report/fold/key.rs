//! By what items are one.

use crate::report::{Cause, Code, Item, ObjectRef};

/// By what items are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The same thing is behind them; a code too if the thing can be behind them for different reasons.
    Subject(ObjectRef, Option<Code>),
    /// They share these words.
    Words(Code, String),
    /// They share nothing with others: code, gist, and the item.
    Own(Code, String, ObjectRef),
}

impl Key {
    /// The key of an item by one of its causes.
    pub fn new(item: &Item, cause: &Cause) -> Self {
        match &cause.subject {
            // A namespace has many rules, and each of them can refuse pods.
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
