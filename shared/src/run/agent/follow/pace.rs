//! How long a follower of an agent waits.

use std::time::Duration;

/// How long a follower of an agent waits. Tests have a shorter one.
#[derive(Debug, Clone, Copy)]
pub struct AgentPace {
    /// How long the head of an answer, or a whole answer, may take.
    pub open: Duration,
    /// A stream without an event and without a comment for this long is dead. The agent sends a comment every 15 s.
    pub silence: Duration,
    /// The first pause after a failure; each further one is twice as long.
    pub first_pause: Duration,
    /// No pause is longer, so that an outage is over for us soon after its end.
    pub longest_pause: Duration,
    /// The least pause if the agent is busy.
    pub busy_pause: Duration,
    /// The pause between two answers of an agent that sends no events.
    pub poll: Duration,
    /// After so many answers the stream is tried again: the agent may have been updated.
    pub polls: u32,
    /// How often the API server is checked from here.
    pub own_view: Duration,
    /// How often a namespace is looked up in which there is nothing.
    pub namespace: Duration,
    /// How long the first report waits for the checks from here.
    pub patience: Duration,
    /// The longest time without a report.
    pub heartbeat: Duration,
}

impl Default for AgentPace {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(10),
            silence: Duration::from_secs(45),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(5),
            busy_pause: Duration::from_secs(1),
            poll: Duration::from_secs(5),
            polls: 12,
            own_view: Duration::from_secs(15),
            namespace: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            heartbeat: Duration::from_secs(30),
        }
    }
}
