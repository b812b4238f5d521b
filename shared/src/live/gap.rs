//! Gaps in the view of a cluster, as data. The words for them are elsewhere.

use crate::failure::Failure;
use crate::report::NotSeen;
use crate::resource::Time;

/// The reason why objects of a kind, or their related objects, could not be seen. A namespace of `None` means all of
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// The first list has not finished yet.
    FirstListPending {
        /// The namespace that is listed.
        namespace: Option<String>,
    },
    /// The list failed.
    NotListed {
        /// The namespace that is listed.
        namespace: Option<String>,
        /// Why.
        failure: Failure,
    },
    /// The watch has been silent for too long.
    Stale {
        /// The namespace that is watched.
        namespace: Option<String>,
        /// Its last event, by the API server's clock.
        since: Time,
        /// Why, if the watch failed.
        failure: Option<Failure>,
    },
    /// That namespace is asked for, and not watched.
    NamespaceNotWatched(String),
    /// Every namespace is asked for, and only these are watched.
    OnlyWatched(Vec<String>),
    /// Related objects that verdicts need have not been read yet.
    RelatedPending,
    /// Related objects that verdicts need were read too long ago.
    RelatedStale {
        /// When they were read, by the API server's clock.
        since: Time,
    },
    /// Another gap, in the words of the code that found it.
    Described(NotSeen),
}

impl Gap {
    /// Class of the failure, a stable word such as `forbidden` or `stale`.
    #[must_use]
    pub fn class(&self) -> &str {
        match self {
            Self::FirstListPending { .. } | Self::RelatedPending => "notListed",
            Self::NotListed { failure, .. } => failure.class.as_str(),
            Self::Stale { .. } | Self::RelatedStale { .. } => "stale",
            Self::NamespaceNotWatched(_) | Self::OnlyWatched(_) => "notWatched",
            Self::Described(entry) => &entry.class,
        }
    }
}
