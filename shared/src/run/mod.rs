//! A run: reads the objects that a request is about, judges them, and puts the report together.

mod agent;
pub mod apiserver;
mod assemble;
mod change_sources;
pub mod clock;
mod dump;
mod emptiness;
pub mod follow;
pub mod gather;
mod grant;
mod identity;
mod live;
pub mod manifests;
mod not_seen;
mod progress;
mod request;
mod timeline;

pub use agent::{
    AgentConnection, AgentFollower, AgentPace, AgentRefusal, DEFAULT_AGENT, HistoryQuery, NOT_WATCHED,
    OpenedStream, ServiceConnection, StreamBody, agent, agent_answer, agent_version, ask_agent, ask_service,
    history, perhaps_no_namespace,
};
pub use change_sources::{ChangeSources, ConfigMaps};
pub use clock::Clock;
pub use dump::dump;
pub use live::{live, unreached};
pub use not_seen::{all_but, not_seen, not_seen_kind, nothing_selected};
pub use progress::{API_SERVER, Progress};
pub use request::{AgentItems, Causes, CustomTarget, KindTarget, PAGE_SIZE, Request};
pub use timeline::{
    AgentHistory, TimelineRequest, dump_timeline, history_timeline, live_timeline, unreached_timeline,
};
