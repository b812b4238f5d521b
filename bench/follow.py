#!/usr/bin/env python3
"""Measures what following a change costs, beside kubectl: how soon a change of the API server is on
stderr, the requests and the memory of a wait for one Deployment, the CPU time of watching all of
them while they change, and the time of `gate` beside that of two runs."""

import argparse
import json
import os
import queue
import re
import statistics
import subprocess
import threading
import time

import report
from kubeconfig import Cluster
from measure import become_subreaper, end, fine_cpu_of, memory_of, run, spread
from populate import Writer, namespace, populate

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = os.path.join(HERE, "../target/release/kubectl-sre")
CONTROLLER = "kube-controller-manager/v1.37.2"
# Each of its pods that becomes available is a change.
REPLICAS = 1000
# A program that shows nothing of a change for so long has missed it.
SHOWN_SECONDS = 15
POLL_SECONDS = 1.0
# Changes come this long after each other, so that each is shown by itself.
SPACING = 1.5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--plugin", default=PLUGIN)
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--n", type=int, default=10000, help="Deployments (default: %(default)s)")
    parser.add_argument("--changes", type=int, default=20, help="changes that are timed (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=50, help="changes a second while all are watched")
    parser.add_argument("--seconds", type=int, default=30, help="how long they are watched")
    parser.add_argument("--rounds", type=int, default=5, help="runs of gate")
    return parser.parse_args()


class Rollout:
    """A Deployment whose pods become available one by one, because its status says so."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.writer = Writer(cluster)
        self.name, self.namespace = name, namespace(0)
        self.path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        labels = {"app": name}
        created = self.writer.expect({201}, "POST", self.path, {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app"}]}}},
        }, "bench")
        del created
        self.available = 0
        self.step()

    def step(self) -> float:
        """One more pod is available. Returns when the API server had taken that."""
        self.available += 1
        count = self.available
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.writer.expect({200}, "PUT", f"{self.path}/{self.name}/status", {
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {"selector": {"matchLabels": {"app": self.name}}, "template": {
                "metadata": {"labels": {"app": self.name}},
                "spec": {"containers": [{"name": "app", "image": "app"}]}}},
            "status": {
                "observedGeneration": 1, "replicas": REPLICAS, "updatedReplicas": REPLICAS,
                "readyReplicas": count, "availableReplicas": count, "unavailableReplicas": REPLICAS - count,
                "conditions": [
                    {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated",
                     "lastUpdateTime": now, "lastTransitionTime": now},
                    {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable",
                     "lastUpdateTime": now, "lastTransitionTime": now},
                ],
            },
        }, CONTROLLER)
        return time.perf_counter()


class Lines:
    """The lines of a running program, each with the time at which it came."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines: queue.Queue = queue.Queue()
        self.seen: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put((time.perf_counter(), line.decode(errors="replace")))

    def time_of(self, pattern: str) -> float:
        """When the next line with that pattern came."""
        until = time.monotonic() + SHOWN_SECONDS
        while time.monotonic() < until:
            try:
                at, line = self.lines.get(timeout=0.5)
            except queue.Empty:
                continue
            self.seen.append(line)
            if re.search(pattern, line):
                return at
        raise SystemExit(f"{self.process.args}: nothing with {pattern!r} within {SHOWN_SECONDS} s in {self.seen[-5:]}")


def plugin_latencies(chosen: argparse.Namespace, environment: dict[str, str], rollout: Rollout) -> list[float]:
    return line_latencies(
        [chosen.plugin, "health", f"deploy/{rollout.name}", "-n", rollout.namespace, "--wait", "--timeout=10m"],
        r"\b{count}/" + str(REPLICAS) + " ready", chosen, environment, rollout)


def rollout_status_latencies(chosen: argparse.Namespace, environment: dict[str, str], rollout: Rollout) -> list[float]:
    return line_latencies(
        [chosen.kubectl, "rollout", "status", f"deploy/{rollout.name}", "-n", rollout.namespace, "--timeout=10m"],
        r"\b{count} of " + str(REPLICAS), chosen, environment, rollout)


def line_latencies(command: list[str], pattern: str, chosen: argparse.Namespace, environment: dict[str, str],
                   rollout: Rollout) -> list[float]:
    lines = Lines(command, environment)
    try:
        lines.time_of(pattern.format(count=rollout.available))
        found = []
        for _ in range(chosen.changes):
            time.sleep(SPACING)
            changed = rollout.step()
            found.append(max(0.0, lines.time_of(pattern.format(count=rollout.available)) - changed))
        return found
    finally:
        end(lines.process)


def wait_latencies(chosen: argparse.Namespace, environment: dict[str, str], rollout: Rollout) -> list[float]:
    """`kubectl wait` waits for one value, so each change needs a process of its own."""
    found = []
    for _ in range(chosen.changes):
        process = subprocess.Popen(
            [chosen.kubectl, "wait", f"deploy/{rollout.name}", "-n", rollout.namespace, "--timeout=60s",
             f"--for=jsonpath={{.status.availableReplicas}}={rollout.available + 1}"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(SPACING)
        changed = rollout.step()
        if process.wait(timeout=SHOWN_SECONDS) != 0:
            raise SystemExit("kubectl wait failed")
        found.append(max(0.0, time.perf_counter() - changed))
    return found


def poll_latencies(chosen: argparse.Namespace, environment: dict[str, str], rollout: Rollout) -> list[float]:
    """A loop in a shell, as it stands in many pipelines."""
    command = [chosen.kubectl, "get", f"deploy/{rollout.name}", "-n", rollout.namespace,
               "-o", "jsonpath={.status.availableReplicas}"]
    found, over = [], threading.Event()
    shown: queue.Queue = queue.Queue()

    def poll() -> None:
        while not over.is_set():
            text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
            shown.put((time.perf_counter(), text.stdout))
            over.wait(POLL_SECONDS)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        for _ in range(chosen.changes):
            time.sleep(SPACING)
            changed = rollout.step()
            while True:
                at, text = shown.get(timeout=SHOWN_SECONDS)
                if text == str(rollout.available):
                    break
            found.append(max(0.0, at - changed))
    finally:
        over.set()
        thread.join()
    return found


def wait_cost(chosen: argparse.Namespace, environment: dict[str, str], rollout: Rollout) -> dict:
    """The requests of a wait until its first line about the object, and its memory after some changes."""
    lines = Lines([chosen.plugin, "health", f"deploy/{rollout.name}", "-n", rollout.namespace, "--wait", "-v"],
                  environment)
    try:
        lines.time_of(rf"\b{rollout.available}/{REPLICAS} ready")
        for _ in range(3):
            time.sleep(SPACING)
            rollout.step()
            lines.time_of(rf"\b{rollout.available}/{REPLICAS} ready")
        memory = memory_of(lines.process.pid)
    finally:
        end(lines.process)
    requests = [line for line in lines.seen if re.search(r"\bGET /|\bPOST /", line)]
    watches = [line for line in requests if "watch=" in line]
    return {"requests": len(requests) - len(watches), "watches": len(watches), "peak": memory["peak"],
            "lines": requests}


def toggle(cluster: Cluster, count: int, rate: int, over: threading.Event) -> None:
    """Changes one Deployment after the other, so many a second. Each stays as healthy as it was."""
    writer = Writer(cluster)
    began, done = time.perf_counter(), 0
    while not over.is_set():
        index = 1000 + done % (count - 1000) if count > 2000 else done % count
        name, place = f"service-{index:05d}", namespace(index)
        # The time, so that no patch leaves an object as it is. An annotation would count as a new spec of a Deployment, which no
        # controller observes here.
        patch = {"metadata": {"labels": {"example.com/changed": str(time.time())}}}
        code, answer = writer_patch(writer, f"/apis/apps/v1/namespaces/{place}/deployments/{name}", patch)
        if code != 200:
            raise SystemExit(f"PATCH {name}: {code} {answer[:300]!r}")
        done += 1
        pause = began + done / rate - time.perf_counter()
        if pause > 0:
            time.sleep(pause)


def writer_patch(writer: Writer, path: str, patch: dict) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/merge-patch+json", "User-Agent": CONTROLLER}
    writer.connection.request("PATCH", path, json.dumps(patch), headers)
    answer = writer.connection.getresponse()
    return answer.status, answer.read()


def watch_cost(chosen: argparse.Namespace, environment: dict[str, str], command: list[str],
               cluster: Cluster) -> dict:
    """CPU time and memory of a program that watches all while they change."""
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    over = threading.Event()
    changes = threading.Thread(target=toggle, args=(cluster, chosen.n, chosen.rate, over))
    try:
        time.sleep(10)
        at_rest = fine_cpu_of(process.pid)
        time.sleep(10)
        at_rest = (fine_cpu_of(process.pid) - at_rest) / 10
        changes.start()
        time.sleep(2)
        before, began = fine_cpu_of(process.pid), time.perf_counter()
        time.sleep(chosen.seconds)
        share = (fine_cpu_of(process.pid) - before) / (time.perf_counter() - began)
        memory = memory_of(process.pid)
    finally:
        over.set()
        if changes.ident:
            changes.join()
        end(process)
    return {"rest": at_rest, "share": share, "peak": memory["peak"]}


def gate_cost(chosen: argparse.Namespace, environment: dict[str, str]) -> list[list[str]]:
    runs, gates = [], []
    # What is broken in this cluster was broken before, so that a gate passes where a run does not.
    for _ in range(chosen.rounds):
        runs.append(run([chosen.plugin, "health", "deploy"], environment))
        gates.append(run([chosen.plugin, "gate", "deploy", "--", "true"], environment))
    of_runs = statistics.median(sample.seconds for sample in runs)
    rows = []
    for label, samples in (("`health deploy`", runs), ("`gate deploy -- true`", gates)):
        times = spread([sample.seconds for sample in samples])
        rows.append([label, report.milliseconds(times["median"]), f"{times['median'] / of_runs:.2f}",
                     report.megabytes(max(sample.peak_bytes for sample in samples)),
                     ", ".join(sorted({str(sample.exit_code) for sample in samples}))])
    return rows


def main() -> None:
    chosen = arguments()
    become_subreaper()
    cluster = Cluster(chosen.kubeconfig)
    environment = {"PATH": os.environ["PATH"], "HOME": os.path.dirname(chosen.kubeconfig),
                   "KUBECONFIG": chosen.kubeconfig}
    populate(chosen.kubeconfig, chosen.n)

    rollout = Rollout(cluster, "rollout")
    rows = []
    for label, latencies in (
        ("`kubectl sre health --wait`", plugin_latencies),
        ("`kubectl rollout status`", rollout_status_latencies),
        ("`kubectl wait`", wait_latencies),
        (f"`kubectl get`, {POLL_SECONDS:.0f} s after the last", poll_latencies),
    ):
        times = spread(latencies(chosen, environment, rollout))
        rows.append([label, *(report.milliseconds(times[word]) for word in ("min", "median", "max"))])
    print(f"## Following one of {chosen.n:,} Deployments\n")
    print(f"From the API server's answer to a write until it is shown, {chosen.changes} changes:\n")
    print(report.table(["program", "min", "median", "max"], rows))

    cost = wait_cost(chosen, environment, rollout)
    print(f"A wait for it begins with {cost['requests']} requests and {cost['watches']} watches; peak memory "
          f"{report.megabytes(cost['peak'])}.\n")

    rows = []
    for label, command in (
        ("`kubectl sre health -w`", [chosen.plugin, "health", "-w"]),
        ("`kubectl sre health deploy -w`", [chosen.plugin, "health", "deploy", "-w"]),
        ("`kubectl get deploy -A -w`", [chosen.kubectl, "get", "deploy", "-A", "-w"]),
    ):
        spent = watch_cost(chosen, environment, command, cluster)
        rows.append([label, f"{spent['rest']:.1%}".replace("%", " %"), f"{spent['share']:.1%}".replace("%", " %"),
                     report.megabytes(spent["peak"])])
    print(f"## Watching {chosen.n:,} Deployments, {chosen.rate} changes a second for {chosen.seconds} s\n")
    print(report.table(["program", "of a core at rest", "of a core", "peak memory"], rows))

    print("## gate\n")
    print(report.table(["program", "median", "of a run", "peak memory", "exit codes"], gate_cost(chosen, environment)),
          end="")


if __name__ == "__main__":
    main()
