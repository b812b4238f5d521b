//! The vectors of the causes: one row a case, each a dump as `kubectl get -o json` writes it.

mod crash;
mod creation;
mod cronjob;
mod job;
mod newest;
mod node;
mod outlook;
mod readiness;
mod sandbox;
mod scheduling;
mod terminated;
mod waiting;
mod workload;

use crate::DAY;
use serde_json::{Value, json};
use sre_shared::dump::{File, Objects};
use sre_shared::kind::Kind;
use sre_shared::report::{Cause, Item, State};
use sre_shared::resource::Time;
use sre_shared::run::{Causes, KindTarget, Request, dump};
use sre_testkit::at;
use sre_testkit::object::{Deployment, List, Pod, ReplicaSet};

const HOUR: i64 = 3_600;

fn now() -> Time {
    Time::parse(&at(0)).expect("the test clock is a time")
}

/// The verdict about the first object of a kind in a dump of these objects.
pub fn judge(kind: Kind, objects: Vec<Value>) -> Item {
    let file = File::new("dump", List::kubectl().items(objects).to_json().into_bytes());
    let ask = Request {
        kinds: vec![KindTarget::all(kind)],
        causes: Causes::WithoutLogs,
        ..Request::default()
    };
    let report = dump(&Objects::read(vec![file]), "dump", &ask, Some(now()), now);
    let check = report.kinds().next().expect("the kind is in the dump");
    check.items.first().expect("an object of the kind").clone()
}

/// A Deployment that is a day old. None of its three replicas is ready, and its rollout is long over.
fn web() -> Deployment {
    Deployment::new("shop", "web")
        .created(at(-DAY))
        .replicas(3)
        .counts(3, 3, 0, 0)
}

fn set() -> ReplicaSet {
    ReplicaSet::new("shop", "web-1").owned_by(&web()).replicas(3)
}

/// A pod of that Deployment, an hour old.
fn pod(name: &str) -> Pod {
    Pod::new("shop", name).owned_by(&set()).created(at(-HOUR))
}

fn a() -> Pod {
    pod("web-1-a")
}

fn event(about: &Value, reason: &str, message: &str, seconds: i64) -> Value {
    let of = &about["metadata"];
    let name = format!("{}.{reason}.{seconds}", of["name"].as_str().unwrap_or_default());
    json!({
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message,
        "metadata": {"namespace": of["namespace"], "name": name, "creationTimestamp": at(-HOUR)},
        "involvedObject": {
            "kind": about["kind"], "namespace": of["namespace"], "name": of["name"], "uid": of["uid"],
            "fieldPath": "spec.containers{app}"
        },
        "lastTimestamp": at(seconds)
    })
}

fn node(name: &str, ready: &str, message: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "creationTimestamp": at(-DAY)},
        "status": {"conditions": [{
            "type": "Ready", "status": ready, "reason": "NodeStatusUnknown", "message": message,
            "lastTransitionTime": at(-400)
        }]}
    })
}

/// The Deployment with this pod alone, and other objects.
fn with(pod: Pod, others: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut objects = vec![web().build(), set().build(), pod.build()];
    objects.extend(others);
    objects
}

/// Code, message, time, command and subject of a cause. The time is that of the last crash, else since when the cause
/// holds.
type CauseText<'a> = (&'a str, &'a str, Option<String>, &'a str, Option<String>);

fn cause_text(cause: &Cause) -> CauseText<'_> {
    (
        cause.code.as_str(),
        &cause.message,
        cause.last.clone().or(cause.since.clone()),
        cause.hint.as_deref().unwrap_or_default(),
        cause.subject.as_ref().map(ToString::to_string),
    )
}

/// Each cause as `CODE COUNTx MESSAGE`.
fn lines(item: &Item) -> Vec<String> {
    let line = |c: &Cause| format!("{} {}x {}", c.code, c.count, c.message);
    item.causes.iter().map(line).collect()
}

const DESCRIBE: &str = "kubectl -n shop describe pod web-1-a";

/// The command that prints a field of the container `app`.
macro_rules! app_field {
    ($field:literal) => {
        concat!(
            "kubectl -n shop get pod web-1-a -o 'jsonpath={.spec.containers[?(@.name==\"app\")].",
            $field,
            "}'"
        )
    };
}
use app_field;

const NODES: &str = "kubectl get nodes -o 'custom-columns=NAME:.metadata.name,CPU:.status.allocatable.cpu,\
                     MEMORY:.status.allocatable.memory,TAINTS:.spec.taints[*].key'";

const LOGS: &str = "kubectl -n shop logs web-1-a -c app --previous";

fn crashed(reason: &str, code: i64) -> Pod {
    a().waiting(
        "CrashLoopBackOff",
        "back-off 5m0s restarting failed container=app",
    )
    .last_terminated(reason, code, at(-40))
    .restarts(7)
}

struct CauseRow {
    name: &'static str,
    objects: Vec<Value>,
    expected: CauseText<'static>,
}

fn row(
    name: &'static str,
    objects: Vec<Value>,
    code: &'static str,
    message: &'static str,
    since: i64,
    hint: &'static str,
    subject: Option<&'static str>,
) -> CauseRow {
    CauseRow {
        name,
        objects,
        expected: (code, message, Some(at(since)), hint, subject.map(str::to_owned)),
    }
}

fn ended(code: i64, seconds: i64) -> Value {
    json!({"terminated": {"exitCode": code, "reason": "Error", "finishedAt": at(seconds)}})
}

/// Every reason of a pod that is not ready.
fn all_rows() -> Vec<CauseRow> {
    let rows = [
        crash::rows(),
        waiting::rows(),
        scheduling::rows(),
        sandbox::rows(),
        readiness::rows(),
        node::rows(),
    ];
    rows.into_iter().flatten().collect()
}

#[test]
fn every_reason_of_a_pod_has_its_code_message_time_and_command() {
    let mut wrong = Vec::new();
    for row in all_rows() {
        let item = judge(Kind::Deployment, row.objects);
        assert_eq!(
            (item.state, item.reason.as_str()),
            (State::Unavailable, "ReadyBelowDesired"),
            "{}",
            row.name
        );
        let found: Vec<_> = item.causes.iter().map(cause_text).collect();
        if found != [row.expected.clone()] || item.causes[0].example != Some("Pod/web-1-a".into()) {
            wrong.push(format!("{}: {found:#?} instead of {:#?}", row.name, row.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A row is left out if a subject names the thing behind it, or if its sentence does not say why.
#[test]
fn a_cause_shares_its_words_if_they_say_why() {
    let shared = all_rows().into_iter().filter_map(|row| {
        let item = judge(Kind::Deployment, row.objects);
        let words = item.causes.first()?.shared_words.clone()?;
        Some((row.name, words))
    });
    let shared: Vec<(&str, String)> = shared.collect();
    let expected = [
        (
            "the last line of a termination message",
            "container app exited 2: panic: DATABASE_URL is not set",
        ),
        (
            "a liveness probe that ends the container again and again",
            "container app: HTTP probe failed with statuscode: 503",
        ),
        ("a startup probe", "container app: no such file"),
        ("a hook that fails", "container app: PostStartHook failed"),
        (
            "a command that is not there",
            "container app: exec: \"/nope\": no such file or directory",
        ),
        (
            "a command that is not there, after its first tries",
            "container app: exec: \"/nope\": no such file or directory",
        ),
        (
            "a hook that the kubelet waits for",
            "container app: exit status 7",
        ),
        ("no room", "/ nodes are available:  Insufficient cpu"),
        (
            "no room, and the autoscaler at work",
            "the autoscaler is adding a node: / nodes are available:  Insufficient cpu",
        ),
        (
            "no room, and what was tried to make some",
            "/ nodes are available:  Insufficient cpu",
        ),
        (
            "a scheduler that is not there",
            "no scheduler has looked at it yet, it waits for one named volcano",
        ),
        (
            "no room on the node that it was made for",
            "for node n: / nodes are available:  Insufficient cpu",
        ),
        (
            "a mount error that quotes the command",
            "MountVolume.SetUp failed for volume  : mount failed: exit status  mount: unknown filesystem type 'nfs'.",
        ),
        (
            "a volume that does not attach",
            "Multi-Attach error for volume : it is used by pod(s) web-",
        ),
        (
            "a directory that is not on the node",
            "MountVolume.SetUp failed for volume  : hostPath type check failed: /srv/x is not a directory",
        ),
        ("a sandbox", "no network plugin"),
        (
            "a readiness probe",
            "container app: HTTP probe failed with statuscode: 404",
        ),
        (
            "a readiness probe by gRPC",
            "container app: timeout: failed to connect service \"10.0.0.9:8080\" within 1s: context deadline exceeded",
        ),
        (
            "a readiness probe whose command writes much",
            "container app: trying again trying again trying again trying again trying again trying again trying again \
             trying again trying again trying again trying again trying again trying ... again trying again trying again \
             trying again trying again trying again trying again trying again cannot reach postgres",
        ),
        (
            "a readiness gate that nobody has set",
            "readiness gate lb.example/ready: its controller has not set it yet",
        ),
        (
            "a readiness gate that is shut",
            "readiness gate lb.example/ready: Draining",
        ),
        (
            "a pod whose deletion does not end",
            "its deletion does not end: finalizers: x.example/y",
        ),
    ];
    let shared: Vec<(&str, &str)> = shared
        .iter()
        .map(|(name, words)| (*name, words.as_str()))
        .collect();
    assert_eq!(shared, expected);
}

/// A Deployment of ten replicas. Seven of them have a pod that is 15 s old.
fn young(pod_of: impl Fn(Pod) -> Pod, others: Vec<Value>) -> Item {
    let scaled = web().replicas(10).counts(10, 10, 3, 3);
    let mut objects = vec![scaled.build(), set().replicas(10).build()];
    objects.extend((0..7).map(|i| {
        let pod = pod(&format!("web-1-{i}")).created(at(-15)).ready(false, at(-15));
        pod_of(pod).build()
    }));
    objects.extend(others);
    judge(Kind::Deployment, objects)
}

fn stateful(ready: i64, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"namespace": "shop", "name": "db", "uid": "sts", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {"replicas": 3},
        "status": {"observedGeneration": 1, "replicas": replicas, "readyReplicas": ready, "availableReplicas": ready,
            "updatedReplicas": replicas, "currentRevision": "r", "updateRevision": "r"}
    })
}

fn job(name: &str, uid: &str, reason: &str, message: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": name, "uid": uid, "generation": 1, "creationTimestamp": at(-HOUR)},
        "spec": {"completions": 1, "parallelism": 1},
        "status": {"startTime": at(-HOUR), "failed": 3, "conditions": [
            {"type": "Failed", "status": "True", "reason": reason, "message": message, "lastTransitionTime": at(-100)}]}
    })
}

fn failed_pod(job: &str, uid: &str, code: i64) -> Value {
    Pod::new("shop", &format!("{job}-{code}"))
        .owner("batch/v1", "Job", job, uid)
        .terminated("Error", code, at(-200))
        .phase("Failed")
        .build()
}
