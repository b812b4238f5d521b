//! Which objects are of a kind that is read here: of today's group and version, or of an older one whose objects say the
//! same or can be put into today's form. One of another version is told and never passed over.
//!
//! The versions and what they lack: <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.

use crate::resource::{
    ApiService, CronJob, DaemonSet, Deployment, EndpointSlice, Event, HorizontalPodAutoscaler, Job,
    MutatingWebhookConfiguration, Namespace, Node, PersistentVolumeClaim, Pod, PodDisruptionBudget,
    ReplicaSet, ReplicationController, Resource, Rollout, Service, StatefulSet,
    ValidatingWebhookConfiguration,
};
use serde_json::{Value, json};

/// What puts an object of an older version into the form of today's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convert {
    Event,
    Autoscaler,
    Budget,
}

impl Convert {
    /// An error is what the object does not tell.
    pub fn apply(self, object: &mut Value) -> Result<(), String> {
        match self {
            Self::Autoscaler => return autoscaler(object),
            Self::Event => event(object),
            Self::Budget => budget(object),
        }
        Ok(())
    }
}

/// How the objects of an `apiVersion` and kind are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionSupport {
    /// As those of that group, after a conversion if there is one.
    As(&'static str, Option<Convert>),
    /// It is a kind of ours in a version that is not known; its plural.
    Unknown(&'static str),
    /// It is another kind, that only who asks for it by name judges.
    Other,
}

/// A kind that is read, its group, its plural, and the versions that are understood.
struct KnownVersions {
    kind: &'static str,
    group: &'static str,
    plural: &'static str,
    versions: &'static [(&'static str, Option<Convert>)],
}

const fn known<T: Resource>(versions: &'static [(&'static str, Option<Convert>)]) -> KnownVersions {
    KnownVersions {
        kind: T::KIND,
        group: T::GROUP,
        plural: T::PLURAL,
        versions,
    }
}

const KINDS: &[KnownVersions] = &[
    known::<Deployment>(&[
        ("apps/v1", None),
        ("apps/v1beta2", None),
        ("apps/v1beta1", None),
        ("extensions/v1beta1", None),
    ]),
    known::<StatefulSet>(&[("apps/v1", None), ("apps/v1beta2", None), ("apps/v1beta1", None)]),
    known::<DaemonSet>(&[
        ("apps/v1", None),
        ("apps/v1beta2", None),
        ("extensions/v1beta1", None),
    ]),
    known::<ReplicaSet>(&[
        ("apps/v1", None),
        ("apps/v1beta2", None),
        ("extensions/v1beta1", None),
    ]),
    known::<Job>(&[("batch/v1", None)]),
    // Whether a run succeeded these may not tell; the check looks at the version.
    known::<CronJob>(&[
        ("batch/v1", None),
        ("batch/v1beta1", None),
        ("batch/v2alpha1", None),
    ]),
    known::<ReplicationController>(&[("v1", None)]),
    known::<Rollout>(&[("argoproj.io/v1alpha1", None)]),
    known::<Pod>(&[("v1", None)]),
    known::<Node>(&[("v1", None)]),
    known::<Namespace>(&[("v1", None)]),
    known::<Service>(&[("v1", None)]),
    known::<PersistentVolumeClaim>(&[("v1", None)]),
    known::<Event>(&[
        ("v1", None),
        ("events.k8s.io/v1", Some(Convert::Event)),
        ("events.k8s.io/v1beta1", Some(Convert::Event)),
    ]),
    known::<EndpointSlice>(&[("discovery.k8s.io/v1", None), ("discovery.k8s.io/v1beta1", None)]),
    known::<HorizontalPodAutoscaler>(&[
        ("autoscaling/v2", None),
        ("autoscaling/v2beta2", None),
        ("autoscaling/v2beta1", None),
        ("autoscaling/v1", Some(Convert::Autoscaler)),
        ("extensions/v1beta1", Some(Convert::Autoscaler)),
    ]),
    known::<PodDisruptionBudget>(&[("policy/v1", None), ("policy/v1beta1", Some(Convert::Budget))]),
    known::<ApiService>(&[
        ("apiregistration.k8s.io/v1", None),
        ("apiregistration.k8s.io/v1beta1", None),
    ]),
    known::<ValidatingWebhookConfiguration>(&[
        ("admissionregistration.k8s.io/v1", None),
        ("admissionregistration.k8s.io/v1beta1", None),
    ]),
    known::<MutatingWebhookConfiguration>(&[
        ("admissionregistration.k8s.io/v1", None),
        ("admissionregistration.k8s.io/v1beta1", None),
    ]),
];

/// How to read objects of that version and kind. One without a version is read as of today's.
pub(super) fn reading(api_version: &str, kind: &str) -> VersionSupport {
    let Some(known) = KINDS.iter().find(|known| known.kind == kind) else {
        return VersionSupport::Other;
    };
    if api_version.is_empty() {
        return VersionSupport::As(known.group, None);
    }
    if let Some((_, convert)) = known.versions.iter().find(|(version, _)| *version == api_version) {
        return VersionSupport::As(known.group, *convert);
    }
    // The groups of Kubernetes itself are single words, those before this was settled, or end in k8s.io. In any other a
    // kind of the same name, such as the Service of Knative, is another kind.
    let group = super::group_of(api_version);
    if group.ends_with(".k8s.io") || !group.contains('.') {
        VersionSupport::Unknown(known.plural)
    } else {
        VersionSupport::Other
    }
}

/// The plural of a kind of ours.
pub(super) fn plural_of(kind: &str) -> Option<&'static str> {
    let known = KINDS.iter().find(|known| known.kind == kind);
    known.map(|known| known.plural)
}

/// The names of a resource of ours by its plural in any group in which it ever was: group and plural.
pub(crate) fn resource_of(group: Option<&str>, plural: &str) -> Option<(&'static str, &'static str)> {
    KINDS
        .iter()
        .find(|known| {
            let was_in = |group: &str| known.versions.iter().any(|(v, _)| super::group_of(v) == group);
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

/// The names of `events.k8s.io`, and what core events call the same.
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
    fn every_version_of_a_kind_of_ours_is_read_or_told() {
        let group = |version: &str, kind: &str| match reading(version, kind) {
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
    fn the_conditions_of_an_old_autoscaler_come_out_of_their_annotation() {
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
