//! Access to a cluster: configuration, credentials, TLS, deadlines, lists and watches, failures by class.
//!
//! Turns the API server's bytes into the views of [`crate::resource`]. Knows nothing of verdicts, reports or
//! printing.

mod api;
mod authorization;
mod bounded_file;
mod client;
mod cluster_config;
mod config;
mod connection_info;
mod credential;
mod deadlines;
mod exchange;
mod flow_control;
mod gzip;
mod kubeconfig_contexts;
mod kubeconfig_names;
mod refusal;
mod response;
mod secret;
mod server_version;
mod transport;

pub use api::access_review::may_get_path;
pub use api::bounded_list::{
    BoundedList, ListBounds, bounded_list, bounded_metadata_list, for_each_in_list, for_each_metadata,
};
pub use api::discovery::{discover, is_not_served};
pub use api::flow_names::read_flow_names;
pub use api::get::{get, get_once};
pub use api::health::{Readiness, lease, livez, readyz, version};
pub use api::identity::{Rules, UserInfo, rules, whoami};
pub use api::lease_write::{LeaseName, ParseLeaseNameError, renew_lease};
pub use api::list::{ItemFilter, ItemMap, ListItem, ObjectList, list, list_filtered, list_mapped};
pub use api::list_options::ListOptions;
pub use api::metadata::object_metadata;
pub use api::path::collection_path;
pub(crate) use api::path::escape;
pub use api::service_proxy::{
    NamedPort, ParseServiceNameError, ServiceInfo, ServiceName, ServiceResponse, ServiceScheme, ask_service,
    service, services_by_label,
};
pub use api::service_stream::{ServiceAnswer, StreamRequest, open_service};
pub use api::token_request::{IssuedToken, request_token};
pub use api::token_review::{TokenUser, review_token};
pub use api::watch::{Watch, WatchEvent};
pub use bounded_file::read as read_bounded;
pub use client::{Client, Settings};
pub use config::kuberc::Kuberc;
pub use config::{ConfigSource, KubeconfigClash, Overrides};
pub use connection_info::{
    Certificate, ConnectionInfo, CredentialInfo, DialTrace, Handshake, ProxyInfo, Step,
};
pub use credential::token_file::{AgentToken, read_agent_token};
pub use deadlines::{Deadlines, RunLimit};
pub use exchange::{Exchange, Observer};
pub use flow_control::FlowControl;
pub use kubeconfig_contexts::{KubeconfigContext, KubeconfigContexts, kubeconfig_contexts};
pub use kubeconfig_names::{KubeconfigNames, kubeconfig_names};
pub use refusal::status_class;
pub use response::Response;
pub use transport::failure::transport_failure;
pub use transport::server_stream::ServerStream;
pub use transport::server_tls::ServerTls;
pub use transport::unverified::unverified_tls;
