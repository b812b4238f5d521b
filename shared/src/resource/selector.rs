//! `metav1.LabelSelector`: which pods a workload calls its own, to ask for them by it.

use super::{Pod, null_as_default};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Requirements on labels of which all have to be met.
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

/// As kubectl's `-l` takes it.
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
    /// By this selector; without one by their owner alone.
    Selector(Option<&'a LabelSelector>),
    /// Its Jobs have them.
    Jobs,
    /// It is one.
    Itself(&'a Pod),
}

#[cfg(test)]
mod tests {
    use super::*;

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
