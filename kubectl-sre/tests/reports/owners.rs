//! Owners that are judged by nobody else: what is told of their pods, ReplicaSets and Jobs, and who knows of them.

use super::judged::verdict;

#[test]
fn a_service_of_a_deployment_config_at_zero_is_scaled_to_zero() {
    assert_eq!(verdict("r25-deploymentconfig.json", &["svc"]), "exit 0");
}
