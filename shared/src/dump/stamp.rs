//! The newest time in an object of any kind. It shows when a dump was taken.
//!
//! Deletion timestamps are left out: they are later than the request to delete.

use crate::resource::Time;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The newest time in an object of JSON.
pub(super) fn newest_json(bytes: &[u8]) -> Option<Time> {
    serde_json::from_slice::<ObjectStamps>(bytes).ok()?.newest()
}

/// The newest time in an object that was parsed already.
pub(super) fn newest_value(value: &Value) -> Option<Time> {
    ObjectStamps::deserialize(value).ok()?.newest()
}

/// A time; `None` for any other value in its place.
#[derive(Default, Clone, Copy)]
struct LenientTime(Option<Time>);

impl<'de> Deserialize<'de> for LenientTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().and_then(|text| Time::parse(text).ok())))
    }
}

/// A part of an object, or its default if another type is in its place.
fn or_default<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned + Default>(
    d: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(d)?).unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectStamps {
    #[serde(deserialize_with = "or_default")]
    metadata: MetadataStamps,
    #[serde(deserialize_with = "or_default")]
    status: StatusStamps,
    // Of an event.
    first_timestamp: LenientTime,
    last_timestamp: LenientTime,
    event_time: LenientTime,
    #[serde(deserialize_with = "or_default")]
    series: SeriesStamps,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct MetadataStamps {
    creation_timestamp: LenientTime,
    #[serde(deserialize_with = "or_default")]
    managed_fields: Vec<ManagerStamps>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ManagerStamps {
    time: LenientTime,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct StatusStamps {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<ConditionStamps>,
    #[serde(deserialize_with = "or_default")]
    container_statuses: Vec<ContainerStamps>,
    #[serde(deserialize_with = "or_default")]
    init_container_statuses: Vec<ContainerStamps>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ConditionStamps {
    last_transition_time: LenientTime,
    last_update_time: LenientTime,
    last_probe_time: LenientTime,
    last_heartbeat_time: LenientTime,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStamps {
    #[serde(deserialize_with = "or_default")]
    state: StateStamps,
    #[serde(deserialize_with = "or_default")]
    last_state: StateStamps,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StateStamps {
    #[serde(deserialize_with = "or_default")]
    running: RunStamps,
    #[serde(deserialize_with = "or_default")]
    terminated: RunStamps,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RunStamps {
    started_at: LenientTime,
    finished_at: LenientTime,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SeriesStamps {
    last_observed_time: LenientTime,
}

impl ObjectStamps {
    fn newest(&self) -> Option<Time> {
        let conditions = self.status.conditions.iter().flat_map(|c| {
            [
                c.last_transition_time,
                c.last_update_time,
                c.last_probe_time,
                c.last_heartbeat_time,
            ]
        });
        let spans = self
            .status
            .container_statuses
            .iter()
            .chain(&self.status.init_container_statuses)
            .flat_map(|c| [&c.state, &c.last_state])
            .flat_map(|s| [&s.running, &s.terminated])
            .flat_map(|s| [s.started_at, s.finished_at]);
        let own = [
            self.metadata.creation_timestamp,
            self.first_timestamp,
            self.last_timestamp,
            self.event_time,
            self.series.last_observed_time,
        ];
        own.into_iter()
            .chain(self.metadata.managed_fields.iter().map(|m| m.time))
            .chain(conditions)
            .chain(spans)
            .filter_map(|maybe| maybe.0)
            .max()
    }
}
