//! The state that the readers of all kinds share.

use super::namespace_list::NamespaceList;
use crate::check::Now;
use crate::cluster::{self, Client};
use crate::failure::{Class, Failure};
use crate::judge::{JudgeOptions, Judged, OwnerFilter};
use crate::kind::ResourceType;
use crate::resource::{Namespace, Resource, Time};
use crate::run::clock::Clock;
use crate::run::progress::Progress;
use crate::run::request::{Causes, Request};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OnceCell, Semaphore};

/// Lists of single namespaces that run at the same time.
pub(super) const LISTS_AT_ONCE: usize = 8;

/// The task of reading and judging a kind.
pub type KindTask<'a> = Pin<Box<dyn Future<Output = Judged> + Send + 'a>>;

/// Reads the kinds of one run. Requests that concern all of them are made once.
pub struct ClusterReader<'a> {
    pub(super) client: &'a Client,
    pub(super) request: &'a Request,
    pub(super) clock: Clock,
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    pub(super) lists: Arc<Semaphore>,
    pub(super) namespaces: OnceCell<Option<NamespaceList>>,
    /// The namespace that was asked for, once it was read.
    pub(super) requested_namespace: OnceCell<Result<Namespace, Failure>>,
    /// Why the API server cannot be reached, once that is known. Then no other kind waits for the same failure.
    pub(super) unreached: OnceLock<Failure>,
    /// The failure of `/version`, once it was requested.
    pub(super) version: OnceCell<Option<Failure>>,
}

impl<'a> ClusterReader<'a> {
    pub fn new(
        client: &'a Client,
        request: &'a Request,
        clock: Clock,
        progress: &'a (dyn Fn(Progress<'_>) + Sync),
    ) -> Self {
        Self {
            client,
            request,
            clock,
            progress,
            lists: Arc::new(Semaphore::new(LISTS_AT_ONCE)),
            namespaces: OnceCell::new(),
            requested_namespace: OnceCell::new(),
            unreached: OnceLock::new(),
            version: OnceCell::new(),
        }
    }

    /// Reports that a kind is being read, and that it was.
    pub(super) fn with_progress<'k>(&'k self, check: String, task: KindTask<'k>) -> KindTask<'k> {
        Box::pin(async move {
            (self.progress)(Progress::Reading(&check));
            let judged = task.await;
            (self.progress)(Progress::Read(&check));
            judged
        })
    }

    /// The API server's time, or this machine's before the first answer.
    pub fn time(&self) -> Time {
        self.client.server_time().unwrap_or_else(self.clock)
    }

    pub fn now(&self) -> Now {
        Now::known(self.time())
    }

    pub(super) fn options<'o>(&self, names: &[String], owners: &'o OwnerFilter) -> JudgeOptions<'o> {
        JudgeOptions {
            owners,
            named: !names.is_empty(),
            heeds_annotations: !self.request.no_ignore,
            keeps_open: self.request.causes != Causes::None,
        }
    }

    /// The failure itself, unless something other than an API server answers. That is found out once, and every kind
    /// then has the same failure.
    pub(super) async fn server_failure(&self, failure: Failure) -> Failure {
        let is_doubtful = match failure.class {
            Class::NotAnApiServer => true,
            // An API server answers the same if it does not serve the kind.
            Class::NotFound => failure.status == Some(404),
            _ => false,
        };
        if !is_doubtful {
            return failure;
        }
        let version = self
            .version
            .get_or_init(|| async { cluster::version(self.client).await.0.err() })
            .await;
        match version {
            Some(other) if other.class == Class::NotAnApiServer => {
                let _ = self.unreached.set(other.clone());
                other.clone()
            }
            _ => failure,
        }
    }

    /// Whether the API server serves the kind. True unless it says that it does not: if a caller may not list a kind,
    /// the API server refuses before it looks whether there is such a kind.
    pub(super) async fn is_served<T: Resource>(&self) -> bool {
        if T::BUILT_IN || self.unreached.get().is_some() {
            return true;
        }
        !cluster::is_not_served::<T>(self.client).await
    }

    /// The requested namespace; `None` for kinds that are in none, as in kubectl.
    pub(super) fn namespace(&self, resource_type: &ResourceType) -> Option<&str> {
        self.request
            .namespace
            .as_deref()
            .filter(|_| resource_type.namespaced)
    }
}
