//! One object as its watch last reported it, with the evidence about it.

use super::ObjectKey;
use super::tally::LastVerdict;
use super::transition::Health;
use crate::check::{self, Check, Evidence, EvidenceStore, Now, RelatedObjects};
use crate::judge::is_settled;
use crate::report::{Item, State, Status};
use crate::resource::{Decoded, Time};
use crate::selector::Selector;
use std::collections::HashMap;

/// Evidence that is older than this is not used. A search looks for new evidence once a minute.
const EVIDENCE_SECONDS: i64 = 180;

/// Evidence by the uid of its object, with the generation that it is about.
pub type EvidenceByUid = HashMap<String, (Option<i64>, EvidenceStore)>;

/// One object.
pub(super) struct LiveObject<T> {
    pub object: Decoded<T>,
    /// When this generation of the object was first seen here.
    pub first_seen: Time,
    /// The evidence about this generation of the object, and when it was found.
    pub evidence: Option<Box<(Time, EvidenceStore)>>,
    pub health: Health,
    pub last: LastVerdict,
    /// The number of its watch.
    pub watch: u16,
    /// Whether its state can change neither with time nor because of another kind.
    pub settled: bool,
    /// The number of the newest list when it was stored.
    pub list: u32,
}

/// What is known about an object besides itself and its pods.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Whether the user named it.
    pub named: bool,
    /// Whether its controller has replaced it by another object.
    pub replaced: bool,
}

impl<T: Check> LiveObject<T> {
    pub(super) fn new(object: Decoded<T>, watch: u16, now: Time, list: u32) -> Self {
        Self {
            object,
            first_seen: now,
            evidence: None,
            health: Health::default(),
            last: LastVerdict {
                state: State::Unknown,
                status: Status::Unknown,
                acknowledged: false,
            },
            watch,
            settled: false,
            list,
        }
    }

    /// Takes the evidence that was found about it at that time. An empty search result does not discard earlier
    /// evidence.
    pub(super) fn add_evidence(&mut self, found: &mut EvidenceByUid, at: Time) {
        let Ok(object) = &self.object else { return };
        if let Some((generation, evidence)) = found.remove(&object.meta().uid)
            && generation == object.meta().generation
            && !evidence.is_empty()
        {
            self.evidence = Some(Box::new((at, evidence)));
        }
    }

    /// Judges it. `named` is true if the user named it.
    pub(super) fn judge(
        &self,
        now: Time,
        related: Option<&RelatedObjects>,
        no_ignore: bool,
        named: bool,
    ) -> Item {
        let place = Place {
            named,
            replaced: false,
        };
        self.judge_in(now, related, no_ignore, place)
    }

    /// Judges it in its place.
    pub(super) fn judge_in(
        &self,
        now: Time,
        related: Option<&RelatedObjects>,
        no_ignore: bool,
        place: Place,
    ) -> Item {
        match &self.object {
            Ok(object) => {
                let nothing = EvidenceStore::default();
                let evidence = match self.evidence.as_deref() {
                    Some((at, evidence)) if now.seconds_since(*at) < EVIDENCE_SECONDS => evidence,
                    _ => &nothing,
                };
                let known = evidence.events_and_nodes();
                check::judge(
                    object,
                    &Evidence {
                        first_seen: Some(self.first_seen),
                        related,
                        named: place.named,
                        replaced: place.replaced,
                        heeds_annotations: !no_ignore,
                        ..evidence.evidence(object.meta(), &known, Now::known(now))
                    },
                )
            }
            Err(undecodable) => check::undecodable::<T>(undecodable),
        }
    }

    /// Its namespace; `None` if it has none, or if it could not be read.
    pub(super) fn namespace(&self) -> Option<&str> {
        let namespace = match &self.object {
            Ok(object) => &object.meta().namespace,
            Err(undecodable) => &undecodable.namespace,
        };
        Some(&**namespace).filter(|namespace| !namespace.is_empty())
    }

    pub(super) fn generation(&self) -> Option<i64> {
        self.object
            .as_ref()
            .ok()
            .and_then(|object| object.meta().generation)
    }

    /// Whether that state can change neither with time nor because of another kind.
    pub(super) fn is_settled(&self, item: &Item, now: Time) -> bool {
        self.object
            .as_ref()
            .is_ok_and(|object| is_settled(object, item, now))
    }

    /// Whether the selector matches it. An object that does not decode may have any labels, so every selector matches
    /// it.
    pub(super) fn is_selected(&self, selector: &Selector) -> bool {
        selector.is_empty()
            || self
                .object
                .as_ref()
                .map_or(true, |o| selector.matches(&o.meta().labels))
    }
}

/// The key of an object.
pub(super) fn key<T: Check>(object: &Decoded<T>) -> ObjectKey {
    match object {
        Ok(object) => ObjectKey::new(&object.meta().namespace, &object.meta().name),
        Err(undecodable) => ObjectKey::new(&undecodable.namespace, &undecodable.name),
    }
}

/// Whether an object that has a controller is unhealthy, judged by itself alone.
pub(super) fn is_unhealthy<T: Check>(object: &T, now: Time) -> bool {
    // Old revisions that ask for no pods say nothing, and there are many of them.
    if !object.counts_for_controller() {
        return false;
    }
    let now = Now::known(now);
    let item = check::judge(object, &Evidence::new(now));
    !object.is_settled(&item, now)
}
