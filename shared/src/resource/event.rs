//! `v1` Event: a component's report about an object.

use super::{ObjectMeta, Resource, Time, has_metadata, null_as_default};
use serde::Deserialize;

/// The fields of an event that a cause reads.
#[derive(Clone, PartialEq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Its own name and creation.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The object that it is about.
    #[prost(message, optional, tag = "2")]
    pub involved_object: Option<ObjectReference>,
    /// A stable word such as `FailedMount`.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
    /// The component's sentence.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// The component that reports, unless it uses series.
    #[prost(message, optional, tag = "5")]
    pub source: Option<EventSource>,
    /// When it was first reported, by components that do not use series.
    #[prost(message, optional, tag = "6")]
    pub first_timestamp: Option<Time>,
    /// When it was last reported, by components that do not use series.
    #[prost(message, optional, tag = "7")]
    pub last_timestamp: Option<Time>,
    /// How often it was reported, by components that do not use series.
    #[prost(int32, tag = "8")]
    #[serde(deserialize_with = "null_as_default")]
    pub count: i32,
    /// `Normal` or `Warning`.
    #[prost(string, tag = "9")]
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// When it was first reported, by components that use series.
    #[prost(message, optional, tag = "10")]
    pub event_time: Option<Time>,
    /// Its repetitions.
    #[prost(message, optional, tag = "11")]
    pub series: Option<EventSeries>,
    /// The component that reports, if it uses series.
    #[prost(string, tag = "14")]
    #[serde(rename = "reportingComponent", deserialize_with = "null_as_default")]
    pub reporting_controller: String,
    /// Its instance: the node of a kubelet.
    #[prost(string, tag = "15")]
    #[serde(deserialize_with = "null_as_default")]
    pub reporting_instance: String,
}

/// The component that reports an event.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    /// Its name, such as `kubelet`.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub component: String,
    /// The node that it runs on, if it is a component of a node.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub host: String,
}

/// The object that an event is about.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Its kind.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// Its namespace.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub namespace: String,
    /// Its name. Names are used again, so a known object is matched by its uid alone.
    #[prost(string, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Its identity.
    #[prost(string, tag = "4")]
    #[serde(deserialize_with = "null_as_default")]
    pub uid: String,
    /// The part of the object, such as `spec.containers{api}`.
    #[prost(string, tag = "7")]
    #[serde(deserialize_with = "null_as_default")]
    pub field_path: String,
}

/// The repetitions of an event.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    /// How often it was reported.
    #[prost(int32, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub count: i32,
    /// When it was last reported.
    #[prost(message, optional, tag = "2")]
    pub last_observed_time: Option<Time>,
}

impl Event {
    /// Identity of the object that it is about; empty if it is about none.
    #[must_use]
    pub fn about(&self) -> &str {
        self.involved_object.as_ref().map_or("", |o| o.uid.as_str())
    }

    /// The component that reports.
    #[must_use]
    pub fn component(&self) -> &str {
        let source = self
            .source
            .as_ref()
            .map_or("", |source| source.component.as_str());
        if source.is_empty() {
            &self.reporting_controller
        } else {
            source
        }
    }

    /// The node of the kubelet that reports; empty if no kubelet does.
    #[must_use]
    pub fn node(&self) -> &str {
        let host = self.source.as_ref().map_or("", |source| source.host.as_str());
        match self.component() {
            "kubelet" if host.is_empty() => &self.reporting_instance,
            "kubelet" => host,
            _ => "",
        }
    }

    /// Whether it reports trouble.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.kind == "Warning"
    }

    /// Namespace and name of the claim that it is about, if it is about one.
    #[must_use]
    pub fn claim(&self) -> Option<(&str, &str)> {
        let object = self.involved_object.as_ref()?;
        (object.kind == "PersistentVolumeClaim").then_some((&object.namespace, &object.name))
    }

    /// The container that it is about, if it is about one.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        let path = self.involved_object.as_ref()?.field_path.as_str();
        path.split_once('{')?.1.strip_suffix('}')
    }

    /// When it was last reported.
    #[must_use]
    pub fn time(&self) -> Option<Time> {
        let series = self.series.as_ref().and_then(|s| s.last_observed_time);
        series.or(self.last_timestamp).or(self.event_time)
    }

    /// When it was first reported.
    #[must_use]
    pub fn first(&self) -> Option<Time> {
        self.first_timestamp.or(self.event_time).or(self.last_timestamp)
    }

    /// How often it was reported.
    #[must_use]
    pub fn times(&self) -> i64 {
        let series = self.series.as_ref().map_or(0, |s| s.count);
        i64::from(self.count.max(series).max(1))
    }
}

impl Resource for Event {
    type Whole = k8s_openapi::api::core::v1::Event;

    has_metadata!();

    fn drop_zero_times(&mut self) {
        Time::drop_zero(&mut self.first_timestamp);
        Time::drop_zero(&mut self.last_timestamp);
        Time::drop_zero(&mut self.event_time);
        if let Some(series) = &mut self.series {
            Time::drop_zero(&mut series.last_observed_time);
        }
    }
}
