//! A part of the objects of manifests, followed by watches or through an agent.

use crate::report::Report;
use crate::run::agent::{AgentConnection, AgentFollower};
use crate::run::follow::{Follower, Observed};
use std::pin::Pin;

pub(super) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What follows a part. Its functions are those of [`Follower`].
pub(super) trait PartFollower {
    fn next(&mut self) -> Later<'_, Observed>;
    fn observe(&mut self) -> Observed;
    /// Whether an agent judges the objects.
    fn is_agents(&self) -> bool;
    fn is_explained(&self) -> bool;
    fn present_report(&mut self) -> Report;
    fn whole_report(&mut self) -> Later<'_, Report>;
    fn warnings(&mut self) -> Vec<String>;
}

impl PartFollower for Follower {
    fn next(&mut self) -> Later<'_, Observed> {
        Box::pin(self.next())
    }

    fn observe(&mut self) -> Observed {
        self.observe()
    }

    fn is_agents(&self) -> bool {
        false
    }

    fn is_explained(&self) -> bool {
        self.is_explained()
    }

    fn present_report(&mut self) -> Report {
        self.present_report()
    }

    fn whole_report(&mut self) -> Later<'_, Report> {
        Box::pin(self.whole_report())
    }

    fn warnings(&mut self) -> Vec<String> {
        self.warnings()
    }
}

impl<C: AgentConnection + 'static> PartFollower for AgentFollower<C> {
    fn next(&mut self) -> Later<'_, Observed> {
        Box::pin(self.next())
    }

    fn observe(&mut self) -> Observed {
        let observed = AgentFollower::observe(self);
        observed.unwrap_or_else(|| Observed::Report(Box::new(AgentFollower::present_report(self))))
    }

    fn is_agents(&self) -> bool {
        true
    }

    /// An agent searches for causes by itself.
    fn is_explained(&self) -> bool {
        true
    }

    fn present_report(&mut self) -> Report {
        AgentFollower::present_report(self)
    }

    fn whole_report(&mut self) -> Later<'_, Report> {
        Box::pin(self.whole_report())
    }

    fn warnings(&mut self) -> Vec<String> {
        self.warnings()
    }
}
