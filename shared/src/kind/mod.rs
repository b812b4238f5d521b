//! The kinds that are judged. Each is one word in `registry`, and has its facts in its own file.

mod rbac_rule;
mod resource_arg;
mod resource_type;
mod unjudged;

pub use rbac_rule::RbacRule;
pub use resource_arg::ResourceArg;
pub use resource_type::ResourceType;
pub use unjudged::{is_built_in_group, unjudged_type};

use crate::resource::{self, Resource};

/// Calls a macro with every kind that is judged, in the order of reports: the names of their views.
macro_rules! registry {
    ($with:ident) => {
        $with! {
            Deployment,
            StatefulSet,
            DaemonSet,
            Job,
            CronJob,
            Rollout,
            ReplicaSet,
            ReplicationController,
            Pod,
            Node,
            Namespace,
            PersistentVolumeClaim,
            Service,
            HorizontalPodAutoscaler,
            PodDisruptionBudget,
            ApiService,
            ValidatingWebhookConfiguration,
            MutatingWebhookConfiguration,
        }
    };
}
pub(crate) use registry;

/// Makes the enum, and the functions from a kind to the facts of its type.
macro_rules! kinds {
    ($($kind:ident,)+) => {
        /// A kind that is judged.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = concat!("[`", stringify!($kind), "`](resource::", stringify!($kind), ").")] $kind,)+
        }

        impl Kind {
            /// Every kind, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its type in the API.
            #[must_use]
            pub fn resource_type(self) -> ResourceType {
                match self { $(Self::$kind => ResourceType::from_view::<resource::$kind>(),)+ }
            }

            /// The API group, empty for the core group.
            #[must_use]
            pub fn group(self) -> &'static str {
                match self { $(Self::$kind => resource::$kind::GROUP,)+ }
            }

            /// The version in its group.
            fn version(self) -> &'static str {
                match self { $(Self::$kind => resource::$kind::VERSION,)+ }
            }

            /// The `kind` of its objects.
            #[must_use]
            pub fn kind(self) -> &'static str {
                match self { $(Self::$kind => resource::$kind::KIND,)+ }
            }

            /// The plural, lower-case name: that of the check, of the path and of the RBAC rule.
            #[must_use]
            pub fn plural(self) -> &'static str {
                match self { $(Self::$kind => resource::$kind::PLURAL,)+ }
            }

            /// Whether its objects are in namespaces.
            #[must_use]
            pub fn is_namespaced(self) -> bool {
                match self { $(Self::$kind => resource::$kind::NAMESPACED,)+ }
            }

            /// Whether every API server serves it.
            #[must_use]
            pub fn is_built_in(self) -> bool {
                match self { $(Self::$kind => resource::$kind::BUILT_IN,)+ }
            }

            /// Its other facts.
            #[must_use]
            pub fn info(self) -> KindInfo {
                match self { $(Self::$kind => resource::$kind::INFO,)+ }
            }
        }

        $(impl RegisteredKind for resource::$kind {
            const REGISTERED: Kind = Kind::$kind;
        })+
    };
}
registry!(kinds);

/// The view of a kind of the registry. The view of custom resources is of no such kind.
pub trait RegisteredKind: Resource {
    /// Its kind.
    const REGISTERED: Kind;
}

/// A kind of the registry. Its own file in [`check`](crate::check) has its facts.
pub trait JudgedKind: Resource {
    /// Its facts.
    const INFO: KindInfo;
}

/// Facts of a kind that its API type does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// The name of one object, lower-case.
    pub singular: &'static str,
    /// The plural as a title.
    pub title: &'static str,
    /// The short names that kubectl accepts.
    pub short_names: &'static [&'static str],
    /// Whether it is judged if no kind is chosen.
    pub by_default: bool,
    /// How its pods are named, if it has any.
    pub pods: PodNames,
    /// Whether an object that has a controller is left to it, unless this kind is asked for.
    pub left_to_controller: bool,
    /// Whether its objects end by themselves instead of being rolled out.
    pub ends: bool,
}

impl KindInfo {
    /// A kind without short names and without pods, which is judged only if it is chosen.
    #[must_use]
    pub const fn new(singular: &'static str, title: &'static str) -> Self {
        Self {
            singular,
            title,
            short_names: &[],
            by_default: false,
            pods: PodNames::None,
            left_to_controller: false,
            ends: false,
        }
    }
}

/// The pods of a kind, and how their names begin with the object's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodNames {
    /// It has none.
    None,
    /// It is a pod itself.
    Itself,
    /// It makes them itself: `NAME-SUFFIX`.
    Suffix,
    /// Its ReplicaSets or Jobs make them: `NAME-HASH-SUFFIX`.
    HashAndSuffix,
}

impl Kind {
    /// The kinds that are judged if none is chosen.
    pub fn by_default() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.info().by_default)
    }

    /// The kind whose objects carry that `kind`.
    #[must_use]
    pub fn from_kind(kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.kind() == kind)
    }

    /// The name of one object, lower-case.
    #[must_use]
    pub fn singular(self) -> &'static str {
        self.info().singular
    }

    /// The plural as a title.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.info().title
    }

    /// Whether it makes pods, or is one.
    #[must_use]
    pub fn is_workload(self) -> bool {
        self.info().pods != PodNames::None
    }

    /// Whether its objects can be controllers of others: all that make pods.
    #[must_use]
    pub fn has_owned(self) -> bool {
        matches!(self.info().pods, PodNames::Suffix | PodNames::HashAndSuffix)
    }

    /// Whether its objects are left to the controllers that they have.
    #[must_use]
    pub fn leaves_owned(self) -> bool {
        self.info().left_to_controller
    }

    /// Plural and group, as kubectl names it: `pods`, `deployments.apps`.
    #[must_use]
    pub fn resource(self) -> String {
        self.resource_type().resource()
    }

    /// The RBAC rule that lists it, such as `apps/deployments list`.
    #[must_use]
    pub fn rule(self) -> RbacRule {
        self.resource_type().rule()
    }

    /// Every word that names the kind on a command line.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let names = [self.plural(), self.singular()].into_iter();
        names.chain(self.info().short_names.iter().copied())
    }

    /// The kind that a word names, in any case. As in kubectl, the word may have a group and a version:
    /// `deployments.apps`, `deployments.v1.apps`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let without = |word: &str, part: &str| {
            let before = word.strip_suffix(part).and_then(|w| w.strip_suffix('.'));
            before.unwrap_or(word).to_owned()
        };
        Self::ALL.iter().copied().find(|kind| {
            let word = without(&without(&word, kind.group()), kind.version());
            kind.words().any(|known| known == word)
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
            assert_eq!(Kind::from_word(word), Some(Kind::Deployment), "{word}");
        }
        for (word, kind) in [
            ("sts", Kind::StatefulSet),
            ("ds", Kind::DaemonSet),
            ("job", Kind::Job),
            ("cj", Kind::CronJob),
            ("cronjobs.batch", Kind::CronJob),
            ("po", Kind::Pod),
            ("no", Kind::Node),
            ("hpa.v2.autoscaling", Kind::HorizontalPodAutoscaler),
            ("pdb", Kind::PodDisruptionBudget),
            ("ro", Kind::Rollout),
            ("rollouts.v1alpha1.argoproj.io", Kind::Rollout),
            ("apiservices.apiregistration.k8s.io", Kind::ApiService),
        ] {
            assert_eq!(Kind::from_word(word), Some(kind), "{word}");
        }
        for word in ["", "apps", "deploys", "deployments.batch", "v1", "secrets"] {
            assert_eq!(Kind::from_word(word), None, "{word}");
        }
        assert_eq!(Kind::Deployment.rule().to_string(), "apps/deployments list");
    }

    #[test]
    fn the_singular_of_a_kind_is_the_singular_of_its_type() {
        for kind in Kind::ALL {
            assert_eq!(kind.singular(), kind.resource_type().singular);
        }
    }
}
