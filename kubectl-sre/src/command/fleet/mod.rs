//! `kubectl sre fleet`: asks many clusters, or a store of their metrics, and shows one row each.

mod ask;
mod baseline;
mod contexts;
mod store;
mod view;

use super::follow::stopped;
use super::health::style;
use crate::cli::{FleetSettings, FollowMode, HealthSettings};
use crate::output::Format;
use crate::output::{escape, fleet as output, json};
use crate::report_files::ReportFiles;
use crate::terminal_block::TerminalBlock;
use crate::{Shell, StopSignal, exit};
use baseline::FleetBaseline;
use contexts::FleetMembers;
use sre_shared::fleet::{FleetCluster, FleetReport};
use sre_shared::run::clock;
use std::pin::Pin;
use std::time::Duration;
use store::FleetStore;
use tokio::time::{Instant, sleep, sleep_until};
use view::FleetView;

/// The pause between two rounds of `-w`. A round asks each cluster some ten requests.
const PAUSE: Duration = Duration::from_secs(15);

/// The clusters, or the store that knows about them.
enum Fleet {
    Members(FleetMembers),
    Store(Box<FleetStore>),
}

impl Fleet {
    async fn open(settings: &FleetSettings, shell: &mut Shell) -> Result<Self, u8> {
        let opened = match &settings.store {
            Some(store) => match FleetStore::open(settings, store.clone()).await {
                Ok(store) => return Ok(Self::Store(Box::new(store))),
                Err(line) => Err(line),
            },
            None => FleetMembers::open(settings, shell).await.map(Self::Members),
        };
        opened.map_err(|line| {
            shell.complain(&format!("error: {line}"));
            exit::USAGE
        })
    }

    /// Asks once. The exit code says that nothing could be asked; why was written.
    async fn round(
        &mut self,
        settings: &FleetSettings,
        view: &mut FleetView,
        shell: &mut Shell,
    ) -> Result<FleetReport, u8> {
        match self {
            Self::Members(members) => Ok(members.round(settings, view, shell).await),
            Self::Store(store) => store.round(settings).await.map_err(|(line, code)| {
                view.leave(shell);
                shell.complain(&format!("error: {line}"));
                code
            }),
        }
    }
}

/// Runs it and returns the exit code.
pub async fn run(
    settings: FleetSettings,
    shell: &mut Shell,
    mut stop: Pin<&mut impl Future<Output = StopSignal>>,
) -> u8 {
    let ended = tokio::select! {
        biased;
        signal = &mut stop => Err(signal),
        code = run_to_end(&settings, shell) => Ok(code),
    };
    ended.unwrap_or_else(|signal| stopped(signal, shell))
}

async fn run_to_end(settings: &FleetSettings, shell: &mut Shell) -> u8 {
    match &settings.health.follow {
        Some(FollowMode::Watch(timeout)) => watch(settings, *timeout, shell).await,
        _ => once(settings, shell).await,
    }
}

async fn once(settings: &FleetSettings, shell: &mut Shell) -> u8 {
    let started = Instant::now();
    let health = &settings.health;
    let baseline = match FleetBaseline::read(health).await {
        Ok(baseline) => baseline,
        Err(line) => return refused(&line, shell),
    };
    let mut files = match ReportFiles::create(health) {
        Ok(files) => files,
        Err(line) => return refused(&line, shell),
    };
    let mut fleet = match Fleet::open(settings, shell).await {
        Ok(fleet) => fleet,
        Err(code) => return code,
    };
    let mut view = FleetView::new(health, shell);
    let report = match fleet.round(settings, &mut view, shell).await {
        Ok(report) => report,
        Err(code) => return code,
    };
    view.erase(shell);
    let saved = files.save(&report, report.is_unreached());
    let report = match baseline {
        Some(baseline) => match baseline.compare(report, shell) {
            Ok(report) => report,
            Err(line) => return refused(&line, shell),
        },
        None => report,
    };
    let style = style(Some(started.elapsed()), health, shell);
    let no_headers = health.table.no_headers;
    let written = files.write_with(&style, |format, style, out| {
        output::write(format, &report, style, no_headers, out)
    });
    if health.format == Format::Name {
        let unseen = report.clusters.iter().filter(|cluster| cluster.state.is_unseen());
        for cluster in unseen {
            shell.complain(&format!("warning: {}", output::row_line(cluster)));
        }
    }
    shell.write(|out| output::write(health.format, &report, &style, no_headers, out));
    let mut errors: Vec<String> = written.err().unwrap_or_default();
    errors.extend(saved.err());
    for error in &errors {
        shell.complain(&format!("error: {error}"));
    }
    if report.is_unreached() {
        return exit::UNREACHED;
    }
    if errors.is_empty() {
        report.exit_code(health.fail_on)
    } else {
        exit::USAGE
    }
}

fn refused(line: &str, shell: &mut Shell) -> u8 {
    shell.complain(&format!("error: {line}"));
    exit::USAGE
}

/// Asks again and again. On a terminal the rows are drawn again in place; elsewhere each change of a row is a line, or a result with
/// `-o json`.
async fn watch(settings: &FleetSettings, timeout: Option<Duration>, shell: &mut Shell) -> u8 {
    let health = &settings.health;
    let mut fleet = match Fleet::open(settings, shell).await {
        Ok(fleet) => fleet,
        Err(code) => return code,
    };
    let until = timeout.map(|timeout| Instant::now() + timeout);
    let redraws = health.format == Format::Human && shell.redraws();
    let mut block = TerminalBlock::default();
    let mut before: Option<FleetReport> = None;
    loop {
        let mut view = FleetView::silent();
        let asked = tokio::select! {
            biased;
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() && before.is_some() => None,
            asked = fleet.round(settings, &mut view, shell) => Some(asked),
        };
        let report = match asked {
            Some(Ok(report)) => report,
            // A store that does not answer for once is asked again.
            Some(Err(_)) if before.is_some() => {
                sleep(PAUSE).await;
                continue;
            }
            Some(Err(code)) => return code,
            None => return left(before.as_ref(), &mut block, health, shell),
        };
        if redraws {
            draw(&report, &mut block, health, shell);
        } else {
            print_changes(before.as_ref(), &report, health, shell);
        }
        before = Some(report);
        if shell.reader_is_gone() {
            return left(before.as_ref(), &mut block, health, shell);
        }
        tokio::select! {
            biased;
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                return left(before.as_ref(), &mut block, health, shell);
            }
            () = sleep(PAUSE) => {}
        }
    }
}

fn left(
    report: Option<&FleetReport>,
    block: &mut TerminalBlock,
    health: &HealthSettings,
    shell: &mut Shell,
) -> u8 {
    if block.leave() {
        shell.print("\r\n");
    }
    match report {
        Some(report) if report.is_unreached() => exit::UNREACHED,
        Some(report) => report.exit_code(health.fail_on),
        None => exit::UNREACHED,
    }
}

fn draw(report: &FleetReport, block: &mut TerminalBlock, health: &HealthSettings, shell: &mut Shell) {
    let Some((columns, rows)) = shell.size() else {
        return;
    };
    let mut lines = output::lines(report, &style(None, health, shell));
    view::cut(&mut lines, rows);
    let bytes = block.draw(&lines, (columns, rows));
    shell.print(&bytes);
}

/// One line for each row that says something else than before, or the whole result as one line of JSON.
fn print_changes(
    before: Option<&FleetReport>,
    now: &FleetReport,
    health: &HealthSettings,
    shell: &mut Shell,
) {
    let row_before = |cluster: &FleetCluster| -> Option<&FleetCluster> {
        before?.clusters.iter().find(|other| other.name == cluster.name)
    };
    let changed = |cluster: &&FleetCluster| row_before(cluster).is_none_or(|old| !old.says_the_same(cluster));
    let changed: Vec<&FleetCluster> = now.clusters.iter().filter(changed).collect();
    if health.format == Format::Json {
        if !changed.is_empty() {
            shell.write(|out| json::write_line(now, out));
        }
        return;
    }
    let at = clock::system();
    for cluster in changed {
        let was = row_before(cluster).filter(|old| old.state != cluster.state);
        let was = was.map_or_else(String::new, |old| format!(" (was {})", old.state.words()));
        shell.print(&format!("{at} {}{}\n", output::row_line(cluster), escape(&was)));
    }
}
