//! A cluster, whose client is made once.

use sre_shared::cluster::{Client, Deadlines, Observer, RunLimit, Settings};
use sre_shared::failure::Failure;
use sre_shared::report::{self, Report};
use sre_shared::run::{self, Request, clock};
use tokio::sync::OnceCell;

/// A cluster. Its reports share one client, and so its connections and its credential.
pub struct Cluster {
    settings: Settings,
    observer: Option<Observer>,
    client: OnceCell<Result<Client, Failure>>,
}

impl Cluster {
    /// A cluster to which nothing has been sent. No file has been read either.
    pub fn new(settings: Settings, observer: Option<Observer>) -> Self {
        Self {
            settings,
            observer,
            client: OnceCell::new(),
        }
    }

    /// The client, for requests within that limit. The first call reads the kubeconfig and obtains the credential.
    ///
    /// # Errors
    /// If there is no client. Later calls return the same failure.
    pub async fn client(&self, limit: RunLimit) -> Result<Client, Failure> {
        let connect = async || {
            let settings = Settings {
                deadlines: Deadlines {
                    run: Some(limit),
                    ..self.settings.deadlines
                },
                ..self.settings.clone()
            };
            Client::new(settings, self.observer.clone()).await
        };
        match self.client.get_or_init(connect).await {
            Ok(client) => Ok(client.with_run(limit)),
            Err(failure) => Err(failure.clone()),
        }
    }

    /// The client, if there is one already.
    fn connected(&self) -> Option<&Client> {
        self.client.get()?.as_ref().ok()
    }

    /// The URL of the API server, once the kubeconfig has been read.
    pub fn server(&self) -> Option<String> {
        self.connected().map(|client| client.server().to_owned())
    }

    /// Warnings about the connection.
    pub fn warnings(&self) -> Vec<String> {
        let Some(client) = self.connected() else {
            return Vec::new();
        };
        let mut warnings: Vec<String> = client
            .connection_info()
            .credential
            .warning
            .iter()
            .cloned()
            .collect();
        if client.is_insecure() {
            warnings.push(
                "the API server's certificate is not verified: anyone in between can read and answer"
                    .to_owned(),
            );
        }
        warnings
    }

    /// The report of a run without a client: nothing was seen.
    pub fn unreached(&self, mode: &str, request: &Request, failure: &Failure) -> Report {
        run::unreached(
            request,
            failure,
            self.unreached_source(mode, failure),
            clock::system,
        )
    }

    /// The source of a report without a client.
    pub fn unreached_source(&self, mode: &str, failure: &Failure) -> report::Source {
        report::Source {
            mode: mode.to_owned(),
            context: self.settings.context.clone(),
            server: Some(failure.endpoint.clone()).filter(|e| !e.is_empty()),
            ..report::Source::default()
        }
    }

    /// The namespace of objects that name none, once the kubeconfig has been read: that of a flag, or of the context.
    pub fn default_namespace(&self) -> String {
        let flag = || self.settings.overrides.namespace.clone();
        let known = self
            .connected()
            .map(|client| client.default_namespace().to_owned());
        known.or_else(flag).unwrap_or_else(|| "default".to_owned())
    }
}
