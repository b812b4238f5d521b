//! The objects that a timeline is about.

use crate::kind::Kind;
use crate::report::ObjectRef;

/// The characters of which controllers make suffixes of names (`SafeEncodeString` in `k8s.io/apimachinery/pkg/util/rand`).
const SUFFIX: &str = "bcdfghjklmnpqrstvwxz2456789";

/// The objects that a timeline is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineScope {
    /// The namespace; `None` for all.
    pub namespace: Option<String>,
    /// Kinds with the names of objects, which are empty for all; no kind stands for everything.
    pub kinds: Vec<(Kind, Vec<String>)>,
    /// Whether the API server and the leaders of controllers were named.
    pub api_server: bool,
}

impl TimelineScope {
    /// Whether everything is asked for.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.kinds.is_empty() && !self.api_server
    }

    /// Whether objects of one of these kinds are asked for.
    #[must_use]
    pub fn has_any(&self, kinds: &[Kind]) -> bool {
        self.kinds.is_empty() && !self.api_server || self.kinds.iter().any(|(kind, _)| kinds.contains(kind))
    }

    /// The targets in words: `deployments`, `deployments/web`.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let api_server = self.api_server.then(|| "apiserver".to_owned());
        let kinds = self
            .kinds
            .iter()
            .flat_map(|(kind, names)| match names.as_slice() {
                [] => vec![kind.plural().to_owned()],
                names => names
                    .iter()
                    .map(|name| format!("{}/{name}", kind.plural()))
                    .collect(),
            });
        api_server.into_iter().chain(kinds).collect()
    }

    /// Whether something that happened to that object, on that node, is asked for.
    #[must_use]
    pub fn takes(&self, object: &ObjectRef, node: Option<&str>) -> bool {
        let is_here = |namespace: &str| object.namespace.is_empty() || object.namespace == namespace;
        if !self.namespace.as_deref().is_none_or(is_here) {
            return false;
        }
        self.is_everything()
            || self
                .kinds
                .iter()
                .any(|(kind, names)| takes(*kind, names, object, node))
    }
}

fn takes(kind: Kind, names: &[String], object: &ObjectRef, node: Option<&str>) -> bool {
    let is_named = |name: &str| names.is_empty() || names.iter().any(|known| known == name);
    if kind == Kind::Node {
        return object.kind == "Node" && is_named(&object.name) || node.is_some_and(is_named);
    }
    if object.kind == kind.kind() {
        return is_named(&object.name);
    }
    let is_behind = |name: &str| belongs(kind, name, &object.kind, &object.name);
    match names {
        [] => is_behind(""),
        names => names.iter().any(|name| is_behind(name)),
    }
}

/// Whether an object has a name that the controllers behind a workload of that kind and name give. Any name counts if the
/// workload has none.
fn belongs(kind: Kind, workload: &str, object: &str, name: &str) -> bool {
    let Some(parts) = suffix_parts(kind, object) else {
        return false;
    };
    let mut rest = name;
    for part in parts.iter().rev() {
        let Some((before, suffix)) = rest.rsplit_once('-') else {
            return false;
        };
        if !part.is_of(suffix) {
            return false;
        }
        rest = before;
    }
    workload.is_empty() || rest == workload
}

/// A part of a name that a controller adds.
#[derive(Clone, Copy)]
enum SuffixPart {
    /// The hash of a template.
    Hash,
    /// Five random characters.
    Random,
    /// A number.
    Number,
}

impl SuffixPart {
    fn is_of(self, text: &str) -> bool {
        let is_safe = || text.chars().all(|c| SUFFIX.contains(c));
        match self {
            Self::Hash => !text.is_empty() && text.len() <= 10 && is_safe(),
            Self::Random => text.len() == 5 && is_safe(),
            Self::Number => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
        }
    }
}

/// What a controller adds to the name of a workload of that kind to name an object of the other.
fn suffix_parts(kind: Kind, object: &str) -> Option<&'static [SuffixPart]> {
    use SuffixPart::{Hash, Number, Random};
    Some(match (kind, object) {
        (Kind::Deployment, "ReplicaSet") => &[Hash],
        (Kind::Deployment, "Pod") => &[Hash, Random],
        (Kind::StatefulSet, "Pod") => &[Number],
        (Kind::DaemonSet | Kind::Job, "Pod") => &[Random],
        (Kind::CronJob, "Job") => &[Number],
        (Kind::CronJob, "Pod") => &[Number, Random],
        (Kind::Deployment | Kind::StatefulSet, "HorizontalPodAutoscaler") => &[],
        _ => return None,
    })
}
