//! The source of reports that an agent judges: starts the driver, waits for a change, and puts the report about it together.

use super::connection::AgentConnection;
use super::driver::{self, received};
use super::pace::AgentPace;
use super::seen::AgentSeen;
use crate::failure::Class;
use crate::report::Report;
use crate::run::agent::question::ask_agent;
use crate::run::clock::Clock;
use crate::run::follow::{Observed, fingerprint};
use crate::run::request::{AgentItems, Request};
use std::pin::Pin;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// Follows the objects of a request through an agent. It goes on only while [`AgentFollower::next`] is awaited.
pub struct AgentFollower<C> {
    connection: Arc<C>,
    seen: Arc<AgentSeen>,
    pace: AgentPace,
    driver: Pin<Box<dyn Future<Output = ()>>>,
    begun: Instant,
    /// The number of the changes that the last report has.
    number: u64,
    /// The last observation, as a number, and when it was returned.
    last: Option<(u64, Instant)>,
    /// Whether it showed the same as the one before.
    repeats: bool,
}

impl<C: AgentConnection + 'static> AgentFollower<C> {
    /// Begins to follow.
    #[must_use]
    pub fn start(connection: C, request: &Request, clock: Clock, pace: AgentPace) -> Self {
        let connection = Arc::new(connection);
        let seen = Arc::new(AgentSeen::new(request, clock));
        let (driven, shared) = (Arc::clone(&connection), Arc::clone(&seen));
        Self {
            connection,
            seen,
            pace,
            driver: Box::pin(async move {
                driver::run(&*driven, &shared, pace).await;
            }),
            begun: Instant::now(),
            number: 0,
            last: None,
            repeats: false,
        }
    }

    /// The next report that shows a change, or the reason why nothing can be read. Later ones come at least once in
    /// [`AgentPace::heartbeat`], also without a change.
    ///
    /// It may be cancelled, and loses nothing then.
    pub async fn next(&mut self) -> Observed {
        loop {
            let heartbeat = self.last.map(|(_, at)| at + self.pace.heartbeat);
            let is_late = heartbeat.is_some_and(|at| at <= Instant::now());
            let number = self.seen.facts().number;
            if (number != self.number || is_late)
                && let Some(observed) = self.observe()
            {
                self.number = number;
                let print = match &observed {
                    Observed::Report(report) => fingerprint(report),
                    Observed::Away(failure) => u64::from(failure.status.unwrap_or_default()),
                };
                let has_news = !self.seen.facts().warnings.is_empty();
                self.repeats = self.last.is_some_and(|(last, _)| last == print);
                if !self.repeats || is_late || has_news {
                    self.last = Some((print, Instant::now()));
                    return observed;
                }
            }
            let until = match self.last {
                None => self.begun + self.pace.patience,
                Some((_, at)) => at + self.pace.heartbeat,
            };
            let is_waited = self.last.is_some() || until > Instant::now();
            tokio::select! {
                biased;
                () = self.seen.changed.notified() => {}
                () = &mut self.driver => {}
                () = sleep_until(until), if is_waited => {}
            }
        }
    }

    /// What is seen at present; `None` before anything was.
    pub(in crate::run) fn observe(&self) -> Option<Observed> {
        let facts = self.seen.facts();
        let is_waited = !facts.has_own && self.last.is_none() && self.begun.elapsed() < self.pace.patience;
        let away = facts.refusal.as_ref().map(|refusal| &refusal.failure);
        let away = away.filter(|failure| is_outage(failure.class)).cloned();
        if is_waited && away.is_none() && facts.refusal.is_none() {
            return None;
        }
        drop(facts);
        match away {
            Some(failure) => Some(Observed::Away(Box::new(failure))),
            None => self
                .seen
                .report(&*self.connection)
                .map(|report| Observed::Report(Box::new(report))),
        }
    }

    /// Whether the last observation showed the same as the one before.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.repeats
    }

    /// The present report, with the objects that the agent has sent. No request is made for it. Every part is unknown if the
    /// agent cannot be asked.
    #[must_use]
    pub fn present_report(&self) -> Report {
        let report = self.seen.report(&*self.connection);
        report.unwrap_or_else(|| Report::new(self.connection.source(), (self.seen.clock)().to_string()))
    }

    /// The present report with the objects that the request asks for, which the agent is asked for if its events do not list
    /// all of them.
    pub async fn whole_report(&mut self) -> Report {
        let request = &self.seen.request;
        if request.items == AgentItems::Notable || self.present_report().lists_every_object() {
            return self.present_report();
        }
        let get = async |path: String| self.connection.get(path).await;
        let answer = ask_agent(request, get).await;
        // Without an answer the report has fewer objects, and its counts are right nevertheless.
        if let Ok(received) = answer.and_then(|served| received(&served, &*self.connection)) {
            self.seen.update(|facts| facts.mirror.replace(received));
        }
        self.present_report()
    }

    /// Remarks for the person who waits that are new, such as an agent that sends no events.
    pub fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen.facts().warnings)
    }
}

/// Whether nothing can be read because of such a failure, while it lasts. A refusal is a decision.
fn is_outage(class: Class) -> bool {
    class.is_unreached()
        || matches!(
            class,
            Class::Unauthenticated | Class::Overloaded | Class::Unhealthy | Class::Expired
        )
}
