//! The source of reports: starts the tasks, waits for a change, and assembles the report about it.

use super::fingerprint::fingerprint;
use super::kinds::{PreparedKind, prepare, run_custom};
use super::pace::FollowPace;
use super::report::{ReportItems, report};
use super::shown::ShownObjects;
use super::state::FollowState;
use super::{api_server, deletions, related, search};
use crate::cluster::Client;
use crate::failure::Failure;
use crate::report::{CheckResult, Item, Report};
use crate::run::clock::Clock;
use crate::run::gather::causes::{self, LogDemand};
use crate::run::grant::grant;
use crate::run::request::{AgentItems, Causes, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Pause between two reviews, which make objects compact that time alone has settled.
const REVIEW: Duration = Duration::from_secs(10);

/// While changes do not end, two looks are at least so many times [`FollowPace::coalesce`] apart: a look costs the same, however
/// many objects changed.
const APART: u32 = 3;

/// What a follower sees.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// The objects as they are now.
    Report(Box<Report>),
    /// Nothing could be read, for this reason.
    Away(Box<Failure>),
}

/// Follows the objects of a request. Its tasks end when it is dropped.
pub struct Follower {
    state: Arc<FollowState>,
    _tasks: JoinSet<()>,
    shown: ShownObjects,
    begun: Instant,
    /// The last report or failure that was returned, as a number, and when.
    last: Option<(u64, Instant)>,
    /// Whether it showed the same as the one before.
    repeats: bool,
    /// When a change is reported that was seen already.
    due: Option<Instant>,
    /// When the objects were last looked at.
    observed: Option<Instant>,
    /// When the objects are judged again although nothing changed.
    judged_again: Instant,
}

impl Follower {
    /// Begins to follow. The tasks run on the present runtime.
    #[must_use]
    pub fn start(client: &Client, request: &Request, clock: Clock, pace: FollowPace) -> Self {
        let (mut caches, mut spawns, mut watches) = (Vec::new(), Vec::new(), 0_usize);
        for PreparedKind {
            objects,
            watches: own,
            spawn,
        } in prepare(request)
        {
            caches.push(objects);
            spawns.push((spawn, watches));
            watches = watches.saturating_add(own);
        }
        let state = FollowState::new(client.without_run(), request, clock, pace, caches, watches);
        let state = Arc::new(state);
        let mut tasks = JoinSet::new();
        for (spawn, first) in spawns {
            spawn(&state, first, &mut tasks);
        }
        for (number, target) in request.custom.iter().enumerate() {
            tasks.spawn(run_custom(Arc::clone(&state), number, target.clone()));
        }
        for objects in &state.kinds {
            if !objects.kind().related_kinds().is_empty() {
                tasks.spawn(related::run(Arc::clone(&state), Arc::clone(objects)));
            }
        }
        if request.causes != Causes::None {
            tasks.spawn(search::run(Arc::clone(&state)));
        }
        if request.api_server {
            tasks.spawn(api_server::run(Arc::clone(&state)));
        }
        tasks.spawn(deletions::run(Arc::clone(&state)));
        tasks.spawn(review(Arc::clone(&state)));
        Self {
            state,
            _tasks: tasks,
            shown: ShownObjects::default(),
            begun: Instant::now(),
            last: None,
            repeats: false,
            due: None,
            observed: None,
            judged_again: Instant::now(),
        }
    }

    /// The next report that shows a change, or the reason why nothing can be read. The first comes once every kind was read
    /// or failed. Later ones come at least once in [`FollowPace::heartbeat`], also without a change.
    ///
    /// It may be cancelled, and loses nothing then.
    pub async fn next(&mut self) -> Observed {
        let pace = self.state.pace;
        let is_late = |begun: Instant| begun.elapsed() >= pace.patience;
        while self.last.is_none()
            && !self.state.is_complete()
            && self.state.away().is_none()
            && !is_late(self.begun)
        {
            tokio::select! {
                () = self.state.changed.notified() => {}
                () = sleep(pace.tick) => {}
            }
        }
        loop {
            if let Some((_, at)) = self.last {
                if self.due.is_none() {
                    tokio::select! {
                        () = self.state.changed.notified() => {
                            let soon = Instant::now() + pace.coalesce;
                            let unhurried = self.observed.map(|at| at + pace.coalesce.saturating_mul(APART));
                            self.due = Some(unhurried.map_or(soon, |time| time.max(soon)));
                        }
                        () = sleep_until(self.judged_again) => {}
                        () = sleep_until(at + pace.heartbeat) => {}
                    }
                }
                // It stays due if this is cancelled.
                if let Some(due) = self.due {
                    sleep_until(due).await;
                    self.due = None;
                }
            }
            self.judged_again = Instant::now() + pace.tick;
            self.observed = Some(Instant::now());
            let observed = self.observe();
            let print = match &observed {
                Observed::Report(report) => fingerprint(report),
                Observed::Away(failure) => u64::from(failure.status.unwrap_or_default()),
            };
            let is_new = self
                .last
                .is_none_or(|(last, at)| last != print || at.elapsed() >= pace.heartbeat);
            if is_new {
                self.repeats = self.last.is_some_and(|(last, _)| last == print);
                self.last = Some((print, Instant::now()));
                return observed;
            }
        }
    }

    /// What is seen at present, without waiting.
    pub(in crate::run) fn observe(&mut self) -> Observed {
        match self.state.away() {
            Some(failure) => Observed::Away(Box::new(failure)),
            None => Observed::Report(Box::new(report(
                &self.state,
                ReportItems::Notable,
                &mut self.shown,
            ))),
        }
    }

    /// Whether the last observation showed the same as the one before, and came only because of
    /// [`FollowPace::heartbeat`].
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.repeats
    }

    /// Whether causes were searched for all objects that fall short now, if they are searched for at all. Pods can change a
    /// verdict.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        if self.state.request.causes == Causes::None {
            return true;
        }
        let targets = self.state.search_targets();
        let explained = &self.state.status().explained;
        targets
            .iter()
            .all(|target| explained.contains(&target.identity()))
    }

    /// The present report with the objects that the request asks for. No request is made for it.
    pub fn present_report(&mut self) -> Report {
        let shown = match self.state.request.items {
            AgentItems::All => ReportItems::All,
            AgentItems::Notable => ReportItems::Notable,
        };
        report(&self.state, shown, &mut self.shown)
    }

    /// The present report with the objects that the caller chooses, by the name of the check and the item. It counts all. No
    /// request is made for it.
    pub fn chosen_report(&mut self, chooses: &dyn Fn(&str, &Item) -> bool) -> Report {
        report(&self.state, ReportItems::Chosen(chooses), &mut self.shown)
    }

    /// The present report, with the commands that grant missing rights, and with log lines if the request asks for them: as a
    /// single run gives it.
    pub async fn whole_report(&mut self) -> Report {
        let mut report = self.present_report();
        let (client, request) = (&self.state.client, &self.state.request);
        let demand = match request.causes {
            Causes::None | Causes::WithoutLogs => None,
            Causes::WithQuickLogs => Some(LogDemand::Unasked),
            Causes::WithLogs => Some(LogDemand::Asked),
        };
        let targets = self.state.search_targets();
        if let Some(demand) = demand.filter(|_| !targets.is_empty()) {
            let found = causes::search(client, targets, self.state.time(), request.changes).await;
            let kinds = report.checks.iter_mut().filter_map(|check| match check {
                CheckResult::Kind(kind) => Some(kind),
                CheckResult::ApiServer(_) => None,
            });
            let mut items: Vec<&mut Item> = kinds.flat_map(|kind| &mut kind.items).collect();
            let now = self.state.time();
            let not_seen = causes::add_logs(client, &found.evidence, &mut items, now, demand).await;
            report.coverage.causes_not_seen.extend(not_seen);
            report.settle();
        }
        report.coverage.grant = grant(client, request, &report).await;
        report
    }

    /// Remarks for the person who waits that are new, such as a kind that may not be watched.
    pub fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.state.status().warnings)
    }
}

/// Judges again the verdicts that time can change. Does not end.
async fn review(state: Arc<FollowState>) {
    loop {
        sleep(REVIEW).await;
        let time = state.answer_time();
        for objects in state.objects() {
            objects.review(&time);
        }
    }
}
