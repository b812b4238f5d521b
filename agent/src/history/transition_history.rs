//! Owns the history of this agent: transitions in memory and, if there is a directory, on the disk, with its gaps.
//! Must not know HTTP, nor how objects are judged.

use super::flapping::Flapping;
use super::gaps::{GapLog, WatchName};
use super::healthy_before::HealthyBefore;
use super::journal_line::JournalLine;
use super::read_gaps::ReadGaps;
use super::ring::{TRANSITIONS, TransitionRing};
use super::segments::{JournalContents, SEGMENT};
use super::writer::{DiskStatus, JournalWriter};
use sre_shared::kind::Kind;
use sre_shared::live::{EventTime, KindObjects, Transition, WatchStatus};
use sre_shared::report::{Item, Namespaces, TransitionRecord};
use sre_shared::resource::Time;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Seconds between two signs of life on the disk, so that it is known within a minute when the agent ended.
const ALIVE: i64 = 30;
/// How long the start waits for the history of the process before. A disk that is silent must not delay the answers.
const PATIENCE: Duration = Duration::from_secs(2);
/// Two agents that overlap see the same transition within so many seconds.
const OVERLAP: u64 = 60;
/// So many records of the other one are compared then.
const NEWEST: usize = 1_000;

/// The kinds and namespaces that are watched. Records of others belong to former settings and are not shown.
#[derive(Debug, Clone)]
pub struct WatchedScope {
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// The namespaces.
    pub namespaces: Namespaces,
}

impl WatchedScope {
    /// The watches, each by the plural name of its kind and its namespace.
    fn watches(&self) -> Vec<WatchName> {
        let of_kind = |kind: &Kind| match &self.namespaces {
            Namespaces::These(names) if kind.is_namespaced() => names
                .iter()
                .map(|name| (kind.plural(), Some(name.clone())))
                .collect(),
            _ => vec![(kind.plural(), None)],
        };
        self.kinds.iter().flat_map(of_kind).collect()
    }

    fn contains(&self, record: &TransitionRecord) -> bool {
        let Some(kind) = self.kinds.iter().find(|kind| kind.kind() == record.kind) else {
            return false;
        };
        match &self.namespaces {
            Namespaces::These(names) if kind.is_namespaced() => names.contains(&record.namespace),
            _ => true,
        }
    }
}

/// The history of this agent.
#[derive(Debug)]
pub struct TransitionHistory {
    known: Mutex<KnownHistory>,
    writer: OnceLock<JournalWriter>,
    /// Tells this process from others, for tokens of pages: the numbers of transitions begin anew with each process.
    instance: String,
}

/// Everything that is known of the past.
#[derive(Debug)]
pub struct KnownHistory {
    /// The transitions.
    pub ring: TransitionRing,
    /// The gaps.
    pub gaps: GapLog,
    /// The objects that flap.
    pub flapping: Flapping,
    /// When objects that are not healthy were last healthy.
    pub healthy_before: HealthyBefore,
    /// The last sign of life on the disk.
    alive: Option<Time>,
}

impl KnownHistory {
    /// No transitions yet.
    pub fn new(gaps: GapLog) -> Self {
        Self {
            ring: TransitionRing::default(),
            gaps,
            flapping: Flapping::default(),
            healthy_before: HealthyBefore::default(),
            alive: None,
        }
    }

    /// The beginning of the history: every transition since then is there, but for the gaps.
    pub fn since(&self) -> Time {
        let since = self.gaps.since();
        self.ring
            .forgotten()
            .map_or(since, |forgotten| forgotten.max(since))
    }

    /// The time since which every object of a kind was watched without a gap.
    pub fn watched_since(&self, kind: Kind, now: Time) -> Time {
        let gaps = self.gaps.all().into_iter();
        let of_kind = gaps.filter(|gap| gap.is_about(Some(kind.plural()), None));
        let ends = of_kind.map(|gap| gap.to.unwrap_or(now));
        ends.max().map_or(self.since(), |end| end.max(self.since()))
    }

    /// Adds a transition.
    pub fn push(&mut self, record: TransitionRecord) {
        self.flapping.note(&record);
        self.healthy_before.note(&record);
        self.ring.push(record);
    }
}

impl TransitionHistory {
    /// The history of a process that starts. With a directory it takes over what is there, and writes.
    pub fn start(started: Time, directory: Option<PathBuf>, watched: WatchedScope) -> Arc<Self> {
        let begun = started.to_string();
        let history = Arc::new(Self {
            known: Mutex::new(KnownHistory::new(GapLog::new(started, watched.watches()))),
            writer: OnceLock::new(),
            instance: format!("{:x}-{:x}", started.seconds, std::process::id()),
        });
        let Some(path) = directory else { return history };
        // What is on the disk is taken over once this process has noted its own beginning.
        let (begin, begun_here) = mpsc::channel::<()>();
        let weak = Arc::downgrade(&history);
        let take = move |contents, overlapped| {
            let _ = begun_here.recv();
            if let Some(history) = weak.upgrade() {
                history.take(contents, &watched, overlapped);
            }
        };
        match JournalWriter::start(path, SEGMENT, Box::new(take)) {
            Ok(writer) => {
                history.writer.get_or_init(|| writer);
                history.write(&JournalLine::Begun { begun });
                history.write_lasting();
            }
            Err(error) => tracing::warn!(%error, "the history is kept in memory alone"),
        }
        drop(begin);
        history
    }

    /// Waits a moment for what is on the disk.
    pub async fn opened(&self) {
        if let Some(writer) = self.writer.get() {
            writer.opened(PATIENCE).await;
        }
    }

    /// Writes the last sign of life, and everything that waits for the disk.
    pub async fn close(&self, now: Time) {
        if let Some(writer) = self.writer.get() {
            writer.write(&alive(now));
            writer.close().await;
        }
    }

    /// Takes over the history of the process before. Its records come before those of this process.
    fn take(&self, contents: JournalContents, watched: &WatchedScope, overlapped: bool) {
        let (mut records, mut gaps, mut last) = (Vec::new(), ReadGaps::default(), None);
        let begun = contents.lines.iter().find_map(line_time);
        // While two processes ran, both have written what they saw.
        let mut both_until = None;
        for line in contents.lines {
            if matches!(line, JournalLine::Begun { .. }) {
                both_until = last;
            }
            let line_at = line_time(&line);
            // The beginning of a process is no sign of life of the one before.
            if last.is_none() || !matches!(line, JournalLine::Begun { .. }) {
                last = line_at.max(last);
            }
            match line {
                JournalLine::Transition(record) if watched.contains(&record) => {
                    let is_late = line_at <= both_until;
                    if !is_late || !is_known(&records, &record) {
                        records.push(*record);
                    }
                }
                JournalLine::Explained { explained } => {
                    let mut newest = records.iter_mut().rev().take(NEWEST);
                    if let Some(record) = newest.find(|record| is_same(record, &explained)) {
                        *record = *explained;
                    }
                }
                JournalLine::Gap { gap } => gaps.take(&gap),
                JournalLine::Transition(_) | JournalLine::Alive { .. } | JournalLine::Begun { .. } => {}
            }
        }
        let (Some(begun), Some(last)) = (begun, last) else {
            return;
        };
        let mut known = self.lock();
        known.gaps.resume(gaps.finish(), begun, last, overlapped);
        let own = std::mem::take(&mut known.ring);
        known.flapping = Flapping::default();
        known.healthy_before = HealthyBefore::default();
        let mut own: Vec<TransitionRecord> = own.since(0).map(|kept| kept.record()).collect();
        if overlapped {
            own.retain(|record| !is_known(&records, record));
        }
        records.append(&mut own);
        // The last one that the memory has no room for moves the beginning.
        let skipped = records.len().saturating_sub(TRANSITIONS + 1);
        records
            .into_iter()
            .skip(skipped)
            .for_each(|record| known.push(record));
        drop(known);
        self.write_lasting();
    }

    /// Writes which gaps last, so that the next process knows.
    fn write_lasting(&self) {
        for gap in self.lock().gaps.lasting() {
            self.write(&JournalLine::Gap { gap: gap.public() });
        }
    }

    /// Keeps transitions.
    pub fn record(&self, transitions: &[Transition]) {
        if transitions.is_empty() {
            return;
        }
        let mut known = self.lock();
        for transition in transitions {
            let record = transition.record();
            if self.writer.get().is_some() {
                self.write(&JournalLine::Transition(Box::new(record.clone())));
            }
            known.push(record);
        }
    }

    /// Adds causes and changes, which are searched for after a transition, to the records of these objects.
    pub fn explain<'a>(&self, items: impl IntoIterator<Item = &'a Item>) {
        let mut known = self.lock();
        for item in items {
            if let Some(record) = known.ring.explain(item) {
                let explained = Box::new(record);
                self.write(&JournalLine::Explained { explained });
            }
        }
    }

    /// Looks at the clock and at the watches, notes gaps, and gives a sign of life.
    pub fn observe(&self, now: EventTime, kinds: &[Arc<dyn KindObjects>]) {
        let watches: Vec<(&'static str, WatchStatus)> = kinds
            .iter()
            .flat_map(|objects| {
                let plural = objects.kind().plural();
                objects.watches().into_iter().map(move |status| (plural, status))
            })
            .collect();
        let mut known = self.lock();
        let changed = known
            .gaps
            .observe(now, watches.iter().map(|(kind, status)| (*kind, status)));
        for gap in &changed {
            self.write(&JournalLine::Gap { gap: gap.public() });
        }
        known.flapping.forget_old(now.time);
        let is_due = known
            .alive
            .is_none_or(|last| now.time.seconds.abs_diff(last.seconds) >= ALIVE.unsigned_abs());
        if is_due {
            known.alive = Some(now.time);
            self.write(&alive(now.time));
        }
    }

    fn write(&self, line: &JournalLine) {
        if let Some(writer) = self.writer.get() {
            writer.write(line);
        }
    }

    /// What is known about the disk; `None` if the history is in memory alone.
    pub fn disk(&self) -> Option<&DiskStatus> {
        self.writer.get().map(JournalWriter::status)
    }

    /// Tells this process from others.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Everything that is known of the past. Nothing is noted meanwhile.
    pub fn lock(&self) -> MutexGuard<'_, KnownHistory> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn alive(now: Time) -> JournalLine {
    JournalLine::Alive {
        alive: now.to_string(),
    }
}

fn line_time(line: &JournalLine) -> Option<Time> {
    Time::parse(line.alive_at()?).ok()
}

/// Whether the newest records have that transition already.
fn is_known(records: &[TransitionRecord], record: &TransitionRecord) -> bool {
    let mut newest = records.iter().rev().take(NEWEST);
    newest.any(|other| is_same(other, record))
}

/// Whether two agents have seen the same transition.
fn is_same(one: &TransitionRecord, other: &TransitionRecord) -> bool {
    let seconds = |record: &TransitionRecord| Time::parse(&record.at).map(|at| at.seconds);
    let near = match (seconds(one), seconds(other)) {
        (Ok(one), Ok(other)) => one.abs_diff(other) <= OVERLAP,
        _ => false,
    };
    near && (&one.kind, &one.namespace, &one.name, one.from, one.to)
        == (&other.kind, &other.namespace, &other.name, other.from, other.to)
}

#[cfg(test)]
#[allow(clippy::print_stdout, reason = "a measurement is printed")]
mod tests {
    use super::*;
    use crate::history::directory::HistoryDirectory;
    use sre_shared::report::{HistoryGapReason, State};
    use std::path::Path;

    const WAIT: Duration = Duration::from_millis(10);

    fn time(second: i64) -> Time {
        Time::from_seconds(1_800_000_000 + second)
    }

    fn watched() -> WatchedScope {
        WatchedScope {
            kinds: vec![Kind::Deployment],
            namespaces: Namespaces::default(),
        }
    }

    fn transition(second: i64, name: &str) -> Transition {
        let mut item = Item::new(
            sre_shared::report::ObjectRef::namespaced("Deployment", "shop", name),
            State::Degraded,
            sre_shared::report::Code::ReadyBelowDesired,
            String::new(),
        );
        item.healthy = Some(false);
        Transition {
            object: item.identity(),
            from: Some(State::Healthy),
            to: Some(State::Degraded),
            at: time(second),
            reason: item.reason,
            message: item.message,
            code: None,
            change: None,
            health_change: None,
        }
    }

    async fn opened(path: &Path, second: i64) -> Arc<TransitionHistory> {
        let history = TransitionHistory::start(time(second), Some(path.to_owned()), watched());
        while history.disk().is_none_or(|disk| disk.problem().is_some()) {
            tokio::time::sleep(WAIT).await;
        }
        history
    }

    fn names(history: &TransitionHistory) -> Vec<String> {
        let known = history.lock();
        known
            .ring
            .since(0)
            .map(|one| one.object().name.to_string())
            .collect()
    }

    fn gaps(history: &TransitionHistory) -> Vec<(i64, Option<i64>, HistoryGapReason)> {
        let second = |at: Time| at.seconds - 1_800_000_000;
        let gaps = history.lock().gaps.all();
        gaps.iter()
            .map(|gap| (second(gap.from), gap.to.map(second), gap.why))
            .collect()
    }

    #[tokio::test]
    async fn a_cause_that_is_found_later_outlives_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let history = opened(directory.path(), 0).await;
        history.record(&[transition(1, "web"), transition(2, "other")]);
        let object = sre_shared::report::ObjectRef::namespaced("Deployment", "shop", "web");
        let reason = sre_shared::report::Code::ReadyBelowDesired;
        let mut item = Item::new(object, State::Degraded, reason, String::new());
        item.causes = vec![sre_shared::report::Cause {
            code: sre_shared::report::Code::CrashLoop,
            ..Default::default()
        }];
        history.explain([&item]);
        history.close(time(3)).await;
        drop(history);
        let history = opened(directory.path(), 10).await;
        let known = history.lock();
        let records = known.ring.since(0).map(|one| one.record());
        let codes: Vec<_> = records.map(|record| (record.name, record.code)).collect();
        assert_eq!(
            codes,
            [
                ("web".to_owned(), Some(sre_shared::report::Code::CrashLoop)),
                ("other".to_owned(), None)
            ]
        );
    }

    #[tokio::test]
    async fn a_hundred_thousand_transitions_a_day_take_less_than_thirty_megabytes_of_disk() {
        let directory = tempfile::tempdir().unwrap();
        let history = opened(directory.path(), 0).await;
        for number in 0..100_000 {
            history.record(&[transition(
                number,
                &format!("checkout-service-canary-{number:012}"),
            )]);
            if number % 4_000 == 0 {
                // Not faster than the disk of a test.
                let written = || {
                    history
                        .disk()
                        .unwrap()
                        .written
                        .load(std::sync::atomic::Ordering::Relaxed)
                };
                while written() < number.unsigned_abs() {
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
        history.close(time(100_000)).await;
        let dropped = history
            .disk()
            .unwrap()
            .dropped
            .load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(dropped, 0);
        let files = std::fs::read_dir(directory.path()).unwrap();
        let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        println!("100,000 transitions leave {bytes} bytes");
        assert!(bytes <= 2 * SEGMENT, "{bytes}");
        const { assert!(2 * SEGMENT < 30_000_000) };
        drop(history);
        // One segment and a part of another fill the memory again.
        let history = opened(directory.path(), 100_010).await;
        let known = history.lock();
        assert_eq!(known.ring.len(), TRANSITIONS);
        assert_eq!(known.since(), time(89_999));
    }

    #[tokio::test]
    async fn an_agent_that_waits_for_its_predecessor_takes_over_without_a_gap() {
        let directory = tempfile::tempdir().unwrap();
        let first = opened(directory.path(), 0).await;
        first.record(&[transition(10, "a"), transition(200, "b")]);
        let second = TransitionHistory::start(time(100), Some(directory.path().to_owned()), watched());
        // Both of them see this one.
        second.record(&[transition(201, "b"), transition(210, "c")]);
        while second.disk().unwrap().problem().as_deref() != Some("another agent writes there") {
            tokio::time::sleep(WAIT).await;
        }
        assert_eq!(names(&second), ["b", "c"]);
        first.close(time(205)).await;
        drop(first);
        while second.disk().unwrap().problem().is_some() {
            tokio::time::sleep(WAIT).await;
        }
        assert_eq!(names(&second), ["a", "b", "c"]);
        assert!(
            gaps(&second)
                .iter()
                .all(|(_, _, why)| *why == HistoryGapReason::Starting)
        );
        second.close(time(220)).await;
        drop(second);
        let third = opened(directory.path(), 300).await;
        assert_eq!(names(&third), ["a", "b", "c"], "each has written what it saw");
        assert_eq!(
            gaps(&third).last(),
            Some(&(220, None, HistoryGapReason::AgentDown))
        );
    }

    #[tokio::test]
    async fn lines_that_the_queue_has_no_room_for_are_counted_and_leave_a_gap() {
        let directory = tempfile::tempdir().unwrap();
        let lock = HistoryDirectory::open(directory.path()).unwrap();
        let history = TransitionHistory::start(time(0), Some(directory.path().to_owned()), watched());
        for number in 1..=9_000 {
            history.record(&[transition(number, "web")]);
        }
        let disk = history.disk().unwrap();
        let dropped = disk.dropped.load(std::sync::atomic::Ordering::Relaxed);
        // The queue has the beginning of the process and of its gap too.
        assert_eq!(dropped, 9_000 + 2 - 8_192);
        assert_eq!(history.lock().ring.len(), 9_000, "memory has all of them");
        drop(lock);
        while disk.problem().is_some() {
            tokio::time::sleep(WAIT).await;
        }
        history.record(&[transition(9_100, "last")]);
        history.close(time(9_200)).await;
        drop(history);
        let next = opened(directory.path(), 9_300).await;
        assert_eq!(names(&next).last().map(String::as_str), Some("last"));
        let not_written = gaps(&next)
            .into_iter()
            .find(|(_, _, why)| *why == HistoryGapReason::NotWritten);
        let (from, to, _) = not_written.expect("a gap");
        assert_eq!(from, 9_001 - i64::try_from(dropped).unwrap());
        assert!(to.is_some_and(|to| to >= 9_000));
    }
}
