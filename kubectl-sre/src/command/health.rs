//! `kubectl sre health`: get a report, say it, and make its verdict the exit code.

use crate::cli::{Format, HealthArgs};
use crate::progress::Progress;
use crate::{Shell, exit, output, source};
use sre_shared::failure::{Class, Failure};
use sre_shared::report::{Outcome, Report, Source, Status};
use sre_shared::resource::Time;
use sre_shared::run::{self, AgentItems, Request, clock};
use std::cell::Cell;
use std::path::Path;
use tokio::time::Instant;

/// Runs it.
pub async fn run(args: &HealthArgs, shell: &mut Shell) -> u8 {
    let ask = args.request();
    let started = Instant::now();
    let report = match &args.filename {
        Some(path) => match of_file(path, &ask, args.at).await {
            Ok(report) => report,
            Err(refused) => {
                shell.complain(&format!("error: {}", output::escape(&refused)));
                return exit::USAGE;
            }
        },
        None => match of_cluster(args, &ask, shell).await {
            Ok(report) => report,
            Err(failure) => {
                shell.complain(&output::escape(&format!("error: {failure}; {}", failure.hint())));
                return exit::USAGE;
            }
        },
    };
    let elapsed = started.elapsed();
    let style = output::Style {
        color: shell.colors(args.color),
        width: shell.width(),
        quiet: args.quiet,
        verbose: args.verbose,
        elapsed: args.filename.is_none().then_some(elapsed),
    };
    shell.write(|out| match args.output {
        Format::Human => output::human(&report, &style, out),
        Format::Json => output::json(&report, out),
        Format::Yaml => output::yaml(&report, out),
    });
    exit_code(&report, args)
}

/// Asks the cluster or its agent. What cannot be reached is in the report; an error is one of configuration.
async fn of_cluster(args: &HealthArgs, ask: &Request, shell: &mut Shell) -> Result<Report, Failure> {
    let connection = &args.connection;
    // A person reads of what is wrong; a machine is given every object.
    let items = match args.output {
        Format::Human => AgentItems::Notable,
        Format::Json | Format::Yaml => AgentItems::All,
    };
    let wanted = shell.shows_progress() && !args.quiet && !args.verbose;
    if let Some(url) = &connection.agent_url {
        let progress = Progress::new(wanted, &output::escape(&url.to_string()));
        let observer = super::observer(args.verbose);
        let (limit, asked) = (connection.run_limit(), Cell::new(None::<Instant>));
        let served = run::ask_agent(ask, items, async |path: String| {
            // The limit is that of both questions together, where there are two.
            let before = asked.replace(asked.get().or_else(|| Some(Instant::now())));
            let left = before.map_or(limit, |first| limit.saturating_sub(first.elapsed()));
            url.get(&path, left, observer.as_ref()).await
        });
        // Flags that tell how to reach the cluster ask for the view from here too.
        let own = async {
            if !(connection.reaches_cluster() && ask.api_server) {
                return None;
            }
            let client = super::connect(connection, args.namespace.as_deref(), args.verbose).await;
            Some(match client {
                Ok(client) => run::api_server(&client, clock::system).await,
                Err(failure) => run::no_way(&failure),
            })
        };
        let (served, own) = tokio::join!(served, own);
        drop(progress);
        return Ok(run::agent_answer(
            served,
            ask,
            &url.to_string(),
            own,
            clock::system,
        ));
    }
    if connection.context.is_none() && args.verbose {
        shell.complain("using the current context of the kubeconfig");
    }
    let client = match super::connect(connection, args.namespace.as_deref(), args.verbose).await {
        Ok(client) => client,
        Err(failure) if failure.class == Class::BadConfiguration => return Err(failure),
        Err(failure) => {
            let source = Source {
                mode: if connection.agent.is_some() {
                    "agent"
                } else {
                    "direct"
                }
                .into(),
                context: connection.context.clone(),
                server: Some(failure.endpoint.clone()).filter(|e| !e.is_empty()),
                ..Source::default()
            };
            return Ok(run::unreached(ask, &failure, source, clock::system));
        }
    };
    if let Some(warning) = &client.way().credential.warning {
        shell.complain(&format!("warning: {}", output::escape(warning)));
    }
    if client.is_insecure() {
        shell.complain("warning: the API server's certificate is not verified: whoever is in between can read and answer");
    }
    let progress = Progress::new(wanted, &output::escape(client.server()));
    Ok(match &connection.agent {
        Some(agent) => run::agent(&client, agent, ask, items, clock::system).await,
        None => run::direct(&client, ask, clock::system, &|p| progress.tell(p)).await,
    })
}

/// Reads and judges a dump on a thread of its own: standard input can stay silent for ever, and Ctrl-C must end it.
async fn of_file(path: &Path, ask: &Request, at: Option<Time>) -> Result<Report, String> {
    let (path, ask) = (path.to_owned(), ask.clone());
    let judged = tokio::task::spawn_blocking(move || {
        let name = if path.as_os_str() == "-" {
            "standard input".into()
        } else {
            path.to_string_lossy()
        };
        source::file::read(&path).map(|files| run::dump(&files, &name, &ask, at, clock::system))
    });
    judged
        .await
        .unwrap_or_else(|error| Err(format!("the dump could not be judged: {error}")))
}

fn exit_code(report: &Report, args: &HealthArgs) -> u8 {
    if is_unreached(report) {
        return exit::UNREACHED;
    }
    args.fail_on.exit_code(Outcome::of(report))
}

/// Whether no API server, or no agent, was reached: the API server's own part says so, or where there is none, nothing
/// was seen and all for that reason.
fn is_unreached(report: &Report) -> bool {
    // An agent is asked for fewer items than it counts, by what the output shows.
    let nothing_known = || report.kinds().all(|kind| kind.summary.total == 0);
    let unreached = |class: &str| Class::from_word(class).is_some_and(Class::is_unreached);
    match report.api_server() {
        Some(check) => {
            check.status == Status::Unknown
                && check.version.is_none()
                && check.class.as_deref().is_some_and(unreached)
                && nothing_known()
        }
        None => {
            let not_seen = &report.coverage.not_seen;
            report.source.mode != "file"
                && !not_seen.is_empty()
                && nothing_known()
                && not_seen.iter().all(|n| unreached(&n.class))
        }
    }
}
