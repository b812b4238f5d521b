//! The registry of kinds that are judged: one line a kind in `registry!`.

use super::noun::resource;
use crate::check::RelatedKind;
use crate::resource::{
    ApiService, CronJob, DaemonSet, Deployment, HorizontalPodAutoscaler, Job, MutatingWebhookConfiguration,
    Node, PersistentVolumeClaim, Pod, PodDisruptionBudget, ReplicaSet, ReplicationController, Resource,
    Rollout, Service, StatefulSet, ValidatingWebhookConfiguration,
};

/// Makes the registry: the enum, the names, and the way from a kind to its Rust type.
macro_rules! registry {
    ($($(#[$doc:meta])* $variant:ident: $type:ty, $title:literal, [$($word:literal),+], $default:literal;)+) => {
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
                        version: <$type>::VERSION,
                        kind: <$type>::KIND,
                        plural: <$type>::PLURAL,
                        namespaced: <$type>::NAMESPACED,
                        built_in: <$type>::BUILT_IN,
                        words: &[$($word),+],
                        title: $title,
                        default: $default,
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

// The words are the singular and the short names that kubectl takes beside the plural; the last column tells whether
// the kind is judged where none is chosen.
registry! {
    /// `apps/v1` Deployment.
    Deployments: Deployment, "Deployments", ["deployment", "deploy"], true;
    /// `apps/v1` StatefulSet.
    StatefulSets: StatefulSet, "StatefulSets", ["statefulset", "sts"], true;
    /// `apps/v1` DaemonSet.
    DaemonSets: DaemonSet, "DaemonSets", ["daemonset", "ds"], true;
    /// `batch/v1` Job.
    Jobs: Job, "Jobs", ["job"], true;
    /// `batch/v1` CronJob.
    CronJobs: CronJob, "CronJobs", ["cronjob", "cj"], true;
    /// `argoproj.io/v1alpha1` Rollout, where a cluster has it.
    Rollouts: Rollout, "Rollouts", ["rollout", "ro"], false;
    /// `apps/v1` ReplicaSet.
    ReplicaSets: ReplicaSet, "ReplicaSets", ["replicaset", "rs"], false;
    /// `v1` ReplicationController.
    ReplicationControllers: ReplicationController, "ReplicationControllers", ["replicationcontroller", "rc"], false;
    /// `v1` Pod.
    Pods: Pod, "Pods", ["pod", "po"], false;
    /// `v1` Node.
    Nodes: Node, "Nodes", ["node", "no"], false;
    /// `v1` PersistentVolumeClaim.
    PersistentVolumeClaims: PersistentVolumeClaim, "PersistentVolumeClaims", ["persistentvolumeclaim", "pvc"], false;
    /// `v1` Service.
    Services: Service, "Services", ["service", "svc"], false;
    /// `autoscaling/v2` HorizontalPodAutoscaler.
    HorizontalPodAutoscalers: HorizontalPodAutoscaler, "HorizontalPodAutoscalers", ["horizontalpodautoscaler", "hpa"], false;
    /// `policy/v1` PodDisruptionBudget.
    PodDisruptionBudgets: PodDisruptionBudget, "PodDisruptionBudgets", ["poddisruptionbudget", "pdb"], false;
    /// `apiregistration.k8s.io/v1` APIService.
    ApiServices: ApiService, "APIServices", ["apiservice"], false;
    /// `admissionregistration.k8s.io/v1` ValidatingWebhookConfiguration.
    ValidatingWebhookConfigurations: ValidatingWebhookConfiguration, "ValidatingWebhookConfigurations", ["validatingwebhookconfiguration"], false;
    /// `admissionregistration.k8s.io/v1` MutatingWebhookConfiguration.
    MutatingWebhookConfigurations: MutatingWebhookConfiguration, "MutatingWebhookConfigurations", ["mutatingwebhookconfiguration"], false;
}

/// Something to do with a kind's type.
pub trait KindVisitor {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<T: crate::check::Check>(self, kind: Kind) -> Self::Output;
}

struct Names {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    built_in: bool,
    words: &'static [&'static str],
    title: &'static str,
    default: bool,
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

    /// Plural and group, as RBAC and kubectl name the resource.
    #[must_use]
    pub fn resource(self) -> String {
        resource(self.group(), self.plural())
    }

    /// Whether its objects are in namespaces.
    #[must_use]
    pub fn is_namespaced(self) -> bool {
        self.names().namespaced
    }

    /// Whether every API server serves it.
    #[must_use]
    pub fn is_built_in(self) -> bool {
        self.names().built_in
    }

    /// The kinds that its verdicts may need beside its own objects.
    #[must_use]
    pub fn companions(self) -> &'static [RelatedKind] {
        struct Of;
        impl KindVisitor for Of {
            type Output = &'static [RelatedKind];
            fn visit<T: crate::check::Check>(self, _kind: Kind) -> Self::Output {
                T::COMPANIONS
            }
        }
        self.visit(Of)
    }

    /// The kinds that are judged where none is chosen.
    pub fn by_default() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.names().default)
    }

    /// The name of one, lower-case.
    #[must_use]
    pub fn singular(self) -> &'static str {
        self.names().words.first().unwrap_or(&self.names().plural)
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
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let names = self.names();
        std::iter::once(names.plural).chain(names.words.iter().copied())
    }

    /// The kind that a word names, in any case; `deployments.apps` and `deployments.v1.apps` too, as in kubectl.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        Self::ALL.iter().copied().find(|kind| {
            let names = kind.names();
            let word = word
                .strip_suffix(names.group)
                .and_then(|w| w.strip_suffix('.'))
                .unwrap_or(&word);
            let word = word
                .strip_suffix(names.version)
                .and_then(|w| w.strip_suffix('.'))
                .unwrap_or(word);
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
            assert_eq!(Kind::from_word(word), Some(Kind::Deployments), "{word}");
        }
        for (word, kind) in [
            ("sts", Kind::StatefulSets),
            ("ds", Kind::DaemonSets),
            ("job", Kind::Jobs),
            ("cj", Kind::CronJobs),
            ("cronjobs.batch", Kind::CronJobs),
            ("po", Kind::Pods),
            ("no", Kind::Nodes),
            ("hpa.v2.autoscaling", Kind::HorizontalPodAutoscalers),
            ("pdb", Kind::PodDisruptionBudgets),
            ("ro", Kind::Rollouts),
            ("rollouts.v1alpha1.argoproj.io", Kind::Rollouts),
            ("apiservices.apiregistration.k8s.io", Kind::ApiServices),
        ] {
            assert_eq!(Kind::from_word(word), Some(kind), "{word}");
        }
        for word in ["", "apps", "deploys", "deployments.batch", "v1", "secrets"] {
            assert_eq!(Kind::from_word(word), None, "{word}");
        }
        assert_eq!(Kind::Deployments.rule(), "apps/deployments list");
    }
}
