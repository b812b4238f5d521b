//! From a kind of the registry to its Rust type.

use super::{Check, RelatedKind};
use crate::kind::{Kind, RegisteredKind, registry};
use crate::resource;

/// An operation on the Rust type of a kind.
pub trait KindVisitor {
    /// The result.
    type Output;
    /// Runs the operation.
    fn visit<T: Check + RegisteredKind>(self, kind: Kind) -> Self::Output;
}

macro_rules! visit {
    ($($kind:ident,)+) => {
        impl Kind {
            /// Calls the visitor with the kind's type.
            pub fn visit<V: KindVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$kind => visitor.visit::<resource::$kind>(self),)+ }
            }
        }
    };
}
registry!(visit);

impl Kind {
    /// The kinds that its verdicts may need besides its own objects.
    #[must_use]
    pub fn related_kinds(self) -> &'static [RelatedKind] {
        struct FindRelatedKinds;
        impl KindVisitor for FindRelatedKinds {
            type Output = &'static [RelatedKind];
            fn visit<T: Check>(self, _kind: Kind) -> Self::Output {
                T::RELATED_KINDS
            }
        }
        self.visit(FindRelatedKinds)
    }
}
