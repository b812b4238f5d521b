//! One distinct reason behind an item's state.

use super::{Code, ObjectRef};
use serde::{Deserialize, Serialize};

/// One distinct reason behind an item's state, with how often it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cause {
    /// A stable word in CamelCase, listed in docs/checks.md.
    pub code: Code,
    /// The sentence that matters: the quota's, the registry's, the scheduler's.
    pub message: String,
    /// The sentence without what differs between pods with the same trouble. Causes of one workload with the same code and
    /// gist are one. Older agents leave it out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gist: String,
    /// The words by which it is one with causes of other workloads. Left out if it has a subject, and if the sentence does
    /// not say why: others say the same by chance then.
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
    /// Since when without a break, RFC 3339, where it is known; of a crash loop since its first back-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it last happened, RFC 3339, of a crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What is behind it where one thing can be behind many objects: `Node/n7`, `ResourceQuota/shop/compute`,
    /// `Secret/shop/db`. Causes of the same code and subject are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<ObjectRef>,
    /// The last lines that the container wrote before it ended, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl Cause {
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
