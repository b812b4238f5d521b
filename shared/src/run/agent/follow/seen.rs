//! What a follower of an agent has seen: the agent's report, the views from here, and failures.

use super::connection::AgentConnection;
use super::mirror::ReportMirror;
use crate::report::{ApiServerCheck, NotSeen, Report};
use crate::run::agent::answer::{Answer, answer};
use crate::run::agent::gap::{empty_namespace, no_answer, unanswered};
use crate::run::agent::refusal::AgentRefusal;
use crate::run::clock::Clock;
use crate::run::request::Request;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What a follower and its driver share.
pub(super) struct AgentSeen {
    pub request: Request,
    pub clock: Clock,
    /// Something changed that a report shows.
    pub changed: Notify,
    /// The agent has sent a report.
    pub received: Notify,
    facts: Mutex<SeenFacts>,
}

/// The part that changes.
#[derive(Default)]
pub(super) struct SeenFacts {
    pub mirror: ReportMirror,
    /// Why the agent cannot be asked at present.
    pub refusal: Option<AgentRefusal>,
    /// The API server as it is seen from here.
    pub own: Option<ApiServerCheck>,
    /// Whether it was checked from here, or is not to be.
    pub has_own: bool,
    /// The entry for the requested namespace, once it was looked up because there is nothing in it.
    pub namespace: Option<NotSeen>,
    /// Counts the changes.
    pub number: u64,
    /// Remarks for the person who waits that were not read yet.
    pub warnings: Vec<String>,
    /// Every remark so far. None is made twice.
    known_warnings: Vec<String>,
}

impl AgentSeen {
    pub fn new(request: &Request, clock: Clock) -> Self {
        Self {
            request: request.clone(),
            clock,
            changed: Notify::new(),
            received: Notify::new(),
            facts: Mutex::default(),
        }
    }

    pub fn facts(&self) -> MutexGuard<'_, SeenFacts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the facts, and says so.
    pub fn update(&self, change: impl FnOnce(&mut SeenFacts)) {
        let mut facts = self.facts();
        change(&mut facts);
        facts.number = facts.number.wrapping_add(1);
        drop(facts);
        self.changed.notify_one();
    }

    /// Adds a remark for the person who waits, once.
    pub fn warn(&self, warning: String) {
        let is_new = !self.facts().known_warnings.contains(&warning);
        if is_new {
            self.update(|facts| {
                facts.known_warnings.push(warning.clone());
                facts.warnings.push(warning);
            });
        }
    }

    /// Whether the agent's report is there and has nothing in the requested namespace.
    pub fn is_namespace_empty(&self) -> bool {
        let facts = self.facts();
        let answer = facts
            .mirror
            .received()
            .map(|received| answer(received, &self.request));
        answer.is_some_and(|answer| empty_namespace(&answer.report, &self.request).is_some())
    }

    /// The report about what was seen last; `None` before anything was.
    pub fn report(&self, connection: &impl AgentConnection) -> Option<Report> {
        let facts = self.facts();
        let source = connection.source();
        if let Some(refusal) = &facts.refusal {
            let (request, service) = (&self.request, connection.service());
            return Some(match service {
                Some(_) => unanswered(request, refusal, service, facts.own.clone(), source, self.clock),
                None => no_answer(request, refusal, service, source, self.clock),
            });
        }
        let mut answer: Answer = answer(facts.mirror.received()?, &self.request);
        answer.set_source(source);
        answer.compare_with(facts.own.clone());
        if empty_namespace(&answer.report, &self.request).is_some() {
            answer.add_not_seen(facts.namespace.clone());
        }
        Some(answer.finish())
    }
}
