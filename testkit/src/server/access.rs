//! Owns the users behind bearer tokens, and what each may read.
//! Must not know the form of an answer.

use std::collections::{BTreeMap, BTreeSet};

use super::resource::{NAMESPACES, Resource, Target};

/// The user of a request without a token.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

/// The rights of a user to read.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Access {
    everywhere: bool,
    namespaces: BTreeSet<String>,
    lists_namespaces: bool,
    denied: Vec<(String, String)>,
    denied_paths: Vec<String>,
}

impl Access {
    /// Everything.
    pub fn admin() -> Self {
        Self {
            everywhere: true,
            ..Self::default()
        }
    }

    /// Only /version and the health endpoints, which everybody may read.
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything in these namespaces, and each of these Namespace objects by name. A list of all namespaces
    /// at once is forbidden.
    pub fn namespaces<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            namespaces: names.into_iter().map(str::to_owned).collect(),
            ..Self::default()
        }
    }

    /// Adds the right to list Namespace objects.
    pub fn and_namespace_list(mut self) -> Self {
        self.lists_namespaces = true;
        self
    }

    /// Takes away a verb (`get`, `list`, `watch`, or `*`) on a resource by its plural (or `*`).
    pub fn without(mut self, verb: &str, resource: &str) -> Self {
        self.denied.push((verb.to_owned(), resource.to_owned()));
        self
    }

    /// Takes away a path that is no resource, such as /readyz, and the paths below it.
    pub fn without_path(mut self, path: &str) -> Self {
        self.denied_paths.push(path.to_owned());
        self
    }

    pub(crate) fn permits(&self, verb: &str, target: &Target) -> bool {
        let denied = self.denied.iter().any(|(denied_verb, resource)| {
            (denied_verb == "*" || denied_verb == verb)
                && (resource == "*" || resource == target.resource.plural)
        });
        if denied {
            return false;
        }
        if self.everywhere {
            return true;
        }
        if target.resource == NAMESPACES {
            let by_name = target
                .name
                .as_ref()
                .is_some_and(|name| self.namespaces.contains(name));
            return self.lists_namespaces || by_name;
        }
        target
            .namespace
            .as_ref()
            .is_some_and(|namespace| self.namespaces.contains(namespace))
    }

    /// The rules of a `SelfSubjectRulesReview`: the verbs on each resource, in any one namespace.
    pub(crate) fn rules(&self) -> Vec<serde_json::Value> {
        let namespace = self.namespaces.first().map_or("default", String::as_str);
        let of = |resource: &'static Resource| {
            let target = Target {
                resource,
                namespace: resource.namespaced.then(|| namespace.to_owned()),
                name: None,
            };
            let verbs: Vec<_> = ["get", "list", "watch"]
                .into_iter()
                .filter(|verb| self.permits(verb, &target))
                .collect();
            (!verbs.is_empty()).then(|| {
                serde_json::json!({"verbs": verbs, "apiGroups": [resource.group], "resources": [resource.plural]})
            })
        };
        Resource::all().iter().filter_map(of).collect()
    }

    pub(crate) fn permits_path(&self, path: &str) -> bool {
        let within = |root: &str| {
            path.strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.denied_paths.iter().any(|denied| within(denied)) {
            return false;
        }
        self.everywhere
            || ["/version", "/readyz", "/livez", "/healthz"]
                .into_iter()
                .any(within)
    }
}

/// The users and their tokens.
#[derive(Debug)]
pub(crate) struct Users {
    tokens: BTreeMap<String, String>,
    access: BTreeMap<String, Access>,
    anonymous: bool,
}

impl Users {
    pub fn new(anonymous: bool) -> Self {
        Self {
            tokens: BTreeMap::new(),
            access: BTreeMap::new(),
            anonymous,
        }
    }

    pub fn add(&mut self, token: &str, user: &str, access: Access) {
        self.tokens.insert(token.to_owned(), user.to_owned());
        self.access.insert(user.to_owned(), access);
    }

    pub fn set_access(&mut self, user: &str, access: Access) {
        self.access.insert(user.to_owned(), access);
    }

    /// Makes a token unknown, as when it has expired.
    pub fn revoke(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub fn token_of(&self, user: &str) -> Option<&str> {
        self.tokens
            .iter()
            .find(|(_, owner)| *owner == user)
            .map(|(token, _)| token.as_str())
    }

    /// The user behind an Authorization header and their access; `None` if the token is unknown.
    pub fn authenticate(&self, authorization: Option<&str>) -> Option<(String, Access)> {
        let user = match authorization {
            None if self.anonymous => ANONYMOUS.to_owned(),
            None => return None,
            Some(value) => self.tokens.get(value.strip_prefix("Bearer ")?.trim())?.clone(),
        };
        let access = self.access.get(&user).cloned().unwrap_or_default();
        Some((user, access))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Target {
        Target::parse(path).expect("a test names a served path")
    }

    #[test]
    fn access_by_namespace_forbids_the_list_of_all() {
        let access = Access::namespaces(["shop"]);
        assert!(access.permits("list", &target("/apis/apps/v1/namespaces/shop/deployments")));
        assert!(access.permits("get", &target("/api/v1/namespaces/shop")));
        assert!(!access.permits("list", &target("/apis/apps/v1/namespaces/bank/deployments")));
        assert!(!access.permits("list", &target("/apis/apps/v1/deployments")));
        assert!(!access.permits("list", &target("/api/v1/namespaces")));
        assert!(
            access
                .and_namespace_list()
                .permits("list", &target("/api/v1/namespaces"))
        );
    }

    #[test]
    fn a_right_that_is_taken_away_is_missing_for_an_admin_too() {
        let access = Access::admin()
            .without("watch", "deployments")
            .without("*", "pods")
            .without_path("/readyz");
        assert!(access.permits("list", &target("/apis/apps/v1/deployments")));
        assert!(!access.permits("watch", &target("/apis/apps/v1/deployments")));
        assert!(!access.permits("list", &target("/api/v1/pods")));
        assert!(!access.permits_path("/readyz"));
        assert!(access.permits_path("/version"));
        assert!(access.permits_path("/metrics"));
        assert!(!Access::none().permits_path("/metrics"));
        assert!(!Access::none().permits_path("/versions"));
    }

    #[test]
    fn an_unknown_token_has_no_user_and_no_token_is_anonymous_if_that_is_on() {
        let mut users = Users::new(true);
        users.add("secret", "jane", Access::admin());
        let name = |users: &Users, header| users.authenticate(header).map(|(user, _)| user);
        assert_eq!(name(&users, Some("Bearer secret")).as_deref(), Some("jane"));
        assert_eq!(name(&users, Some("Bearer wrong")), None);
        assert_eq!(name(&users, Some("Basic secret")), None);
        assert_eq!(name(&users, None).as_deref(), Some(ANONYMOUS));
        assert_eq!(name(&Users::new(false), None), None);
        users.revoke("secret");
        assert_eq!(name(&users, Some("Bearer secret")), None);
    }
}
