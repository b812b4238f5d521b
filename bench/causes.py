#!/usr/bin/env python3
"""Measures the cost of causes: 10,000 Deployments with three pods each, of which 50
are not healthy, judged with and without, and what the agent keeps in memory for
the same. `run --causes` beside this file brings the cluster, which has no
controllers: objects and their status are written as controllers, scheduler and
kubelets write them.
"""

import argparse
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import populate
from kubeconfig import Cluster
from measure import become_subreaper, end, memory_of, run, spread
from populate import WORKERS, Writer, namespace

HERE = os.path.dirname(os.path.abspath(__file__))
REPLICAS = 3
HASH = "6d4b76777b"
SINCE = "2026-01-01T00:00:00Z"
MANAGER = "kube-controller-manager/v1.37.2"
# The pods of an unhealthy Deployment have one of these.
TROUBLES = ("crash", "image", "config", "unschedulable", "probe")
# The agent has listed everything and searched for causes within this time.
AGENT_SECONDS = 120
AGENTS = {
    "Deployments alone": ["--kinds", "deployments", "--causes=false"],
    "the default kinds": ["--causes=false"],
    "the default kinds, with causes": [],
    "every kind, with causes": ["--kinds", "all"],
}


def trouble(index: int, count: int, broken: int) -> str | None:
    """The failure of that Deployment, if it has one. The broken ones are spread evenly."""
    step = max(1, count // broken)
    if index % step or index // step >= broken:
        return None
    return TROUBLES[index // step % len(TROUBLES)]


def deployment(index: int) -> dict:
    made = populate.deployment(index)
    made["spec"]["replicas"] = REPLICAS
    return made


def workload_status(created: dict, ready: int) -> dict:
    status = {
        "observedGeneration": created["metadata"]["generation"],
        "replicas": REPLICAS,
        "readyReplicas": ready,
        "availableReplicas": ready,
    }
    if created["kind"] == "ReplicaSet":
        return status | {"fullyLabeledReplicas": REPLICAS}
    available = str(ready == REPLICAS)
    return status | {
        "updatedReplicas": REPLICAS,
        "unavailableReplicas": REPLICAS - ready,
        "conditions": [
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
             "message": f'ReplicaSet "{created["metadata"]["name"]}-{HASH}" has successfully progressed.',
             "lastUpdateTime": SINCE, "lastTransitionTime": SINCE},
            {"type": "Available", "status": available, "reason": "MinimumReplicas",
             "message": "", "lastUpdateTime": SINCE, "lastTransitionTime": SINCE},
        ],
    }


def replica_set(owner: dict) -> dict:
    name, labels = owner["metadata"]["name"], owner["spec"]["template"]["metadata"]["labels"]
    template = json.loads(json.dumps(owner["spec"]["template"]))
    template["metadata"]["labels"] = labels | {"pod-template-hash": HASH}
    return {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{HASH}", "namespace": owner["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [reference(owner, "Deployment")],
        },
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": owner["spec"]["selector"]["matchLabels"] | {"pod-template-hash": HASH}},
            "template": template,
        },
    }


def reference(owner: dict, kind: str) -> dict:
    return {"apiVersion": "apps/v1", "kind": kind, "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}


def pod(owner: dict, number: int, scheduled: bool) -> dict:
    template = json.loads(json.dumps(owner["spec"]["template"]))
    spec = template["spec"] | {"serviceAccountName": "default"}
    if scheduled:
        spec["nodeName"] = f"node-{number:03d}"
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{number:05d}",
            "namespace": owner["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": [reference(owner, "ReplicaSet")],
        },
        "spec": spec,
    }


def pod_status(wrong: str | None) -> dict:
    if wrong == "unschedulable":
        return {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": SINCE,
             "message": "0/300 nodes are available: 300 Insufficient cpu."}]}
    state, last, restarts = {"running": {"startedAt": SINCE}}, {}, 0
    if wrong == "crash":
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
        last = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": SINCE}}
        restarts = 7
    elif wrong == "image":
        state = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image: ErrImagePull: not found"}}
    elif wrong == "config":
        state = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "db" not found'}}
    ready = str(wrong is None)
    return {
        "phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}], "hostIP": "10.0.0.1",
        "startTime": SINCE, "qosClass": "Burstable",
        "conditions": [
            {"type": kind, "status": value, "lastProbeTime": None, "lastTransitionTime": SINCE}
            for kind, value in (("PodReadyToStartContainers", "True"), ("Initialized", "True"), ("Ready", ready),
                                ("ContainersReady", ready), ("PodScheduled", "True"))
        ],
        "containerStatuses": [{
            "name": "api", "state": state, "lastState": last, "ready": wrong is None, "started": wrong is None,
            "restartCount": restarts, "image": "registry.example.com/platform/service:2.0.0",
            "imageID": f"registry.example.com/platform/service@sha256:{0:064x}",
            "containerID": f"containerd://{0:064x}",
        }],
    }


def event(of: dict) -> dict:
    return {
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "Unhealthy",
        "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "metadata": {"name": f"{of['metadata']['name']}.1", "namespace": of["metadata"]["namespace"]},
        "involvedObject": {"kind": "Pod", "apiVersion": "v1", "name": of["metadata"]["name"],
                           "namespace": of["metadata"]["namespace"], "uid": of["metadata"]["uid"],
                           "fieldPath": "spec.containers{api}"},
        "firstTimestamp": SINCE, "lastTimestamp": SINCE, "count": 9, "source": {"component": "kubelet"},
    }


def fill(kubeconfig: str, indices: range, count: int, broken: int) -> None:
    writer = Writer(Cluster(kubeconfig))

    def create(path: str, made: dict, status: dict | None, agent: str) -> dict:
        created = json.loads(writer.expect({201}, "POST", path, made, agent))
        if status is not None:
            created["status"] = status
            place = f"{path}/{created['metadata']['name']}/status"
            writer.expect({200}, "PUT", place, created, agent)
        return created

    for index in indices:
        wrong = trouble(index, count, broken)
        ready = 0 if wrong else REPLICAS
        space = namespace(index)
        apps, core = f"/apis/apps/v1/namespaces/{space}", f"/api/v1/namespaces/{space}"
        top = create(f"{apps}/deployments", deployment(index), None, "helm/v4.3.1")
        top["status"] = workload_status(top, ready)
        writer.expect({200}, "PUT", f"{apps}/deployments/{top['metadata']['name']}/status", top, MANAGER)
        set_ = create(f"{apps}/replicasets", replica_set(top), None, MANAGER)
        set_["status"] = workload_status(set_, ready)
        writer.expect({200}, "PUT", f"{apps}/replicasets/{set_['metadata']['name']}/status", set_, MANAGER)
        for number in range(REPLICAS):
            made = pod(set_, number, wrong != "unschedulable")
            created = create(f"{core}/pods", made, pod_status(wrong), "kubelet/v1.37.2")
            if wrong == "probe":
                writer.expect({201}, "POST", f"{core}/events", event(created), "kubelet/v1.37.2")


def prepare(kubeconfig: str, count: int, broken: int) -> None:
    writer = Writer(Cluster(kubeconfig))
    for index in range(min(populate.NAMESPACES, count)):
        space = namespace(index)
        writer.expect({201, 409}, "POST", "/api/v1/namespaces",
                      {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}, "bench")
        # Pods need their ServiceAccount, which a controller makes elsewhere.
        writer.expect({201, 409}, "POST", f"/api/v1/namespaces/{space}/serviceaccounts", {
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"},
            "automountServiceAccountToken": False,
        }, "bench")
    workers = [
        multiprocessing.Process(target=fill, args=(kubeconfig, range(start, count, WORKERS), count, broken))
        for start in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode != 0 for worker in workers):
        raise SystemExit("filling the cluster failed")


def judged(command: list[str]) -> tuple[dict, int]:
    """The report, and the number of its requests."""
    done = subprocess.run(command + ["-o", "json", "-v"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, text=True, timeout=300)
    requests = sum(1 for line in done.stderr.splitlines() if "GET /" in line)
    return json.loads(done.stdout), requests


def unhealthy(port: int) -> tuple[int, int] | None:
    """How many Deployments the agent reports as unhealthy, and how many with a cause; None while it is not ready."""
    base = f"http://127.0.0.1:{port}"
    try:
        with urllib.request.urlopen(f"{base}/readyz", timeout=30):
            pass
        with urllib.request.urlopen(f"{base}/health/deployments?state=degraded,unavailable", timeout=30) as answer:
            items = json.load(answer)["deployments"]
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return None
    return len(items), sum(1 for item in items if item.get("causes"))


def agent_memory(command: list[str], broken: int) -> dict[str, int]:
    """The memory of an agent with these flags once it has its lists and causes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    wanted = (broken, 0 if "--causes=false" in command else broken)
    process = subprocess.Popen(command + ["--address", f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until, found = time.monotonic() + AGENT_SECONDS, None
        while (found := unhealthy(port)) != wanted:
            if time.monotonic() > until or process.poll() is not None:
                sys.exit(f"{command}: knows {found} where {wanted} are wanted")
            time.sleep(0.2)
        # The memory of a second search for causes is included.
        time.sleep(20)
        return memory_of(process.pid)
    finally:
        end(process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--n", type=int, default=10_000, help="Deployments (default: %(default)s)")
    parser.add_argument("--broken", type=int, default=50, help="of which not healthy (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plugin", default=os.path.join(HERE, "../target/release/kubectl-sre"))
    parser.add_argument("--agent", default=os.path.join(HERE, "../target/release/sre-agent"))
    parser.add_argument("--before", help="a directory with both binaries of an earlier commit, measured in the same rounds")
    chosen = parser.parse_args()
    programs = {"": (chosen.plugin, chosen.agent)}
    if chosen.before:
        programs[", before"] = tuple(os.path.join(chosen.before, name) for name in ("kubectl-sre", "sre-agent"))
    for program in (program for pair in programs.values() for program in pair):
        if not os.access(program, os.X_OK):
            sys.exit(f"{program} is missing; build it with: cargo build --release")
    become_subreaper()
    started = time.monotonic()
    prepare(chosen.kubeconfig, chosen.n, chosen.broken)
    print(f"bench: filled after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    ways = {}
    for age, (plugin, _) in programs.items():
        command = [plugin, "health", "deployments", "--kubeconfig", chosen.kubeconfig]
        ways |= {f"verdict alone{age}": command + ["--cause", "none"], f"with causes{age}": command}
    facts = {}
    for name, way in ways.items():
        report, requests = judged(way)
        items = [item for item in report["checks"][0]["items"] if not item["healthy"]]
        facts[name] = (requests, len(items), sum(1 for item in items if item.get("causes")))
        if len(items) != chosen.broken:
            sys.exit(f"{len(items)} of {chosen.broken} are not healthy")
        missed = report["coverage"].get("causesNotSeen")
        if missed:
            sys.exit(f"causes were not seen: {missed}")
    if facts["with causes"][2] != chosen.broken:
        sys.exit(f"only {facts['with causes'][2]} of {chosen.broken} have a cause")
    samples = {name: [] for name in ways}
    # In turns, so that the load of the machine is the same for both.
    for _ in range(chosen.rounds):
        for name, way in ways.items():
            samples[name].append(run(way + ["-o", "json"], dict(os.environ)))

    pods = chosen.n * REPLICAS
    print(f"{chosen.n:,} Deployments, {pods:,} pods, {chosen.broken} not healthy; {chosen.rounds} rounds by turns\n")
    print("| | requests | with a cause | min ms | median ms | max ms | peak MB |")
    print("|---|---|---|---|---|---|---|")
    medians, peaks = {}, {}
    for name, taken in samples.items():
        found = spread([sample.seconds * 1000 for sample in taken])
        medians[name] = found["median"]
        peaks[name] = spread([sample.peak_bytes for sample in taken])["median"]
        requests, unhealthy_items, explained = facts[name]
        print(f"| {name} | {requests} | {explained} of {unhealthy_items} | {found['min']:.0f} | {found['median']:.0f} "
              f"| {found['max']:.0f} | {peaks[name] / 1e6:.1f} |")
    if chosen.before:
        for name in ("verdict alone", "with causes"):
            before = f"{name}, before"
            print(f"\n{name}: {medians[name] / medians[before]:.3f} times the time of before, "
                  f"{peaks[name] / peaks[before]:.3f} times its peak memory.")
    ratio = medians["with causes"] / medians["verdict alone"]
    more = facts["with causes"][0] - facts["verdict alone"][0]
    print(f"\nCauses: {more} requests more, {ratio:.2f} times the time of the verdict alone.")

    print("\n| agent | resident MB | peak MB |")
    print("|---|---|---|")
    for name, flags in AGENTS.items():
        for age, (_, agent) in programs.items():
            memory = agent_memory([agent, "--kubeconfig", chosen.kubeconfig, *flags], chosen.broken)
            print(f"| {name}{age} | {memory['resident'] / 1e6:.1f} | {memory['peak'] / 1e6:.1f} |")


if __name__ == "__main__":
    main()
