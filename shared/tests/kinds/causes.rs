//! The vectors of the causes: one row a case, each a dump as `kubectl get -o json` writes it.

use super::DAY;
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
fn judge(kind: Kind, objects: Vec<Value>) -> Item {
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

/// Three replicas of which none is ready, a day old, its rollout long over.
fn web() -> Deployment {
    Deployment::new("shop", "web")
        .created(at(-DAY))
        .replicas(3)
        .counts(3, 3, 0, 0)
}

fn set() -> ReplicaSet {
    ReplicaSet::new("shop", "web-1").owned_by(&web()).replicas(3)
}

/// A pod of it that is an hour old.
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

/// The Deployment with this pod alone and what is known around it.
fn with(pod: Pod, around: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut objects = vec![web().build(), set().build(), pod.build()];
    objects.extend(around);
    objects
}

/// What a cause says, without its example and count; of a crash when it last happened, else since when it is so.
type Told<'a> = (&'a str, &'a str, Option<String>, &'a str, Option<String>);

fn told(cause: &Cause) -> Told<'_> {
    (
        cause.code.as_str(),
        &cause.message,
        cause.last.clone().or(cause.since.clone()),
        cause.hint.as_deref().unwrap_or_default(),
        cause.subject.as_ref().map(ToString::to_string),
    )
}

/// `CODE COUNTx MESSAGE` of each.
fn lines(item: &Item) -> Vec<String> {
    let line = |c: &Cause| format!("{} {}x {}", c.code, c.count, c.message);
    item.causes.iter().map(line).collect()
}

const DESCRIBE: &str = "kubectl -n shop describe pod web-1-a";
const LOGS: &str = "kubectl -n shop logs web-1-a -c app --previous";

fn data() -> Value {
    json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
}

/// What is said of the claim `data`, so many seconds from now.
fn of_claim(reason: &str, kind: &str, message: &str, seconds: i64) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"namespace": "shop", "name": format!("data.{reason}")},
        "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "uid": "of-the-claim"},
        "type": kind, "reason": reason, "message": message, "lastTimestamp": at(seconds),
    })
}

fn crashed(reason: &str, code: i64) -> Pod {
    a().waiting(
        "CrashLoopBackOff",
        "back-off 5m0s restarting failed container=app",
    )
    .last_terminated(reason, code, at(-40))
    .restarts(7)
}

fn gated(conditions: &[(&str, &str, &str)]) -> Pod {
    let gate = json!([{"conditionType": "lb.example/ready"}]);
    let ready = a()
        .set("/spec/readinessGates", gate)
        .ready(false, at(-500))
        .condition("ContainersReady", "True", "", at(-500));
    conditions.iter().fold(ready, |pod, (kind, status, reason)| {
        pod.condition(kind, status, reason, at(-500))
    })
}

struct CauseRow {
    name: &'static str,
    objects: Vec<Value>,
    told: Told<'static>,
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
        told: (code, message, Some(at(since)), hint, subject.map(str::to_owned)),
    }
}

fn crash_rows() -> Vec<CauseRow> {
    let quiet = || {
        a().ready(false, at(-500))
            .set("/status/containerStatuses/0/ready", false)
    };
    let liveness = |code| {
        let pod = crashed("Error", code);
        let said = "Liveness probe failed: HTTP probe failed with statuscode: 503\n";
        let event = event(&pod.build(), "Unhealthy", said, -45);
        with(pod, [event])
    };
    let startup = "Startup probe errored and resulted in unknown state: no such file";
    vec![
        row(
            "an exit code",
            with(crashed("Error", 3), []),
            "CrashLoop",
            "container app exited 3 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "an exit code of 0, of what should not end",
            with(crashed("Completed", 0).restarts(1), []),
            "CrashLoop",
            "container app exited 0 (1 restart)",
            -40,
            LOGS,
            None,
        ),
        row(
            "the last line of a termination message",
            with(
                crashed("Error", 2).set(
                    "/status/containerStatuses/0/lastState/terminated/message",
                    "goroutine 1\npanic: DATABASE_URL is not set\n\n",
                ),
                [],
            ),
            "CrashLoop",
            "container app exited 2 (7 restarts): panic: DATABASE_URL is not set",
            -40,
            LOGS,
            None,
        ),
        row(
            "a signal by the shell's convention",
            with(crashed("Error", 139), []),
            "CrashLoop",
            "container app was killed by signal 11 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "a signal that the runtime tells",
            with(
                crashed("Error", 0).set("/status/containerStatuses/0/lastState/terminated/signal", 9),
                [],
            ),
            "CrashLoop",
            "container app was killed by signal 9 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "out of memory",
            with(crashed("OOMKilled", 137), []),
            "OutOfMemory",
            "container app ran out of memory (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "a crash between two waits",
            with(quiet().last_terminated("Error", 1, at(-60)).restarts(2), []),
            "CrashLoop",
            "container app exited 1 (2 restarts)",
            -60,
            LOGS,
            None,
        ),
        row(
            "a liveness probe that ends the container again and again",
            liveness(137),
            "LivenessProbe",
            "container app: statuscode: 503 (7 restarts)",
            -40,
            DESCRIBE,
            None,
        ),
        row(
            "a liveness probe that failed before the container failed by itself",
            liveness(1),
            "CrashLoop",
            "container app exited 1 (7 restarts)",
            -40,
            LOGS,
            None,
        ),
        row(
            "a startup probe",
            with(
                crashed("Error", 143),
                [event(&a().build(), "Unhealthy", startup, -50)],
            ),
            "StartupProbe",
            "container app: no such file (7 restarts)",
            -40,
            DESCRIBE,
            None,
        ),
        row(
            "a hook that fails",
            with(
                crashed("Error", 137),
                [event(
                    &a().build(),
                    "FailedPostStartHook",
                    "PostStartHook failed",
                    -50,
                )],
            ),
            "ContainerHook",
            "container app: PostStartHook failed (7 restarts)",
            -40,
            DESCRIBE,
            None,
        ),
        row(
            "an init container",
            with(
                a().init_waiting("migrate", "CrashLoopBackOff", "back-off", 4)
                    .set("/status/initContainerStatuses/0/lastState", ended(5, -30)),
                [],
            ),
            "CrashLoop",
            "init container migrate exited 5 (4 restarts)",
            -30,
            "kubectl -n shop logs web-1-a -c migrate --previous",
            None,
        ),
        row(
            "a sidecar",
            with(
                a().init_waiting("proxy", "CrashLoopBackOff", "back-off", 4)
                    .set("/spec/initContainers/0/restartPolicy", "Always")
                    .set("/status/initContainerStatuses/0/lastState", ended(6, -30)),
                [],
            ),
            "CrashLoop",
            "sidecar proxy exited 6 (4 restarts)",
            -30,
            "kubectl -n shop logs web-1-a -c proxy --previous",
            None,
        ),
    ]
}

fn ended(code: i64, seconds: i64) -> Value {
    json!({"terminated": {"exitCode": code, "reason": "Error", "finishedAt": at(seconds)}})
}

fn waiting_rows() -> Vec<CauseRow> {
    let on_pull = |message: &str| with(a().waiting("ImagePullBackOff", message), []);
    vec![
        row(
            "an image that the registry does not have",
            on_pull(
                "Back-off pulling image \"r.example/web:v9\": ErrImagePull: rpc error: code = NotFound desc = failed \
                 to pull and unpack image \"r.example/web:v9\": failed to resolve reference \"r.example/web:v9\": \
                 r.example/web:v9: not found",
            ),
            "ImagePull",
            "container app: r.example/web:v9: not found",
            -HOUR,
            DESCRIBE,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "a registry that does not answer",
            on_pull(
                "Back-off pulling image \"x\": ErrImagePull: failed to resolve image: failed to do request: Head \
                 \"https://r/v2/\": dial tcp 10.0.0.9:443: connect: connection refused",
            ),
            "ImagePull",
            "container app: Head \"https://r/v2/\": dial tcp 10.0.0.9:443: connect: connection refused",
            -HOUR,
            DESCRIBE,
            Some("Registry/registry.example.test"),
        ),
        row(
            "a back-off that says nothing, with the event that does",
            with(
                a().waiting("ImagePullBackOff", "Back-off pulling image \"web:v9\""),
                [
                    event(
                        &a().build(),
                        "Failed",
                        "Failed to pull image \"web:v9\": 401 Unauthorized",
                        -90,
                    ),
                    event(&a().build(), "Failed", "Error: ImagePullBackOff", -60),
                ],
            ),
            "ImagePull",
            "container app: 401 Unauthorized",
            -HOUR,
            DESCRIBE,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "an image that may not be pulled",
            with(
                a().waiting(
                    "ErrImageNeverPull",
                    "Container image \"web\" is not present with pull policy of Never",
                ),
                [],
            ),
            "ImagePull",
            "container app: Container image \"web\" is not present with pull policy of Never",
            -HOUR,
            DESCRIBE,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "a name that no image can have",
            with(a().waiting("InvalidImageName", ""), []),
            "ImagePull",
            "container app: InvalidImageName",
            -HOUR,
            DESCRIBE,
            Some("Image/registry.example.test/app:1.0"),
        ),
        row(
            "a missing Secret",
            with(
                a().waiting("CreateContainerConfigError", "secret \"db\" not found"),
                [],
            ),
            "ContainerConfig",
            "container app: secret \"db\" not found",
            -HOUR,
            "kubectl -n shop get secret db",
            Some("Secret/shop/db"),
        ),
        row(
            "a missing key",
            with(
                a().waiting(
                    "CreateContainerConfigError",
                    "couldn't find key url in ConfigMap shop/settings",
                ),
                [],
            ),
            "ContainerConfig",
            "container app: couldn't find key url in ConfigMap shop/settings",
            -HOUR,
            "kubectl -n shop get configmap settings",
            Some("ConfigMap/shop/settings"),
        ),
        row(
            "a command that is not there",
            with(
                a().waiting(
                    "RunContainerError",
                    "failed to create containerd task: OCI runtime create failed: runc create failed: unable to start \
                     container process: error during container init: exec: \"/nope\": no such file or directory",
                ),
                [],
            ),
            "ContainerCreate",
            "container app: exec: \"/nope\": no such file or directory",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a command that is not there, after its first tries",
            with(
                crashed("StartError", 128).set(
                    "/status/containerStatuses/0/lastState/terminated/message",
                    "unable to start container process: exec: \"/nope\": no such file or directory",
                ),
                [],
            ),
            "ContainerCreate",
            "container app: exec: \"/nope\": no such file or directory",
            -40,
            DESCRIBE,
            None,
        ),
        row(
            "a hook that the kubelet waits for",
            with(a().waiting("PostStartHookError", "exit status 7"), []),
            "ContainerHook",
            "container app: exit status 7",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a container that is only being created",
            with(a().waiting("ContainerCreating", ""), []),
            "Waiting",
            "container app: ContainerCreating",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a scheduling gate, which somebody has set",
            with(
                a().not_scheduled("SchedulingGated", "Scheduling is blocked", at(-HOUR)),
                [],
            ),
            "Waiting",
            "Scheduling is blocked",
            -HOUR,
            DESCRIBE,
            None,
        ),
    ]
}

fn place_rows() -> Vec<CauseRow> {
    let cpu = "0/3 nodes are available: 3 Insufficient cpu.";
    let claims = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
    let pinned = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n7"]}]}]}}});
    let creating = || a().waiting("ContainerCreating", "");
    let of = |reason: &str, message: &str| with(creating(), [event(&a().build(), reason, message, -20)]);
    let unready = || a().ready(false, at(-500));
    let lost = || unready().condition("ContainersReady", "True", "", at(-HOUR));
    vec![
        row(
            "no room",
            with(a().unschedulable(cpu, at(-600)), []),
            "Unschedulable",
            cpu,
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "no room, and the autoscaler at work",
            with(
                a().unschedulable(cpu, at(-600)),
                [event(
                    &a().build(),
                    "TriggeredScaleUp",
                    "pod triggered scale-up",
                    -100,
                )],
            ),
            "Unschedulable",
            "the autoscaler is adding a node: 0/3 nodes are available: 3 Insufficient cpu.",
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "no room, and what was tried to make some",
            with(
                a().unschedulable(
                    "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No \
                     preemption victims found for incoming pod.",
                    at(-600),
                ),
                [],
            ),
            "Unschedulable",
            cpu,
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "a scheduler that is not there",
            with(
                creating()
                    .set("/status/containerStatuses", json!([]))
                    .node("")
                    .set("/spec/schedulerName", "volcano"),
                [],
            ),
            "Waiting",
            "no scheduler has looked at it yet, it waits for one named volcano",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a mount of which the command is written out",
            of(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"d\" : mount failed: exit status 32\nMounting command: \
                 mount\nMounting arguments: -t nfs 10.0.0.1:/x \
                 /var/lib/kubelet/pods/5052dc23-5ab2-4472-95f1-bb7decd46d71/volumes/kubernetes.io~nfs/d\nOutput: \
                 mount: unknown filesystem type 'nfs'.",
            ),
            "VolumeMount",
            "MountVolume.SetUp failed for volume \"d\" : mount failed: exit status 32 mount: unknown filesystem type \
             'nfs'.",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "no room on the node that it was made for",
            with(
                a().unschedulable(cpu, at(-600))
                    .set("/spec/affinity", pinned.clone()),
                [],
            ),
            "Unschedulable",
            "for node n7: 0/3 nodes are available: 3 Insufficient cpu.",
            -600,
            DESCRIBE,
            None,
        ),
        row(
            "made for a node that is lost",
            with(
                a().unschedulable(cpu, at(-600)).set("/spec/affinity", pinned),
                [node("n7", "Unknown", "Kubelet stopped posting node status.")],
            ),
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            -400,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a claim that is missing",
            with(
                a().unschedulable("persistentvolumeclaim \"data\" not found", at(-600)),
                [],
            ),
            "VolumeClaim",
            "persistentvolumeclaim \"data\" not found",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim that is not bound, which the pod alone names",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", volumes),
                [],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim of which its own events say more",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [
                    of_claim("ExternalProvisioning", "Normal", "Waiting for a volume", -5),
                    of_claim(
                        "ProvisioningFailed",
                        "Warning",
                        "storageclass.storage.k8s.io \"nfs\" not found",
                        -30,
                    ),
                ],
            ),
            "VolumeClaim",
            "claim data: storageclass.storage.k8s.io \"nfs\" not found",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim of that name before the pod was created",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [of_claim(
                    "ProvisioningFailed",
                    "Warning",
                    "storageclass not found",
                    -2 * HOUR,
                )],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a claim that waits for the pod itself",
            with(
                a().unschedulable(claims, at(-600)).set("/spec/volumes", data()),
                [of_claim(
                    "WaitForFirstConsumer",
                    "Normal",
                    "waiting for first consumer",
                    -5,
                )],
            ),
            "VolumeClaim",
            "claim data: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a volume that was not made in the time that the scheduler gives",
            with(
                a().not_scheduled(
                    "SchedulerError",
                    "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
                    at(-600),
                )
                .set("/spec/volumes", data()),
                [],
            ),
            "VolumeClaim",
            "claim data: running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded",
            -600,
            "kubectl -n shop describe pvc data",
            Some("PersistentVolumeClaim/shop/data"),
        ),
        row(
            "a volume of a missing Secret",
            of(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found",
            ),
            "VolumeMount",
            "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found",
            -HOUR,
            "kubectl -n shop get secret web-tls",
            Some("Secret/shop/web-tls"),
        ),
        row(
            "a volume that does not attach",
            of(
                "FailedAttachVolume",
                "Multi-Attach error for volume \"pvc-1\": it is used by pod(s) web-0",
            ),
            "VolumeMount",
            "Multi-Attach error for volume \"pvc-1\": it is used by pod(s) web-0",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a sandbox",
            of(
                "FailedCreatePodSandBox",
                "Failed to create pod sandbox: rpc error: code = Unknown desc = no network plugin",
            ),
            "Sandbox",
            "no network plugin",
            -HOUR,
            DESCRIBE,
            None,
        ),
        row(
            "a readiness probe",
            with(
                unready(),
                [event(
                    &a().build(),
                    "Unhealthy",
                    "Readiness probe failed: HTTP probe failed with statuscode: 404",
                    -9,
                )],
            ),
            "ReadinessProbe",
            "container app: statuscode: 404",
            -500,
            DESCRIBE,
            None,
        ),
        row(
            "a readiness gate that nobody has set",
            with(gated(&[]), []),
            "ReadinessGate",
            "readiness gate lb.example/ready: its controller has not set it yet",
            -500,
            DESCRIBE,
            None,
        ),
        row(
            "a readiness gate that is shut",
            with(gated(&[("lb.example/ready", "False", "Draining")]), []),
            "ReadinessGate",
            "readiness gate lb.example/ready: Draining",
            -500,
            DESCRIBE,
            None,
        ),
        row(
            "a lost node that is known",
            with(
                lost().node("n7"),
                [node("n7", "Unknown", "Kubelet stopped posting node status.")],
            ),
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            -400,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a lost node that only the pod tells of",
            with(lost().node("n7"), []),
            "NodeNotReady",
            "node n7 is not ready: its containers were ready when it was last heard of",
            -500,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "nothing that is known",
            with(unready().set("/status/containerStatuses/0/ready", false), []),
            "NotReady",
            "container app runs and is not ready",
            -500,
            DESCRIBE,
            None,
        ),
        row(
            "a pod that cannot end, on a lost node",
            with(
                a().node("n7").ready(true, at(-900)).deleting(at(-300), &[]),
                [node("n7", "Unknown", "Kubelet stopped posting node status.")],
            ),
            "NodeNotReady",
            "node n7 is not ready: Kubelet stopped posting node status.",
            -400,
            "kubectl describe node n7",
            Some("Node/n7"),
        ),
        row(
            "a pod that cannot end, on a node that is ready",
            with(
                a().node("n7").ready(false, at(-500)).deleting(at(-300), &[]),
                [node("n7", "True", "")],
            ),
            "StuckDeleting",
            "its deletion does not end: the kubelet of node n7 has not ended it",
            -300,
            "kubectl -n shop get pod -o yaml web-1-a",
            None,
        ),
        row(
            "a pod of a node that does not exist any more",
            with(
                a().node("n9")
                    .ready(false, at(-500))
                    .deleting(at(-300), &["x.example/y"]),
                [node("n7", "True", "")],
            ),
            "NodeGone",
            "node n9 does not exist any more, finalizers: x.example/y",
            -300,
            "kubectl -n shop get pod -o yaml web-1-a",
            Some("Node/n9"),
        ),
        row(
            "a pod whose deletion does not end",
            with(
                a().ready(false, at(-500)).deleting(at(-300), &["x.example/y"]),
                [],
            ),
            "StuckDeleting",
            "its deletion does not end: finalizers: x.example/y",
            -300,
            "kubectl -n shop get pod -o yaml web-1-a",
            None,
        ),
    ]
}

#[test]
fn every_reason_of_a_pod_has_its_code_message_time_and_command() {
    let rows = crash_rows().into_iter().chain(waiting_rows()).chain(place_rows());
    let mut wrong = Vec::new();
    for row in rows {
        let item = judge(Kind::Deployment, row.objects);
        assert_eq!(
            (item.state, item.reason.as_str()),
            (State::Unavailable, "ReadyBelowDesired"),
            "{}",
            row.name
        );
        let found: Vec<_> = item.causes.iter().map(told).collect();
        if found != [row.told.clone()] || item.causes[0].example != Some("Pod/web-1-a".into()) {
            wrong.push(format!("{}: {found:#?} instead of {:#?}", row.name, row.told));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A row is left out if a subject names the thing behind it, or if its sentence does not say why.
#[test]
fn a_cause_shares_its_words_if_they_say_why() {
    let rows = crash_rows().into_iter().chain(waiting_rows()).chain(place_rows());
    let shared = rows.filter_map(|row| {
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
            "container app: statuscode: 503",
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
        ("no room", "/ nodes are available:  Insufficient cpu."),
        (
            "no room, and the autoscaler at work",
            "the autoscaler is adding a node: / nodes are available:  Insufficient cpu.",
        ),
        (
            "no room, and what was tried to make some",
            "/ nodes are available:  Insufficient cpu.",
        ),
        (
            "a scheduler that is not there",
            "no scheduler has looked at it yet, it waits for one named volcano",
        ),
        (
            "a mount of which the command is written out",
            "MountVolume.SetUp failed for volume  : mount failed: exit status  mount: unknown filesystem type 'nfs'.",
        ),
        (
            "no room on the node that it was made for",
            "for node n: / nodes are available:  Insufficient cpu.",
        ),
        (
            "a volume that does not attach",
            "Multi-Attach error for volume : it is used by pod(s) web-",
        ),
        ("a sandbox", "no network plugin"),
        ("a readiness probe", "container app: statuscode: 404"),
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

/// A pod of two containers, as their states are given, which is not ready.
fn pair(pod: Pod, first: Value, second: Value) -> Pod {
    let mut containers = [first, second];
    for (container, name) in containers.iter_mut().zip(["app", "proxy"]) {
        container["name"] = name.into();
        container["image"] = format!("r.example/{name}:1").into();
    }
    pod.ready(false, at(-500))
        .set("/status/containerStatuses", json!(containers))
}

#[test]
fn each_container_that_fails_is_told_once_a_pod() {
    let crashes = |code: i64| {
        json!({"ready": false, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": at(-40)}}})
    };
    let pull = || {
        json!({"ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff", "message":
            "Back-off pulling image: ErrImagePull: dial tcp: lookup r.example: no such host"}}})
    };
    let two = [pod("web-1-a"), pod("web-1-b")].map(|pod| pair(pod, crashes(2), crashes(7)).build());
    let [one, other] = two;
    let item = judge(Kind::Deployment, vec![web().build(), set().build(), one, other]);
    assert_eq!(
        lines(&item),
        [
            "CrashLoop 2x container app exited 2 (7 restarts)",
            "CrashLoop 2x container proxy exited 7 (7 restarts)",
        ]
    );
    // One registry behind both images: one cause, of one pod.
    let item = judge(Kind::Deployment, with(pair(a(), pull(), pull()), []));
    assert_eq!(
        lines(&item),
        ["ImagePull 1x container app: dial tcp: lookup r.example: no such host"]
    );
}

#[test]
fn a_container_that_is_ready_is_not_what_its_pod_waits_for() {
    let runs = |ready: bool| json!({"ready": ready, "started": ready, "restartCount": 0, "state": {"running": {"startedAt": at(-30)}}});
    let once = json!({"ready": true, "restartCount": 1, "state": {"running": {"startedAt": at(-590)}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": at(-600)}}});
    let pod_a = pair(a(), once, runs(false));
    let mut unhealthy = event(&pod_a.build(), "Unhealthy", "Readiness probe failed: refused", -9);
    unhealthy["involvedObject"]["fieldPath"] = "spec.containers{proxy}".into();
    let item = judge(Kind::Deployment, with(pod_a, [unhealthy]));
    assert_eq!(lines(&item), ["ReadinessProbe 1x container proxy: refused"]);

    // An init container that succeeded at its second try leaves the pod the time that it has.
    let tried = json!([{"name": "wait", "ready": true, "restartCount": 1,
        "state": {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": at(-12)}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": at(-14)}}}]);
    let item = young(
        |p| {
            p.set("/status/containerStatuses/0/ready", false)
                .set("/status/initContainerStatuses", tried.clone())
        },
        Vec::new(),
    );
    assert_eq!((item.state, lines(&item)), (State::Progressing, Vec::new()));
}

#[test]
fn pods_that_their_node_does_not_take_tell_why_though_they_are_replaced() {
    let refused = |name: &str, created: i64| {
        pod(name)
            .created(at(created))
            .phase("Failed")
            .reason("OutOfcpu")
            .ready(false, at(created))
            .set(
                "/status/message",
                "Pod was rejected: Node didn't have enough resource: cpu",
            )
            .build()
    };
    let all = |pods: [Value; 3]| [vec![web().build(), set().build()], pods.into()].concat();
    let lately = [
        refused("web-1-a", -5),
        refused("web-1-b", -899),
        refused("web-1-c", -900),
    ];
    let why = "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu";
    assert_eq!(
        lines(&judge(Kind::Deployment, all(lately.clone()))),
        [format!("PodFailed 2x {why}")]
    );
    // With something else to tell, they are what was replaced.
    let crashing = all([lately[0].clone(), lately[1].clone(), crashed("Error", 3).build()]);
    assert_eq!(
        lines(&judge(Kind::Deployment, crashing)),
        ["CrashLoop 1x container app exited 3 (7 restarts)"]
    );
}

#[test]
fn a_pull_secret_that_is_missing_is_named_where_the_registry_wants_one() {
    let pull = |why: &str| {
        let message = format!("Back-off pulling image: ErrImagePull: {why}");
        let pod = a().waiting("ImagePullBackOff", &message);
        let said = "Unable to retrieve some image pull secrets (regcred, other); attempting to pull the image may not \
                    succeed.";
        let missing = event(&pod.build(), "FailedToRetrieveImagePullSecret", said, -20);
        let item = judge(Kind::Deployment, with(pod, [missing]));
        let cause = item.causes.into_iter().next().expect("a cause");
        (cause.message, cause.subject, cause.hint)
    };
    let denied = "pull access denied, repository does not exist or may require authorization";
    assert_eq!(
        pull(denied),
        (
            format!("container app: image pull secret regcred, other is missing: {denied}"),
            Some("Secret/shop/regcred".into()),
            Some("kubectl -n shop get secret regcred".into())
        )
    );
    // Without the credential it may be pulled too: then something else is wrong.
    let (message, subject, _) = pull("dial tcp: network is unreachable");
    assert_eq!(message, "container app: dial tcp: network is unreachable");
    assert_eq!(subject, Some("Registry/registry.example.test".into()));
}

#[test]
fn what_refuses_pods_is_named() {
    let forbidden = |why: &str| format!("pods \"web-1-x\" is forbidden: {why}");
    let rows = [
        (
            forbidden("exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2"),
            "Quota",
            "exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2",
            "kubectl -n shop describe quota compute",
            Some("ResourceQuota/shop/compute"),
        ),
        (
            forbidden("failed quota: compute: must specify cpu for: app"),
            "Quota",
            "failed quota: compute: must specify cpu for: app",
            "kubectl -n shop describe quota compute",
            Some("ResourceQuota/shop/compute"),
        ),
        (
            forbidden("maximum memory usage per Container is 64Mi, but limit is 128Mi"),
            "LimitRange",
            "maximum memory usage per Container is 64Mi, but limit is 128Mi",
            "kubectl -n shop describe limitrange",
            Some("Namespace/shop"),
        ),
        (
            forbidden("violates PodSecurity \"restricted:latest\": privileged"),
            "PodSecurity",
            "violates PodSecurity \"restricted:latest\": privileged",
            "kubectl get namespace --show-labels shop",
            Some("Namespace/shop"),
        ),
        (
            "admission webhook \"pods.example\" denied the request: no".to_owned(),
            "AdmissionWebhook",
            "admission webhook \"pods.example\" denied the request: no",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            Some("Webhook/pods.example"),
        ),
        (
            "Internal error occurred: failed calling webhook \"pods.example\": service \"policy\" not found"
                .to_owned(),
            "AdmissionWebhook",
            "Internal error occurred: failed calling webhook \"pods.example\": service \"policy\" not found",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            Some("Webhook/pods.example"),
        ),
        (
            forbidden("error looking up service account shop/robot: serviceaccount \"robot\" not found"),
            "ServiceAccount",
            "error looking up service account shop/robot: serviceaccount \"robot\" not found",
            "kubectl -n shop get serviceaccount robot",
            Some("ServiceAccount/shop/robot"),
        ),
        (
            "Pod \"web-1-x\" is invalid: spec.containers: Required value".to_owned(),
            "FailedCreate",
            "Pod \"web-1-x\" is invalid: spec.containers: Required value",
            "kubectl -n shop describe replicaset web-1",
            None,
        ),
    ];
    for (sentence, code, message, hint, subject) in rows {
        let refusing = set().counts(0, 0, 0).failed_create(&sentence, at(-700));
        let item = judge(
            Kind::Deployment,
            vec![
                web().counts(0, 0, 0, 0).build(),
                refusing.build(),
                // A pod of somebody else: the dump holds pods.
                Pod::new("shop", "other").build(),
            ],
        );
        let found: Vec<_> = item.causes.iter().map(told).collect();
        assert_eq!(
            found,
            [(code, message, Some(at(-700)), hint, subject.map(str::to_owned))]
        );
        assert_eq!(item.causes[0].example, Some("ReplicaSet/web-1".into()));
    }
}

#[test]
fn the_newest_refusal_is_believed_before_the_condition_that_keeps_the_first() {
    let set = set().failed_create("pods \"x\" is forbidden: exceeded quota: old", at(-700));
    let now = "Error creating: pods \"x\" is forbidden: exceeded quota: new, requested: pods=1";
    let events = [
        event(&set.build(), "FailedCreate", "Error creating: long ago", -600),
        event(&set.build(), "FailedCreate", now, -30),
    ];
    let mut objects = vec![
        web().build(),
        set.build(),
        a().unschedulable("0/1 nodes", at(-500)).build(),
    ];
    objects.extend(events);
    assert_eq!(
        lines(&judge(Kind::Deployment, objects)),
        [
            "Quota 1x exceeded quota: new, requested: pods=1",
            "Unschedulable 1x 0/1 nodes"
        ]
    );
}

#[test]
fn causes_are_grouped_counted_and_the_hardest_comes_first() {
    let pull = "Back-off pulling image \"x\": ErrImagePull: x: not found";
    let pods = [
        pod("web-1-a").waiting("ContainerCreating", ""),
        pod("web-1-b")
            .ready(false, at(-500))
            .set("/status/containerStatuses/0/ready", false),
        pod("web-1-c").unschedulable("0/3 nodes are available", at(-500)),
        pod("web-1-d").waiting("ImagePullBackOff", pull),
        pod("web-1-e")
            .waiting("ErrImagePull", "x: not found")
            .created(at(-600)),
        pod("web-1-f")
            .waiting("CrashLoopBackOff", "")
            .last_terminated("Error", 1, at(-9))
            .restarts(3),
        pod("web-1-g").waiting("ContainerCreating", "").created(at(-700)),
        pod("web-1-h"),
    ];
    let probed = pods[1].build();
    let mounted = pods[6].build();
    let mut objects = vec![web().build(), set().build()];
    objects.extend(pods.iter().map(Pod::build));
    objects.push(event(&probed, "Unhealthy", "Readiness probe failed: refused", -9));
    objects.push(event(&mounted, "FailedMount", "no such volume", -9));
    let item = judge(Kind::Deployment, objects);
    assert_eq!(
        lines(&item),
        [
            "CrashLoop 1x container app exited 1 (3 restarts)",
            "ImagePull 2x container app: x: not found",
            "Unschedulable 1x 0/3 nodes are available",
            "VolumeMount 1x no such volume",
            "ReadinessProbe 1x container app: refused",
            "Waiting 1x container app: ContainerCreating",
        ]
    );
    assert_eq!(
        item.causes[1].example,
        Some("Pod/web-1-e".into()),
        "the newest is the example"
    );
}

#[test]
fn pods_that_are_over_or_normal_are_no_cause() {
    let sidecar = a()
        .set(
            "/spec/initContainers",
            json!([{"name": "proxy", "restartPolicy": "Always"}]),
        )
        .set(
            "/status/initContainerStatuses",
            json!([{"name": "proxy", "ready": true, "started": true, "state": {"running": {"startedAt": at(-HOUR)}}}]),
        );
    let fine = [
        pod("web-1-b")
            .phase("Failed")
            .reason("Evicted")
            .ready(false, at(-500)),
        pod("web-1-c").phase("Succeeded").ready(false, at(-500)),
        pod("web-1-d").ready(false, at(-10)).deleting(at(-10), &[]),
        // It crashed an hour ago and works since.
        pod("web-1-e").last_terminated("Error", 1, at(-HOUR)).restarts(1),
        sidecar,
    ];
    let mut objects = vec![web().build(), set().build()];
    objects.extend(fine.iter().map(Pod::build));
    let item = judge(Kind::Deployment, objects);
    assert_eq!((item.state, lines(&item)), (State::Unavailable, vec![]));
}

#[test]
fn pods_of_the_old_and_the_new_revision_count_and_those_of_others_do_not() {
    let new = ReplicaSet::new("shop", "web-2").owned_by(&web()).revision(2);
    let other = ReplicaSet::new("shop", "web-3").label("app", "web");
    let bad = |pod: Pod| pod.waiting("ImagePullBackOff", "x: not found");
    let objects = vec![
        web().build(),
        set().build(),
        new.build(),
        other.build(),
        bad(pod("web-1-a")).build(),
        bad(Pod::new("shop", "web-2-a").owned_by(&new)).build(),
        bad(Pod::new("shop", "web-3-a").owned_by(&other)).build(),
        bad(Pod::new("shop", "web").label("app", "web")).build(),
    ];
    assert_eq!(
        lines(&judge(Kind::Deployment, objects)),
        ["ImagePull 2x container app: x: not found"]
    );
}

#[test]
fn a_stalled_rollout_has_the_reason_behind_it_first() {
    let stalled = web()
        .replicas(1)
        .counts(2, 1, 1, 1)
        .condition("Progressing", "False", "ProgressDeadlineExceeded", at(-300))
        .condition_message("Progressing", "ReplicaSet \"web-1\" has timed out progressing.");
    let item = judge(
        Kind::Deployment,
        vec![
            stalled.build(),
            set().build(),
            a().waiting("ImagePullBackOff", "x: not found").build(),
        ],
    );
    assert_eq!(
        (item.state, item.reason.as_str()),
        (State::Degraded, "RolloutStalled")
    );
    assert_eq!(
        lines(&item),
        [
            "ImagePull 1x container app: x: not found",
            "ProgressDeadlineExceeded 1x ReplicaSet \"web-1\" has timed out progressing.",
        ]
    );
}

/// Ten replicas of which seven have a pod that is 15 s old.
fn young(pod_of: impl Fn(Pod) -> Pod, around: Vec<Value>) -> Item {
    let scaled = web().replicas(10).counts(10, 10, 3, 3);
    let mut objects = vec![scaled.build(), set().replicas(10).build()];
    objects.extend((0..7).map(|i| {
        let pod = pod(&format!("web-1-{i}")).created(at(-15)).ready(false, at(-15));
        pod_of(pod).build()
    }));
    objects.extend(around);
    judge(Kind::Deployment, objects)
}

#[test]
fn only_a_hard_cause_changes_a_verdict() {
    let soft = young(|p| p.waiting("ContainerCreating", ""), Vec::new());
    assert_eq!((soft.state, lines(&soft)), (State::Progressing, Vec::new()));

    let about = pod("web-1-3").build();
    let mount = event(&about, "FailedMount", "no such volume", -5);
    let explained = young(|p| p.waiting("ContainerCreating", ""), vec![mount]);
    assert_eq!(
        (explained.state, lines(&explained)),
        (
            State::Progressing,
            vec!["VolumeMount 1x no such volume".to_owned()]
        )
    );

    let hard = young(
        |p| p.waiting("CreateContainerConfigError", "secret \"x\" not found"),
        Vec::new(),
    );
    assert_eq!(
        (hard.state, lines(&hard)),
        (
            State::Degraded,
            vec!["ContainerConfig 7x container app: secret \"x\" not found".to_owned()]
        )
    );
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

#[test]
fn the_pods_of_a_stateful_set_are_its_own() {
    let pod = Pod::new("shop", "db-0")
        .owner("apps/v1", "StatefulSet", "db", "sts")
        .waiting("CrashLoopBackOff", "")
        .last_terminated("Error", 8, at(-9))
        .restarts(4);
    let item = judge(Kind::StatefulSet, vec![stateful(0, 1), pod.build()]);
    assert_eq!(lines(&item), ["CrashLoop 1x container app exited 8 (4 restarts)"]);
}

#[test]
fn a_controller_without_a_condition_for_it_tells_by_its_event_what_refuses_pods() {
    let set = stateful(0, 0);
    let said =
        "create Pod db-0 in StatefulSet db failed error: pods \"db-0\" is forbidden: exceeded quota: compute";
    let fresh = event(&set, "FailedCreate", said, -60);
    let old = event(&set, "FailedCreate", said, -1300);
    let item = judge(Kind::StatefulSet, vec![set.clone(), fresh]);
    assert_eq!(
        (item.state, lines(&item)),
        (
            State::Unavailable,
            vec!["Quota 1x exceeded quota: compute".to_owned()]
        )
    );
    assert_eq!(item.causes[0].example, Some("StatefulSet/db".into()));
    let item = judge(Kind::StatefulSet, vec![set, old]);
    assert_eq!(
        lines(&item),
        Vec::<String>::new(),
        "a refusal of long ago may be over"
    );
}

#[test]
fn a_daemon_set_names_the_node_that_its_pod_was_made_for() {
    let set = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"namespace": "shop", "name": "agent", "uid": "ds", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 1,
            "numberAvailable": 1, "updatedNumberScheduled": 2}
    });
    let pinned = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n7"]}]}]}}});
    let pod = Pod::new("shop", "agent-x")
        .owner("apps/v1", "DaemonSet", "agent", "ds")
        .unschedulable("0/2 nodes are available: 1 Too many pods.", at(-500))
        .set("/spec/affinity", pinned);
    let item = judge(Kind::DaemonSet, vec![set, pod.build()]);
    assert_eq!(
        lines(&item),
        ["Unschedulable 1x for node n7: 0/2 nodes are available: 1 Too many pods."]
    );
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

#[test]
fn a_job_tells_why_it_gave_up_behind_how_its_pods_failed() {
    for (reason, code) in [
        ("BackoffLimitExceeded", "JobBackoffLimit"),
        ("DeadlineExceeded", "JobDeadline"),
        ("PodFailurePolicy", "JobFailed"),
        ("MaxFailedIndexesExceeded", "JobFailed"),
    ] {
        let item = judge(Kind::Job, vec![job("import", "j", reason, "it gave up")]);
        let found: Vec<_> = item.causes.iter().map(told).collect();
        assert_eq!(
            found,
            [(
                code,
                "it gave up",
                Some(at(-100)),
                "kubectl -n shop describe job import",
                None
            )]
        );
    }
    let job = job("import", "j", "BackoffLimitExceeded", "it gave up");
    let pods = [failed_pod("import", "j", 11), failed_pod("import", "j", 12)];
    let mut objects = vec![job];
    objects.extend(pods);
    assert_eq!(
        lines(&judge(Kind::Job, objects)),
        [
            "CrashLoop 1x container app exited 11",
            "CrashLoop 1x container app exited 12",
            "JobBackoffLimit 1x it gave up"
        ]
    );
}

#[test]
fn a_pod_of_a_job_that_failed_as_a_whole_says_so() {
    let pod = Pod::new("shop", "import-a")
        .owner("batch/v1", "Job", "import", "j")
        .phase("Failed")
        .reason("Evicted")
        .set("/status/message", "The node was low on resource: memory.");
    let job = job("import", "j", "BackoffLimitExceeded", "it gave up");
    assert_eq!(
        lines(&judge(Kind::Job, vec![job, pod.build()])),
        [
            "PodFailed 1x Evicted: The node was low on resource: memory.",
            "JobBackoffLimit 1x it gave up"
        ]
    );
}

#[test]
fn a_cron_job_is_explained_by_its_newest_job() {
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {"schedule": "@hourly"},
        "status": {"lastScheduleTime": at(-HOUR)}
    });
    let owner = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c", "controller": true}]);
    let owned = |name: &str, uid: &str, age: i64, message: &str| {
        let mut job = job(name, uid, "BackoffLimitExceeded", message);
        job["metadata"]["ownerReferences"] = owner.clone();
        job["metadata"]["creationTimestamp"] = at(-age).into();
        job
    };
    let objects = vec![
        cron,
        owned("nightly-1", "old", 7200, "an older one"),
        owned("nightly-2", "new", 3600, "the newest"),
        failed_pod("nightly-1", "old", 1),
        failed_pod("nightly-2", "new", 2),
    ];
    assert_eq!(
        lines(&judge(Kind::CronJob, objects)),
        [
            "CrashLoop 1x container app exited 2",
            "JobBackoffLimit 1x the newest"
        ]
    );
}

#[test]
fn without_pods_the_verdict_is_the_same_and_says_so_where_it_matters() {
    let fresh = web().condition("Available", "False", "MinimumReplicasUnavailable", at(-20));
    let item = judge(Kind::Deployment, vec![fresh.build()]);
    assert_eq!(
        (item.state, item.notes.texts()),
        (State::Progressing, vec!["podsNotSeen"])
    );
    let objects = vec![
        fresh.build(),
        set().build(),
        a().waiting("InvalidImageName", "").build(),
    ];
    let item = judge(Kind::Deployment, objects);
    assert_eq!((item.state, item.notes.texts()), (State::Unavailable, vec![]));
}

/// A Job of the CronJob `nightly` that began so many seconds ago.
fn run(name: &str, begun: i64, status: Value) -> Value {
    let mut status = status;
    status["startTime"] = at(-begun).into();
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "generation": 1, "creationTimestamp": at(-begun),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c",
                "controller": true}]},
        "spec": {"completions": 1, "parallelism": 1}, "status": status
    })
}

fn failed() -> Value {
    json!({"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
        "message": "tried enough", "lastTransitionTime": at(-100)}]})
}

/// The verdict about that CronJob, of which as many runs are under way as are not over.
fn nightly(scheduled: i64, succeeded: Option<i64>, runs: &[Value], pods: &[Pod]) -> Item {
    let active = runs.iter().filter(|run| run["status"]["conditions"].is_null());
    let active: Vec<Value> = active
        .map(|run| json!({"kind": "Job", "name": run["metadata"]["name"]}))
        .collect();
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"namespace": "shop", "name": "nightly", "uid": "c", "generation": 1, "creationTimestamp": at(-DAY)},
        "spec": {"schedule": "@hourly"},
        "status": {"lastScheduleTime": at(-scheduled), "active": active, "lastSuccessfulTime": succeeded.map(|t| at(-t))}
    });
    let objects = [cron].into_iter().chain(runs.iter().cloned());
    judge(
        Kind::CronJob,
        objects.chain(pods.iter().map(Pod::build)).collect(),
    )
}

fn pod_of(run: &str) -> Pod {
    Pod::new("shop", &format!("{run}-x")).owner("batch/v1", "Job", run, run)
}

#[test]
fn a_run_that_gets_nowhere_makes_its_cron_job_degraded() {
    let told = |item: &Item| (item.state, item.reason.clone(), item.message.clone(), lines(item));
    let waiting = || json!({"active": 1, "ready": 0});
    let second = |begun, status| [run("nightly-1", 7200, failed()), run("nightly-2", begun, status)];
    let bad = |run: &str| pod_of(run).waiting("ImagePullBackOff", "x: not found");
    let nowhere = "its run nightly-2 gets nowhere: 0 of 1 succeeded, 0 of 1 active ready";
    let pull = vec!["ImagePull 1x container app: x: not found".to_owned()];
    let item = nightly(90, None, &second(90, waiting()), &[bad("nightly-2")]);
    assert_eq!(
        told(&item),
        (
            State::Degraded,
            "PodsNotRunning".into(),
            nowhere.into(),
            pull.clone()
        )
    );
    assert_eq!((item.healthy, item.since), (Some(false), Some(at(-90))));
    // Without its pods, once nothing moved for ten minutes.
    let late = |begun| nightly(begun, None, &second(begun, waiting()), &[]).reason;
    assert_eq!(
        (late(599).as_str(), late(600).as_str()),
        ("Running", "PodsNotRunning")
    );

    // The newest has not begun; the one before has had its minute.
    let runs = [
        second(90, waiting()).as_slice(),
        &[run("nightly-3", 30, waiting())],
    ]
    .concat();
    let item = nightly(30, None, &runs, &[bad("nightly-2"), pod_of("nightly-3")]);
    assert_eq!(
        told(&item),
        (State::Degraded, "PodsNotRunning".into(), nowhere.into(), pull)
    );
}

#[test]
fn what_only_may_matter_of_a_cron_job_is_a_warning() {
    let told = |item: &Item| {
        (
            item.state,
            item.healthy,
            item.reason.clone(),
            item.warnings.clone(),
        )
    };
    let healthy = |reason: &str, warning: &str| {
        (
            State::Healthy,
            Some(true),
            reason.into(),
            vec![warning.to_owned()],
        )
    };
    // A run that goes on tells how the one before ended.
    let runs = [
        run("nightly-1", 7200, failed()),
        run("nightly-2", 3000, json!({"active": 1, "ready": 1})),
    ];
    assert_eq!(
        told(&nightly(3000, Some(7300), &runs, &[pod_of("nightly-2")])),
        healthy(
            "Running",
            "its run nightly-1 failed: BackoffLimitExceeded: tried enough"
        )
    );
    // A run of long ago that never began, and a success since.
    let runs = [run("nightly-1", 7200, json!({"active": 1, "ready": 0}))];
    assert_eq!(
        told(&nightly(300, Some(290), &runs, &[])),
        healthy(
            "Running",
            "its run nightly-1 gets nowhere: 0 of 1 succeeded, 0 of 1 active ready"
        )
    );
}
