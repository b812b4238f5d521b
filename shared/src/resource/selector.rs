//! `metav1.LabelSelector`: the pods of a workload, in a form that a list takes.

use super::{Pod, null_as_default};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Requirements on labels. All have to be met.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels and the values they have to have.
    #[prost(btree_map = "string, string", tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub match_labels: BTreeMap<String, String>,
    /// Anything else.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// A requirement on one label.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelectorRequirement {
    /// The label.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "null_as_default")]
    pub operator: String,
    /// The values that it speaks of.
    #[prost(string, repeated, tag = "3")]
    #[serde(deserialize_with = "null_as_default")]
    pub values: Vec<String>,
}

impl LabelSelector {
    /// Whether it matches an object with these labels (`LabelSelectorAsSelector` in `k8s.io/apimachinery`). An unknown
    /// operator matches nothing.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let is_met = |r: &LabelSelectorRequirement| {
            let value = labels.get(&r.key);
            match r.operator.as_str() {
                "In" => value.is_some_and(|v| r.values.contains(v)),
                "NotIn" => value.is_none_or(|v| !r.values.contains(v)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        };
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(is_met)
    }

    /// Whether no object can match both, since they require different values of one label.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        let differs = |(key, value)| other.match_labels.get(key).is_some_and(|v| v != value);
        self.match_labels.iter().any(differs)
    }
}

/// Written as kubectl's `-l` takes it.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self
            .match_labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let others = self.match_expressions.iter().map(|r| {
            let values = r.values.join(",");
            match r.operator.as_str() {
                "In" => format!("{} in ({values})", r.key),
                "NotIn" => format!("{} notin ({values})", r.key),
                "DoesNotExist" => format!("!{}", r.key),
                _ => r.key.clone(),
            }
        });
        f.write_str(&labels.chain(others).collect::<Vec<_>>().join(","))
    }
}

/// How the pods of an object are found.
#[derive(Debug, Clone, Copy)]
pub enum PodsBy<'a> {
    /// It has none.
    Nothing,
    /// By this selector. Without one, by their owner alone.
    Selector(Option<&'a LabelSelector>),
    /// Its ReplicaSets have them. The selector is that of the pods.
    ThroughReplicaSets(Option<&'a LabelSelector>),
    /// Its Jobs have them.
    Jobs,
    /// It is one.
    Itself(&'a Pod),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_matches_labels_that_meet_all_of_its_requirements() {
        let of = |text: &str| serde_json::from_str::<LabelSelector>(text).unwrap_or_default();
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        let one = |operator: &str, key: &str, value: &str| {
            of(&format!(
                r#"{{"matchExpressions": [{{"key": "{key}", "operator": "{operator}", "values": ["{value}"]}}]}}"#
            ))
        };
        for (selector, takes) in [
            (LabelSelector::default(), true),
            (of(r#"{"matchLabels": {"app": "web"}}"#), true),
            (of(r#"{"matchLabels": {"app": "db"}}"#), false),
            (of(r#"{"matchLabels": {"app": "web", "tier": "x"}}"#), false),
            (one("In", "app", "web"), true),
            (one("In", "app", "db"), false),
            (one("In", "tier", "web"), false),
            (one("NotIn", "app", "web"), false),
            (one("NotIn", "tier", "web"), true),
            (one("Exists", "app", ""), true),
            (one("Exists", "tier", ""), false),
            (one("DoesNotExist", "app", ""), false),
            (one("DoesNotExist", "tier", ""), true),
            (one("Like", "app", "web"), false),
        ] {
            assert_eq!(selector.matches(&labels), takes, "{selector}");
        }
        let web = of(r#"{"matchLabels": {"app": "web"}}"#);
        assert!(web.excludes(&of(r#"{"matchLabels": {"app": "db", "tier": "x"}}"#)));
        assert!(!web.excludes(&of(r#"{"matchLabels": {"tier": "x"}}"#)));
        assert!(!web.excludes(&web) && !web.excludes(&LabelSelector::default()));
    }

    #[test]
    fn a_selector_is_written_as_kubectl_takes_it() {
        let selector: LabelSelector = serde_json::from_str(
            r#"{"matchLabels": {"b": "2", "a.b/c": "1"}, "matchExpressions": [
                {"key": "t", "operator": "In", "values": ["x", "y"]},
                {"key": "u", "operator": "NotIn", "values": ["z"]},
                {"key": "v", "operator": "Exists"},
                {"key": "w", "operator": "DoesNotExist", "values": null}]}"#,
        )
        .unwrap_or_default();
        assert_eq!(selector.to_string(), "a.b/c=1,b=2,t in (x,y),u notin (z),v,!w");
        assert_eq!(LabelSelector::default().to_string(), "");
    }
}
