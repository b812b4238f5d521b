//! Verdicts that changed, as an agent's history keeps them.

use super::happening::{Happening, TimelineSource};
use crate::digest::plain_change_words;
use crate::report::{ObjectRef, State, TimelineKind, TransitionRecord, VerdictChange};
use crate::resource::Time;

/// The happening of a transition. `None` if its time is no time.
pub(super) fn happening(record: &TransitionRecord) -> Option<Happening> {
    let at = Time::parse(&record.at).ok()?;
    let object = ObjectRef::namespaced(&record.kind, &record.namespace, &record.name);
    let verdict = VerdictChange {
        from: record.from,
        to: record.to,
        reason: record.reason.clone(),
        code: record.code.clone(),
    };
    let mut words = words(&verdict);
    let change = record.change.as_deref().cloned();
    if let Some(change) = &change {
        words = format!("{words}, after {}", plain_change_words(change));
    }
    let found = Happening {
        verdict: Some(verdict),
        ..Happening::new(TimelineSource::Agent, at, TimelineKind::Verdict, object, words)
    };
    Some(match change {
        // Each object has a change of its own.
        Some(change) => Happening {
            change: Some(change),
            ..found
        },
        None => found.folded_in_namespace(),
    })
}

fn words(verdict: &VerdictChange) -> String {
    let why = match (verdict.to, &verdict.code) {
        (None | Some(State::Healthy | State::Succeeded), _) => String::new(),
        (_, Some(code)) if *code != verdict.reason => format!(": {}, {code}", verdict.reason),
        _ => format!(": {}", verdict.reason),
    };
    match (verdict.from, verdict.to) {
        (Some(from), Some(to)) => format!("became {} (was {}){why}", to.as_str(), from.as_str()),
        (None, Some(to)) => format!("is new, and {}{why}", to.as_str()),
        (Some(from), None) => format!("was deleted (was {})", from.as_str()),
        (None, None) => "was deleted".to_owned(),
    }
}
