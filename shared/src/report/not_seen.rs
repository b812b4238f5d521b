//! Things that were asked for and could not be seen.

use crate::kind::{Kind, RbacRule};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that was asked for and could not be seen. [`NotSeen::what`] makes a sentence from the parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "NotSeenJson", into = "NotSeenJson")]
pub struct NotSeen {
    /// The thing without its scope: `deployments`, `deployment web`, `dump.yaml, line 7`.
    pub thing: String,
    /// The place where it was not seen.
    pub scope: Scope,
    /// Its resource as RBAC writes it, plural and group: `deployments.apps`. `None` if the thing is not exactly one resource.
    /// Older agents leave it out. It is then read from the sentence, without a group.
    pub resource: Option<String>,
    /// The check that needs the thing for its verdicts, such as `services` for EndpointSlices, if an agent says so.
    pub needed_by: Option<String>,
    /// Class of the failure, a stable word such as `forbidden` or `timeout`.
    pub class: String,
    /// The missing rule that would allow it.
    pub missing: Option<RbacRule>,
    /// The underlying error.
    pub error: Option<String>,
    /// The next step, one line. Without it, the next step is to grant the missing rule.
    pub hint: Option<String>,
    /// The kinds that may be read, if a person can choose them instead of a forbidden kind.
    pub readable_kinds: Vec<String>,
}

/// The place where something was not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// In all places that were asked for, or in no particular place.
    #[default]
    Everywhere,
    /// In one namespace.
    Namespace(String),
    /// In several namespaces, in words: `all namespaces but shop`.
    Namespaces(String),
}

impl Scope {
    /// One namespace; everywhere for `None`.
    #[must_use]
    pub fn new(namespace: Option<&str>) -> Self {
        namespace.map_or(Self::Everywhere, |name| Self::Namespace(name.to_owned()))
    }

    /// These namespaces; everywhere if there are none. The words for several name only the first.
    #[must_use]
    pub fn of_all(namespaces: &[&str]) -> Self {
        match namespaces {
            [first, others @ ..] if !others.is_empty() => {
                Self::Namespaces(format!("namespace {first} and {} more", others.len()))
            }
            few => Self::new(few.first().copied()),
        }
    }

    /// The namespace, if it is exactly one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(name) => Some(name),
            Self::Everywhere | Self::Namespaces(_) => None,
        }
    }
}

/// The words after the thing in a sentence, with the space before them.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => Ok(()),
            Self::Namespace(name) => write!(f, " in namespace {name}"),
            Self::Namespaces(words) => write!(f, " in {words}"),
        }
    }
}

impl NotSeen {
    /// The thing that was not seen, with its place: `deployments in namespace shop`, `services (by endpointslices)`.
    #[must_use]
    pub fn what(&self) -> String {
        let Self { thing, scope, .. } = self;
        match &self.needed_by {
            Some(check) => format!("{check} (by {thing}{scope})"),
            None => format!("{thing}{scope}"),
        }
    }

    /// Whether the entry is about a whole kind that no other kind needs.
    #[must_use]
    pub fn is_kind(&self) -> bool {
        let resource = self.resource.as_deref().filter(|_| self.needed_by.is_none());
        // `deployments` is the name of `deployments.apps`.
        let rest = resource.and_then(|resource| resource.strip_prefix(self.thing.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether the entry is about objects that the verdicts of that check need, in any namespace. The resource of a kind that
    /// only the agent knows is compared by its plural.
    #[must_use]
    pub fn is_about(&self, check: &str) -> bool {
        let named = self.needed_by.as_ref().or(self.resource.as_ref());
        named.is_some_and(|named| match (Kind::from_word(named), Kind::from_word(check)) {
            (Some(named), Some(kind)) => named == kind,
            (None, None) => named == check || named.split('.').next() == Some(check),
            _ => false,
        })
    }

    /// The next step, one line: the hint, or a pointer to the commands that grant the missing rule, and the kinds that may
    /// be chosen instead.
    #[must_use]
    pub fn next_step(&self) -> Option<String> {
        let granted = || self.missing.is_some().then(|| GRANTED.to_owned());
        let step = self.hint.clone().or_else(granted)?;
        Some(match self.leave_out() {
            Some(leave_out) => format!("{step}; or {leave_out}"),
            None => step,
        })
    }

    /// How to leave the kind out on purpose, if other kinds may be read.
    #[must_use]
    pub fn leave_out(&self) -> Option<String> {
        let kinds = self.readable_kinds.join(",");
        (!kinds.is_empty()).then(|| format!("leave it out on purpose: --kinds {kinds}"))
    }
}

/// The next step for a missing rule. One grant has the rules of all entries.
const GRANTED: &str = "a cluster admin grants it with the commands of coverage.grant";

/// The wire form.
#[derive(Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
struct NotSeenJson {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed_by: Option<String>,
    class: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<RbacRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl From<NotSeen> for NotSeenJson {
    fn from(entry: NotSeen) -> Self {
        Self {
            what: entry.what(),
            hint: entry.next_step(),
            resource: entry.resource,
            namespace: entry.scope.namespace().map(str::to_owned),
            needed_by: entry.needed_by,
            class: entry.class,
            missing: entry.missing,
            error: entry.error,
        }
    }
}

impl From<NotSeenJson> for NotSeen {
    fn from(wire: NotSeenJson) -> Self {
        let what = What::from(wire.what.as_str());
        Self {
            resource: wire.resource.or_else(|| what.resource()),
            thing: what.thing.to_owned(),
            scope: what.scope,
            needed_by: wire.needed_by.or(what.needed_by.map(str::to_owned)),
            class: wire.class,
            hint: wire.hint.filter(|hint| hint != GRANTED),
            missing: wire.missing,
            error: wire.error,
            readable_kinds: Vec::new(),
        }
    }
}

/// The parts of the sentence `what`. An older agent sends only the sentence; no other code reads it.
struct What<'a> {
    thing: &'a str,
    scope: Scope,
    needed_by: Option<&'a str>,
}

impl<'a> From<&'a str> for What<'a> {
    fn from(what: &'a str) -> Self {
        let needs = what.strip_suffix(')').and_then(|rest| rest.split_once(" (by "));
        let (needed_by, what) = match needs {
            Some((check, needed)) => (Some(check), needed),
            None => (None, what),
        };
        let (thing, scope) = match what.split_once(" in ") {
            Some((thing, scope)) => match scope.strip_prefix("namespace ") {
                Some(name) if !name.contains(' ') => (thing, Scope::Namespace(name.to_owned())),
                Some(_) => (thing, Scope::Namespaces(scope.to_owned())),
                None if scope.starts_with("all namespaces") => (thing, Scope::Namespaces(scope.to_owned())),
                None => (what, Scope::Everywhere),
            },
            None => (what, Scope::Everywhere),
        };
        Self {
            thing,
            scope,
            needed_by,
        }
    }
}

impl What<'_> {
    /// The plural at the beginning of the sentence.
    fn resource(&self) -> Option<String> {
        let (word, rest) = self.thing.split_once(' ').unwrap_or((self.thing, ""));
        let is_plural = ["", "that ", "of ", "matching "]
            .iter()
            .any(|begin| match *begin {
                "" => rest.is_empty(),
                begin => rest.starts_with(begin),
            });
        (is_plural && !SEVERAL.contains(&word)).then(|| word.to_owned())
    }
}

/// Words that stand for several resources.
const SEVERAL: [&str; 3] = ["causes", "objects", "everything"];

#[cfg(test)]
mod tests {
    use super::{NotSeen, Scope};
    use serde_json::json;

    #[test]
    fn a_sentence_is_made_from_its_parts() {
        let what = |thing: &str, scope: Scope, needed_by: Option<&str>| {
            let thing = thing.to_owned();
            let needed_by = needed_by.map(str::to_owned);
            NotSeen {
                thing,
                scope,
                needed_by,
                ..NotSeen::default()
            }
            .what()
        };
        let shop = || Scope::new(Some("shop"));
        assert_eq!(what("deployments", Scope::Everywhere, None), "deployments");
        assert_eq!(what("deployments", shop(), None), "deployments in namespace shop");
        assert_eq!(
            what("pods", Scope::Namespaces("all namespaces but shop".into()), None),
            "pods in all namespaces but shop"
        );
        assert_eq!(
            what("endpointslices", shop(), Some("services")),
            "services (by endpointslices in namespace shop)"
        );
    }

    #[test]
    fn an_entry_with_only_its_sentence_is_understood() {
        let parts = |what: &str| {
            let entry: NotSeen = serde_json::from_value(json!({"what": what, "class": "stale"})).unwrap();
            assert_eq!(entry.what(), what);
            (entry.thing, entry.scope, entry.resource, entry.needed_by)
        };
        let text = |text: &str| Some(text.to_owned());
        for (what, thing, scope, resource, needed_by) in [
            (
                "deployments",
                "deployments",
                Scope::Everywhere,
                text("deployments"),
                None,
            ),
            (
                "deployments in namespace shop",
                "deployments",
                Scope::new(Some("shop")),
                text("deployments"),
                None,
            ),
            (
                "pods in namespace a and 3 more",
                "pods",
                Scope::Namespaces("namespace a and 3 more".into()),
                text("pods"),
                None,
            ),
            (
                "jobs in all namespaces but shop, bank",
                "jobs",
                Scope::Namespaces("all namespaces but shop, bank".into()),
                text("jobs"),
                None,
            ),
            (
                "services (by endpointslices in namespace shop)",
                "endpointslices",
                Scope::new(Some("shop")),
                text("endpointslices"),
                text("services"),
            ),
            (
                "pods of ReplicaSet shop/web-1, ...",
                "pods of ReplicaSet shop/web-1, ...",
                Scope::Everywhere,
                text("pods"),
                None,
            ),
            (
                "deployments matching app=x",
                "deployments matching app=x",
                Scope::Everywhere,
                text("deployments"),
                None,
            ),
            (
                "objects matching app=x",
                "objects matching app=x",
                Scope::Everywhere,
                None,
                None,
            ),
            (
                "3 lines in dump.yaml, from line 2 on",
                "3 lines in dump.yaml, from line 2 on",
                Scope::Everywhere,
                None,
                None,
            ),
            ("causes", "causes", Scope::Everywhere, None, None),
        ] {
            assert_eq!(
                parts(what),
                (thing.to_owned(), scope, resource, needed_by),
                "{what}"
            );
        }
    }

    #[test]
    fn an_entry_survives_the_wire_unchanged() {
        let entry = NotSeen {
            thing: "deployments".into(),
            scope: Scope::new(Some("shop")),
            resource: Some("deployments.apps".into()),
            class: "forbidden".into(),
            missing: Some("apps/deployments list".into()),
            ..NotSeen::default()
        };
        let wire = serde_json::to_value(&entry).unwrap();
        assert_eq!(
            wire,
            json!({"what": "deployments in namespace shop", "resource": "deployments.apps", "namespace": "shop",
                   "class": "forbidden", "missing": "apps/deployments list",
                   "hint": "a cluster admin grants it with the commands of coverage.grant"})
        );
        assert_eq!(serde_json::from_value::<NotSeen>(wire).unwrap(), entry);
    }
}
