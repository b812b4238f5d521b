//! Clients and runs as the tests need them.

use sre_shared::cluster::{Client, ConfigSource, Deadlines, Settings};
use sre_shared::failure::Failure;
use sre_shared::kind::Kind;
use sre_shared::report::{Item, KindCheck, NotSeen, Report};
use sre_shared::resource::Time;
use sre_shared::run::{self, KindTarget, Request};
use sre_testkit::{ApiServer, at};
use std::path::Path;
use std::time::Duration;

/// Long enough for a busy machine, and short enough to wait for.
pub const PATIENT: Deadlines = Deadlines {
    connect: Duration::from_secs(5),
    idle: Duration::from_secs(5),
    request: None,
    run: None,
};

/// For peers that never answer.
pub const IMPATIENT: Deadlines = Deadlines {
    connect: Duration::from_millis(300),
    idle: Duration::from_millis(300),
    request: None,
    run: None,
};

pub fn settings(kubeconfig: &Path, deadlines: Deadlines) -> Settings {
    Settings {
        source: ConfigSource::File(kubeconfig.to_owned()),
        context: None,
        overrides: sre_shared::cluster::Overrides::default(),
        deadlines,
        user_agent: "tests".into(),
    }
}

pub async fn try_client(kubeconfig: &Path, deadlines: Deadlines) -> Result<Client, Failure> {
    Client::new(settings(kubeconfig, deadlines), None).await
}

pub async fn client(server: &ApiServer) -> Client {
    try_client(server.kubeconfig(), PATIENT)
        .await
        .expect("the server's own kubeconfig")
}

pub fn now() -> Time {
    Time::parse(&at(0)).expect("the test clock is a time")
}

pub async fn ask_with(client: &Client, ask: &Request) -> Report {
    run::live(client, ask, now, &|_| {}).await
}

pub async fn ask(server: &ApiServer, ask: &Request) -> Report {
    ask_with(&client(server).await, ask).await
}

/// The API server and the Deployments.
pub fn with_deployments() -> Request {
    Request {
        kinds: vec![KindTarget::all(Kind::Deployment)],
        ..Request::everything()
    }
}

/// Everything but the API server itself.
pub fn only_deployments() -> Request {
    Request {
        api_server: false,
        ..with_deployments()
    }
}

pub fn part(report: &Report) -> &KindCheck {
    report.kinds().next().expect("a kind was asked for")
}

pub fn names(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.name.as_str()).collect()
}

/// The rule that is missing, in text.
pub fn missing(entry: &NotSeen) -> Option<&'static str> {
    entry.missing.as_ref().map(|rule| &*rule.to_string().leak())
}
