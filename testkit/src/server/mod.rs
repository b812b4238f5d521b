//! Owns the handle of a scripted API server, through which a test changes it and asks it. It serves on a thread of its
//! own, so that it answers a blocking test, a child process and any runtime.
//! Must not know how a request is answered.

mod access;
mod body;
mod builder;
mod certificate;
mod change_signal;
mod continue_token;
mod fault;
mod health;
mod kubeconfig;
mod listener;
mod matcher;
mod request;
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
pub use certificate::{Certificate, ServingCertificate};
pub use fault::{Fault, FaultId, WatchFault};
pub use matcher::Match;
pub use request::RecordedRequest;
pub use state::GoneForm;

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
use self::state::{ServerState, SharedState};
use self::store::Change;

/// Limit of every wait. No wait takes nearly as long; a test that reaches it has failed.
const LIMIT: Duration = Duration::from_secs(10);

/// A scripted API server on 127.0.0.1. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct ApiServer {
    address: SocketAddr,
    url: String,
    ca_pem: Option<String>,
    context: String,
    default_namespace: Option<String>,
    kubeconfig: PathBuf,
    directory: tempfile::TempDir,
    shared: Arc<SharedState>,
    runtime: tokio::runtime::Handle,
    commands: Option<UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<()>,
}

impl ApiServer {
    /// A builder of a server that serves TLS, holds no Deployment and has one user with every right.
    pub fn builder() -> ApiServerBuilder {
        ApiServerBuilder::default()
    }

    /// The address at which it listens, also while it is stopped.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://127.0.0.1:PORT`, or `http://` in plain mode.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The CA in the kubeconfig; `None` for plain HTTP.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// A kubeconfig file for the first user, kept as long as the server.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A kubeconfig file for another user, with the name of the context unchanged.
    ///
    /// # Panics
    /// If the builder was not given that user.
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
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().requests.clone()
    }

    /// The requests so far that fit, oldest first.
    pub fn requests_for(&self, matcher: &Match) -> Vec<RecordedRequest> {
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

    /// Sets a fault for every request that fits, until it is cleared. If several faults fit a request, it gets the one that
    /// was set first.
    pub fn fail(&self, matcher: Match, fault: Fault) -> FaultId {
        self.shared.change(|state| state.faults.add(matcher, fault, None))
    }

    /// Sets a fault for the next `times` requests that fit. Several faults make a sequence.
    pub fn fail_times(&self, times: u32, matcher: Match, fault: Fault) -> FaultId {
        self.shared
            .change(|state| state.faults.add(matcher, fault, Some(times)))
    }

    /// Clears one fault. It changes nothing for requests that already have it.
    pub fn clear_fault(&self, id: FaultId) {
        self.shared.change(|state| state.faults.remove(id));
    }

    /// Clears every fault.
    pub fn clear_faults(&self) {
        self.shared.change(|state| state.faults.clear());
    }

    /// Closes the listener and every connection. From then on connections are refused. The port stays reserved.
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

    /// Stores an object, and its namespace if that is missing, and sends the change to open watches. It replaces an object
    /// with the same names. Returns its new resource version.
    ///
    /// # Panics
    /// If its kind is not served.
    pub fn apply(&self, object: impl Into<Value>) -> u64 {
        let object = object.into();
        self.store(|state| state.store.apply(object))
    }

    /// Stores raw text as a Deployment. It is written unchanged into lists and events, and may have a wrong shape or be no
    /// JSON at all. Returns the new resource version, which the text does not have.
    pub fn apply_raw(&self, namespace: &str, name: &str, text: &str) -> u64 {
        self.store(|state| state.store.apply_raw(DEPLOYMENTS, namespace, name, text))
    }

    fn store(&self, apply: impl FnOnce(&mut ServerState) -> Vec<Change>) -> u64 {
        self.shared.change(|state| {
            let changes = apply(state);
            state.send(&changes);
            state.store.version()
        })
    }

    /// Deletes a Deployment and sends the change to open watches. Returns whether there was one.
    pub fn delete(&self, namespace: &str, name: &str) -> bool {
        self.remove(DEPLOYMENTS, namespace, name)
    }

    /// Deletes an object of any served kind. The namespace is empty for kinds without one. Objects in a deleted Namespace
    /// stay.
    ///
    /// # Panics
    /// If the kind is not served.
    pub fn delete_object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> bool {
        let resource = Resource::from_kind(api_version, kind)
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
        self.shared.change(ServerState::bookmark);
    }

    /// Forgets all changes up to now and the snapshots of lists: watches from an older version and all continue tokens are
    /// answered with 410.
    pub fn compact(&self) {
        self.shared.change(|state| state.store.compact());
    }

    /// Chooses how a watch from a forgotten version is refused.
    pub fn set_gone(&self, gone: GoneForm) {
        self.shared.change(|state| state.gone = gone);
    }

    /// Makes every open watch fail. [`Fault::Watch`] does that to later watches.
    pub fn disturb_watches(&self, fault: &WatchFault) {
        self.shared.change(|state| state.disturb_watches(fault));
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

    /// Names a flow schema and a priority level in every further response, by these UIDs.
    pub fn set_flow_control(&self, schema: &str, level: &str) {
        let named = [schema.to_owned(), level.to_owned()];
        self.shared.change(|state| state.flow_control = Some(named));
    }

    /// Changes the version that /version reports.
    pub fn set_git_version(&self, version: &str) {
        self.shared.change(|state| state.git_version = version.into());
    }

    /// Changes what a user may read. Requests without a token have the user `system:anonymous`.
    pub fn set_access(&self, user: &str, access: Access) {
        self.shared.change(|state| state.users.set_access(user, access));
    }

    /// Issues a token of a user that is valid for this audience and not for the API server.
    pub fn issue(&self, user: &str, audience: &str) -> String {
        self.shared
            .change(|state| state.users.issue(user, &[audience.to_owned()]))
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

    /// Waits for `count` requests that fit, and returns them.
    ///
    /// # Panics
    /// If they have not come within ten seconds.
    pub async fn wait_for_requests(&self, matcher: &Match, count: usize) -> Vec<RecordedRequest> {
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

    /// Waits until exactly `count` watches are open.
    ///
    /// # Panics
    /// If that does not happen within ten seconds.
    pub async fn wait_for_watches(&self, count: usize) {
        self.wait(&format!("{count} open watches"), move |state| {
            state.open_watches() == count
        })
        .await;
    }

    /// Waits until exactly `count` connections are open.
    ///
    /// # Panics
    /// If that does not happen within ten seconds.
    pub async fn wait_for_connections(&self, count: usize) {
        self.wait(&format!("{count} open connections"), move |state| {
            state.open_connections == count
        })
        .await;
    }

    /// Waits on the serving thread's clock, since the paused clock of a test would end the wait at once.
    async fn wait(&self, what: &str, mut reached: impl FnMut(&ServerState) -> bool + Send + 'static) {
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
            self.shared.lock().request_counts()
        );
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // The thread ends when its commands do. If it hangs, it is left behind, so that the test does not hang too.
        self.commands = None;
        if self.ended.recv_timeout(LIMIT).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
