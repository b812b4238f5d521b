//! Owns the users behind bearer tokens, and what each may read.
//! Must not know the form of an answer.

use std::collections::{BTreeMap, BTreeSet};

use super::resource::{NAMESPACES, Resource, Target};

/// The user of a request without a token.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

/// The audience of tokens that are for the API server itself.
const API_AUDIENCE: &str = "https://kubernetes.default.svc";

/// The rights of a user to read.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Access {
    everywhere: bool,
    namespaces: BTreeSet<String>,
    lists_namespaces: bool,
    denied: Vec<(String, String)>,
    denied_paths: Vec<String>,
    paths: Vec<String>,
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

    /// Only these paths that are no resources, and the paths below each.
    pub fn paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            paths: paths.into_iter().map(str::to_owned).collect(),
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

    /// Whether it permits to create an object that is answered and not stored, such as `tokenreviews`.
    pub(crate) fn permits_create(&self, resource: &str) -> bool {
        let is_denied = |(verb, denied): &(String, String)| {
            (verb == "*" || verb == "create") && (denied == "*" || denied == resource)
        };
        self.everywhere && !self.denied.iter().any(is_denied)
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
            || self.paths.iter().any(|permitted| within(permitted))
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
    /// Tokens for other audiences than the API server: their users, and the audiences.
    issued: BTreeMap<String, (String, Vec<String>)>,
}

impl Users {
    pub fn new(anonymous: bool) -> Self {
        Self {
            tokens: BTreeMap::new(),
            access: BTreeMap::new(),
            anonymous,
            issued: BTreeMap::new(),
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
        self.issued.remove(token);
    }

    /// Issues a token of a user, which is for these audiences and not for the API server.
    pub fn issue(&mut self, user: &str, audiences: &[String]) -> String {
        let token = format!("issued-{}-{}", self.issued.len() + 1, user.replace(':', "-"));
        self.issued
            .insert(token.clone(), (user.to_owned(), audiences.to_vec()));
        token
    }

    /// The status of a `TokenReview`. A token of another audience is not valid.
    pub fn review(&self, token: &str, audiences: &[String]) -> serde_json::Value {
        let own = vec![API_AUDIENCE.to_owned()];
        let known = match self.issued.get(token) {
            Some((user, valid)) => Some((user, valid)),
            None => self.tokens.get(token).map(|user| (user, &own)),
        };
        let asked = if audiences.is_empty() { &own } else { audiences };
        let Some((user, valid)) = known else {
            return serde_json::json!({"user": {}, "error": "[invalid bearer token, unknown]"});
        };
        let both: Vec<_> = asked.iter().filter(|audience| valid.contains(audience)).collect();
        if both.is_empty() {
            let error = format!(
                "[invalid bearer token, token audiences {valid:?} is invalid for the target audiences {asked:?}]"
            );
            return serde_json::json!({"user": {}, "error": error});
        }
        serde_json::json!({
            "authenticated": true,
            "user": {
                "username": user, "uid": format!("uid-of-{user}"),
                "groups": ["system:authenticated"], "extra": {"example.com/of": [user]}
            },
            "audiences": both
        })
    }

    /// Whether a user may get a path that is no resource.
    pub fn permits_path(&self, user: &str, path: &str) -> bool {
        self.access
            .get(user)
            .is_some_and(|access| access.permits_path(path))
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
