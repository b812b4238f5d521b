//! The action for GitHub and the examples for other programs, with the real plugin, a real agent and a real API server.

use sre_e2e::{Cluster, ProcessResult, binary, process, root};
use std::process::Command;
use std::time::Duration;

/// Limit of a script. The scripts bound each of their steps, and this is for a step that they forget.
const WITHIN: Duration = Duration::from_mins(5);

/// Runs a script of the repository on the cluster.
#[track_caller]
fn script(path: &str, arguments: &[&str]) -> ProcessResult {
    let mut command = Command::new(root().join(path));
    command
        .args(arguments)
        .env("KUBECONFIG", Cluster::shared().kubeconfig())
        .env("SRE_PLUGIN", binary("kubectl-sre"))
        .env("SRE_AGENT", binary("sre-agent"));
    process::run(&mut command, None, WITHIN).expect_code(0)
}

/// The last line of its output.
fn last_line(ran: &ProcessResult) -> &str {
    ran.stdout.lines().last().unwrap_or_default()
}

#[test]
fn the_action_shows_what_the_plugin_says() {
    let ran = script(".github/actions/health/test", &[]);
    assert_eq!(last_line(&ran), "the action passes 17 tests", "{ran}");
}

#[test]
fn other_programs_read_the_answers_as_the_examples_say() {
    let ran = script("examples/integrations/test", &["--real"]);
    assert_eq!(last_line(&ran), "the examples pass 5 of 5 tests", "{ran}");
}
