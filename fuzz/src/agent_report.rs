//! Answers of an agent as the plugin reads them.

use crate::dump::{json, print_all};
use crate::input::Choices;
use crate::memory;
use sre_shared::cluster::ServiceResponse;
use sre_shared::kind::Kind;
use sre_shared::report::{Report, Status};
use sre_shared::run::{AgentItems, KindTarget, Request, agent_answer, clock};

/// A real answer of an agent that is well.
const HEALTHY: &str = include_str!("healthy.json");
/// Memory that reading needs for its own.
const START: usize = 1 << 20;

fn read(body: &[u8], items: AgentItems) -> Report {
    let request = Request {
        kinds: vec![KindTarget::all(Kind::from_word("deployments").expect("a kind"))],
        items,
        ..Request::everything()
    };
    let served = ServiceResponse {
        status: 200,
        body: body.to_vec(),
    };
    agent_answer(Ok(served), &request, "http://agent.example", None, clock::system)
}

/// Holds if any body makes a report that can be written, if a cut answer is never ok, and if no answer is ok that
/// holds an object which is not.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let cut = choices.below(HEALTHY.len());
    let body = choices.rest();
    for items in [AgentItems::All, AgentItems::Notable] {
        let report = memory::bounded(body, START, 200, || read(body, items));
        let again = read(body, items);
        if !body.is_empty() && report.status == Status::Ok {
            assert_eq!(json(&report), json(&again));
        }
        print_all(&report);
        let bad = report
            .kinds()
            .flat_map(|kind| &kind.items)
            .any(|item| item.healthy == Some(false) && !item.state.is_fine() && item.acknowledged.is_none());
        let short = report.kinds().any(|kind| {
            let summary = kind.summary;
            summary.degraded.saturating_add(summary.unavailable) > summary.acknowledged
        });
        assert!(
            report.status != Status::Ok || !bad && !short,
            "ok about an object that is not"
        );
        let whole = read(HEALTHY.as_bytes(), items);
        assert_eq!(whole.status, Status::Ok, "{}", json(&whole));
        assert_ne!(
            read(&HEALTHY.as_bytes()[..cut], items).status,
            Status::Ok,
            "cut after {cut}"
        );
    }
}
