//! A type of objects in the API.

use super::RbacRule;
use crate::resource::Resource;
use std::borrow::Cow;

/// A type of objects in the API, as discovery describes it (`metav1.APIResource`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceType {
    /// The API group, empty for the core group.
    pub group: Cow<'static, str>,
    /// The version in the group.
    pub version: Cow<'static, str>,
    /// The `kind` of its objects.
    pub kind: Cow<'static, str>,
    /// The plural, lower-case name, which paths and RBAC rules use.
    pub plural: Cow<'static, str>,
    /// The name of one object, lower-case.
    pub singular: Cow<'static, str>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Whether its name in reports and commands includes the group. True for types without a view of their own.
    pub qualified: bool,
}

impl ResourceType {
    /// The type of a view.
    #[must_use]
    pub fn from_view<T: Resource>() -> Self {
        Self {
            group: T::GROUP.into(),
            version: T::VERSION.into(),
            kind: T::KIND.into(),
            plural: T::PLURAL.into(),
            singular: T::KIND.to_lowercase().into(),
            namespaced: T::NAMESPACED,
            qualified: false,
        }
    }

    /// Its name in reports and commands: `deployments`, `certificates.cert-manager.io`.
    #[must_use]
    pub fn name(&self) -> String {
        self.with_group(&self.plural)
    }

    /// The name of one of its objects in reports and commands: `deployment`, `certificate.cert-manager.io`.
    #[must_use]
    pub fn name_of_one(&self) -> String {
        self.with_group(&self.singular)
    }

    fn with_group(&self, name: &str) -> String {
        match &*self.group {
            group if self.qualified && !group.is_empty() => format!("{name}.{group}"),
            _ => name.to_owned(),
        }
    }

    /// Plural and group, as kubectl names it: `pods`, `deployments.apps`.
    #[must_use]
    pub fn resource(&self) -> String {
        match &*self.group {
            "" => self.plural.to_string(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// Group and plural: `pods`, `apps/deployments`.
    #[must_use]
    pub fn group_and_plural(&self) -> String {
        match &*self.group {
            "" => self.plural.to_string(),
            group => format!("{group}/{}", self.plural),
        }
    }

    /// The RBAC rule that allows to list it: `apps/deployments list`.
    #[must_use]
    pub fn rule(&self) -> RbacRule {
        RbacRule::on_resource(&self.group, &self.plural, "list")
    }

    /// The `apiVersion` of its objects.
    #[must_use]
    pub fn api_version(&self) -> String {
        match &*self.group {
            "" => self.version.to_string(),
            group => format!("{group}/{}", self.version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Deployment, Pod};

    #[test]
    fn the_core_group_is_left_out_of_rules_and_versions() {
        let (pods, deployments) = (
            ResourceType::from_view::<Pod>(),
            ResourceType::from_view::<Deployment>(),
        );
        assert_eq!(
            (pods.resource(), pods.rule(), pods.api_version()),
            ("pods".into(), "pods list".into(), "v1".into())
        );
        assert_eq!(
            (
                deployments.resource(),
                deployments.rule(),
                deployments.api_version()
            ),
            (
                "deployments.apps".into(),
                "apps/deployments list".into(),
                "apps/v1".into()
            )
        );
    }

    #[test]
    fn a_discovered_type_is_named_with_its_group() {
        let discovered = ResourceType {
            group: "example.com".into(),
            plural: "things".into(),
            singular: "thing".into(),
            qualified: true,
            ..ResourceType::default()
        };
        assert_eq!(discovered.name(), "things.example.com");
        assert_eq!(discovered.name_of_one(), "thing.example.com");
        assert_eq!(discovered.resource(), "things.example.com");
        assert_eq!(discovered.rule(), "example.com/things list".into());
        assert_eq!(ResourceType::from_view::<Pod>().name(), "pods");
    }
}
