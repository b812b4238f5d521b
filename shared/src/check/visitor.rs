//! The way from a kind of the registry to its type.

use super::{Check, RelatedKind};
use crate::kind::{Kind, registry};
use crate::resource;

/// Something to do with a kind's type.
pub trait KindVisitor {
    /// The result.
    type Output;
    /// Does it.
    fn visit<T: Check>(self, kind: Kind) -> Self::Output;
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
    /// The kinds that its verdicts may need beside its own objects.
    #[must_use]
    pub fn companions(self) -> &'static [RelatedKind] {
        struct Companions;
        impl KindVisitor for Companions {
            type Output = &'static [RelatedKind];
            fn visit<T: Check>(self, _kind: Kind) -> Self::Output {
                T::COMPANIONS
            }
        }
        self.visit(Companions)
    }
}
