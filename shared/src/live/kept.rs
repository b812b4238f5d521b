//! What a list that is read costs while its items are kept.

use crate::check::Check;
use crate::cluster::ListItem;
use crate::judge::Kept;

impl<T: Check> ListItem for Kept<T> {
    fn memory(&self) -> usize {
        match self {
            Self::Whole(object) => object.memory(),
            Self::Compact(_, object) => object.memory(),
        }
    }
}
