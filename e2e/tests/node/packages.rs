//! Packages: the API server validates every combination of the chart's values, and krew installs the plugin.

use sre_e2e::{ProcessResult, binary, node, process, root};
use std::process::Command;
use std::time::Duration;

/// Limit of a script. The scripts bound each of their steps, and this is for a step that they forget.
const WITHIN: Duration = Duration::from_mins(10);

/// Runs a script of the repository on the cluster.
#[track_caller]
fn script(path: &str) -> ProcessResult {
    let mut command = Command::new(root().join(path));
    command
        .env("KUBECONFIG", node::kubeconfig())
        .env("SRE_PLUGIN", binary("kubectl-sre"));
    process::run(&mut command, None, WITHIN).expect_code(0)
}

#[test]
fn the_api_server_accepts_every_manifest_of_the_chart() {
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
