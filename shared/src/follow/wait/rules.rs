//! What is waited for, and for how long.

use crate::kind::{Kind, ResourceArg};
use crate::report::FailOn;
use std::time::Duration;

/// The rules of one wait.
#[derive(Debug, Clone)]
pub struct WaitRules {
    /// How long a problem that may pass by itself is waited for without progress.
    pub grace: Duration,
    /// How long everything must stay as it should be.
    pub settle: Duration,
    /// For this long after the beginning a report may still show what was before it: nothing that it says of an object ends the
    /// wait.
    pub lag: Duration,
    /// The deadline of the whole wait; `None` for none.
    pub timeout: Option<Duration>,
    /// The states that decide the exit code at the deadline.
    pub fail_on: FailOn,
    /// What is waited for. Empty if no kind and no object was named: everything in the reports then.
    pub targets: Vec<WaitTarget>,
    /// Whether a kind that the API server does not serve is waited for: a manifest may bring its definition.
    pub expects_kinds: bool,
}

impl Default for WaitRules {
    /// The defaults of the command line: a grace of two minutes, and a deadline after the ten minutes that a controller
    /// allows by default.
    fn default() -> Self {
        Self {
            grace: Duration::from_mins(2),
            settle: Duration::ZERO,
            lag: Duration::ZERO,
            timeout: Some(Duration::from_mins(12)),
            fail_on: FailOn::default(),
            targets: Vec::new(),
            expects_kinds: false,
        }
    }
}

/// An object or a kind that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitTarget {
    /// The kind.
    pub resource: WaitResource,
    /// The namespace; `None` for all, and for kinds without namespaces.
    pub namespace: Option<String>,
    /// The name; `None` for every object of the kind.
    pub name: Option<String>,
    /// The identity of the object, if a manifest or an answer of the API server gave it.
    pub uid: Option<String>,
    /// The generation from which on the object is as it should be.
    pub generation: Option<i64>,
}

impl WaitTarget {
    /// Every object of a kind.
    #[must_use]
    pub fn kind(kind: Kind) -> Self {
        Self {
            resource: WaitResource::Kind(kind),
            namespace: None,
            name: None,
            uid: None,
            generation: None,
        }
    }

    /// One object of a kind, in that namespace or in any.
    #[must_use]
    pub fn named(kind: Kind, namespace: Option<&str>, name: &str) -> Self {
        Self {
            namespace: namespace.map(str::to_owned),
            name: Some(name.to_owned()),
            ..Self::kind(kind)
        }
    }

    /// Whether it is about that object of that check.
    pub(crate) fn takes(&self, check: &str, kind: &str, namespace: &str, name: &str) -> bool {
        self.name.as_ref().is_none_or(|own| own == name)
            && self
                .namespace
                .as_ref()
                .is_none_or(|own| namespace.is_empty() || own == namespace)
            && self.resource.is_check(check, kind)
    }

    /// The object in words: `deployment shop/web`.
    pub(super) fn words(&self) -> String {
        let kind = match &self.resource {
            WaitResource::Kind(kind) => kind.singular().to_owned(),
            WaitResource::Custom(arg) => arg.to_string(),
            WaitResource::Manifest { group, kind } if group.is_empty() => kind.to_lowercase(),
            WaitResource::Manifest { group, kind } => format!("{}.{group}", kind.to_lowercase()),
        };
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
            (None, Some(name)) => format!("{kind} {name}"),
            (_, None) => kind,
        }
    }
}

/// The kind of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitResource {
    /// A kind of the registry.
    Kind(Kind),
    /// A kind of custom resources, as it was named.
    Custom(ResourceArg),
    /// The kind of a manifest's object that is not in the registry.
    Manifest {
        /// Its group, empty for the core group.
        group: String,
        /// The `kind` of its objects.
        kind: String,
    },
}

impl WaitResource {
    /// Whether its objects end by themselves.
    pub(super) fn ends(&self) -> bool {
        matches!(self, Self::Kind(kind) if kind.info().ends)
    }

    /// Whether a check of that name is about the kind. The check of custom resources is named by plural and group, or by the
    /// argument itself if discovery did not find it. The argument may be a singular or a short name, which begins like the
    /// plural.
    pub(in crate::follow) fn is_check(&self, check: &str, kind_of_object: &str) -> bool {
        match self {
            Self::Kind(kind) => kind.plural() == check,
            // A check of a kind of Kubernetes itself has no group in its name.
            Self::Manifest { group, kind } => {
                kind == kind_of_object && check.split_once('.').is_none_or(|(_, own)| own == group)
            }
            Self::Custom(arg) => {
                let begin = |word: &str| word.chars().next();
                let is_type =
                    |(plural, group): (&str, &str)| group == arg.group && begin(plural) == begin(&arg.word);
                check == arg.to_string() || check.split_once('.').is_some_and(is_type)
            }
        }
    }
}
