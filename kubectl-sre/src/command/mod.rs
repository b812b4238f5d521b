//! One file a subcommand: typed settings in, an exit code out.

mod explain;
mod health;
mod version;

use crate::Shell;
use crate::cli::{Command, ConnectionArgs};
use sre_shared::cluster::{Client, Deadlines, Exchange, Observer, Origin, RunLimit, Settings};
use sre_shared::failure::Failure;
use std::io::Write as _;
use std::sync::Arc;

/// Runs a subcommand.
pub async fn run(command: Command, shell: &mut Shell) -> u8 {
    match command {
        Command::Health(args) => health::run(&args, shell).await,
        Command::Explain(args) => explain::run(&args, shell),
        Command::Version(args) => version::run(&args, shell).await,
    }
}

/// The client that the flags describe.
async fn connect(
    connection: &ConnectionArgs,
    namespace: Option<&str>,
    verbose: bool,
) -> Result<Client, Failure> {
    let limit = connection.run_limit();
    let usual = Deadlines::default();
    let settings = Settings {
        origin: connection
            .kubeconfig
            .clone()
            .map_or(Origin::Environment, Origin::File),
        context: connection.context.clone(),
        overrides: connection.overrides(namespace),
        deadlines: Deadlines {
            request: Some(connection.request_timeout).filter(|t| !t.is_zero()),
            run: Some(RunLimit::of(limit)),
            // An agent is silent until it has asked its own API server: the whole limit is its to use.
            idle: if connection.agent.is_some() {
                limit
            } else {
                usual.idle
            },
            ..usual
        },
        user_agent: concat!("kubectl-sre/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Client::new(settings, observer(verbose)).await
}

/// Who is told of every request.
fn observer(verbose: bool) -> Option<Observer> {
    verbose.then(|| Arc::new(log_exchange) as Observer)
}

/// `-v`: one line a request, as it ends.
fn log_exchange(exchange: &Exchange<'_>) {
    let outcome = match (exchange.error, exchange.status) {
        (Some(error), _) => format!("{}: {error}", error.class.as_str()),
        (None, Some(status)) => status.to_string(),
        (None, None) => "no answer".to_owned(),
    };
    // A continue token is long, opaque and says nothing to a reader.
    let path = match exchange.path.split_once("continue=") {
        Some((path, _)) => format!("{path}continue=..."),
        None => exchange.path.to_owned(),
    };
    let line = format!(
        "{} {path}  {outcome}  {} bytes  {:.1} ms",
        exchange.method,
        exchange.bytes,
        exchange.elapsed.as_secs_f64() * 1e3
    );
    // The observer runs inside the library, where the shell cannot be borrowed. A full or closed stderr stops nothing.
    let _ = writeln!(std::io::stderr(), "{}", crate::output::escape(&line));
}
