//! An RBAC rule, as a report names it if it is missing.

use super::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that a Role allows (`PolicyRule` in `rbac/v1`): a verb on a resource, or on a path that is no resource. Its text
/// is `apps/deployments list`, `pods/log get`, `services/proxy get for agent:http in namespace sre-tools` or
/// `nonResourceURL /readyz get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(from = "String", into = "String")]
pub struct RbacRule {
    /// The API group, empty for the core group.
    pub group: String,
    /// The plural name of the resource, with its subresource behind a slash; empty for a path.
    pub resource: String,
    /// The path; empty for a resource.
    pub non_resource_url: String,
    /// The verb.
    pub verb: String,
    /// The one object that the rule is about, by namespace and name; `None` for all.
    pub object: Option<(String, String)>,
}

/// The word before a path.
const NON_RESOURCE_URL: &str = "nonResourceURL ";
/// The words between the name of an object and its namespace.
const IN_NAMESPACE: &str = " in namespace ";

impl RbacRule {
    /// A verb on a resource.
    #[must_use]
    pub fn on_resource(group: &str, resource: &str, verb: &str) -> Self {
        Self {
            group: group.to_owned(),
            resource: resource.to_owned(),
            verb: verb.to_owned(),
            ..Self::default()
        }
    }

    /// To get a path that is no resource.
    #[must_use]
    pub fn on_path(path: &str) -> Self {
        Self {
            non_resource_url: path.to_owned(),
            verb: "get".to_owned(),
            ..Self::default()
        }
    }

    /// Group and resource, as the text of a rule names them: `apps/deployments`.
    #[must_use]
    pub fn group_and_resource(&self) -> String {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{group}/{}", self.resource),
        }
    }

    /// The resource as kubectl names it: `deployments.apps`, `pods/log`.
    #[must_use]
    pub fn qualified_resource(&self) -> String {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{}.{group}", self.resource),
        }
    }
}

impl fmt::Display for RbacRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.non_resource_url.as_str(), self.group_and_resource()) {
            ("", object) => f.write_str(&object)?,
            (path, _) => write!(f, "{NON_RESOURCE_URL}{path}")?,
        }
        if !self.verb.is_empty() {
            write!(f, " {}", self.verb)?;
        }
        match &self.object {
            Some((namespace, name)) => write!(f, " for {name}{IN_NAMESPACE}{namespace}"),
            None => Ok(()),
        }
    }
}

/// A text of another form becomes a resource without a verb, so that it keeps its text.
impl From<&str> for RbacRule {
    fn from(text: &str) -> Self {
        if let Some((rule, place)) = text.split_once(" for ")
            && let Some((name, namespace)) = place.split_once(IN_NAMESPACE)
        {
            return Self {
                object: Some((namespace.to_owned(), name.to_owned())),
                ..rule.into()
            };
        }
        let (object, verb) = text.rsplit_once(' ').unwrap_or((text, ""));
        if let Some(path) = object.strip_prefix(NON_RESOURCE_URL) {
            return Self {
                verb: verb.to_owned(),
                ..Self::on_path(path)
            };
        }
        match object.split_once('/') {
            // A subresource: `pods` is no group.
            Some((owner, _)) if Kind::from_word(owner).is_some() => Self::on_resource("", object, verb),
            Some((group, resource)) => Self::on_resource(group, resource, verb),
            None => Self::on_resource("", object, verb),
        }
    }
}

impl From<String> for RbacRule {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<RbacRule> for String {
    fn from(rule: RbacRule) -> Self {
        rule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::RbacRule;

    #[test]
    fn a_rule_is_read_from_its_own_text() {
        for (text, rule, resource) in [
            (
                "apps/deployments list",
                RbacRule::on_resource("apps", "deployments", "list"),
                "deployments.apps",
            ),
            ("pods list", RbacRule::on_resource("", "pods", "list"), "pods"),
            (
                "pods/log get",
                RbacRule::on_resource("", "pods/log", "get"),
                "pods/log",
            ),
            (
                "services/proxy get for agent:http in namespace sre-tools",
                RbacRule {
                    object: Some(("sre-tools".to_owned(), "agent:http".to_owned())),
                    ..RbacRule::on_resource("", "services/proxy", "get")
                },
                "services/proxy",
            ),
            ("nonResourceURL /readyz get", RbacRule::on_path("/readyz"), ""),
            ("anything", RbacRule::on_resource("", "anything", ""), "anything"),
        ] {
            assert_eq!(RbacRule::from(text), rule);
            assert_eq!(
                (rule.to_string().as_str(), rule.qualified_resource().as_str()),
                (text, resource)
            );
        }
    }
}
