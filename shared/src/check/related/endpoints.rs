//! The endpoints of Services by their EndpointSlices: how many are ready, and on which ports.

use super::{Related, RelatedKind, RelatedObjects};
use crate::resource::{Endpoint, EndpointSlice, Resource as _, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// How many waiting pods a Service without ready endpoints names.
const WAITING: usize = 3;

/// The endpoints of one Service.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::check) struct Endpoints {
    /// How many endpoints are ready and how many are not, by address family. Endpoints that are being deleted do not count.
    by_family: BTreeMap<String, (usize, usize)>,
    /// The Service's port names that a ready endpoint has.
    pub ports: BTreeSet<String>,
    /// How many endpoints are being deleted and answer until they are gone, of all families.
    pub serving_to_the_end: usize,
    /// Pods behind some of the endpoints that are not ready.
    pub waiting: Vec<String>,
    /// When an endpoint last changed.
    pub changed: Option<Time>,
}

impl Endpoints {
    const NONE: Self = Self {
        by_family: BTreeMap::new(),
        serving_to_the_end: 0,
        ports: BTreeSet::new(),
        waiting: Vec::new(),
        changed: None,
    };

    /// The endpoints of a Service outside of the cluster: one that counts as ready.
    fn external() -> Self {
        Self {
            by_family: BTreeMap::from([(String::new(), (1, 0))]),
            ..Self::default()
        }
    }

    fn most(&self, of: fn(&(usize, usize)) -> usize) -> usize {
        self.by_family.values().map(of).max().unwrap_or(0)
    }

    pub fn ready(&self) -> usize {
        self.most(|(ready, _)| *ready)
    }

    pub fn not_ready(&self) -> usize {
        self.most(|(_, others)| *others)
    }
}

impl RelatedObjects {
    /// The endpoints of a Service; `None` if they were not seen.
    pub(in crate::check) fn endpoints(&self, namespace: &str, service: &str) -> Option<&Endpoints> {
        static NONE: Endpoints = Endpoints::NONE;
        static EXTERNAL: LazyLock<Endpoints> = LazyLock::new(Endpoints::external);
        let key = (namespace.to_owned(), service.to_owned());
        // Nothing is known about names outside, and nobody keeps slices for them.
        let is_external = self.services.get(&key).is_some_and(|facts| facts.is_external);
        let found = || self.endpoints.get(&key).unwrap_or(&NONE);
        self.is_seen(RelatedKind::EndpointSlices, namespace)
            .then(|| if is_external { &*EXTERNAL } else { found() })
    }
}

impl Related for EndpointSlice {
    fn add_to(&self, known: &mut RelatedObjects) {
        let Some(service) = self.service() else { return };
        let meta = self.meta();
        let key = (meta.namespace.clone(), service.to_owned());
        let endpoints = known.endpoints.entry(key).or_default();
        let family = endpoints.by_family.entry(self.address_type.clone()).or_default();
        if self.endpoints.iter().any(Endpoint::is_ready) {
            endpoints
                .ports
                .extend(self.ports.iter().map(|port| port.name.clone()));
        }
        for endpoint in &self.endpoints {
            if endpoint.is_ready() {
                family.0 += 1;
            } else if endpoint.is_serving_to_the_end() {
                endpoints.serving_to_the_end += 1;
            } else if !endpoint.is_terminating() {
                family.1 += 1;
                let pod = endpoint.target_ref.as_ref().filter(|target| target.kind == "Pod");
                let pod = pod.filter(|pod| {
                    endpoints.waiting.len() < WAITING && !endpoints.waiting.contains(&pod.name)
                });
                endpoints.waiting.extend(pod.map(|pod| pod.name.clone()));
            }
        }
        endpoints.changed = endpoints.changed.max(meta.last_spec_write());
    }
}
