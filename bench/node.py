#!/usr/bin/env python3
"""Measures the agent in its pod on a real node: how soon it is ready, what it
holds, and what asking it through the API server costs beside kubectl.
`node` beside this file brings everything it needs.
"""

import argparse
import datetime
import json
import os
import subprocess
import time

from bench import machine
from measure import become_subreaper, run, spread
from report import MEGA, about, megabytes, milliseconds, table

NAMESPACE = "sre-tools"
PROXY = f"/api/v1/namespaces/{NAMESPACE}/services/sre-agent:http/proxy"
DEPLOYMENTS = 100
STARTS = 5
ROUNDS = 30
WARM_UP = 2
WAIT = 90


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("kubeconfig", "kubectl", "helm", "plugin", "chart", "scratch"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


class Node:
    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": chosen.scratch, "KUBECONFIG": chosen.kubeconfig,
        }

    def call(self, *command: str, stdin: str | None = None) -> str:
        return subprocess.run(command, env=self.environment, input=stdin, stdout=subprocess.PIPE,
                              check=True, text=True, timeout=300).stdout

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        return self.call(self.chosen.kubectl, *words, stdin=stdin)

    def fill(self) -> None:
        """Deployments without pods, since the agent's memory for one does not depend on its pods."""
        def manifest(number: int) -> dict:
            labels = {"app.kubernetes.io/name": f"app-{number:03}", "app.kubernetes.io/part-of": "shop"}
            container = {"name": "app", "image": f"registry.invalid/shop/app-{number}:v1",
                         "env": [{"name": f"SETTING_{i}", "value": "x" * 40} for i in range(20)]}
            return {"apiVersion": "apps/v1", "kind": "Deployment",
                    "metadata": {"name": f"app-{number:03}", "labels": labels},
                    "spec": {"replicas": 0, "selector": {"matchLabels": labels},
                             "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}}
        items = [manifest(number) for number in range(DEPLOYMENTS)]
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def pod(self) -> dict:
        text = self.kubectl("-n", NAMESPACE, "get", "pods", "-o", "json", "-l", "app.kubernetes.io/name=sre-agent")
        [pod] = json.loads(text)["items"]
        return pod

    def start(self) -> float:
        """Seconds from the start of the container to ready. The kubelet writes whole seconds."""
        self.kubectl("-n", NAMESPACE, "delete", "pods", "-l", "app.kubernetes.io/name=sre-agent")
        self.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/sre-agent", f"--timeout={WAIT}s")
        status = self.pod()["status"]
        [container] = status["containerStatuses"]
        [ready] = [c for c in status["conditions"] if c["type"] == "Ready"]
        moments = (ready["lastTransitionTime"], container["state"]["running"]["startedAt"])
        seconds = [datetime.datetime.fromisoformat(moment).timestamp() for moment in moments]
        return seconds[0] - seconds[1]

    def resident(self) -> int:
        for line in self.kubectl("get", "--raw", f"{PROXY}/metrics").splitlines():
            if line.startswith("process_resident_memory_bytes "):
                return int(float(line.split()[1]))
        raise SystemExit("/metrics tells no process_resident_memory_bytes")

    def settled(self) -> None:
        end = time.monotonic() + WAIT
        while json.loads(self.kubectl("get", "--raw", f"{PROXY}/health"))["checks"][1]["summary"]["total"] <= DEPLOYMENTS:
            if time.monotonic() > end:
                raise SystemExit(f"the agent never saw {DEPLOYMENTS} Deployments")
            time.sleep(0.2)

    def race(self) -> dict[str, dict]:
        commands = {
            "plugin": [self.chosen.plugin, "health", "--agent"],
            "kubectl": [self.chosen.kubectl, "get", "--raw", f"{PROXY}/health?items=notable"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(WARM_UP + ROUNDS):
            for name, command in commands.items():
                sample = run(command, self.environment)
                if name == "kubectl" and sample.exit_code != 0:
                    raise SystemExit(f"{' '.join(command)} ended with {sample.exit_code}")
                if number >= WARM_UP:
                    seconds[name].append(sample.seconds)
        return {name: spread(values) for name, values in seconds.items()}


INTRODUCTION = f"""\
# Benchmarks on a node

Made by `make bench-node`: the agent from its image and its chart, with default
values, on one real node (containerd, kubelet), asked through the API server's
service proxy. {DEPLOYMENTS} Deployments. The rows of the last table were
measured in turns, {ROUNDS} rounds after {WARM_UP} to warm up.
"""


def main() -> None:
    chosen = arguments()
    become_subreaper()
    node = Node(chosen)
    node.fill()
    node.call(chosen.helm, "install", "sre-agent", chosen.chart, "-n", NAMESPACE, "--create-namespace",
              "--wait", "--timeout", f"{WAIT}s")
    starts = [node.start() for _ in range(STARTS)]
    node.settled()
    race = node.race()
    resident = node.resident()
    beyond = race["plugin"]["median"] - race["kubectl"]["median"]
    results = {
        "measuredAt": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
        "machine": machine(),
        "versions": {"API server": json.loads(node.kubectl("get", "--raw", "/version"))["gitVersion"]},
    }
    targets = [
        ["pod ready after its container's start, slowest of " + str(STARTS), "at most 3 s",
         f"{max(starts):.0f} s", max(starts) <= 3],
        [f"resident with {DEPLOYMENTS} Deployments, after the questions", "under 15 MB",
         megabytes(resident), resident < 15 * MEGA],
        ["`kubectl sre health --agent` beyond `kubectl get --raw`, medians", "at most 20 ms",
         ("-" if beyond < 0 else "") + milliseconds(abs(beyond)), beyond <= 0.020],
    ]
    rows = [[*row[:3], "yes" if row[3] else "**no**"] for row in targets]
    print(INTRODUCTION)
    print(about(results))
    print("## Targets\n")
    print(table(["what", "target", "measured", "met"], rows))
    print("## Asking through the API server\n")
    labels = {"plugin": "`kubectl-sre health --agent`", "kubectl": f"`kubectl get --raw .../proxy/health?items=notable`"}
    print(table(["whole process", "min", "median", "max"], [
        [labels[name], *(milliseconds(wall[word]) for word in ("min", "median", "max"))] for name, wall in race.items()
    ]), end="")


if __name__ == "__main__":
    main()
