//! Owns which authorisation rule is missing after a refusal, and how the agent gets it.
//! Must not know who asks.

use sre_shared::failure::{Class, Failure};
use sre_shared::kind::{Kind, RbacRule};

/// A rule that the agent's identity lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingRule {
    /// The rule, as a report names it.
    pub rule: RbacRule,
    /// How to get it, one line.
    pub hint: String,
}

/// The rule on a kind that is missing, if that failure is a refusal.
///
/// A list and a watch have the same path, so only the message of the refusal has the verb. `forbiddenMessage` of
/// k8s.io/apiserver writes it (`responsewriters/errors.go`).
pub fn missing_on_kind(kind: Kind, failure: &Failure) -> Option<MissingRule> {
    if failure.class != Class::Forbidden {
        return None;
    }
    let (rule, resource) = (kind.rule(), kind.resource());
    let narrow = "or restrict it with --namespaces to those that it may read";
    Some(if failure.message.contains(" cannot watch resource ") {
        MissingRule {
            rule: RbacRule {
                verb: "watch".to_owned(),
                ..rule
            },
            hint: format!(
                "let the agent's identity watch {resource} too, without which its data cannot be kept current (the \
                 chart's ClusterRole does), {narrow}"
            ),
        }
    } else {
        MissingRule {
            hint: format!(
                "let the agent's identity list and watch {resource} (the chart's ClusterRole does), {narrow}"
            ),
            rule,
        }
    })
}

/// How to get the rule on a related kind, such as `deployments.apps`. The agent only lists related kinds.
pub fn hint_to_list(resource: &str) -> String {
    format!("let the agent's identity list {resource} (the chart's roles do)")
}

/// The missing rule on a path of the API server that is no resource.
pub fn missing_on_path(path: &str) -> MissingRule {
    MissingRule {
        rule: RbacRule::on_path(path),
        hint: format!(
            "let the agent's identity get the nonResourceURL {path} (the chart's ClusterRole does)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_the_verb_that_is_missing() {
        let rule = |class, verb: &str| {
            let message = format!(
                "deployments.apps is forbidden: User \"system:serviceaccount:sre-tools:sre-agent\" cannot {verb} \
                 resource \"deployments\" in API group \"apps\" at the cluster scope"
            );
            missing_on_kind(Kind::Deployment, &Failure::new(class, message))
                .map(|missing| missing.rule.to_string())
        };
        assert_eq!(
            rule(Class::Forbidden, "list").as_deref(),
            Some("apps/deployments list")
        );
        assert_eq!(
            rule(Class::Forbidden, "watch").as_deref(),
            Some("apps/deployments watch")
        );
        assert_eq!(rule(Class::Unauthenticated, "watch"), None);
        assert_eq!(
            missing_on_path("/livez").rule.to_string(),
            "nonResourceURL /livez get"
        );
    }
}
