//! One distinct reason behind an item's state.

use super::{Code, ObjectRef, PassesByItself};
use serde::{Deserialize, Serialize};

/// One distinct reason behind an item's state, and the number of objects that show it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Cause {
    /// A stable word in CamelCase, listed in docs/checks.md.
    pub code: Code,
    /// The sentence that explains it, such as that of the quota, the registry or the scheduler.
    pub message: String,
    /// The sentence without the parts that differ between pods with the same trouble. Causes of one workload with the same
    /// code and gist are one cause. Older agents leave it out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gist: String,
    /// Causes of different workloads with the same code and these words can be one finding. Left out if the cause has a
    /// subject. Left out too if the sentence does not say why, since other causes can have the same words by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_words: Option<String>,
    /// How many objects show it; at least 1.
    pub count: u32,
    /// One object that shows it, as `Kind/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<ObjectRef>,
    /// A command to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Since when it has lasted without a break, RFC 3339, if that is known. A crash loop lasts since its first back-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When a crash last happened, RFC 3339. Other causes leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The thing behind it, if one thing can be behind many objects: `Node/n7`, `ResourceQuota/shop/compute`,
    /// `Secret/shop/db`. Causes with the same code and subject are one cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<ObjectRef>,
    /// The last lines that the container wrote before it ended, if logs were requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Whether it passes although nobody acts. Older agents leave it out; [`Cause::passes`] then reads it from the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passes: Option<PassesByItself>,
    /// How many of the objects that show it are pods of the newest revision. Left out if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<u32>,
    /// When a node was last ordered for the pod, RFC 3339. Only causes of pods without a node have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_ordered: Option<String>,
}

impl Cause {
    /// Whether it passes although nobody acts; by its code if its sender does not say.
    #[must_use]
    pub fn passes(&self) -> PassesByItself {
        self.passes.unwrap_or_else(|| self.code.passes_by_itself())
    }

    /// Its gist; the whole message from an agent that sends none.
    #[must_use]
    pub fn gist(&self) -> &str {
        match self.gist.as_str() {
            "" => &self.message,
            gist => gist,
        }
    }

    /// The words that causes of other workloads share; the whole message from an agent that sends no gist.
    #[must_use]
    pub fn shared_words(&self) -> Option<&str> {
        match self.gist.as_str() {
            "" => Some(&self.message),
            _ => self.shared_words.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, PassesByItself};

    #[test]
    fn a_cause_of_an_older_agent_passes_as_its_code_does() {
        let passes = |json: &str| {
            serde_json::from_str::<Cause>(json)
                .map(|cause| cause.passes())
                .ok()
        };
        for (json, expected) in [
            (r#"{"code": "PodSecurity"}"#, PassesByItself::No),
            (r#"{"code": "Quota"}"#, PassesByItself::Maybe),
            (r#"{"code": "RolloutInProgress"}"#, PassesByItself::Yes),
            (r#"{"code": "ImagePull", "passes": "no"}"#, PassesByItself::No),
            // Words of a newer version promise nothing.
            (r#"{"code": "Unheard"}"#, PassesByItself::Maybe),
            (
                r#"{"code": "PodSecurity", "passes": "perhaps"}"#,
                PassesByItself::Maybe,
            ),
        ] {
            assert_eq!(passes(json), Some(expected), "{json}");
        }
    }
}
