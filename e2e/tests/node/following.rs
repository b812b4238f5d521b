//! `--wait` on real rollouts: a kubelet pulls, starts and restarts, the controllers count, and kubectl is the witness.

use serde_json::{Value, json};
use sre_e2e::node::{RUNS, RestrictedNamespace, deployment, kubectl, plugin, pod_spec};
use sre_e2e::process::ProcessResult;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A command of a pod that runs for longer than any test.
const RUNS_ON: [&str; 2] = ["sleep", "3600"];
/// A wait says that it began within this time, also on a busy machine.
const BEGINS: Duration = Duration::from_secs(10);

/// A wait that runs beside the test.
struct Waiting(JoinHandle<ProcessResult>);

impl Waiting {
    /// Starts to wait for these targets in a namespace.
    fn begin(space: &RestrictedNamespace, words: &str) -> Self {
        let line = format!("health {words} -n {} --wait --color never", space.0);
        Self(thread::spawn(move || plugin().wait(&line)))
    }

    #[track_caller]
    fn end(self) -> ProcessResult {
        self.0.join().expect("a wait does not panic")
    }
}

/// Waits for these targets, and expects that exit code and those words in the line that says why the wait ended.
#[track_caller]
fn expect(space: &RestrictedNamespace, words: &str, code: i32, end: &str) -> ProcessResult {
    ends(Waiting::begin(space, words).end(), code, end)
}

#[track_caller]
fn ends(ran: ProcessResult, code: i32, end: &str) -> ProcessResult {
    let ran = ran.expect_code(code);
    assert!(ran.stderr.contains(end), "{end:?} is not on stderr\n{ran}");
    ran
}

fn web(replicas: u32, command: &[&str]) -> Value {
    deployment("web", replicas, command)
}

/// The Deployment with another image in its template.
fn with_image(mut deployment: Value, image: &str, policy: &str) -> Value {
    let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
    container["image"] = image.into();
    container["imagePullPolicy"] = policy.into();
    deployment
}

/// Waits until kubectl shows that value.
#[track_caller]
fn until_shown(space: &RestrictedNamespace, object: &str, condition: &str) {
    kubectl().wait(&space.0, object, &[condition]);
}

#[test]
fn a_good_rollout_and_the_next_one_end_when_kubectl_says_so() {
    let space = RestrictedNamespace::new("following");
    space.create(web(2, &RUNS_ON));
    let ran = expect(
        &space,
        "deploy/web",
        0,
        "Deployment following/web is healthy, after ",
    );
    assert!(ran.stdout.starts_with("OK"), "{ran}");
    // kubectl does not wait: it agrees, or fails.
    space.run(&["rollout", "status", "deployment/web", "--watch=false"]);
    until_shown(&space, "deployment/web", "{.status.availableReplicas}=2");
    // The next revision. Its pods are new, and the old ones are healthy until then.
    let patch = json!({"spec": {"template": {"metadata": {"annotations": {"try": "2"}}}}}).to_string();
    space.run(&["patch", "deployment/web", "--patch", &patch]);
    let ran = expect(
        &space,
        "deploy/web",
        0,
        "Deployment following/web is healthy, after ",
    );
    assert!(
        ran.stderr.contains("Deployment/following/web: progressing"),
        "{ran}"
    );
    until_shown(&space, "deployment/web", "{.status.updatedReplicas}=2");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let mut each = lines.clone();
    each.dedup();
    assert_eq!(lines, each, "no line comes twice");
}

#[test]
fn a_rollout_that_cannot_succeed_ends_the_wait_long_before_kubernetes_gives_up() {
    let space = RestrictedNamespace::new("following");
    space.create(with_image(web(1, &RUNS_ON), "sre-e2e-none:v1", "Never"));
    let ran = expect(
        &space,
        "deploy/web --timeout 2m",
        2,
        "is not present with pull policy of Never",
    );
    assert!(ran.took < RUNS, "its deadline is ten minutes\n{ran}");
    // A better one meanwhile is followed.
    let waiting = Waiting::begin(&space, "deploy/web --grace 1m --timeout 3m");
    space.run(&["delete", "deployment/web"]);
    space.create(web(1, &RUNS_ON));
    ends(waiting.end(), 0, "Deployment following/web is healthy");
}

#[test]
fn a_registry_that_is_away_has_the_grace_and_no_more() {
    let space = RestrictedNamespace::new("following");
    // An address of this machine on which nothing listens.
    space.create(with_image(web(1, &RUNS_ON), "127.0.0.1:1/web:v1", "Always"));
    let strict = expect(&space, "deploy/web --grace 5s --timeout 3m", 2, "web");
    assert!(strict.stderr.contains("127.0.0.1:1"), "{strict}");
    let waiting = Waiting::begin(&space, "deploy/web --grace 2m --timeout 3m");
    thread::sleep(BEGINS);
    space.run(&["set", "image", "deployment/web", "app=sre-e2e-tools:latest"]);
    let policy = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/imagePullPolicy", "value": "Never"}]);
    space.run(&[
        "patch",
        "deployment/web",
        "--type=json",
        "--patch",
        &policy.to_string(),
    ]);
    ends(waiting.end(), 0, "Deployment following/web is healthy");
}

#[test]
fn a_crash_in_all_pods_ends_the_wait_after_the_grace() {
    let space = RestrictedNamespace::new("following");
    let mut crashing = web(2, &["sh", "-c", "echo no database; exit 3"]);
    // Without a probe the pods would be ready until they crash.
    crashing["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] =
        json!({"exec": {"command": ["false"]}});
    space.create(crashing);
    let ran = expect(&space, "deploy/web --grace 10s --timeout 4m", 2, "web");
    assert!(ran.stdout.contains("exited 3"), "{ran}");
}

#[test]
fn a_quota_that_frees_itself_is_waited_for_and_one_that_does_not_has_the_grace() {
    let space = RestrictedNamespace::new("following");
    space.run(&["create", "quota", "pods", "--hard=pods=1"]);
    until_shown(&space, "resourcequota/pods", "{.status.hard.pods}=1");
    space.create(web(2, &RUNS_ON));
    let ran = expect(&space, "deploy/web --grace 10s --timeout 3m", 2, "web");
    assert!(
        ran.stdout.contains("Quota: quota pods: pods 1 of 1 used"),
        "{ran}"
    );
    let waiting = Waiting::begin(&space, "deploy/web --grace 3m --timeout 4m");
    thread::sleep(BEGINS);
    space.run(&[
        "patch",
        "resourcequota/pods",
        "--patch",
        r#"{"spec":{"hard":{"pods":"3"}}}"#,
    ]);
    // The ReplicaSet's back-off has grown meanwhile; a change of the Deployment is tried at once.
    space.run(&["scale", "deployment/web", "--replicas=1"]);
    space.run(&["scale", "deployment/web", "--replicas=2"]);
    ends(waiting.end(), 0, "Deployment following/web is healthy");
}

fn job(name: &str, command: &[&str]) -> Value {
    let mut spec = pod_spec(command);
    spec["restartPolicy"] = "Never".into();
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
           "spec": {"backoffLimit": 0, "template": {"spec": spec}}})
}

#[test]
fn a_job_ends_the_wait_with_its_own_end_and_a_cron_job_with_its_run() {
    let space = RestrictedNamespace::new("following");
    space.create(job("good", &["sleep", "3"]));
    space.create(job("bad", &["sh", "-c", "sleep 3; exit 4"]));
    expect(&space, "job/good", 0, "Job following/good");
    let ran = expect(&space, "job/bad", 2, "Job following/bad");
    assert!(ran.stdout.contains("BackoffLimitExceeded"), "{ran}");
    let schedule = "0 0 29 2 *";
    let template = job("unused", &["sleep", "20"])["spec"].clone();
    space.create(
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "yearly"},
                        "spec": {"schedule": schedule, "jobTemplate": {"spec": template}}}),
    );
    // Nobody waits four years for a schedule.
    expect(
        &space,
        "cronjob/yearly --timeout 1m",
        0,
        "CronJob following/yearly",
    );
    space.run(&["create", "job", "now", "--from=cronjob/yearly"]);
    expect(&space, "job/now", 0, "Job following/now");
    until_shown(&space, "job/now", "{.status.succeeded}=1");
}

#[test]
fn a_stateful_set_in_order_a_scale_meanwhile_and_a_newer_template_are_followed() {
    let space = RestrictedNamespace::new("following");
    let mut set = deployment("db", 3, &RUNS_ON);
    set["kind"] = "StatefulSet".into();
    set["spec"]["serviceName"] = "db".into();
    space.create(set);
    expect(&space, "sts/db", 0, "StatefulSet following/db is healthy");
    until_shown(&space, "statefulset/db", "{.status.readyReplicas}=3");

    // The first template never becomes ready; the newer one does, with another number of pods.
    space.create(with_image(web(1, &RUNS_ON), "127.0.0.1:1/web:v1", "Always"));
    let waiting = Waiting::begin(&space, "deploy/web --grace 3m --timeout 4m");
    thread::sleep(BEGINS);
    space.run(&["scale", "deployment/web", "--replicas=3"]);
    let good = web(3, &RUNS_ON)["spec"]["template"]["spec"].clone();
    let patch = json!({"spec": {"template": {"spec": good}}}).to_string();
    space.run(&["patch", "deployment/web", "--patch", &patch]);
    let ran = ends(waiting.end(), 0, "Deployment following/web is healthy");
    assert!(ran.stderr.contains("superseded by revision 2"), "{ran}");
    until_shown(&space, "deployment/web", "{.status.readyReplicas}=3");
}

#[test]
fn objects_that_wait_for_a_person_or_are_taken_away_end_the_wait() {
    let space = RestrictedNamespace::new("following");
    space.create(web(1, &RUNS_ON));
    expect(&space, "deploy/web", 0, "healthy");
    space.run(&["rollout", "pause", "deployment/web"]);
    space.run(&["set", "env", "deployment/web", "NEW=1"]);
    let ran = expect(
        &space,
        "deploy/web",
        1,
        "kubectl -n following rollout resume deployment/web",
    );
    assert!(ran.took < RUNS, "{ran}");
    // The pause is over, and the namespace goes away under the wait.
    let mut never = web(1, &RUNS_ON);
    never["metadata"]["name"] = "never".into();
    never["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] =
        json!({"exec": {"command": ["false"]}});
    space.create(never);
    let waiting = Waiting::begin(&space, "deploy/never --timeout 4m");
    thread::sleep(BEGINS);
    drop(kubectl().run(&["delete", "namespace", &space.0, "--timeout=90s"], None));
    ends(waiting.end(), 2, "never");
}
