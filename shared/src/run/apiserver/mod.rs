//! Asks the API server whether it is healthy, and traces the path to it.
//!
//! A plain check is four requests: `/version`, `/readyz`, and the Leases of two controllers. Every status that other
//! requests read is written by these controllers. The trace adds one connection, which is opened step by step, and at
//! most three requests. If the API server's name has several addresses, it adds two requests to each of them. If the ladder
//! shows how flow control classifies the requests, two more requests read the names.

mod ask;
mod limit;
mod trace;
mod write;

pub use ask::{ask, ask_again};
pub use trace::trace;
pub use write::write;

use crate::apiserver::{self, Facts, HealthAnswers, PathTrace};
use crate::cluster::Client;
use crate::report::ApiServerCheck;
use crate::run::clock::Clock;
use std::time::Duration;

/// If no answer came by then, a connection is traced during the check, so that both end together. A healthy API server
/// answers sooner, even from the other side of the world.
const SUSPICION: Duration = Duration::from_millis(500);

/// Checks whether the API server is healthy. If it cannot be reached, the connection is traced to the step that fails,
/// within the time that a connection may take.
pub async fn check(client: &Client, clock: Clock) -> ApiServerCheck {
    let until = client.connect_deadline();
    let mut asking = Box::pin(ask(client, false, clock));
    let mut dialing = Box::pin(trace::dial(client, until));
    let (answers, trace) = tokio::select! {
        biased;
        answers = &mut asking => (answers, None),
        trace = async {
            tokio::time::sleep(SUSPICION).await;
            dialing.as_mut().await
        } => (asking.await, Some(trace)),
    };
    let trace = match trace {
        _ if answers.is_answered() => None,
        None => Some(dialing.await),
        trace => trace,
    };
    judge(client, &answers, trace.as_ref())
}

/// Checks whether the API server is healthy, and traces the whole path to it.
pub async fn check_path(client: &Client, namespace: &str, clock: Clock) -> ApiServerCheck {
    let until = client.connect_deadline();
    let (answers, trace) = tokio::join!(
        Box::pin(ask(client, true, clock)),
        Box::pin(async {
            let (trace, ()) = tokio::join!(trace(client, namespace, until), trace::read_names(client, until));
            trace
        })
    );
    judge(client, &answers, Some(&trace))
}

/// The verdict on the answers that this client got, with the ladder if the path was traced.
#[must_use]
pub fn judge(client: &Client, answers: &HealthAnswers, trace: Option<&PathTrace>) -> ApiServerCheck {
    apiserver::judge(&facts(client, answers, trace))
}

/// As [`judge`], for readers who must not learn the names of files and certificates.
#[must_use]
pub fn judge_for_everybody(
    client: &Client,
    answers: &HealthAnswers,
    trace: Option<&PathTrace>,
) -> ApiServerCheck {
    apiserver::judge_for_everybody(&facts(client, answers, trace))
}

fn facts<'a>(client: &'a Client, answers: &'a HealthAnswers, trace: Option<&'a PathTrace>) -> Facts<'a> {
    Facts {
        connection: client.connection_info(),
        answers,
        trace,
        flow: client.flow_control(),
    }
}
