//! What is installed: every combination of the chart's values by the API server's own validation, and the plugin by
//! krew.

use sre_e2e::{Finished, binary, node, process, root};
use std::process::Command;
use std::time::Duration;

/// The scripts bound each of their steps; this is for what they forget.
const WITHIN: Duration = Duration::from_mins(10);

/// Runs a script of the repository on the cluster.
#[track_caller]
fn script(path: &str) -> Finished {
    let mut command = Command::new(root().join(path));
    command
        .env("KUBECONFIG", node::kubeconfig())
        .env("SRE_PLUGIN", binary("kubectl-sre"));
    process::run(&mut command, None, WITHIN).expect_code(0)
}

#[test]
fn the_api_server_accepts_whatever_the_chart_renders() {
    let ran = script("helm/tests/dry-run");
    let accepted: Option<u32> = ran.stdout.split_whitespace().find_map(|word| word.parse().ok());
    assert!(accepted.is_some_and(|count| count >= 100), "{ran}");
}

#[test]
fn krew_installs_a_release_which_kubectl_runs_against_a_cluster() {
    let ran = script("krew/test");
    let last = ran.stdout.lines().last().unwrap_or_default();
    assert!(last.ends_with(" passed, 0 failed, 0 skipped"), "{ran}");
}
