//! Following a change through an installed agent, by the real service proxy of the API server.

use serde_json::json;
use sre_e2e::Release;
use sre_e2e::node::{RestrictedNamespace, deployment, kubectl, plugin};
use sre_e2e::process::ProcessResult;
use std::thread;
use std::time::Duration;

/// A command of a pod that runs for longer than any test.
const RUNS_ON: [&str; 2] = ["sleep", "3600"];

/// The events of the agent came through: it was not asked again and again instead.
#[track_caller]
fn is_streamed(ran: &ProcessResult) {
    assert!(!ran.stderr.contains("sends no events"), "{ran}");
}

/// A patch that begins a rollout.
fn another(try_number: u32) -> String {
    json!({"spec": {"template": {"metadata": {"annotations": {"try": try_number.to_string()}}}}}).to_string()
}

#[test]
fn a_rollout_is_waited_for_watched_and_gated_through_the_service_proxy() {
    let _release = Release::install("sre-tools", &[]);
    let space = RestrictedNamespace::new("following");
    space.create(deployment("web", 2, &RUNS_ON));
    let wait = "health deploy/web -n following --wait --agent --timeout 3m --color never";
    let ran = plugin().wait(wait).expect_code(0);
    is_streamed(&ran);
    assert!(
        ran.stderr.contains("Deployment following/web is healthy, after "),
        "{ran}"
    );
    space.run(&["rollout", "status", "deployment/web", "--watch=false"]);

    let watching = thread::spawn(|| {
        plugin().wait("health deploy/web -n following -w --agent --timeout 40s --color never")
    });
    thread::sleep(Duration::from_secs(5));
    space.run(&["patch", "deployment/web", "--patch", &another(2)]);
    let ran = watching.join().expect("a watch does not panic").expect_code(0);
    is_streamed(&ran);
    for state in ["progressing", "healthy"] {
        let words = format!("Deployment/following/web: {state}");
        assert!(ran.stdout.contains(&words), "{words:?} is missing\n{ran}");
    }

    let manifests = kubectl().ok(&["-n", "following", "get", "deployment/web", "-o", "json"]);
    let line = "health --manifest - --wait --agent --timeout 60s --color never";
    let ran = plugin().judge(line, Some(manifests)).expect_code(0);
    is_streamed(&ran);

    let program = sre_e2e::kubectl::Kubectl::program();
    let patch = another(3).replace(' ', "");
    let ran = plugin().wait(&format!(
        "gate deploy/web -n following --agent --timeout 3m --color never -- {} -n following patch deployment/web \
         --patch {patch}",
        program.display()
    ));
    let ran = ran.expect_code(0);
    is_streamed(&ran);
    assert!(
        ran.stderr.contains("Deployment following/web is healthy, after "),
        "{ran}"
    );
}
