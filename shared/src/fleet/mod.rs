//! Many clusters as one result: which were asked, a row for each, and their verdict together.
//!
//! A cluster that was not reached is unknown and never unhealthy: nothing about it was seen. A cluster that is missing in a store
//! is unknown too.

mod cluster;
mod glob;
mod report;
mod store;
mod words;

pub use cluster::{FleetCluster, FleetState};
pub use glob::{ContextGlob, UnusedGlob, choose};
pub use report::{FLEET_KIND, FleetReport, FleetSource, FleetSummary};
pub use store::{
    AGENT_SERIES, FleetQuery, SILENT_AFTER, SILENT_WINDOW, StoreAnswers, StoreSample, known_query, queries,
    store_clusters,
};
pub use words::{fleet_sentence, fleet_word};
