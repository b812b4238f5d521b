//! Reaching a cluster: configuration, TLS, deadlines, lists and watches, errors by class.
//!
//! Turns the API server's bytes into the views of [`crate::resource`]. Knows nothing of verdicts, reports or
//! printing.

mod api;
mod bounded_file;
mod bounded_list;
mod classify;
mod client;
mod config;
mod connection_info;
mod credential;
mod transport;

pub use api::discovery::{Collection, CustomName, discover, is_not_served};
pub use api::health::{Readiness, Rules, UserInfo, lease, livez, readyz, rules, version, whoami};
pub(crate) use api::list::escape;
pub use api::list::{Keep, ListOptions, Listed, get, list, list_where, path_of};
pub use api::service_proxy::{
    ParseServiceNameError, Served, ServiceFacts, ServiceName, ServicePort, ask_service, service,
    services_labelled,
};
pub use api::watch::{Event, Watch};
pub use bounded_list::{Bounds, Part, list_part};
pub use classify::{code as class_of_code, transport as classify_transport};
pub use client::{Answer, Client, Deadlines, Exchange, Flow, Observer, Refusal, RunLimit, Settings};
pub use config::Origin;
pub use config::context::Overrides;
pub use config::kuberc::Kuberc;
pub use connection_info::{Certificate, Credential, Dialed, Handshake, Proxy, Step, Way};
