//! Where a report comes from: a cluster or its agent, which need no more than the library; files; an agent's URL.

mod agent_url;
mod archive;
pub mod file;

pub use agent_url::AgentUrl;
