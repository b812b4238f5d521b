//! The history of an agent, as a part of a timeline.

use super::request::TimelineRequest;
use crate::cluster::{ServiceName, ServiceResponse};
use crate::report::{HistoryPage, NotSeen, Source, SourceReach, Timeline};
use crate::resource::Time;
use crate::run::agent::{AgentRefusal, HistoryQuery, history};
use crate::run::clock::Clock;
use crate::run::not_seen::not_seen;
use crate::timeline::{TimeWindow, TimelineBuilder, history_reach};

/// An agent's answer about the span of a timeline, or the reason why there is none.
#[derive(Debug, Clone)]
pub struct AgentHistory {
    agent: String,
    is_service: bool,
    answer: Result<HistoryPage, AgentRefusal>,
}

impl AgentHistory {
    /// Asks an agent. `agent` is its Service or its URL, `get` fetches a path of it.
    pub async fn ask(
        request: &TimelineRequest,
        agent: String,
        service: Option<&ServiceName>,
        get: impl AsyncFn(String) -> Result<ServiceResponse, AgentRefusal>,
    ) -> Self {
        let query = HistoryQuery {
            since: Some(request.since),
            until: request.until,
            namespace: request.scope.namespace.clone(),
            ..HistoryQuery::default()
        };
        Self {
            agent,
            is_service: service.is_some(),
            answer: history(&query, service, get).await,
        }
    }

    /// Adds the transitions to a builder, and the rest to its timeline.
    pub(super) fn add_to(&self, builder: &mut TimelineBuilder, window: &TimeWindow, timeline: &mut Timeline) {
        let page = match &self.answer {
            Ok(page) => page,
            Err(refusal) => {
                timeline.not_seen.push(self.refused(refusal));
                return;
            }
        };
        let transitions = page.transitions.iter();
        let unread = transitions.filter(|one| !builder.add_transition(one)).count();
        timeline.reach.extend(history_reach(&self.agent, page, window));
        let gaps = page.coverage.not_seen.iter().map(|gap| NotSeen {
            thing: format!("history of {}", gap.thing),
            ..gap.clone()
        });
        timeline.not_seen.extend(gaps);
        if unread > 0 {
            timeline.not_seen.push(NotSeen {
                thing: self.thing(),
                class: "undecodable".to_owned(),
                error: Some(format!("{unread} transitions have no time that is one")),
                ..NotSeen::default()
            });
        }
    }

    fn thing(&self) -> String {
        format!("history of agent {}", self.agent)
    }

    fn refused(&self, refusal: &AgentRefusal) -> NotSeen {
        let AgentRefusal { failure, missing } = refusal;
        NotSeen {
            resource: self.is_service.then(|| "services/proxy".to_owned()),
            hint: Some(failure.hint().to_owned()),
            ..not_seen(self.thing(), failure, missing.as_deref())
        }
    }
}

/// The timeline of an agent alone. The cluster was not asked, and the timeline says so.
#[must_use]
pub fn history_timeline(request: &TimelineRequest, history: &AgentHistory, clock: Clock) -> Timeline {
    let source = Source {
        mode: "agent".to_owned(),
        agent: Some(history.agent.clone()),
        pod: history.answer.as_ref().ok().and_then(|page| page.pod.clone()),
        ..Source::default()
    };
    let answered = history.answer.as_ref().ok();
    let now = answered.and_then(|page| Time::parse(&page.observed_at).ok());
    let now = now.unwrap_or_else(clock);
    let mut timeline = request.empty_timeline(source, now.to_string());
    add_alone(request, history, now, &mut timeline);
    timeline.reach.push(SourceReach {
        source: "cluster".to_owned(),
        since: None,
        message: "not asked, only the agent was: with --agent-url a flag such as --context says how to reach the cluster"
            .to_owned(),
    });
    timeline
}

/// Adds a history to a timeline of a cluster that could not be asked.
pub(super) fn add_alone(
    request: &TimelineRequest,
    history: &AgentHistory,
    now: Time,
    timeline: &mut Timeline,
) {
    let window = request.window(now);
    let mut builder = TimelineBuilder::new(window, request.scope.clone());
    history.add_to(&mut builder, &window, timeline);
    builder.finish(&[], timeline);
}
