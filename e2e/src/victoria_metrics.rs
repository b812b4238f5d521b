//! A real `VictoriaMetrics` as a process.

use crate::metric_store::{MetricStore, StoreProgram};

/// A `VictoriaMetrics` that takes remote writes. Its settings are the defaults: a sample is in answers 30 s after it was taken
/// (`-search.latencyOffset`). It ends when this value is dropped.
#[derive(Debug)]
pub struct VictoriaMetrics(MetricStore);

impl VictoriaMetrics {
    /// Starts it.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        Self(MetricStore::start(&StoreProgram {
            name: "victoria-metrics",
            ready: "/health",
            receives: "/api/v1/write",
            arguments: &|directory, address| {
                vec![
                    format!("-httpListenAddr={address}"),
                    format!("-storageDataPath={}", directory.join("data").display()),
                    // By default its caches may take 60 % of the machine's memory.
                    "-memory.allowedBytes=128MiB".to_owned(),
                ]
            },
        }))
    }
}

impl std::ops::Deref for VictoriaMetrics {
    type Target = MetricStore;

    fn deref(&self) -> &MetricStore {
        &self.0
    }
}
