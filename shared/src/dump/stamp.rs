//! The newest time that any object carries, whatever its kind: what tells when a dump was taken.
//!
//! Deletion timestamps are left out: they lie in the future of the moment at which a deletion was asked for.

use crate::resource::Time;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The newest time in an object of JSON.
pub(super) fn newest_json(bytes: &[u8]) -> Option<Time> {
    serde_json::from_slice::<Stamps>(bytes).ok()?.newest()
}

/// The newest time in an object that was parsed already.
pub(super) fn newest_value(value: &Value) -> Option<Time> {
    Stamps::deserialize(value).ok()?.newest()
}

/// A time, or anything else that stands in its place and then says nothing.
#[derive(Default, Clone, Copy)]
struct Maybe(Option<Time>);

impl<'de> Deserialize<'de> for Maybe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().and_then(|text| Time::parse(text).ok())))
    }
}

/// A part of an object, or its default where something else stands in its place.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned + Default>(d: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(d)?).unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Stamps {
    #[serde(deserialize_with = "lenient")]
    metadata: Meta,
    #[serde(deserialize_with = "lenient")]
    status: Status,
    // Of an event.
    first_timestamp: Maybe,
    last_timestamp: Maybe,
    event_time: Maybe,
    #[serde(deserialize_with = "lenient")]
    series: Series,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    creation_timestamp: Maybe,
    #[serde(deserialize_with = "lenient")]
    managed_fields: Vec<Managed>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Managed {
    time: Maybe,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "lenient")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "lenient")]
    container_statuses: Vec<Container>,
    #[serde(deserialize_with = "lenient")]
    init_container_statuses: Vec<Container>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    last_transition_time: Maybe,
    last_update_time: Maybe,
    last_probe_time: Maybe,
    last_heartbeat_time: Maybe,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    #[serde(deserialize_with = "lenient")]
    state: State,
    #[serde(deserialize_with = "lenient")]
    last_state: State,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State {
    #[serde(deserialize_with = "lenient")]
    running: Span,
    #[serde(deserialize_with = "lenient")]
    terminated: Span,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    started_at: Maybe,
    finished_at: Maybe,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    last_observed_time: Maybe,
}

impl Stamps {
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
