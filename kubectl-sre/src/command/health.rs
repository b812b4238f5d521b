//! `kubectl sre health`: opens the source, writes its report, and turns the verdict into the exit code.

use crate::cli::{HealthSettings, ProgressFormat};
use crate::progress::ProgressLine;
use crate::report_file;
use crate::report_files::ReportFiles;
use crate::source::{LiveSettings, Source, SourceSettings};
use crate::{Shell, exit, output};
use sre_shared::apiserver::slo;
use sre_shared::cluster::{Exchange, Observer, RunLimit};
use sre_shared::failure::Class;
use sre_shared::follow;
use sre_shared::report::{CheckResult, Code, FailOn, Outcome, Report, Status};
use sre_shared::run::{self, Request};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Runs it and returns the exit code.
pub async fn run(settings: HealthSettings, shell: &mut Shell) -> u8 {
    let (started, limit) = (Instant::now(), RunLimit::from_now(settings.limit));
    let is_live = !matches!(settings.source, SourceSettings::Files { .. });
    if settings.verbose && uses_current_context(&settings.source) {
        shell.complain("using the current context of the kubeconfig");
    }
    let before = match &settings.baseline {
        Some(baseline) => match report_file::read(baseline.path.clone(), settings.limit).await {
            Ok(report) => Some((report, baseline.force)),
            Err(error) => {
                shell.complain(&format!("error: {error}"));
                return exit::USAGE;
            }
        },
        None => None,
    };
    let mut files = match ReportFiles::create(&settings) {
        Ok(files) => files,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return exit::USAGE;
        }
    };
    let observer = settings.verbose.then(|| Arc::new(log_exchange) as Observer);
    let source = match Source::open(settings.source.clone(), limit, observer).await {
        Ok(source) => source,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return exit::USAGE;
        }
    };
    for warning in source.warnings() {
        shell.complain(&format!("warning: {warning}"));
    }
    let mut report = one_report(&source, &settings, limit, shell).await;
    if let Some((percent, window)) = &settings.min_availability {
        demand_availability(&mut report, *percent, window);
    }
    let is_unreached = is_unreached(&report);
    let before = before.filter(|_| !is_unreached);
    // A refused run writes nothing.
    if let Some((before, force)) = &before
        && let Some(mismatch) = follow::mismatch(before, &report)
    {
        if !force {
            shell.complain(&format!("error: {mismatch}; --force compares them nevertheless"));
            return exit::USAGE;
        }
        shell.complain(&format!("warning: {mismatch}"));
    }
    let is_saved = save(&report, &mut files, shell);
    if let Some((before, _)) = before {
        complain_about_gaps(&before, shell);
        follow::compare(&before, &mut report);
    }
    if !is_live && is_of_manifests(&report) {
        shell.complain(
            "hint: these are manifests, which no API server has seen; did you mean --manifest, which judges their objects in \
             the cluster?",
        );
    }
    // A report of the past says of when it is.
    let is_present = is_live && settings.request.at.is_none();
    let elapsed = is_present.then(|| started.elapsed());
    let is_written = write(&report, elapsed, &settings, &mut files, shell);
    if !(is_unreached || is_saved && is_written) {
        return exit::USAGE;
    }
    exit_code(&report, settings.fail_on)
}

/// Makes the report fail if the API server was less available than that.
fn demand_availability(report: &mut Report, min_percent: f64, window: &str) {
    for check in &mut report.checks {
        if let CheckResult::ApiServer(check) = check {
            slo::demand_availability(check, min_percent, window);
            report.status = report.status.worst(check.status);
        }
    }
}

/// Whether all objects of a dump are manifests.
fn is_of_manifests(report: &Report) -> bool {
    let mut items = report.kinds().flat_map(|kind| &kind.items).peekable();
    report.lists_every_object() && items.peek().is_some() && items.all(|item| item.reason == Code::Manifest)
}

/// One report about what is asked, within the limit, with progress on a terminal.
pub(super) async fn one_report(
    source: &Source,
    settings: &HealthSettings,
    limit: RunLimit,
    shell: &Shell,
) -> Report {
    let is_watched = shell.shows_progress() && !settings.quiet && !settings.verbose;
    let is_for_people = settings.progress == ProgressFormat::Auto;
    let asked = source.asked().filter(|_| is_watched && is_for_people);
    let progress = asked.map(|asked| ProgressLine::new(&output::escape(&asked), Instant::now()));
    let mut report = source
        .report(&settings.request, limit, &|step| {
            if let Some(progress) = &progress {
                progress.show(step);
            }
        })
        .await;
    drop(progress);
    add_scope(&mut report, &settings.request);
    report
}

/// Saves the whole report, once, if that was asked for. Returns whether the flag had its way.
pub(super) fn save(report: &Report, files: &mut ReportFiles, shell: &mut Shell) -> bool {
    let saved = files.save(report, is_unreached(report));
    if let Err(error) = &saved {
        shell.complain(&format!("error: {error}"));
    }
    saved.is_ok()
}

/// Writes a report as the flags say, to stdout and into files. Returns whether all of the files were written.
pub(super) fn write(
    report: &Report,
    elapsed: Option<Duration>,
    settings: &HealthSettings,
    files: &mut ReportFiles,
    shell: &mut Shell,
) -> bool {
    let style = style(elapsed, settings, shell);
    let formats = settings.output_files.iter().map(|(format, _)| *format);
    let mut warnings = formats
        .chain([settings.format])
        .map(|format| output::warnings(format, report));
    for warning in warnings.find(|texts| !texts.is_empty()).unwrap_or_default() {
        shell.complain(&format!("warning: {warning}"));
    }
    // A reader of stdout may go away at any time, and the files are there by then.
    let written = files.write(report, &style, settings);
    shell.write(|out| output::write(settings.format, report, &style, &settings.table, out));
    let errors = written.err().unwrap_or_default();
    for error in &errors {
        shell.complain(&format!("error: {error}"));
    }
    errors.is_empty()
}

/// What the screen for people looks like.
pub(super) fn style(elapsed: Option<Duration>, settings: &HealthSettings, shell: &Shell) -> output::Style {
    output::Style {
        color: shell.colors(settings.color),
        charset: shell.charset(),
        width: shell.size().map(|(width, _)| width),
        height: shell.size().map(|(_, height)| height),
        quiet: settings.quiet,
        verbose: settings.verbose,
        all: settings.all,
        elapsed,
    }
}

/// The exit code of a report.
pub(super) fn exit_code(report: &Report, fail_on: FailOn) -> u8 {
    if is_unreached(report) {
        return exit::UNREACHED;
    }
    fail_on.exit_code(Outcome::of(report))
}

/// Says what the baseline has not seen.
fn complain_about_gaps(before: &Report, shell: &mut Shell) {
    let unseen = &before.coverage.not_seen;
    let Some(first) = unseen.first() else {
        return;
    };
    let more = match unseen.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    shell.complain(&format!(
        "warning: the baseline has not seen {}{more}: objects that it lacks count as new",
        first.what()
    ));
}

/// Adds the labels and the names that were asked for, so that the report can be compared with another one.
pub(super) fn add_scope(report: &mut Report, request: &Request) {
    report.coverage.selector = Some(&request.selector_text)
        .filter(|text| !text.is_empty())
        .cloned();
    report.coverage.field_selector = Some(request.field_selector.as_str())
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    let kinds = request
        .kinds
        .iter()
        .map(|target| (target.kind.plural().to_owned(), &target.names));
    let custom = request
        .custom
        .iter()
        .map(|target| (target.kind.to_string(), &target.names));
    let named = kinds.chain(custom);
    let objects = named.flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind}/{name}")));
    // Manifests name theirs themselves.
    report.coverage.objects.extend(objects);
}

/// Whether the kubeconfig names the cluster, and no flag does.
pub(super) fn uses_current_context(source: &SourceSettings) -> bool {
    match source {
        SourceSettings::Live(live) | SourceSettings::Manifests { live, .. } => match live {
            LiveSettings::Cluster(cluster) | LiveSettings::Agent(cluster, _) => cluster.context.is_none(),
            LiveSettings::Url(..) => false,
        },
        SourceSettings::Files { .. } => false,
    }
}

/// `-v`: one line a request, as it ends.
pub(super) fn log_exchange(exchange: &Exchange<'_>) {
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
pub(super) fn is_unreached(report: &Report) -> bool {
    // The counts are read, since an agent may be asked for fewer items than it counts.
    let is_present = |report: &Report| {
        let manifest = report.coverage.manifest.as_ref();
        manifest.is_some_and(|manifest| !manifest.present.is_empty())
    };
    let nothing_known = || report.kinds().all(|kind| kind.summary.total == 0) && !is_present(report);
    let unreached = |class: &str| Class::from_word(class).is_some_and(Class::is_unreached);
    match report.api_server() {
        Some(check) => {
            check.status == Status::Unknown
                && check.version.is_none()
                && check.class.as_deref().is_some_and(unreached)
                && nothing_known()
        }
        None => {
            // Objects that no agent keeps say nothing about the way to it.
            let not_seen = report.coverage.not_seen.iter();
            let mut gaps = not_seen
                .filter(|entry| entry.class != run::NOT_WATCHED)
                .peekable();
            report.source.mode != "file"
                && gaps.peek().is_some()
                && nothing_known()
                && gaps.all(|entry| unreached(&entry.class))
        }
    }
}
