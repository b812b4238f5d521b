//! Reaching a cluster: configuration, TLS, deadlines, lists and watches, errors by class.
//!
//! Turns the API server's bytes into the views of [`crate::resource`]. Knows nothing of verdicts, reports or
//! printing.

mod address;
mod class;
mod classify;
mod client;
mod config;
mod connect;
mod credential;
mod discovery;
mod exec;
mod file;
mod kubeconfig;
mod kubefile;
mod kuberc;
mod list;
mod part;
mod probe;
mod proxy;
mod retry;
mod service;
mod tls;
mod tls_error;
mod verify;
mod watch;
mod way;

pub use class::{Class, Failure, Side};
pub use classify::{code as class_of_code, transport as classify_transport};
pub use client::{Answer, Client, Deadlines, Exchange, Flow, Observer, Refusal, RunLimit, Settings};
pub use config::Origin;
pub use discovery::{Collection, CustomName, discover, is_not_served};
pub use kubeconfig::Overrides;
pub use kuberc::Kuberc;
pub(crate) use list::escape;
pub use list::{Keep, ListOptions, Listed, get, list, list_where, path_of};
pub use part::{Bounds, Part, list_part};
pub use probe::{Readiness, Rules, UserInfo, lease, livez, readyz, rules, version, whoami};
pub use service::{
    ParseServiceNameError, Served, ServiceFacts, ServiceName, ServicePort, ask_service, service,
    services_labelled,
};
pub use watch::{Event, Watch};
pub use way::{Certificate, Credential, Dialed, Handshake, Proxy, Step, Way};
