//! Follows the objects of manifests: one follower for each namespace, and a task that looks for objects without a verdict.

use super::part::{Later, PartFollower};
use super::plan::{ManifestPlan, PresentObject};
use super::presence::{self, Presence};
use super::whole::whole_report;
use crate::cluster::Client;
use crate::failure::Failure;
use crate::report::{Item, Report, Source};
use crate::run::agent::{AgentConnection, AgentFollower};
use crate::run::clock::Clock;
use crate::run::follow::{FollowPace, Follower, Observed, fingerprint, is_outage};
use crate::run::grant::grant;
use crate::run::live::{source, unseen};
use crate::run::request::Request;
use futures_util::future::{join_all, select_all};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// If more objects are missing than this, they are looked for less often.
const FEW_MISSING: usize = 20;

/// Follows the objects of manifests. Its tasks end when it is dropped.
pub struct ManifestFollower {
    /// The API server's; `None` if only an agent is asked.
    client: Option<Client>,
    /// Where the report comes from if no part says it.
    source: Source,
    plan: Arc<ManifestPlan>,
    clock: Clock,
    pace: FollowPace,
    parts: Vec<ManifestPart>,
    presences: Arc<Presences>,
    _tasks: JoinSet<()>,
    begun: Instant,
    /// The last observation as a number, and when it was returned.
    last: Option<(u64, Instant)>,
    repeats: bool,
}

/// The objects of one request.
struct ManifestPart {
    request: Request,
    follower: Box<dyn PartFollower>,
    /// Whether it has observed anything.
    is_tried: bool,
}

impl ManifestPart {
    fn new(request: &Request, follower: impl PartFollower + 'static) -> Self {
        Self {
            request: request.clone(),
            follower: Box::new(follower),
            is_tried: false,
        }
    }
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
        !self.found().contains(&Presence::Pending)
    }

    /// Takes what was found at these places. Returns whether it differs from what was found before.
    fn update(&self, found: impl Iterator<Item = (usize, Result<Item, Failure>)>) -> bool {
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut has_changed = false;
        for (at, found) in found {
            if let Some(place) = all.get_mut(at) {
                let found = Presence::Tried(found);
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
            Presence::Tried(Err(failure)) if is_outage(failure.class) => Some(failure),
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
        let parts = plan.requests.iter();
        let parts = parts
            .map(|request| ManifestPart::new(request, Follower::start(&client, request, clock, pace)))
            .collect();
        Self::with_parts(parts, Some(client), Source::default(), plan, clock, pace)
    }

    /// Begins to follow through an agent; `follow` follows a request through it. With a client, the objects that no agent keeps
    /// are read from the API server.
    #[must_use]
    pub fn start_with_agent<C: AgentConnection + 'static>(
        follow: impl Fn(&Request) -> AgentFollower<C>,
        client: Option<&Client>,
        source: Source,
        plan: ManifestPlan,
        clock: Clock,
        pace: FollowPace,
    ) -> Self {
        let client = client.map(Client::without_run);
        let requests = plan.with_agent(client.is_some());
        let asked = requests.of_agent.iter();
        let mut parts: Vec<ManifestPart> = asked
            .map(|request| ManifestPart::new(request, follow(request)))
            .collect();
        if let Some(client) = &client {
            let read = requests.of_cluster.iter();
            parts.extend(
                read.map(|request| ManifestPart::new(request, Follower::start(client, request, clock, pace))),
            );
        }
        Self::with_parts(parts, client, source, plan, clock, pace)
    }

    fn with_parts(
        parts: Vec<ManifestPart>,
        client: Option<Client>,
        source: Source,
        plan: ManifestPlan,
        clock: Clock,
        pace: FollowPace,
    ) -> Self {
        let plan = Arc::new(plan);
        let presences = Arc::new(Presences {
            found: Mutex::new(match &client {
                Some(_) => vec![Presence::Pending; plan.present.len()],
                None => presence::not_kept(&plan),
            }),
            changed: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        if let Some(client) = client.as_ref().filter(|_| !plan.present.is_empty()) {
            let (plan, presences) = (Arc::clone(&plan), Arc::clone(&presences));
            tasks.spawn(look_again(client.clone(), plan, presences, pace));
        }
        Self {
            parts,
            client,
            source,
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
                    () = next_of_any(parts) => {}
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
        let first = self.parts.iter_mut().filter(|part| !part.is_tried);
        let first = first.map(|part| async move {
            part.follower.next().await;
            part.is_tried = true;
        });
        let looked = async {
            while !self.presences.are_tried() && Instant::now() < late {
                let left = late.saturating_duration_since(Instant::now());
                let _ = timeout(left, self.presences.changed.notified()).await;
            }
        };
        tokio::join!(join_all(first), looked);
    }

    /// What is seen at present. Nothing can be read if no part can read anything, or if the agent is away.
    fn observe(&mut self) -> Observed {
        let parts = self.parts.iter_mut().map(|part| part.follower.observe());
        let parts: Vec<Observed> = parts.collect();
        let mut failures = parts.iter().zip(&self.parts).map(|(seen, part)| match seen {
            Observed::Away(failure) => Some((failure, part.follower.is_agents())),
            Observed::Report(_) => None,
        });
        let away = match failures.clone().flatten().find(|(_, is_agents)| *is_agents) {
            Some((failure, _)) => Some(failure.clone()),
            None if parts.is_empty() => self.presences.away().map(Box::new),
            None if failures.clone().all(|failure| failure.is_some()) => {
                failures.find_map(|failure| Some(failure?.0.clone()))
            }
            None => None,
        };
        if let Some(failure) = away {
            return Observed::Away(failure);
        }
        let reports = parts.into_iter().zip(&self.parts);
        let reports = reports.map(|(seen, part)| match seen {
            Observed::Report(report) => *report,
            Observed::Away(failure) => unseen(&part.request, &failure, None, self.source(), self.clock),
        });
        Observed::Report(Box::new(self.whole(reports.collect())))
    }

    fn source(&self) -> Source {
        match &self.client {
            Some(client) => source(client, None),
            None => self.source.clone(),
        }
    }

    fn whole(&self, reports: Vec<Report>) -> Report {
        let time = self.client.as_ref().and_then(Client::server_time);
        let found = self.presences.found();
        let time = time.unwrap_or_else(self.clock);
        whole_report(&self.plan, reports, &found, self.source(), time)
    }

    /// As [`Follower::repeats`].
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.repeats
    }

    /// As [`Follower::is_explained`].
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.parts.iter().all(|part| part.follower.is_explained())
    }

    /// As [`Follower::present_report`].
    pub fn present_report(&mut self) -> Report {
        let reports = self.parts.iter_mut().map(|part| part.follower.present_report());
        let reports = reports.collect();
        let mut report = self.whole(reports);
        report.set_present_aside();
        report
    }

    /// As [`Follower::whole_report`].
    pub async fn whole_report(&mut self) -> Report {
        let mut reports = Vec::new();
        for part in &mut self.parts {
            reports.push(part.follower.whole_report().await);
        }
        let mut report = self.whole(reports);
        let is_agents = self.parts.iter().any(|part| part.follower.is_agents());
        // A right that an agent lacks is not the user's.
        if let Some(client) = self.client.as_ref().filter(|_| !is_agents) {
            report.coverage.grant = grant(client, &self.plan.whole, &report).await;
        }
        report.set_present_aside();
        report
    }

    /// As [`Follower::warnings`], each once.
    pub fn warnings(&mut self) -> Vec<String> {
        let mut warnings: Vec<String> = Vec::new();
        for warning in self.parts.iter_mut().flat_map(|part| part.follower.warnings()) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        warnings
    }
}

/// Waits until one of them observes something.
async fn next_of_any(parts: impl Iterator<Item = &mut ManifestPart>) {
    let next: Vec<Later<'_, Observed>> = parts.map(|part| part.follower.next()).collect();
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
            .filter(|(_, (_, known))| {
                is_due || !matches!(known, Presence::Tried(Ok(item)) if presence::stays(item))
            })
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
