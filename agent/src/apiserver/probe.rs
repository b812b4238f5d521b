//! Owns the live check of the API server. There is one at a time, however many clients ask, and its result is kept for a
//! moment.
//! Must not know how an answer is written.

use crate::apiserver::check_log;
use crate::apiserver::forbidden_paths;
use crate::apiserver::record::{ApiServerRecord, CheckFindings, RecordSample};
use crate::apiserver::write_canary::{CanaryResult, WriteCanary};
use crate::client::SharedClient;
use crate::history::failures::FailureLog;
use crate::settings::Settings;
use prometheus_client::metrics::histogram::Histogram;
use sre_shared::apiserver::{HealthAnswers, PathTrace};
use sre_shared::cluster::Client;
use sre_shared::failure::Class;
use sre_shared::metric::is_answered;
use sre_shared::report::{ApiServerCheck, Status};
use sre_shared::resource::Time;
use sre_shared::run::{self, Clock};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The check gives up this much later than the client, whose own deadline says better what was slow.
const AFTER_THE_CLIENT: Duration = Duration::from_millis(250);
/// Bounds of the histogram, in seconds: from a connection in the same zone to the default `--request-timeout`.
const DURATIONS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How long the walk along the path may take: as long as one connection.
const WALK: Duration = Duration::from_secs(5);

/// How long the answers about `/livez` and the Leases count at most. A Lease has lost its holder a minute after it was last
/// renewed, which is seen by its age.
const REMEMBERED_AT_MOST: Duration = Duration::from_secs(10);

/// A finished check.
#[derive(Debug)]
pub struct ProbeResult {
    /// The verdict.
    pub check: ApiServerCheck,
    /// When it began. No two checks begin at the same time.
    pub began: Instant,
    /// When it was made, by the API server's clock.
    pub at: Time,
    /// The error for the log, which may name files and certificates. The one in `check` does not.
    pub error: Option<String>,
    /// The paths that the agent's identity may not read.
    pub forbidden: Vec<&'static str>,
    /// What is known of writes.
    pub write: CanaryResult,
}

impl ProbeResult {
    /// Whether an API server answered, if only with a refusal.
    pub fn is_answered(&self) -> bool {
        is_answered(&self.check)
    }
}

/// The probe at one moment: its last check, and counts of all checks.
#[derive(Debug)]
pub struct ProbeSnapshot {
    /// The last check, if there was one.
    pub last: Option<Arc<ProbeResult>>,
    /// Whether the last check is too old to describe the present.
    pub stale: bool,
    /// How long each check took, in seconds.
    pub durations: Histogram,
    /// How many checks were not ok, by class.
    pub failures: BTreeMap<String, u64>,
    /// The record.
    pub record: RecordSample,
}

type InFlight = watch::Receiver<Option<Arc<ProbeResult>>>;

/// The probe of the API server.
pub struct ApiServerProbe {
    client: Arc<SharedClient>,
    failure_log: Arc<FailureLog>,
    clock: Clock,
    timeout: Duration,
    remember: Duration,
    /// From this age on a check is too old to describe the present.
    stale: Duration,
    walk_every: Duration,
    /// How long the answers about `/livez` and the Leases count: until the next check without a request.
    remember_rest: Duration,
    durations: Histogram,
    record: ApiServerRecord,
    canary: Option<WriteCanary>,
    state: Mutex<ProbeState>,
}

#[derive(Default)]
struct ProbeState {
    /// The last walk along the path.
    walked: Option<(Arc<PathTrace>, Instant)>,
    /// The answers to the last check that asked for everything.
    answers: Option<(Arc<HealthAnswers>, Instant)>,
    last: Option<(Arc<ProbeResult>, Instant)>,
    in_flight: Option<InFlight>,
    /// How many checks in a row no API server answered, and when the last of them failed.
    silent: Option<(u32, Instant)>,
    failures: BTreeMap<String, u64>,
}

impl ProbeState {
    fn is_well(&self) -> bool {
        self.last
            .as_ref()
            .is_some_and(|(last, _)| last.check.status == Status::Ok)
    }
}

impl ApiServerProbe {
    /// A probe that has not checked yet.
    pub fn new(client: Arc<SharedClient>, failure_log: Arc<FailureLog>, settings: &Settings) -> Self {
        let (pace, timeout) = (&settings.pace, settings.request_timeout);
        // One check was missed, and the next one took as long as it may: two intervals and one timeout.
        let stale = 2 * pace.probe_every + timeout + AFTER_THE_CLIENT;
        let remember_rest = pace.probe_every.min(REMEMBERED_AT_MOST);
        let server = client.current().server().to_owned();
        let canary = settings
            .write_canary
            .clone()
            .map(|lease| WriteCanary::new(lease, settings.pod.clone(), remember_rest));
        Self {
            client,
            failure_log,
            clock: settings.clock,
            timeout: timeout.min(pace.check),
            remember: pace.remember,
            stale,
            walk_every: pace.walk_every,
            remember_rest,
            durations: Histogram::new(DURATIONS),
            record: ApiServerRecord::new(settings.slo, &server, settings.clock, stale),
            canary,
            state: Mutex::default(),
        }
    }

    /// The record of the checks.
    pub fn record(&self) -> &ApiServerRecord {
        &self.record
    }

    /// The result of a check that ended a moment ago, of the running one, or of a new one.
    pub async fn ask(self: &Arc<Self>) -> Arc<ProbeResult> {
        let mut in_flight = {
            let mut state = self.lock();
            if let Some((checked, at)) = &state.last
                && at.elapsed() < self.remember
            {
                return Arc::clone(checked);
            }
            match &state.in_flight {
                Some(in_flight) => in_flight.clone(),
                None => self.start(&mut state),
            }
        };
        match in_flight
            .wait_for(Option::is_some)
            .await
            .map(|checked| checked.clone())
        {
            Ok(Some(checked)) => checked,
            Ok(None) | Err(_) => Arc::new(ProbeResult {
                check: failed("the check was interrupted", Class::ConnectionLost, &self.client),
                began: Instant::now(),
                at: (self.clock)(),
                error: None,
                forbidden: Vec::new(),
                write: CanaryResult::default(),
            }),
        }
    }

    /// The last check, which [`ApiServerProbe::run`] repeats; a new one if it is too old.
    pub async fn last_or_ask(self: &Arc<Self>) -> Arc<ProbeResult> {
        let snapshot = self.snapshot();
        match snapshot.last.filter(|_| !snapshot.stale) {
            Some(last) => last,
            None => self.ask().await,
        }
    }

    /// Checks after each pause of that length, so that an outage is noticed without a request. Does not end.
    pub async fn run(self: Arc<Self>, every: Duration) {
        loop {
            let due = self.lock().last.as_ref().map(|(_, at)| *at + every);
            match due {
                Some(due) if due > Instant::now() => tokio::time::sleep_until(due).await,
                _ => drop(self.ask().await),
            }
        }
    }

    /// When the API server last failed to answer. `None` unless it failed at least twice in a row.
    pub fn silent(&self) -> Option<std::time::Instant> {
        self.lock()
            .silent
            .filter(|(times, _)| *times >= 2)
            .map(|(_, at)| at.into_std())
    }

    /// The state of the probe, without a new check.
    pub fn snapshot(&self) -> ProbeSnapshot {
        let state = self.lock();
        ProbeSnapshot {
            stale: state
                .last
                .as_ref()
                .is_some_and(|(_, at)| at.elapsed() >= self.stale),
            last: state.last.as_ref().map(|(checked, _)| Arc::clone(checked)),
            durations: self.durations.clone(),
            failures: state.failures.clone(),
            record: self.record.sample(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, ProbeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a check in a task of its own, so that it goes on for the others if the first client that asked goes away.
    fn start(self: &Arc<Self>, state: &mut ProbeState) -> InFlight {
        let (sender, in_flight) = watch::channel(None);
        state.in_flight = Some(in_flight.clone());
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let began = Instant::now();
            let checked = Arc::new(Box::pin(this.check()).await);
            this.durations.observe(began.elapsed().as_secs_f64());
            this.finish(&checked);
            // An error means that no client waits any more.
            let _ = sender.send(Some(checked));
        });
        in_flight
    }

    async fn check(&self) -> ProbeResult {
        let client = self.client.current();
        let began = Instant::now();
        let writing = async {
            match &self.canary {
                Some(canary) => Some(canary.write(&client, began + self.timeout, self.clock).await),
                None => None,
            }
        };
        let asking = async {
            let (mut answers, write) = tokio::join!(self.answers(&client), writing);
            let is_new = write.as_ref().is_some_and(|(_, is_new)| *is_new);
            answers.write = write.map(|(answer, _)| answer);
            (answers, is_new)
        };
        let asking = tokio::time::timeout(self.timeout + AFTER_THE_CLIENT, asking);
        let walk = |until| run::apiserver::trace(&client, client.default_namespace(), until);
        let known = self.walked();
        let walking = async {
            match known {
                Some(_) => None,
                None => Some(walk(began + WALK.min(self.timeout)).await),
            }
        };
        let (asked, fresh) = tokio::join!(asking, walking);
        let is_named = client.connection_info().host.parse::<std::net::IpAddr>().is_err();
        let mut found = CheckFindings {
            is_named,
            ..CheckFindings::default()
        };
        let (mut check, error, answers) = match asked {
            Ok((asked, is_write_new)) => {
                let fresh = match fresh {
                    // The last walk found the path in order, and something has changed since.
                    None if !asked.is_answered() => Some(walk(began + self.timeout).await),
                    fresh => fresh,
                };
                let is_walked = fresh.is_some();
                let walked = match fresh {
                    Some(walked) => self.keep_walk(walked),
                    None => known.unwrap_or_default(),
                };
                let error = run::apiserver::judge(&client, &asked, None).error;
                // Every client of the agent reads it.
                let mut check = run::apiserver::judge_for_everybody(&client, &asked, Some(&walked));
                // A client of the agent has no use for the agent's identity. The rung has it.
                check.identity = None;
                // A latency that was measured by an earlier check does not count again.
                found.request_ms = check.latency_ms.filter(|_| !asked.is_version_former);
                (check, error, Some((asked, is_write_new, walked, is_walked)))
            }
            Err(_) => {
                let check = self.unfinished(&client);
                let error = check.error.clone();
                (check, error, None)
            }
        };
        // Silent controllers do not make the API server itself less ready.
        found.ready = check.status == Status::Ok || check.rung.as_deref() == Some("controllers");
        let livez = answers.as_ref().and_then(|(asked, ..)| asked.livez_code());
        let forbidden = forbidden_paths::add(&mut check, livez);
        let asked = answers.as_ref().map(|(asked, ..)| asked);
        let write = asked.map(CanaryResult::new).unwrap_or_default();
        write.add_missing(&mut check);
        if let Some((asked, is_write_new, walked, is_walked)) = &answers {
            found.walk = is_walked.then_some(walked.as_ref());
            found.write = asked.write.as_ref().filter(|_| *is_write_new);
        }
        check.record = Some(self.record.note(&found));
        ProbeResult {
            check,
            began,
            at: client.server_time().unwrap_or_else(self.clock),
            error,
            forbidden,
            write,
        }
    }

    /// The check if the client gave no answer by its deadline.
    fn unfinished(&self, client: &Client) -> ApiServerCheck {
        let limit = self.timeout.as_secs_f64();
        // A credential plugin runs before the first packet, so the failure is not one of the network.
        let (class, error) = match client.running_plugin() {
            Some(plugin) => (
                Class::Credential,
                format!("the credential plugin {plugin} gave no answer within {limit} s"),
            ),
            None => (Class::Timeout, format!("not finished within {limit} s")),
        };
        ApiServerCheck {
            elapsed_ms: Some(limit * 1e3),
            side: Some(class.side().as_str().to_owned()),
            ..failed(&error, class, &self.client)
        }
    }

    /// The answers of the API server. `/version`, `/livez` and the Leases are asked for only if their last answers are old, or
    /// the last check or `/readyz` was not ok: they take much longer than the request that decides.
    async fn answers(&self, client: &Client) -> HealthAnswers {
        if let Some(former) = self.former_answers() {
            return run::apiserver::ask_again(client, &former, self.clock).await;
        }
        let answers = run::apiserver::ask(client, true, self.clock).await;
        self.lock().answers = Some((Arc::new(answers.clone()), Instant::now()));
        answers
    }

    /// The answers to the last check that asked for everything, unless they are old or the last check was not ok.
    fn former_answers(&self) -> Option<Arc<HealthAnswers>> {
        let state = self.lock();
        let (answers, at) = state.answers.as_ref()?;
        (state.is_well() && at.elapsed() < self.remember_rest).then(|| Arc::clone(answers))
    }

    /// The last walk along the path, unless it is old or the last check was not ok.
    fn walked(&self) -> Option<Arc<PathTrace>> {
        let state = self.lock();
        let (walked, at) = state.walked.as_ref()?;
        (state.is_well() && at.elapsed() < self.walk_every).then(|| Arc::clone(walked))
    }

    fn keep_walk(&self, walked: PathTrace) -> Arc<PathTrace> {
        let walked = Arc::new(walked);
        self.lock().walked = Some((Arc::clone(&walked), Instant::now()));
        walked
    }

    fn finish(&self, checked: &Arc<ProbeResult>) {
        let check = &checked.check;
        let now = Instant::now();
        let before = {
            let mut state = self.lock();
            state.in_flight = None;
            state.silent = match (is_answered(check), state.silent) {
                (true, _) => None,
                (false, Some((times, _))) => Some((times.saturating_add(1), now)),
                (false, None) => Some((1, now)),
            };
            if check.status != Status::Ok
                && let Some(class) = &check.class
            {
                *state.failures.entry(class.clone()).or_default() += 1;
            }
            state
                .last
                .replace((Arc::clone(checked), now))
                .map(|(before, _)| before.check.status)
        };
        check_log::write(&self.failure_log, checked, before);
    }
}

fn failed(error: &str, class: Class, client: &SharedClient) -> ApiServerCheck {
    ApiServerCheck {
        class: Some(class.as_str().to_owned()),
        error: Some(error.to_owned()),
        endpoint: Some(client.current().server().to_owned()),
        hint: Some(class.hint().to_owned()),
        ..ApiServerCheck::default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A probe of that server.
    pub async fn probe_of(server: &sre_testkit::ApiServer) -> ApiServerProbe {
        let settings = sre_shared::cluster::Settings {
            source: sre_shared::cluster::ConfigSource::File(server.kubeconfig().to_owned()),
            context: None,
            overrides: sre_shared::cluster::Overrides::default(),
            deadlines: sre_shared::cluster::Deadlines::default(),
            user_agent: "test".into(),
        };
        let client = sre_shared::cluster::Client::new(settings.clone(), None)
            .await
            .unwrap();
        let words = ["sre-agent", "--kubeconfig"].map(std::ffi::OsString::from);
        let words = words.into_iter().chain([server.kubeconfig().into()]);
        let Ok(crate::args::Command::Serve(serve)) = crate::args::read(words) else {
            panic!("the flags are good");
        };
        ApiServerProbe::new(
            Arc::new(SharedClient::new(client, settings, Duration::from_secs(5))),
            Arc::new(FailureLog::default()),
            &serve.settings,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_goes_stale_if_the_next_one_does_not_come() {
        let server = sre_testkit::ApiServer::builder().start().await;
        let probe = probe_of(&server).await;
        assert!(probe.snapshot().last.is_none() && !probe.snapshot().stale);
        probe.finish(&Arc::new(ProbeResult {
            check: ApiServerCheck::default(),
            began: Instant::now(),
            at: Time::from_seconds(0),
            error: None,
            forbidden: Vec::new(),
            write: CanaryResult::default(),
        }));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!probe.snapshot().stale, "the next one may be under way");
        tokio::time::advance(Duration::from_millis(250)).await;
        assert!(probe.snapshot().stale);
    }

    #[test]
    fn a_refusal_is_an_answer_and_silence_is_none() {
        let check = |status, class: Option<&str>| ApiServerCheck {
            status,
            class: class.map(str::to_owned),
            ..ApiServerCheck::default()
        };
        for (status, class, answered) in [
            (Status::Ok, None, true),
            (Status::Degraded, Some("unhealthy"), true),
            (Status::Unknown, Some("forbidden"), true),
            (Status::Unknown, Some("unauthenticated"), true),
            (Status::Unknown, Some("refused"), false),
            (Status::Unknown, Some("timeout"), false),
            (Status::Unknown, Some("notAnApiServer"), false),
        ] {
            assert_eq!(
                is_answered(&check(status, class)),
                answered,
                "{status:?} {class:?}"
            );
        }
    }
}
