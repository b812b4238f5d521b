//! Follows the objects of manifests: one follower for each namespace, and a task that looks for objects without a verdict.

use super::plan::{ManifestPlan, PresentObject};
use super::presence::{self, Presence};
use super::whole::whole_report;
use crate::cluster::Client;
use crate::failure::Failure;
use crate::report::{Item, Report};
use crate::run::clock::Clock;
use crate::run::follow::{FollowPace, Follower, Observed, fingerprint, is_outage};
use crate::run::grant::grant;
use crate::run::live::{source, unseen};
use futures_util::future::{join_all, select_all};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// If more objects are missing than this, they are looked for less often.
const FEW_MISSING: usize = 20;

/// Follows the objects of manifests. Its tasks end when it is dropped.
pub struct ManifestFollower {
    client: Client,
    plan: Arc<ManifestPlan>,
    clock: Clock,
    pace: FollowPace,
    /// A follower for each request of the plan, and whether it has observed anything.
    parts: Vec<(Follower, bool)>,
    presences: Arc<Presences>,
    _tasks: JoinSet<()>,
    begun: Instant,
    /// The last observation as a number, and when it was returned.
    last: Option<(u64, Instant)>,
    repeats: bool,
}

/// The objects without a verdict, as they were last seen.
struct Presences {
    found: Mutex<Vec<Presence>>,
    changed: Notify,
}

impl Presences {
    fn found(&self) -> Vec<Presence> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn are_tried(&self) -> bool {
        self.found().iter().all(Option::is_some)
    }

    /// Takes what was found at these places. Returns whether it differs from what was found before.
    fn update(&self, found: impl Iterator<Item = (usize, Result<Item, Failure>)>) -> bool {
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut has_changed = false;
        for (at, found) in found {
            if let Some(place) = all.get_mut(at) {
                let found = Some(found);
                has_changed |= *place != found;
                *place = found;
            }
        }
        has_changed
    }

    /// Why none of them can be looked for at present.
    fn away(&self) -> Option<Failure> {
        let found = self.found();
        let mut failures = found.iter().map(|presence| match presence {
            Some(Err(failure)) if is_outage(failure.class) => Some(failure),
            _ => None,
        });
        let first = failures.next().flatten()?.clone();
        failures.all(|failure| failure.is_some()).then_some(first)
    }
}

impl ManifestFollower {
    /// Begins to follow. The tasks run on the present runtime.
    #[must_use]
    pub fn start(client: &Client, plan: ManifestPlan, clock: Clock, pace: FollowPace) -> Self {
        let client = client.without_run();
        let plan = Arc::new(plan);
        let parts = plan.requests.iter();
        let parts = parts.map(|request| (Follower::start(&client, request, clock, pace), false));
        let presences = Arc::new(Presences {
            found: Mutex::new(vec![None; plan.present.len()]),
            changed: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        if !plan.present.is_empty() {
            let (plan, presences) = (Arc::clone(&plan), Arc::clone(&presences));
            tasks.spawn(look_again(client.clone(), plan, presences, pace));
        }
        Self {
            parts: parts.collect(),
            client,
            plan,
            clock,
            pace,
            presences,
            _tasks: tasks,
            begun: Instant::now(),
            last: None,
            repeats: false,
        }
    }

    /// As [`Follower::next`]. In its reports, objects without a verdict are items with the reason `Present`;
    /// [`Report::set_present_aside`] counts them instead.
    pub async fn next(&mut self) -> Observed {
        if self.last.is_none() {
            self.wait_for_all().await;
        }
        loop {
            if let Some((_, at)) = self.last {
                let parts = self.parts.iter_mut();
                tokio::select! {
                    () = next_of_any(parts.map(|(part, _)| part)) => {}
                    () = self.presences.changed.notified() => {}
                    () = sleep_until(at + self.pace.heartbeat) => {}
                }
            }
            let observed = self.observe();
            let print = match &observed {
                Observed::Report(report) => fingerprint(report),
                Observed::Away(failure) => u64::from(failure.status.unwrap_or_default()),
            };
            let is_new = self
                .last
                .is_none_or(|(last, at)| last != print || at.elapsed() >= self.pace.heartbeat);
            if is_new {
                self.repeats = self.last.is_some_and(|(last, _)| last == print);
                self.last = Some((print, Instant::now()));
                return observed;
            }
        }
    }

    /// Waits until every part has observed something, and every object was looked for once.
    async fn wait_for_all(&mut self) {
        let late = self.begun + self.pace.patience;
        let first = self.parts.iter_mut().filter(|(_, is_tried)| !is_tried);
        let first = first.map(|(part, is_tried)| async move {
            part.next().await;
            *is_tried = true;
        });
        let looked = async {
            while !self.presences.are_tried() && Instant::now() < late {
                let left = late.saturating_duration_since(Instant::now());
                let _ = timeout(left, self.presences.changed.notified()).await;
            }
        };
        tokio::join!(join_all(first), looked);
    }

    /// What is seen at present. Nothing can be read if no part can read anything.
    fn observe(&mut self) -> Observed {
        let parts: Vec<Observed> = self.parts.iter_mut().map(|(part, _)| part.observe()).collect();
        let away = match parts.first() {
            Some(Observed::Away(failure)) if parts.iter().all(|part| matches!(part, Observed::Away(_))) => {
                Some(failure.clone())
            }
            Some(_) => None,
            None => self.presences.away().map(Box::new),
        };
        if let Some(failure) = away {
            return Observed::Away(failure);
        }
        let reports = parts.into_iter().zip(&self.plan.requests);
        let reports = reports.map(|(part, request)| match part {
            Observed::Report(report) => *report,
            Observed::Away(failure) => {
                unseen(request, &failure, None, source(&self.client, None), self.clock)
            }
        });
        Observed::Report(Box::new(self.whole(reports.collect())))
    }

    fn whole(&self, reports: Vec<Report>) -> Report {
        let time = self.client.server_time().unwrap_or_else(self.clock);
        let found = self.presences.found();
        whole_report(&self.plan, reports, &found, source(&self.client, None), time)
    }

    /// As [`Follower::repeats`].
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.repeats
    }

    /// As [`Follower::is_explained`].
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.parts.iter().all(|(part, _)| part.is_explained())
    }

    /// As [`Follower::present_report`].
    pub fn present_report(&mut self) -> Report {
        let reports = self.parts.iter_mut().map(|(part, _)| part.present_report());
        let reports = reports.collect();
        let mut report = self.whole(reports);
        report.set_present_aside();
        report
    }

    /// As [`Follower::whole_report`].
    pub async fn whole_report(&mut self) -> Report {
        let mut reports = Vec::new();
        for (part, _) in &mut self.parts {
            reports.push(part.whole_report().await);
        }
        let mut report = self.whole(reports);
        report.coverage.grant = grant(&self.client, &self.plan.whole, &report).await;
        report.set_present_aside();
        report
    }

    /// As [`Follower::warnings`], each once.
    pub fn warnings(&mut self) -> Vec<String> {
        let mut warnings: Vec<String> = Vec::new();
        for warning in self.parts.iter_mut().flat_map(|(part, _)| part.warnings()) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        warnings
    }
}

/// Waits until one of them observes something.
async fn next_of_any(parts: impl Iterator<Item = &mut Follower>) {
    type Next<'a> = Pin<Box<dyn Future<Output = Observed> + Send + 'a>>;
    let next: Vec<Next<'_>> = parts.map(|part| Box::pin(part.next()) as Next<'_>).collect();
    if next.is_empty() {
        return std::future::pending().await;
    }
    select_all(next).await;
}

/// Looks for the objects without a verdict: again and again for those that are missing, now and then for the others. Does not
/// end.
async fn look_again(client: Client, plan: Arc<ManifestPlan>, presences: Arc<Presences>, pace: FollowPace) {
    let mut all_at = Instant::now();
    loop {
        let is_due = Instant::now() >= all_at;
        if is_due {
            all_at = Instant::now() + pace.recheck;
        }
        let known = presences.found();
        let looked_for: Vec<(usize, &PresentObject)> = plan
            .present
            .iter()
            .zip(&known)
            .enumerate()
            .filter(|(_, (_, known))| is_due || !matches!(known, Some(Ok(item)) if presence::stays(item)))
            .map(|(at, (object, _))| (at, object))
            .collect();
        let objects: Vec<&PresentObject> = looked_for.iter().map(|(_, object)| *object).collect();
        let found = presence::look_for(&client, &objects).await;
        let missing = found
            .iter()
            .filter(|found| !matches!(found, Ok(item) if presence::stays(item)))
            .count();
        let places = looked_for.into_iter().map(|(at, _)| at);
        if presences.update(places.zip(found)) {
            presences.changed.notify_one();
        }
        let pause = if missing > FEW_MISSING {
            pace.poll
        } else {
            pace.tick
        };
        sleep(pause).await;
    }
}
