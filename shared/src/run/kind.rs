//! The registry of kinds that are judged: one line a kind in `registry!`.

use crate::resource::{Deployment, Resource};

/// Makes the registry: the enum, the names, and the way from a kind to its Rust type.
macro_rules! registry {
    ($($(#[$doc:meta])* $variant:ident: $type:ty, $singular:literal, $short:literal, $title:literal;)+) => {
        /// A kind that is judged.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $variant,)+ }

        impl Kind {
            /// Every kind, in the order in which reports show them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            fn names(self) -> Names {
                match self {
                    $(Self::$variant => Names {
                        group: <$type>::GROUP,
                        kind: <$type>::KIND,
                        plural: <$type>::PLURAL,
                        singular: $singular,
                        short: $short,
                        title: $title,
                    },)+
                }
            }

            /// Calls the visitor with the kind's type.
            pub fn visit<V: KindVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$variant => visitor.visit::<$type>(self),)+ }
            }
        }
    };
}

registry! {
    /// `apps/v1` Deployment.
    Deployments: Deployment, "deployment", "deploy", "Deployments";
}

/// Something to do with a kind's type.
pub trait KindVisitor {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<T: crate::check::Judged>(self, kind: Kind) -> Self::Output;
}

struct Names {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static str,
    title: &'static str,
}

impl Kind {
    /// The API group, empty for the core group.
    #[must_use]
    pub fn group(self) -> &'static str {
        self.names().group
    }

    /// The `kind` of its objects.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.names().kind
    }

    /// The plural, lower-case name: that of the check, of the path and of the RBAC rule.
    #[must_use]
    pub fn plural(self) -> &'static str {
        self.names().plural
    }

    /// The name of one, lower-case.
    #[must_use]
    pub fn singular(self) -> &'static str {
        self.names().singular
    }

    /// The plural as a title.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.names().title
    }

    /// The rule that is needed to list the kind, as a report names it when it is missing.
    #[must_use]
    pub fn rule(self) -> String {
        match self.group() {
            "" => format!("{} list", self.plural()),
            group => format!("{group}/{} list", self.plural()),
        }
    }

    /// Every word that names the kind on a command line.
    #[must_use]
    pub fn words(self) -> [&'static str; 3] {
        let names = self.names();
        [names.plural, names.singular, names.short]
    }

    /// The kind that a word names, in any case; `deployments.apps` and `deployments.v1.apps` too, as in kubectl.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        Self::ALL.iter().copied().find(|kind| {
            let word = word
                .strip_suffix(kind.group())
                .and_then(|w| w.strip_suffix('.'))
                .unwrap_or(&word);
            let word = word.strip_suffix(".v1").unwrap_or(word);
            kind.words().contains(&word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_kind_is_known_by_every_name_that_kubectl_takes() {
        for word in [
            "deployments",
            "Deployment",
            "deploy",
            "deployments.apps",
            "deploy.v1.apps",
        ] {
            assert_eq!(Kind::from_word(word), Some(Kind::Deployments), "{word}");
        }
        for word in ["", "apps", "deploys", "deployments.batch", "pods"] {
            assert_eq!(Kind::from_word(word), None, "{word}");
        }
        assert_eq!(Kind::Deployments.rule(), "apps/deployments list");
    }
}
