//! Owns the live check of the API server: one at a time however many ask, its result remembered for a moment.
//! Must not know how an answer is written.

use crate::Pace;
use crate::connection::Connection;
use crate::outage::{Outages, Trouble};
use sre_shared::cluster::Class;
use sre_shared::report::{ApiServerCheck, Status};
use sre_shared::resource::Time;
use sre_shared::run::{self, Clock};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The client's own deadline tells more of what was slow, so it is given the time to pass first.
const BEHIND_THE_CLIENT: Duration = Duration::from_millis(250);
/// Who this is, for the log of outages.
const WHO: &str = "check of the API server";

/// A finished check.
#[derive(Debug)]
pub struct Checked {
    /// The verdict.
    pub check: ApiServerCheck,
    /// When it was made, by the API server's clock.
    pub at: Time,
}

type Flight = watch::Receiver<Option<Arc<Checked>>>;

/// The check of the API server.
pub struct Probe {
    connection: Arc<Connection>,
    outages: Arc<Outages>,
    clock: Clock,
    timeout: Duration,
    remember: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Option<(Arc<Checked>, Instant)>,
    flight: Option<Flight>,
    /// Checks in a row that no API server answered, and when the last of them failed.
    silent: Option<(u32, Instant)>,
}

impl Probe {
    /// A check that was never made.
    pub fn new(
        connection: Arc<Connection>,
        outages: Arc<Outages>,
        clock: Clock,
        timeout: Duration,
        pace: &Pace,
    ) -> Self {
        Self {
            connection,
            outages,
            clock,
            timeout,
            remember: pace.remember,
            state: Mutex::default(),
        }
    }

    /// The result of a check that ended a moment ago, of the one that is under way, or of a new one.
    pub async fn ask(self: &Arc<Self>) -> Arc<Checked> {
        let mut flight = {
            let mut state = self.lock();
            if let Some((checked, at)) = &state.last
                && at.elapsed() < self.remember
            {
                return Arc::clone(checked);
            }
            match &state.flight {
                Some(flight) => flight.clone(),
                None => self.depart(&mut state),
            }
        };
        match flight
            .wait_for(Option::is_some)
            .await
            .map(|checked| checked.clone())
        {
            Ok(Some(checked)) => checked,
            Ok(None) | Err(_) => Arc::new(Checked {
                check: failed(
                    "the check was interrupted",
                    Class::ConnectionLost,
                    &self.connection,
                ),
                at: (self.clock)(),
            }),
        }
    }

    /// Checks every so often, so that silence is noticed though nobody asks. Does not end.
    pub async fn run(self: Arc<Self>, every: Duration) {
        loop {
            let due = self.lock().last.as_ref().map(|(_, at)| *at + every);
            match due {
                Some(due) if due > Instant::now() => tokio::time::sleep_until(due).await,
                _ => drop(self.ask().await),
            }
        }
    }

    /// When the API server last failed to answer, where it failed to at least twice in a row.
    pub fn silent(&self) -> Option<Instant> {
        self.lock()
            .silent
            .filter(|(times, _)| *times >= 2)
            .map(|(_, at)| at)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a check in a task of its own: the one who asked first may go away without spoiling it for the others.
    fn depart(self: &Arc<Self>, state: &mut State) -> Flight {
        let (arrive, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let checked = Arc::new(this.check().await);
            this.land(&checked);
            // Nobody may be waiting any more.
            let _ = arrive.send(Some(checked));
        });
        flight
    }

    async fn check(&self) -> Checked {
        let client = self.connection.client();
        let asked = tokio::time::timeout(self.timeout + BEHIND_THE_CLIENT, run::api_server(&client)).await;
        let check = asked.unwrap_or_else(|_| {
            let error = format!(
                "not finished within the request timeout of {} s",
                self.timeout.as_secs_f64()
            );
            ApiServerCheck {
                elapsed_ms: Some(self.timeout.as_secs_f64() * 1e3),
                ..failed(&error, Class::Timeout, &self.connection)
            }
        });
        Checked {
            check,
            at: client.server_time().unwrap_or_else(self.clock),
        }
    }

    fn land(&self, checked: &Arc<Checked>) {
        let check = &checked.check;
        let now = Instant::now();
        let before = {
            let mut state = self.lock();
            state.flight = None;
            state.silent = match (is_answered(check), state.silent) {
                (true, _) => None,
                (false, Some((times, _))) => Some((times.saturating_add(1), now)),
                (false, None) => Some((1, now)),
            };
            state
                .last
                .replace((Arc::clone(checked), now))
                .map(|(before, _)| before.check.status)
        };
        self.log(check, before);
    }

    fn log(&self, check: &ApiServerCheck, before: Option<Status>) {
        let error = check.error.as_deref().unwrap_or_default();
        let next = check.hint.as_deref().unwrap_or_default();
        if check.status == Status::Unknown {
            let trouble = Trouble {
                class: check.class.as_deref().unwrap_or_default(),
                error,
                endpoint: check.endpoint.as_deref().unwrap_or_default(),
                next,
                own: is_answered(check),
            };
            return self.outages.failed(WHO, &trouble);
        }
        self.outages.recovered(WHO);
        match (before, check.status) {
            (Some(Status::Degraded), Status::Ok) => tracing::info!("the API server is ok again"),
            (Some(Status::Degraded), _) | (_, Status::Ok | Status::Unknown) => {}
            (_, Status::Degraded) => tracing::warn!(error, next, "the API server is degraded"),
        }
    }
}

/// Whether an API server answered, if only with a refusal.
fn is_answered(check: &ApiServerCheck) -> bool {
    let refusals = [
        Class::Unauthenticated,
        Class::Forbidden,
        Class::NotFound,
        Class::Rejected,
    ];
    check.status != Status::Unknown
        || refusals
            .iter()
            .any(|class| check.class.as_deref() == Some(class.as_str()))
}

fn failed(error: &str, class: Class, connection: &Connection) -> ApiServerCheck {
    ApiServerCheck {
        class: Some(class.as_str().to_owned()),
        error: Some(error.to_owned()),
        endpoint: Some(connection.client().server().to_owned()),
        hint: Some(class.hint().to_owned()),
        ..ApiServerCheck::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
