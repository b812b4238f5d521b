//! The versions of each kind that are read: today's, and older ones whose objects mean the same or can be converted. An
//! object of another version is reported and never skipped in silence.
//!
//! The versions and what they lack: <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.

use super::head::group_of;
use crate::resource::{
    ApiService, CronJob, DaemonSet, Deployment, EndpointSlice, Event, HorizontalPodAutoscaler, Job,
    MutatingWebhookConfiguration, Namespace, Node, PersistentVolumeClaim, Pod, PodDisruptionBudget,
    ReplicaSet, ReplicationController, Resource, Rollout, Service, StatefulSet,
    ValidatingWebhookConfiguration,
};
use serde_json::{Value, json};

/// Converts an object of an older version into today's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    Event,
    Autoscaler,
    Budget,
}

impl Conversion {
    /// Converts the object. The error says what the object lacks.
    pub fn apply(self, object: &mut Value) -> Result<(), String> {
        match self {
            Self::Autoscaler => return autoscaler(object),
            Self::Event => event(object),
            Self::Budget => budget(object),
        }
        Ok(())
    }
}

/// Whether and how objects of an `apiVersion` and kind are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionSupport {
    /// As objects of that group, after a conversion if there is one.
    As(&'static str, Option<Conversion>),
    /// A kind that is judged, in a version that is not known. It has the plural of the kind.
    Unknown(&'static str),
    /// Another kind, which is judged only if it is asked for by name.
    Other,
}

/// A kind that is read, its group, its plural, and the versions that are understood.
struct KnownVersions {
    kind: &'static str,
    group: &'static str,
    plural: &'static str,
    versions: &'static [(&'static str, Option<Conversion>)],
}

const fn versions<T: Resource>(versions: &'static [(&'static str, Option<Conversion>)]) -> KnownVersions {
    KnownVersions {
        kind: T::KIND,
        group: T::GROUP,
        plural: T::PLURAL,
        versions,
    }
}

const KINDS: &[KnownVersions] = &[
    versions::<Deployment>(&[
        ("apps/v1", None),
        ("apps/v1beta2", None),
        ("apps/v1beta1", None),
        ("extensions/v1beta1", None),
    ]),
    versions::<StatefulSet>(&[("apps/v1", None), ("apps/v1beta2", None), ("apps/v1beta1", None)]),
    versions::<DaemonSet>(&[
        ("apps/v1", None),
        ("apps/v1beta2", None),
        ("extensions/v1beta1", None),
    ]),
    versions::<ReplicaSet>(&[
        ("apps/v1", None),
        ("apps/v1beta2", None),
        ("extensions/v1beta1", None),
    ]),
    versions::<Job>(&[("batch/v1", None)]),
    // The older versions do not say whether a run succeeded, so the check looks at the version.
    versions::<CronJob>(&[
        ("batch/v1", None),
        ("batch/v1beta1", None),
        ("batch/v2alpha1", None),
    ]),
    versions::<ReplicationController>(&[("v1", None)]),
    versions::<Rollout>(&[("argoproj.io/v1alpha1", None)]),
    versions::<Pod>(&[("v1", None)]),
    versions::<Node>(&[("v1", None)]),
    versions::<Namespace>(&[("v1", None)]),
    versions::<Service>(&[("v1", None)]),
    versions::<PersistentVolumeClaim>(&[("v1", None)]),
    versions::<Event>(&[
        ("v1", None),
        ("events.k8s.io/v1", Some(Conversion::Event)),
        ("events.k8s.io/v1beta1", Some(Conversion::Event)),
    ]),
    versions::<EndpointSlice>(&[("discovery.k8s.io/v1", None), ("discovery.k8s.io/v1beta1", None)]),
    versions::<HorizontalPodAutoscaler>(&[
        ("autoscaling/v2", None),
        ("autoscaling/v2beta2", None),
        ("autoscaling/v2beta1", None),
        ("autoscaling/v1", Some(Conversion::Autoscaler)),
        ("extensions/v1beta1", Some(Conversion::Autoscaler)),
    ]),
    versions::<PodDisruptionBudget>(&[("policy/v1", None), ("policy/v1beta1", Some(Conversion::Budget))]),
    versions::<ApiService>(&[
        ("apiregistration.k8s.io/v1", None),
        ("apiregistration.k8s.io/v1beta1", None),
    ]),
    versions::<ValidatingWebhookConfiguration>(&[
        ("admissionregistration.k8s.io/v1", None),
        ("admissionregistration.k8s.io/v1beta1", None),
    ]),
    versions::<MutatingWebhookConfiguration>(&[
        ("admissionregistration.k8s.io/v1", None),
        ("admissionregistration.k8s.io/v1beta1", None),
    ]),
];

/// How to read objects of that version and kind. An object without a version is read as one of today's.
pub(super) fn support(api_version: &str, kind: &str) -> VersionSupport {
    let Some(known) = KINDS.iter().find(|known| known.kind == kind) else {
        return VersionSupport::Other;
    };
    if api_version.is_empty() {
        return VersionSupport::As(known.group, None);
    }
    if let Some((_, convert)) = known.versions.iter().find(|(version, _)| *version == api_version) {
        return VersionSupport::As(known.group, *convert);
    }
    // The groups of Kubernetes itself end in k8s.io, or are single words from before that rule. In any other group a kind
    // with one of these names, such as the Service of Knative, is another kind.
    let group = group_of(api_version);
    if group.ends_with(".k8s.io") || !group.contains('.') {
        VersionSupport::Unknown(known.plural)
    } else {
        VersionSupport::Other
    }
}

/// The plural of a kind that is judged.
pub(super) fn plural_of(kind: &str) -> Option<&'static str> {
    let known = KINDS.iter().find(|known| known.kind == kind);
    known.map(|known| known.plural)
}

/// Group and plural of a resource, by its plural in any group in which it ever was.
pub(crate) fn resource_of(group: Option<&str>, plural: &str) -> Option<(&'static str, &'static str)> {
    KINDS
        .iter()
        .find(|known| {
            let was_in = |group: &str| known.versions.iter().any(|(v, _)| group_of(v) == group);
            known.plural == plural && group.is_none_or(was_in)
        })
        .map(|known| (known.group, known.plural))
}

/// `autoscaling/v1` keeps what it has no field for in annotations, as JSON (`pkg/apis/autoscaling/v1/conversion.go` in
/// kubernetes/kubernetes).
fn autoscaler(object: &mut Value) -> Result<(), String> {
    let annotation = |name: &str| {
        let name = format!("/metadata/annotations/autoscaling.alpha.kubernetes.io~1{name}");
        let text = object.pointer(&name).and_then(Value::as_str)?;
        serde_json::from_str::<Value>(text).ok()
    };
    let (conditions, metrics) = (annotation("conditions"), annotation("current-metrics"));
    let Some(conditions) = conditions.filter(Value::is_array) else {
        return Err(
            "an autoscaler in autoscaling/v1 without the annotation that holds its conditions: take it with kubectl \
             get horizontalpodautoscalers.v2.autoscaling -A -o json"
                .into(),
        );
    };
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
    object["status"]["conditions"] = conditions;
    if let Some(metrics) = metrics {
        object["status"]["currentMetrics"] = metrics;
    }
    Ok(())
}

/// Renames the fields of `events.k8s.io` as core events call them.
fn event(object: &mut Value) {
    for (new, core) in [
        ("regarding", "involvedObject"),
        ("note", "message"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"),
        ("deprecatedSource", "source"),
    ] {
        if let Some(fields) = object.as_object_mut()
            && let Some(value) = fields.remove(new)
        {
            fields.insert(core.to_owned(), value);
        }
    }
}

/// In `policy/v1beta1` an empty selector selects nothing, in `policy/v1` every pod of the namespace.
fn budget(object: &mut Value) {
    let selector = object.pointer("/spec/selector");
    let is_empty = |value: &Value| match value {
        Value::Object(fields) => fields
            .values()
            .all(|v| v.is_null() || v.as_array().is_some_and(Vec::is_empty)),
        _ => true,
    };
    if selector.is_some_and(is_empty)
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.remove("selector");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_a_judged_kind_is_read_or_reported() {
        let group = |version: &str, kind: &str| match support(version, kind) {
            VersionSupport::As(group, _) => group.to_owned(),
            other => format!("{other:?}"),
        };
        for (version, kind, expected) in [
            ("apps/v1", "Deployment", "apps"),
            ("extensions/v1beta1", "Deployment", "apps"),
            ("", "Deployment", "apps"),
            ("apps/v2", "Deployment", "Unknown(\"deployments\")"),
            ("v1", "Deployment", "Unknown(\"deployments\")"),
            ("batch/v2alpha1", "CronJob", "batch"),
            (
                "autoscaling/v3",
                "HorizontalPodAutoscaler",
                "Unknown(\"horizontalpodautoscalers\")",
            ),
            ("events.k8s.io/v1", "Event", ""),
            ("serving.knative.dev/v1", "Service", "Other"),
            ("batch.volcano.sh/v1alpha1", "Job", "Other"),
            ("v1", "ConfigMap", "Other"),
        ] {
            assert_eq!(group(version, kind), expected, "{version} {kind}");
        }
        assert_eq!(
            resource_of(Some("extensions"), "deployments"),
            Some(("apps", "deployments"))
        );
        assert_eq!(resource_of(None, "cronjobs"), Some(("batch", "cronjobs")));
        assert_eq!(resource_of(Some("serving.knative.dev"), "services"), None);
    }

    #[test]
    fn the_conditions_of_an_old_autoscaler_are_read_from_their_annotation() {
        let mut hpa = json!({"metadata": {"annotations": {
            "autoscaling.alpha.kubernetes.io/conditions": "[{\"type\":\"AbleToScale\",\"status\":\"True\"}]"}}});
        assert_eq!(autoscaler(&mut hpa), Ok(()));
        assert_eq!(
            hpa["status"]["conditions"],
            json!([{"type": "AbleToScale", "status": "True"}])
        );
        for without in [
            json!({}),
            json!({"metadata": {"annotations": {"autoscaling.alpha.kubernetes.io/conditions": "x"}}}),
        ] {
            assert!(autoscaler(&mut without.clone()).is_err(), "{without}");
        }
    }

    #[test]
    fn an_event_of_its_own_group_says_what_a_core_event_says() {
        let mut event_ =
            json!({"regarding": {"uid": "u"}, "note": "no", "deprecatedLastTimestamp": "t", "reason": "r"});
        event(&mut event_);
        assert_eq!(
            event_,
            json!({"involvedObject": {"uid": "u"}, "message": "no", "lastTimestamp": "t", "reason": "r"})
        );
    }

    #[test]
    fn an_empty_selector_of_an_old_budget_selects_nothing() {
        for (selector, kept) in [
            (json!({}), false),
            (json!({"matchLabels": null}), false),
            (json!({"matchLabels": {"a": "b"}}), true),
        ] {
            let mut old = json!({"spec": {"selector": selector}});
            budget(&mut old);
            assert_eq!(old.pointer("/spec/selector").is_some(), kept, "{selector}");
        }
    }
}
