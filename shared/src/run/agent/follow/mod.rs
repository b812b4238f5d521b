//! Follows the objects of a request through an agent: a report for each change, as its stream of events brings it.
//!
//! [`AgentFollower`] gives the reports. Its [`driver`] keeps a stream open, and asks again and again if the agent is too old for
//! one. [`mirror`] keeps the agent's report up to date with the events, and [`connection`] is the way to the agent.

mod connection;
mod driver;
mod follower;
mod mirror;
mod pace;
mod seen;
mod service_connection;

pub use connection::{AgentConnection, OpenedStream, StreamBody};
pub use follower::AgentFollower;
pub use pace::AgentPace;
pub use service_connection::ServiceConnection;
