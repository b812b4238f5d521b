//! An item of a list as it is kept.

use super::settled::SettledObject;
use crate::resource::Decoded;
use std::sync::Arc;

/// An item of a list: compact if it is settled, whole if not.
pub enum Kept<T> {
    /// Any object, or the reason why it does not decode.
    Whole(Box<Decoded<T>>),
    /// A settled object and its namespace.
    Compact(Arc<str>, SettledObject),
}

impl<T> From<Decoded<T>> for Kept<T> {
    fn from(object: Decoded<T>) -> Self {
        Self::Whole(Box::new(object))
    }
}
