//! Asking whether the API server can be reached and is well, and walking the path to it.
//!
//! The plain check is four requests: `/version`, `/readyz`, and the Leases of the two controllers without which every
//! other answer is old. The path beside it is one connection that is taken step by step, and at most three requests
//! more; where the API server's name has several addresses, two at each of them.

use super::Clock;
use super::ladder::{Found, by_class, is_answered, point_out};
use crate::check::{self, apiserver::Answers, apiserver::Failed, path::add_controllers};
use crate::cluster::{self, Client, Dialed, Readiness, Rules, UserInfo};
use crate::failure::{Class, Failure};
use crate::report::{ApiServerCheck, Conclusion, Identity, Status, Vantage, View};
use crate::resource::{Lease, Time};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Whose Leases tell that workloads are looked after.
const CONTROLLERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];
/// After so long without an answer the path is walked beside the check, so that its end is known with that of the
/// check. A healthy API server answers sooner from half around the world.
const SUSPICION: Duration = Duration::from_millis(500);
/// Addresses of one API server that are asked each by itself.
const ADDRESSES: usize = 8;

/// What is asked each time.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(super) version: Result<String, Failure>,
    pub(super) latency: Duration,
    pub(super) readyz: Result<Readiness, Failure>,
    pub(super) livez: Option<Result<Readiness, Failure>>,
    pub(super) leases: Vec<(&'static str, Result<Lease, Failure>)>,
    /// What time it was at the end, by the API server and by this machine.
    pub(super) server_time: Option<Time>,
    pub(super) local_time: Time,
}

/// What walking the path found beside.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    pub(super) dialed: Dialed,
    pub(super) identity: Option<Result<UserInfo, Failure>>,
    pub(super) rules: Option<(String, Result<Rules, Failure>)>,
    pub(super) addresses: Vec<AddressAnswers>,
}

/// What one of several addresses answered.
#[derive(Debug, Clone)]
pub(super) struct AddressAnswers {
    pub address: SocketAddr,
    pub elapsed: Duration,
    pub version: Result<String, Failure>,
    pub readyz: Result<Readiness, Failure>,
}

impl Asked {
    /// Whether an API server answered, if only with a refusal.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        is_answered(&self.version)
    }

    /// The status code of `/livez`, where it was asked and answered.
    #[must_use]
    pub fn livez(&self) -> Option<u16> {
        Some(self.livez.as_ref()?.as_ref().ok()?.0)
    }
}

/// Asks what is asked each time; `/livez` too where that is wanted.
pub async fn ask_api_server(client: &Client, livez: bool, clock: Clock) -> Asked {
    let [manager, scheduler] = CONTROLLERS;
    let until = client.connect_deadline();
    // Two lanes, each of one connection; whatever a lane finds out at its first step it does not ask in vain.
    let first = async {
        let (version, latency) = cluster::version(client).await;
        let lease = if is_answered(&version) {
            Some((manager, in_time(until, cluster::lease(client, manager)).await))
        } else {
            None
        };
        (version, latency, lease)
    };
    let second = async {
        let readyz = cluster::readyz(client).await;
        if readyz.is_err() {
            return (readyz, None, None);
        }
        let lease = (scheduler, in_time(until, cluster::lease(client, scheduler)).await);
        let livez = if livez {
            Some(in_time(until, cluster::livez(client)).await)
        } else {
            None
        };
        (readyz, Some(lease), livez)
    };
    // The longer of the two goes out first.
    let ((readyz, one, livez), (version, latency, other)) = tokio::join!(second, first);
    Asked {
        version,
        latency,
        readyz,
        livez,
        leases: other.into_iter().chain(one).collect(),
        server_time: client.server_time(),
        local_time: clock(),
    }
}

/// Walks the path beside the check: every step of one fresh connection, who this is and what it may list in that
/// namespace, and each address where there are several. Ends by `until`.
pub async fn walk(client: &Client, namespace: &str, until: Instant) -> Walked {
    let identified = async {
        let identity = in_time(until, cluster::whoami(client)).await;
        let stranger =
            matches!(&identity, Err(f) if f.class.is_unreached() || f.class == Class::Unauthenticated);
        let rules = if stranger {
            None
        } else {
            Some(in_time(until, cluster::rules(client, namespace)).await)
        };
        (identity, rules)
    };
    let connected = async {
        let dialed = client.dial_until(until).await;
        let addresses = tokio::time::timeout_at(until, each_address(client, &dialed)).await;
        (dialed, addresses.unwrap_or_default())
    };
    let ((dialed, addresses), (identity, rules)) = tokio::join!(connected, identified);
    Walked {
        dialed,
        identity: Some(identity),
        rules: rules.map(|rules| (namespace.to_owned(), rules)),
        addresses,
    }
}

/// What only adds to the check must not make it late.
async fn in_time<T>(until: Instant, asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout_at(until, asked)
        .await
        .unwrap_or_else(|_| Err(Failure::new(Class::Timeout, "not answered in time")))
}

/// Asks each address that can be connected to, where the name of the API server has several.
async fn each_address(client: &Client, dialed: &Dialed) -> Vec<AddressAnswers> {
    if dialed.tcp.len() < 2 || client.way().proxy.url.is_some() {
        return Vec::new();
    }
    let mut asked = JoinSet::new();
    let open = dialed.tcp.iter().filter(|(_, step)| step.result.is_ok());
    for (place, (address, _)) in open.take(ADDRESSES).enumerate() {
        let (address, client) = (*address, client.pinned(address.ip()));
        asked.spawn(async move {
            let started = Instant::now();
            let readyz = cluster::readyz(&client).await;
            let elapsed = started.elapsed();
            // Over the connection that is open now.
            let (version, _) = cluster::version(&client).await;
            let answers = AddressAnswers {
                address,
                elapsed,
                version,
                readyz,
            };
            (place, answers)
        });
    }
    let mut answers = Vec::new();
    while let Some(joined) = asked.join_next().await {
        answers.extend(joined);
    }
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answers)| answers).collect()
}

/// The verdict on what was asked, with the ladder where the path was walked.
#[must_use]
pub fn judge_api_server(client: &Client, asked: &Asked, walked: Option<&Walked>) -> ApiServerCheck {
    let mut check = check::apiserver::judge(&Answers {
        version: asked
            .version
            .clone()
            .map_err(|f| failed(&f, "nonResourceURL /version get")),
        latency_ms: milliseconds(asked.latency),
        readyz: asked
            .readyz
            .clone()
            .map_err(|f| failed(&f, "nonResourceURL /readyz get")),
    });
    let found = Found {
        way: client.way(),
        asked,
        walked,
        flow: client.flow(),
    };
    if let Some(controllers) = found.controllers() {
        add_controllers(&mut check, &controllers);
    }
    let rungs = found.rungs();
    point_out(&mut check, &rungs);
    // Who is asking is told where it was looked for; where it cannot be told, its rung says why.
    check.identity = walked
        .and_then(|walked| walked.identity.clone()?.ok())
        .map(|info| Identity {
            user: info.username,
            groups: info.groups,
        });
    if walked.is_some() {
        check.ladder = rungs;
    }
    check
}

/// Asks whether the API server is well. Where it cannot be reached, the path is walked to the step that is broken,
/// within the time that a connection may take.
pub async fn api_server(client: &Client, clock: Clock) -> ApiServerCheck {
    let until = client.connect_deadline();
    let mut asking = Box::pin(ask_api_server(client, false, clock));
    let dial = Box::pin(async {
        Walked {
            dialed: client.dial_until(until).await,
            ..Walked::default()
        }
    });
    let (asked, walked) = match tokio::time::timeout(SUSPICION, &mut asking).await {
        Ok(asked) if asked.is_answered() => (asked, None),
        Ok(asked) => (asked, Some(dial.await)),
        Err(_) => {
            let mut dial = dial;
            tokio::select! {
                asked = &mut asking => if asked.is_answered() {
                    (asked, None)
                } else {
                    (asked, Some(dial.await))
                },
                walked = &mut dial => {
                    let asked = asking.await;
                    let walked = Some(walked).filter(|_| !asked.is_answered());
                    (asked, walked)
                }
            }
        }
    };
    judge_api_server(client, &asked, walked.as_ref())
}

/// Asks whether the API server is well and walks the whole path to it.
pub async fn api_server_path(client: &Client, namespace: &str, clock: Clock) -> ApiServerCheck {
    let until = client.connect_deadline();
    let (asked, walked) = tokio::join!(
        Box::pin(ask_api_server(client, true, clock)),
        Box::pin(walk(client, namespace, until))
    );
    judge_api_server(client, &asked, Some(&walked))
}

/// The verdict where nothing was asked, because no client could be made for one.
#[must_use]
pub fn no_way(failure: &Failure) -> ApiServerCheck {
    let failed = failed(failure, "");
    let mut check = check::apiserver::judge(&Answers {
        version: Err(failed.clone()),
        latency_ms: 0.0,
        readyz: Err(failed),
    });
    let rungs = vec![by_class(failure)];
    point_out(&mut check, &rungs);
    check.ladder = rungs;
    check
}

/// Sets the view of the plugin's own beside the agent's, and makes of both one verdict: what either place finds wrong
/// is wrong.
pub(super) fn compare(check: &mut ApiServerCheck, own: ApiServerCheck, stale: bool) {
    // Whoever may only ask the agent is told what the agent sees: a right that is missing here says nothing of the
    // API server.
    if own.class.as_deref() == Some(Class::Forbidden.as_str()) {
        let missing = own.missing.unwrap_or_default();
        check
            .notes
            .push(format!("not seen from here: {missing} is missing"));
        return;
    }
    let view = |check: &ApiServerCheck| View {
        status: check.status,
        latency_ms: check.latency_ms,
        class: check.class.clone(),
        error: check.error.clone(),
    };
    let agents = view(check);
    let unreached = |view: &View| {
        let class = view.class.as_deref().and_then(Class::from_word);
        class.is_none_or(Class::is_unreached)
    };
    let conclusion = match (own.status, agents.status) {
        _ if stale => Conclusion::Unknown,
        (Status::Ok, Status::Ok) => Conclusion::Well,
        (_, Status::Ok) => Conclusion::WayFromHere,
        (_, Status::Degraded) => Conclusion::ControlPlane,
        // What the agent may not ask says nothing of the API server.
        (_, Status::Unknown) if !unreached(&agents) => Conclusion::Unknown,
        (Status::Ok, Status::Unknown) => Conclusion::WayFromAgent,
        (_, Status::Unknown) => Conclusion::ControlPlane,
    };
    let vantage = Vantage {
        own: view(&own),
        agent: agents,
        conclusion,
    };
    if check.status.worst(own.status) != check.status {
        let record = check.record.take();
        *check = ApiServerCheck {
            record,
            version: check.version.take().or(own.version),
            ..own
        };
    }
    check.vantage = Some(vantage);
}

/// Milliseconds, to a tenth of a microsecond at most: more digits are noise.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn failed(failure: &Failure, rule: &str) -> Failed {
    Failed {
        class: failure.class.as_str(),
        in_trouble: matches!(failure.class, Class::Unhealthy | Class::Overloaded),
        error: failure.message.clone(),
        endpoint: failure.endpoint.clone(),
        elapsed_ms: milliseconds(failure.elapsed),
        missing: (failure.class == Class::Forbidden).then(|| rule.to_owned()),
        hint: Some(failure.hint().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, class: Option<&str>) -> ApiServerCheck {
        ApiServerCheck {
            status,
            class: class.map(str::to_owned),
            side: class.map(|_| "a side".to_owned()),
            version: Some("v1".into()).filter(|_| status == Status::Ok),
            ..ApiServerCheck::default()
        }
    }

    #[test]
    fn who_may_only_ask_the_agent_is_told_what_the_agent_sees() {
        let mut seen = check(Status::Ok, None);
        let own = ApiServerCheck {
            missing: Some("nonResourceURL /version get".into()),
            ..check(Status::Unknown, Some("forbidden"))
        };
        compare(&mut seen, own, false);
        assert_eq!((seen.status, seen.class, seen.vantage), (Status::Ok, None, None));
        assert_eq!(
            seen.notes,
            ["not seen from here: nonResourceURL /version get is missing"]
        );
    }

    #[test]
    fn two_views_tell_where_the_trouble_is_and_the_worse_one_counts() {
        type Seen = (Status, Option<&'static str>);
        const OK: Seen = (Status::Ok, None);
        const SICK: Seen = (Status::Degraded, Some("unhealthy"));
        const AWAY: Seen = (Status::Unknown, Some("refused"));
        const STRANGER: Seen = (Status::Unknown, Some("unauthenticated"));
        let rows = [
            (OK, OK, false, Conclusion::Well, OK),
            (AWAY, OK, false, Conclusion::WayFromHere, AWAY),
            (STRANGER, OK, false, Conclusion::WayFromHere, STRANGER),
            (SICK, OK, false, Conclusion::WayFromHere, SICK),
            (OK, AWAY, false, Conclusion::WayFromAgent, AWAY),
            (OK, STRANGER, false, Conclusion::Unknown, STRANGER),
            (OK, SICK, false, Conclusion::ControlPlane, SICK),
            (AWAY, SICK, false, Conclusion::ControlPlane, SICK),
            (AWAY, AWAY, false, Conclusion::ControlPlane, AWAY),
            (AWAY, OK, true, Conclusion::Unknown, AWAY),
        ];
        for (own, agent, stale, conclusion, (status, class)) in rows {
            let mut seen = check(agent.0, agent.1);
            compare(&mut seen, check(own.0, own.1), stale);
            let vantage = seen.vantage.expect("both were asked");
            assert_eq!(
                (vantage.conclusion, vantage.own.status, vantage.agent.status),
                (conclusion, own.0, agent.0),
                "{own:?} {agent:?}"
            );
            assert_eq!(
                (seen.status, seen.class.as_deref()),
                (status, class),
                "{own:?} {agent:?}"
            );
        }
    }
}
