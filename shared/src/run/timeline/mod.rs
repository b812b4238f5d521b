//! Timelines of a cluster and of a dump.

mod agent_history;
mod dump;
mod live;
mod request;
mod sources;

pub use agent_history::{AgentHistory, history_timeline};
pub use dump::dump_timeline;
pub use live::{live_timeline, unreached_timeline};
pub use request::TimelineRequest;
