//! Services as their callers need them: whether one exists, and its ports.

use super::{Related, RelatedKind, RelatedObjects};
use crate::resource::{Resource as _, Service, ServicePort};

/// The fields of a Service that its callers need.
#[derive(Debug)]
pub(in crate::check) struct ServiceFacts {
    /// Whether it is an alias of a name outside of the cluster.
    pub is_external: bool,
    pub ports: Vec<ServicePort>,
}

impl RelatedObjects {
    /// Whether the Service exists; `None` if that was not seen. An alias of a name outside exists too.
    pub(in crate::check) fn has_service(&self, namespace: &str, service: &str) -> Option<bool> {
        self.is_seen(RelatedKind::Services, namespace)
            .then(|| self.service(namespace, service).is_some())
    }

    /// The Service of that name, if it was seen.
    pub(in crate::check) fn service(&self, namespace: &str, service: &str) -> Option<&ServiceFacts> {
        self.services.get(&(namespace.to_owned(), service.to_owned()))
    }
}

impl Related for Service {
    fn add_to(&self, known: &mut RelatedObjects) {
        let meta = self.meta();
        let facts = ServiceFacts {
            is_external: self.is_external(),
            ports: self.ports().to_vec(),
        };
        let key = (meta.namespace.clone(), meta.name.clone());
        known.services.insert(key, facts);
    }
}
