//! `kubectl sre health`: opens the source, writes its report, and turns the verdict into the exit code.

use crate::cli::HealthSettings;
use crate::progress::ProgressLine;
use crate::source::{Source, SourceSettings};
use crate::{Shell, exit, output};
use sre_shared::cluster::{Exchange, Observer, RunLimit};
use sre_shared::failure::Class;
use sre_shared::report::{Outcome, Report, Status};
use std::io::Write as _;
use std::sync::Arc;
use tokio::time::Instant;

/// Runs it and returns the exit code.
pub async fn run(settings: HealthSettings, shell: &mut Shell) -> u8 {
    let (started, limit) = (Instant::now(), RunLimit::from_now(settings.limit));
    let is_live = !matches!(settings.source, SourceSettings::Files { .. });
    if settings.verbose && uses_current_context(&settings.source) {
        shell.complain("using the current context of the kubeconfig");
    }
    let observer = settings.verbose.then(|| Arc::new(log_exchange) as Observer);
    let source = match Source::open(settings.source, limit, observer).await {
        Ok(source) => source,
        Err(error) => {
            shell.complain(&format!("error: {}", output::escape(&error.to_string())));
            return exit::USAGE;
        }
    };
    for warning in source.warnings() {
        shell.complain(&format!("warning: {}", output::escape(&warning)));
    }
    let is_watched = shell.shows_progress() && !settings.quiet && !settings.verbose;
    let server = source.server().filter(|_| is_watched);
    let progress = ProgressLine::new(server.map(|server| output::escape(&server)).as_deref());
    let report = source
        .report(&settings.request, limit, &|step| progress.show(step))
        .await;
    drop(progress);
    let style = output::Style {
        color: shell.colors(settings.color),
        charset: shell.charset(),
        width: shell.width(),
        quiet: settings.quiet,
        verbose: settings.verbose,
        elapsed: is_live.then(|| started.elapsed()),
    };
    shell.write(|out| output::write(settings.format, &report, &style, out));
    if is_unreached(&report) {
        return exit::UNREACHED;
    }
    settings.fail_on.exit_code(Outcome::of(&report))
}

/// Whether the kubeconfig names the cluster, and no flag does.
fn uses_current_context(source: &SourceSettings) -> bool {
    match source {
        SourceSettings::Cluster(cluster) | SourceSettings::Agent(cluster, _) => cluster.context.is_none(),
        SourceSettings::Url(..) | SourceSettings::Files { .. } => false,
    }
}

/// `-v`: one line a request, as it ends.
fn log_exchange(exchange: &Exchange<'_>) {
    let outcome = match (exchange.error, exchange.status) {
        (Some(error), _) => format!("{}: {error}", error.class.as_str()),
        (None, Some(status)) => status.to_string(),
        (None, None) => "no answer".to_owned(),
    };
    // A continue token is long and opaque.
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
    // The observer runs inside the library, which cannot borrow the shell. A full or closed stderr must not end the run.
    let _ = writeln!(std::io::stderr(), "{}", crate::output::escape(&line));
}

/// Whether no API server, or no agent, was reached. The API server's own part says so. Without such a part, nothing was
/// seen, and every gap has that reason.
fn is_unreached(report: &Report) -> bool {
    // The counts are read, since an agent may be asked for fewer items than it counts.
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
