//! Owns the scripted API server that a test holds: it is changed and asked through this handle while it
//! serves on a thread of its own, so that it answers a blocking test, a child process and any runtime alike.
//! Must not know how a request is answered.

mod access;
mod body;
mod builder;
mod certificate;
mod changed;
mod continue_token;
mod fault;
mod health;
mod kubeconfig;
mod listener;
mod matcher;
mod recorded;
mod resource;
mod route;
mod selector;
mod state;
mod status;
mod store;
mod version;
mod watch;

pub use access::Access;
pub use builder::ApiServerBuilder;
pub use certificate::Certificate;
pub use fault::{Fault, FaultId, WatchFault};
pub use matcher::Match;
pub use recorded::Recorded;
pub use state::Gone;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use self::kubeconfig::Kubeconfig;
use self::listener::Command;
use self::resource::{DEPLOYMENTS, Resource};
use self::state::{Shared, State};
use self::store::Change;

/// How long anything here is waited for. Nothing takes nearly as long; a test that hits it has failed.
const LIMIT: Duration = Duration::from_secs(10);

/// A scripted API server on 127.0.0.1. It ends, with all it serves, when it is dropped.
#[derive(Debug)]
pub struct ApiServer {
    address: SocketAddr,
    url: String,
    ca_pem: Option<String>,
    context: String,
    default_namespace: Option<String>,
    kubeconfig: PathBuf,
    directory: tempfile::TempDir,
    shared: Arc<Shared>,
    runtime: tokio::runtime::Handle,
    commands: Option<UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<()>,
}

impl ApiServer {
    /// A builder whose server serves TLS, holds no Deployment and knows one user with every right.
    pub fn builder() -> ApiServerBuilder {
        ApiServerBuilder::default()
    }

    /// Where it listens, also while it is stopped.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://127.0.0.1:PORT`, or `http://` in plain mode.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The CA that clients are told to trust, absent in plain mode.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// A kubeconfig file for the first user, kept as long as the server.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A kubeconfig file for another user, with the same context name.
    ///
    /// # Panics
    /// Where the builder was not given that user.
    pub fn kubeconfig_for(&self, user: &str) -> PathBuf {
        let token = self.shared.lock().users.token_of(user).map(str::to_owned);
        let token = token.unwrap_or_else(|| panic!("no user {user:?} was given to the builder"));
        self.write_kubeconfig(&format!("kubeconfig-{}", user.replace(['/', ':'], "-")), &token)
    }

    /// A kubeconfig file with any token, known to the server or not.
    pub fn kubeconfig_with_token(&self, token: &str) -> PathBuf {
        self.write_kubeconfig("kubeconfig-with-token", token)
    }

    fn write_kubeconfig(&self, file: &str, token: &str) -> PathBuf {
        let path = self.directory.path().join(file);
        let ca = self.directory.path().join("ca.crt");
        let config = Kubeconfig {
            server: &self.url,
            ca: self.ca_pem.as_ref().map(|_| ca.as_path()),
            token,
            context: &self.context,
            namespace: self.default_namespace.as_deref(),
        };
        std::fs::write(&path, config.to_yaml()).expect("the server's own directory can be written to");
        path
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().requests.clone()
    }

    /// The requests so far that fit, oldest first.
    pub fn requests_for(&self, matcher: &Match) -> Vec<Recorded> {
        self.shared
            .lock()
            .requests
            .iter()
            .filter(|request| matcher.fits(request))
            .cloned()
            .collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.change(|state| state.requests.clear());
    }

    /// Sets a fault for every request that fits, until it is cleared. Where several fit, the one set first
    /// is taken.
    pub fn fail(&self, matcher: Match, fault: Fault) -> FaultId {
        self.shared.change(|state| state.faults.add(matcher, fault, None))
    }

    /// Sets a fault for the next so many requests that fit. Several set one after the other make a sequence.
    pub fn fail_times(&self, times: u32, matcher: Match, fault: Fault) -> FaultId {
        self.shared
            .change(|state| state.faults.add(matcher, fault, Some(times)))
    }

    /// Takes one fault back. Requests that it already befell stay befallen.
    pub fn clear_fault(&self, id: FaultId) {
        self.shared.change(|state| state.faults.remove(id));
    }

    /// Takes every fault back.
    pub fn clear_faults(&self) {
        self.shared.change(|state| state.faults.clear());
    }

    /// Closes the listener and every connection: from now on connections are refused. The port stays this
    /// server's.
    pub fn stop(&self) {
        self.command(Command::Stop);
    }

    /// Listens on the same port again. Objects, versions and faults are as they were.
    pub fn start_again(&self) {
        self.command(Command::Start);
    }

    /// Breaks every open connection and goes on listening.
    pub fn drop_connections(&self) {
        self.command(Command::Drop);
    }

    fn command(&self, command: impl FnOnce(SyncSender<()>) -> Command) {
        let (done, wait) = sync_channel(1);
        self.commands
            .as_ref()
            .and_then(|commands| commands.send(command(done)).ok())
            .expect("the serving thread runs as long as its handle");
        wait.recv_timeout(LIMIT)
            .expect("the serving thread does what it is asked");
    }

    /// Stores an object in the place of the one of its names, with its namespace where that is missing, and
    /// tells open watches. Returns its new resource version.
    ///
    /// # Panics
    /// Where its kind is not served.
    pub fn apply(&self, object: impl Into<Value>) -> u64 {
        let object = object.into();
        self.store(|state| state.store.apply(object))
    }

    /// Stores raw text as a Deployment, to be written as it is into lists and events: of a wrong shape, or no
    /// JSON at all. Returns the new resource version, which the text does not carry.
    pub fn apply_raw(&self, namespace: &str, name: &str, text: &str) -> u64 {
        self.store(|state| state.store.apply_raw(DEPLOYMENTS, namespace, name, text))
    }

    fn store(&self, apply: impl FnOnce(&mut State) -> Vec<Change>) -> u64 {
        self.shared.change(|state| {
            let changes = apply(state);
            state.send(&changes);
            state.store.version()
        })
    }

    /// Deletes a Deployment and tells open watches. Returns whether there was one.
    pub fn delete(&self, namespace: &str, name: &str) -> bool {
        self.remove(DEPLOYMENTS, namespace, name)
    }

    /// Deletes an object of any served kind; the namespace is empty for kinds without one. What lies in a
    /// deleted Namespace stays.
    ///
    /// # Panics
    /// Where the kind is not served.
    pub fn delete_object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> bool {
        let resource = Resource::of_kind(api_version, kind)
            .unwrap_or_else(|| panic!("the scripted server does not serve {kind} of {api_version:?}"));
        self.remove(resource, namespace, name)
    }

    fn remove(&self, resource: &Resource, namespace: &str, name: &str) -> bool {
        self.shared.change(|state| {
            let change = state.store.delete(resource, namespace, name);
            state.send(change.as_slice());
            change.is_some()
        })
    }

    /// The resource version of the latest change.
    pub fn resource_version(&self) -> u64 {
        self.shared.lock().store.version()
    }

    /// Sends a bookmark to every open watch that allows them.
    pub fn bookmark(&self) {
        self.shared.change(State::bookmark);
    }

    /// Forgets all changes up to now and the lists under way: a watch from an older version is gone, and so
    /// is every continue token.
    pub fn compact(&self) {
        self.shared.change(|state| state.store.compact());
    }

    /// Chooses how a watch from a forgotten version is refused.
    pub fn set_gone(&self, gone: Gone) {
        self.shared.change(|state| state.gone = gone);
    }

    /// Does something to every open watch. Later ones are met by [`Fault::Watch`].
    pub fn disturb_watches(&self, fault: &WatchFault) {
        self.shared.change(|state| state.befall_watches(fault));
    }

    /// Makes a check of `/readyz`, `/livez` or `/healthz` fail, so that the endpoint answers 500. An unknown
    /// name is added to the checks.
    pub fn fail_check(&self, endpoint: &str, check: &str) {
        self.shared.change(|state| state.checks.fail(endpoint, check));
    }

    /// Makes every check pass again.
    pub fn pass_checks(&self) {
        self.shared.change(|state| state.checks.pass_all());
    }

    /// Changes what /version says.
    pub fn set_git_version(&self, version: &str) {
        self.shared.change(|state| state.git_version = version.into());
    }

    /// Changes what a user may read; `system:anonymous` is the one without a token.
    pub fn set_access(&self, user: &str, access: Access) {
        self.shared.change(|state| state.users.set_access(user, access));
    }

    /// Makes a token unknown, as when it expires.
    pub fn revoke(&self, token: &str) {
        self.shared.change(|state| state.users.revoke(token));
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.lock().open_connections
    }

    /// How many connections were accepted since the start.
    pub fn accepted(&self) -> usize {
        self.shared.lock().accepted_connections
    }

    /// How many watches are open.
    pub fn open_watches(&self) -> usize {
        self.shared.lock().open_watches()
    }

    /// Waits until so many requests that fit have come, and returns them.
    ///
    /// # Panics
    /// Where they have not come within ten seconds.
    pub async fn wait_for_requests(&self, matcher: &Match, count: usize) -> Vec<Recorded> {
        let sought = matcher.clone();
        self.wait(&format!("{count} requests for {matcher:?}"), move |state| {
            state
                .requests
                .iter()
                .filter(|request| sought.fits(request))
                .count()
                >= count
        })
        .await;
        self.requests_for(matcher)
    }

    /// Waits until exactly so many watches are open.
    ///
    /// # Panics
    /// Where that does not happen within ten seconds.
    pub async fn wait_for_watches(&self, count: usize) {
        self.wait(&format!("{count} open watches"), move |state| {
            state.open_watches() == count
        })
        .await;
    }

    /// Waits until exactly so many connections are open.
    ///
    /// # Panics
    /// Where that does not happen within ten seconds.
    pub async fn wait_for_connections(&self, count: usize) {
        self.wait(&format!("{count} open connections"), move |state| {
            state.open_connections == count
        })
        .await;
    }

    /// Waits on the serving thread's clock, so that a test with a paused one is not hurried past.
    async fn wait(&self, what: &str, mut reached: impl FnMut(&State) -> bool + Send + 'static) {
        let shared = Arc::clone(&self.shared);
        let waited = self.runtime.spawn(tokio::time::timeout(LIMIT, async move {
            let mut changes = shared.changed.subscribe();
            while !reached(&shared.lock()) {
                // The sender lives in `shared`.
                let _ = changes.changed().await;
            }
        }));
        let in_time = waited.await.is_ok_and(|waited| waited.is_ok());
        assert!(
            in_time,
            "no {what} within {LIMIT:?}; seen {:?}",
            self.shared.lock().seen()
        );
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // The thread ends with its commands. One that hangs is left behind, rather than the test hung with
        // it.
        self.commands = None;
        if self.ended.recv_timeout(LIMIT).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
