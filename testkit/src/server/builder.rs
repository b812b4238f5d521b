//! Owns the settings of a scripted server, and its start.
//! Must not know how a request is answered.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use super::access::{Access, Users};
use super::certificate::{Certificate, Credentials};
use super::fault::Faults;
use super::health::Checks;
use super::listener;
use super::resource::DEPLOYMENTS;
use super::state::{GoneForm, ServerState, SharedState};
use super::store::Store;
use super::{ApiServer, LIMIT};
use crate::object::{Namespace, Order};

/// The user behind [`ApiServerBuilder::token`].
const ADMIN: &str = "kubernetes-admin";

/// Builds an [`ApiServer`].
#[derive(Debug)]
#[must_use = "a builder does nothing by itself"]
pub struct ApiServerBuilder {
    objects: Vec<Object>,
    users: Vec<(String, String, Access)>,
    anonymous: bool,
    context: String,
    default_namespace: Option<String>,
    certificate: Option<Certificate>,
    git_version: String,
    gone: GoneForm,
    order: Order,
    leaders: bool,
}

#[derive(Debug)]
enum Object {
    Value(Value),
    RawDeployment {
        namespace: String,
        name: String,
        text: String,
    },
}

impl Default for ApiServerBuilder {
    fn default() -> Self {
        Self {
            objects: Vec::new(),
            users: Vec::new(),
            anonymous: true,
            context: "testkit".to_owned(),
            default_namespace: None,
            certificate: Some(Certificate::Valid),
            git_version: "v1.37.2".to_owned(),
            gone: GoneForm::default(),
            order: Order::default(),
            leaders: true,
        }
    }
}

impl ApiServerBuilder {
    /// Stores Deployments and their namespaces.
    pub fn deployments<I>(self, deployments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        self.objects(deployments)
    }

    /// Stores objects of any served kind.
    pub fn objects<I>(mut self, objects: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        self.objects
            .extend(objects.into_iter().map(|object| Object::Value(object.into())));
        self
    }

    /// Stores namespaces by name, besides the four that every cluster has.
    pub fn namespaces<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.objects(names.into_iter().map(Namespace::new))
    }

    /// Stores raw text as a Deployment: see [`ApiServer::apply_raw`].
    pub fn raw_deployment(mut self, namespace: &str, name: &str, text: &str) -> Self {
        self.objects.push(Object::RawDeployment {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            text: text.to_owned(),
        });
        self
    }

    /// Adds the user `kubernetes-admin` with this token and every right. The kubeconfig has the first user that was added.
    /// If none was, it has this user with another token.
    pub fn token(self, token: &str) -> Self {
        self.user(token, ADMIN, Access::admin())
    }

    /// Adds a user with a token.
    pub fn user(mut self, token: &str, name: &str, access: Access) -> Self {
        self.users.push((token.to_owned(), name.to_owned(), access));
        self
    }

    /// Refuses requests without a token with 401. By default their user is `system:anonymous`, who may read /version and the
    /// health endpoints.
    pub fn without_anonymous(mut self) -> Self {
        self.anonymous = false;
        self
    }

    /// Names the context of the kubeconfig, which is `testkit` by default.
    pub fn context(mut self, name: &str) -> Self {
        self.context = name.into();
        self
    }

    /// Sets the namespace of the kubeconfig's context, which names none by default.
    pub fn default_namespace(mut self, name: &str) -> Self {
        self.default_namespace = Some(name.to_owned());
        self
    }

    /// Chooses the certificate of the server.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Serves HTTP without TLS.
    pub fn plain_http(mut self) -> Self {
        self.certificate = None;
        self
    }

    /// Sets the version that /version reports, which is v1.37.2 by default.
    pub fn git_version(mut self, version: &str) -> Self {
        self.git_version = version.into();
        self
    }

    /// Chooses how a watch from a forgotten version is refused.
    pub fn gone(mut self, gone: GoneForm) -> Self {
        self.gone = gone;
        self
    }

    /// Writes `items` before `metadata` in lists.
    pub fn items_first(mut self) -> Self {
        self.order = Order::ItemsFirst;
        self
    }

    /// Serves no Leases of kube-controller-manager and kube-scheduler. By default they are renewed with each request, and a
    /// stored Lease replaces the renewed one.
    pub fn without_leaders(mut self) -> Self {
        self.leaders = false;
        self
    }

    /// Starts the server. It listens when this returns.
    #[allow(
        clippy::unused_async,
        reason = "an async test starts what it awaits, and a later start may wait"
    )]
    pub async fn start(self) -> ApiServer {
        self.start_blocking()
    }

    /// Starts the server from a test without a runtime, since none is needed.
    ///
    /// # Panics
    /// If an object's kind is not served, or the machine gives no port, file or thread.
    pub fn start_blocking(self) -> ApiServer {
        let mut users = Users::new(self.anonymous);
        let mut given = self.users;
        if given.is_empty() {
            given.push(("testkit-token".to_owned(), ADMIN.to_owned(), Access::admin()));
        }
        let first_token = given[0].0.clone();
        for (token, name, access) in given {
            users.add(&token, &name, access);
        }
        let mut store = Store::new();
        for object in self.objects {
            match object {
                Object::Value(value) => drop(store.apply(value)),
                Object::RawDeployment {
                    namespace,
                    name,
                    text,
                } => {
                    drop(store.apply_raw(DEPLOYMENTS, &namespace, &name, &text));
                }
            }
        }
        // Objects at the start were there for long, so their creation is no change to replay.
        store.compact();
        let shared = Arc::new(SharedState::new(ServerState {
            store,
            faults: Faults::default(),
            users,
            checks: Checks::default(),
            git_version: self.git_version,
            gone: self.gone,
            order: self.order,
            leaders: self.leaders,
            requests: Vec::new(),
            watchers: Vec::new(),
            open_connections: 0,
            accepted_connections: 0,
            answered: 0,
            flow_control: None,
        }));

        let credentials = self.certificate.map(Credentials::generate);
        let directory = tempfile::tempdir().expect("the machine has a writable temporary directory");
        if let Some(credentials) = &credentials {
            let path = directory.path().join("ca.crt");
            std::fs::write(path, &credentials.ca_pem).expect("the server's own directory can be written to");
        }
        let reserved = listener::reserve();
        let address = reserved.local_addr().expect("a bound socket has an address");
        let listener = TcpListener::bind(address).expect("a reserved port can be listened on");
        listener
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        let scheme = if credentials.is_some() { "https" } else { "http" };

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the machine gives a runtime");
        let handle = runtime.handle().clone();
        let (commands, received) = unbounded_channel();
        let (end, ended) = sync_channel(1);
        let config = credentials
            .as_ref()
            .map(|credentials| Arc::clone(&credentials.config));
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("scripted-api-server".to_owned())
            .spawn(move || {
                runtime.block_on(listener::run(reserved, listener, config, serving, received));
                runtime.shutdown_timeout(LIMIT);
                let _ = end.send(());
            })
            .expect("the machine gives a thread");

        let mut server = ApiServer {
            address,
            url: format!("{scheme}://{address}"),
            ca_pem: credentials.map(|credentials| credentials.ca_pem),
            context: self.context,
            default_namespace: self.default_namespace,
            kubeconfig: directory.path().join("kubeconfig"),
            directory,
            shared,
            runtime: handle,
            commands: Some(commands),
            thread: Some(thread),
            ended,
        };
        server.kubeconfig = server.write_kubeconfig("kubeconfig", &first_token);
        server
    }
}
