//! `kubectl sre gate -- COMMAND`: reads the objects, runs the command, waits for what it changed and for what got worse, and
//! fails if the command does, or if something is new or worse and falls short.

use super::follow::{FollowClock, FollowedSource, open_source, stopped};
use super::health::{add_scope, is_unreached, one_report, save, write};
use super::wait_view::WaitView;
use crate::child::{self, ChildOutput};
use crate::cli::{GateSettings, HealthSettings};
use crate::report_files::ReportFiles;
use crate::source::Source;
use crate::{Shell, StopSignal, exit};
use sre_shared::cluster::RunLimit;
use sre_shared::follow::{BeforeImage, EndReason, Gate, Observation};
use sre_shared::report::{CommandResult, Report};
use sre_shared::run::follow::{FollowPace, Observed};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often the view is drawn although nothing changed: it shows how long the wait has lasted.
const REDRAW: Duration = Duration::from_secs(1);
/// How long the search for causes is awaited, which can make verdicts worse.
const EXPLAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether that search has ended.
const EXPLAIN_TICK: Duration = Duration::from_millis(10);
/// Most gates end with their first report, so the search for causes does not wait for watches of pods, which could spare it a
/// second one.
const PACE: FollowPace = FollowPace {
    search_delay: Duration::ZERO,
    ..FollowPace::DEFAULT
};
/// How many gaps of the first report are named.
const NAMED: usize = 3;

/// Runs it and returns the exit code.
pub async fn run(
    settings: GateSettings,
    shell: &mut Shell,
    mut stop: Pin<&mut impl Future<Output = StopSignal>>,
) -> u8 {
    let GateSettings {
        health: settings,
        rules,
        command,
    } = settings;
    let name = child::program_name(&command);
    let mut files = match ReportFiles::create(&settings) {
        Ok(files) => files,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return exit::USAGE;
        }
    };
    let read = tokio::select! {
        biased;
        signal = &mut stop => Err(stopped(signal, shell)),
        read = read_before(&settings, &name, &mut files, shell) => read,
    };
    let (source, before) = match read {
        Ok(read) => read,
        Err(code) => return code,
    };
    let mut view = WaitView::new(&settings, shell, source.asked().unwrap_or_default());
    for entry in before.absent() {
        let what = entry.error.clone().unwrap_or_else(|| entry.what());
        view.say(&format!("before {name}: {what}"), shell);
    }
    let output = if settings.format.is_for_people() {
        ChildOutput::Inherited
    } else {
        ChildOutput::ToStderr
    };
    let ended = child::run(&command, output, stop.as_mut(), |words| view.say(words, shell)).await;
    if ended.failure().is_some() || ended.stopped.is_some() {
        view.say(&ended.words, shell);
    }
    if let Some(signal) = ended.stopped {
        return stopped(signal, shell);
    }
    let clock = FollowClock::start();
    let mut gate = Gate::new(before, rules, clock.now());
    let mut result = GateResult {
        settings: &settings,
        command: ended.result,
        clock,
        files,
    };
    if let Some(code) = ended.failure() {
        let limit = RunLimit::from_now(settings.limit);
        let mut report = tokio::select! {
            biased;
            signal = &mut stop => return stopped(signal, shell),
            report = one_report(&source, &settings, limit, shell) => report,
        };
        // The command's own code says more.
        result.write(&gate, &mut report, shell);
        return code;
    }
    // Its lists begin after the end of the command, so that they have every change of it.
    let begun = FollowedSource::begin(source, &settings, clock, PACE, &mut result.files, shell).await;
    let mut source = match begun {
        Ok(source) => source,
        Err(code) => return code,
    };
    let mut last: Option<Report> = None;
    // Whether the last report was made before causes were searched for.
    let mut is_early = false;
    let end = loop {
        let now = clock.now();
        match gate.end(now) {
            Some(end) if end.reason == EndReason::Settled => {
                // It has every object that the source lists, and may be newer than the one by which the wait ended.
                let whole = last.insert(source.report_without_requests(&settings));
                let changes = gate.observe_last(whole, now);
                if changes.is_empty() {
                    break Ok(end);
                }
                view.show(&changes, gate.wait(), now, shell);
            }
            Some(end) => break Ok(end),
            None => {}
        }
        let tick = Instant::now() + if is_early { EXPLAIN_TICK } else { REDRAW };
        let due = gate.due(now).map_or(tick, |due| clock.instant_of(due).min(tick));
        let failure = tokio::select! {
            biased;
            signal = &mut stop => break Err(signal),
            observed = source.next() => match observed {
                Observed::Away(failure) => Some(failure),
                Observed::Report(_) => None,
            },
            () = sleep_until(due) => {
                let is_explained = source.follower.is_explained() || clock.elapsed() >= EXPLAIN;
                if !(is_early && is_explained) {
                    view.tick(gate.wait(), clock.now(), shell);
                    continue;
                }
                None
            }
        };
        let now = clock.now();
        let changes = match failure {
            Some(failure) => {
                is_early = false;
                gate.observe(Observation::Away(&failure), now)
            }
            None => {
                is_early = !source.follower.is_explained() && clock.elapsed() < EXPLAIN;
                let report = source.chosen_report(&settings, &|check, item| gate.takes(check, item));
                gate.observe(Observation::Report(&report), now)
            }
        };
        if is_early {
            gate.unsettle();
        }
        view.warn(&source.follower.warnings(), shell);
        let is_idle = changes.is_empty() && gate.wait().status(now).total == 0;
        if !is_idle || (!is_early && gate.end(now).is_none()) {
            view.show(&changes, gate.wait(), now, shell);
        }
    };
    view.close(shell);
    let end = match end {
        Ok(end) => end,
        Err(signal) => {
            result.files.keep_saved();
            let mut report = source.report_without_requests(&settings);
            result.write(&gate, &mut report, shell);
            return stopped(signal, shell);
        }
    };
    let mut report = match last {
        // The code is that of the report by which the wait ended.
        Some(report) if end.reason == EndReason::Settled && report.lists_every_object() => report,
        _ => tokio::select! {
            biased;
            signal = &mut stop => return stopped(signal, shell),
            report = source.last_report(&settings) => report,
        },
    };
    let is_saved = result.write(&gate, &mut report, shell);
    let end = gate.conclude(end, &report);
    view.end(&end, shell);
    match end.code {
        0 if !is_saved => exit::USAGE,
        code => code,
    }
}

/// Opens the source and reads the objects before the command.
///
/// # Errors
/// The exit code, if not everything could be read. Why was written.
async fn read_before(
    settings: &HealthSettings,
    name: &str,
    files: &mut ReportFiles,
    shell: &mut Shell,
) -> Result<(Source, BeforeImage), u8> {
    let started = Instant::now();
    let limit = RunLimit::from_now(settings.limit);
    let source = open_source(settings, limit, shell).await?;
    // With causes: pods can change a verdict, and both reports have to be made in the same way.
    let report = one_report(&source, settings, limit, shell).await;
    let mut refuse = |report: &Report, why: &str, code: u8, shell: &mut Shell| {
        write(report, Some(started.elapsed()), settings, files, shell);
        shell.complain(&format!("error: {why}: {name} was not run"));
        Err(code)
    };
    if is_unreached(&report) {
        return refuse(&report, "nothing could be read", exit::UNREACHED, shell);
    }
    let before = BeforeImage::new(report);
    let gaps = before.gaps();
    if !settings.fail_on.unknown || gaps.is_empty() {
        return Ok((source, before));
    }
    let first: Vec<&str> = gaps.iter().map(String::as_str).take(NAMED).collect();
    let more = match gaps.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let why = format!("{}{more} could not be read", first.join(", "));
    refuse(before.report(), &why, 3, shell)
}

/// What the last report of a gate needs.
struct GateResult<'a> {
    settings: &'a HealthSettings,
    command: CommandResult,
    clock: FollowClock,
    files: ReportFiles,
}

impl GateResult<'_> {
    /// Compares the report with the objects before the command, saves and writes it. Returns whether each file that was asked for
    /// was written.
    fn write(&mut self, gate: &Gate, report: &mut Report, shell: &mut Shell) -> bool {
        report.command = Some(self.command);
        add_scope(report, &self.settings.request);
        if !is_unreached(report) {
            gate.compare(report);
        }
        let is_saved = save(report, &mut self.files, shell);
        let elapsed = Some(self.clock.elapsed());
        let is_written = write(report, elapsed, self.settings, &mut self.files, shell);
        is_saved && is_written
    }
}
