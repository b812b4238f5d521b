//! Whether the API server's flow control turns requests away, and how it classifies them.

use crate::apiserver::facts::Facts;
use crate::apiserver::failure::broken_rung;
use crate::apiserver::hint;
use crate::failure::{Class, Failure, Side};
use crate::report::{Rung, RungStatus};

const SHOW_LEVELS: &str = "get --raw /debug/api_priority_and_fairness/dump_priority_levels";

pub(super) fn rung(facts: &Facts<'_>) -> Option<Rung> {
    let flow = facts.flow.clone().unwrap_or_default();
    let level = match (flow.schema.is_empty(), flow.level.is_empty()) {
        (false, false) => Some(format!(
            "flow schema {}, priority level {}",
            flow.schema_name.as_ref().unwrap_or(&flow.schema),
            flow.level_name.as_ref().unwrap_or(&flow.level)
        )),
        _ => None,
    };
    let overloaded = overload_failures(facts);
    let rung = if overloaded.is_empty() && !is_health_overloaded(facts) {
        Rung::new(
            "flowControl",
            RungStatus::Ok,
            format!("not limited, under {}", level?),
        )
    } else {
        let retry_after = overloaded.iter().find_map(|failure| failure.retry_after);
        let mut message = "the API server sheds load (429)".to_owned();
        if let Some(after) = retry_after {
            message = format!("{message}, asks to wait {} s", after.as_secs());
        }
        if let Some(level) = level {
            message = format!("{message}, under {level}");
        }
        let failure = Failure::new(Class::Overloaded, message);
        Rung {
            retry_after_seconds: retry_after.map(|after| after.as_secs()),
            hint: Some(hint::kubectl(facts.connection, SHOW_LEVELS)),
            ..broken_rung("flowControl", &failure, Side::ControlPlane)
        }
    };
    Some(Rung {
        flow_schema: Some(flow.schema).filter(|uid| !uid.is_empty()),
        priority_level: Some(flow.level).filter(|uid| !uid.is_empty()),
        flow_schema_name: flow.schema_name,
        priority_level_name: flow.level_name,
        ..rung
    })
}

/// The failures of requests that were turned away.
fn overload_failures<'a>(facts: &Facts<'a>) -> Vec<&'a Failure> {
    let (answers, trace) = (facts.answers, facts.trace);
    let failures = [
        answers.version.as_ref().err(),
        trace.and_then(|trace| trace.identity.as_ref()?.as_ref().err()),
        trace.and_then(|trace| trace.rules.as_ref()?.1.as_ref().err()),
    ];
    let leases = answers.leases.iter().map(|(_, lease)| lease.as_ref().err());
    failures
        .into_iter()
        .chain(leases)
        .flatten()
        .filter(|failure| failure.class == Class::Overloaded)
        .collect()
}

/// Whether `/readyz` or `/livez` was turned away.
fn is_health_overloaded(facts: &Facts<'_>) -> bool {
    let answers = [Some(&facts.answers.readyz), facts.answers.livez.as_ref()];
    answers
        .into_iter()
        .flatten()
        .any(|answer| matches!(answer, Ok((429, _))))
}
