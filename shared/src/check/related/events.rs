//! Events about Services and PersistentVolumeClaims.

use super::{Related, RelatedKind, RelatedObjects};
use crate::resource::{Event, Time};

/// The fields of an event that a verdict needs.
#[derive(Debug)]
pub(in crate::check) struct EventFacts {
    pub reason: String,
    pub message: String,
    pub is_warning: bool,
    pub time: Option<Time>,
}

impl RelatedObjects {
    /// The events of that kind about an object; `None` if they were not seen.
    pub(in crate::check) fn events(
        &self,
        kind: RelatedKind,
        namespace: &str,
        uid: &str,
    ) -> Option<&[EventFacts]> {
        self.is_seen(kind, namespace)
            .then(|| self.events.get(uid).map_or(&[][..], Vec::as_slice))
    }
}

impl Related for Event {
    /// Events about pods and workloads are evidence of causes, which is kept elsewhere.
    fn counts(&self) -> bool {
        let object = self.involved_object.as_ref();
        object.is_some_and(|o| matches!(o.kind.as_str(), "Service" | "PersistentVolumeClaim"))
            && !self.about().is_empty()
    }

    fn add_to(&self, known: &mut RelatedObjects) {
        let facts = EventFacts {
            reason: self.reason.clone(),
            message: self.message.clone(),
            is_warning: self.is_warning(),
            time: self.time(),
        };
        known
            .events
            .entry(self.about().to_owned())
            .or_default()
            .push(facts);
    }
}
