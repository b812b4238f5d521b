//! `kubectl sre health --wait`: waits until everything is as it should be, or is known not to become so; writes the last
//! report, and says why the wait ended.

use super::follow::{FollowClock, FollowedSource, stopped};
use super::health::{add_scope, is_unreached, save, write};
use super::wait_view::WaitView;
use crate::cli::HealthSettings;
use crate::report_files::ReportFiles;
use crate::{Shell, StopSignal, exit};
use sre_shared::follow::{Observation, Wait, WaitRules};
use sre_shared::run::follow::Observed;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often the view is drawn although nothing changed: it shows how long the wait has lasted.
const REDRAW: Duration = Duration::from_secs(1);

/// Runs it and returns the exit code.
pub async fn run(
    settings: HealthSettings,
    mut rules: WaitRules,
    shell: &mut Shell,
    mut stop: Pin<&mut impl Future<Output = StopSignal>>,
) -> u8 {
    let mut files = match ReportFiles::create(&settings) {
        Ok(files) => files,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return exit::USAGE;
        }
    };
    let clock = FollowClock::start();
    let mut source = match FollowedSource::open(&settings, clock, &mut files, shell, stop.as_mut()).await {
        Ok(source) => source,
        Err(code) => return code,
    };
    rules.targets = source.wait_targets(&settings).unwrap_or(rules.targets);
    let mut wait = Wait::new(rules, clock.now());
    let mut view = WaitView::new(&settings, shell, source.asked());
    let end = loop {
        let now = clock.now();
        if let Some(end) = wait.end(now) {
            break Ok(end);
        }
        let redraw = Instant::now() + REDRAW;
        let due = wait
            .due(now)
            .map_or(redraw, |due| clock.instant_of(due).min(redraw));
        tokio::select! {
            biased;
            signal = &mut stop => break Err(signal),
            observed = source.next() => {
                let seen = match &observed {
                    Observed::Report(report) => Observation::Report(report),
                    Observed::Away(failure) => Observation::Away(failure),
                };
                let changes = wait.observe(seen, clock.now());
                view.warn(&source.follower.warnings(), shell);
                view.show(&changes, &wait, clock.now(), shell);
            }
            () = sleep_until(due) => view.tick(&wait, clock.now(), shell),
        }
    };
    view.close(shell);
    let end = match end {
        Ok(end) => end,
        Err(signal) => {
            let report = source.report_without_requests(&settings);
            // Nothing has judged it, so that it is no report to compare with.
            files.keep_saved();
            write(&report, Some(clock.elapsed()), &settings, &mut files, shell);
            return stopped(signal, shell);
        }
    };
    let mut report = tokio::select! {
        biased;
        signal = &mut stop => return stopped(signal, shell),
        report = source.last_report(&settings) => report,
    };
    add_scope(&mut report, &settings.request);
    let is_saved = save(&report, &mut files, shell);
    let is_written = write(&report, Some(clock.elapsed()), &settings, &mut files, shell);
    view.end(&end, shell);
    // As without a wait: a file that is missing must not look like success, nor like a verdict.
    if !(is_unreached(&report) || is_saved && is_written) {
        return exit::USAGE;
    }
    end.code
}
