//! The hint that says how to get missing RBAC rules.

use crate::kind::RbacRule;

/// The command by which a cluster admin grants these rules. It names each verb and each resource once.
pub(super) fn grant(rules: &[RbacRule]) -> String {
    let listed = |part: &dyn Fn(&RbacRule) -> String| {
        let mut words: Vec<String> = Vec::new();
        for word in rules.iter().map(part) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.join(",")
    };
    let verbs = listed(&|rule| rule.verb.clone());
    let resources = listed(&RbacRule::qualified_resource);
    format!(
        "a cluster admin grants it: kubectl create clusterrole sre-health --verb={verbs} --resource={resources}, \
         then a binding for you; or narrow with -n to a namespace that you may read"
    )
}

#[cfg(test)]
mod tests {
    use super::grant;
    use crate::kind::RbacRule;

    #[test]
    fn one_command_grants_several_rules() {
        let rules = ["apps/deployments list", "batch/jobs list", "pods/log get"].map(RbacRule::from);
        let [deployments, jobs, logs] = rules;
        assert_eq!(
            grant(std::slice::from_ref(&deployments)),
            "a cluster admin grants it: kubectl create clusterrole sre-health --verb=list --resource=deployments.apps, \
             then a binding for you; or narrow with -n to a namespace that you may read"
        );
        assert!(
            grant(&[deployments, jobs.clone()])
                .contains("--verb=list --resource=deployments.apps,jobs.batch, then")
        );
        assert!(grant(&[logs, jobs]).contains("--verb=get,list --resource=pods/log,jobs.batch, then"));
    }
}
