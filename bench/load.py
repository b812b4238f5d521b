#!/usr/bin/env python3
"""Measures the agent under load beside a bare hyper server: requests a second
and latencies, by wrk. Each program has a core of its own, if there are two."""

import argparse
import http.client
import os
import re
import subprocess
import tempfile
import time

import report
from measure import end, memory_of
from populate import populate

HERE = os.path.dirname(os.path.abspath(__file__))
RELEASE = os.path.join(HERE, "../target/release")
PATHS = ("/healthz", "/health?items=notable", "/health/deployments?limit=500", "/health/deployments")
START_SECONDS = 60


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--agent", default=os.path.join(RELEASE, "sre-agent"))
    parser.add_argument("--bare", default=os.path.join(RELEASE, "examples/bare_server"))
    parser.add_argument("--n", type=int, default=10000, help="Deployments; 0 for those that are there")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=5)
    return parser.parse_args()


def pinned(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core), *command] if len(os.sched_getaffinity(0)) > 1 else command


def get(address: str, path: str) -> tuple[int, bytes]:
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def start_agent(chosen: argparse.Namespace, log_path: str) -> tuple[subprocess.Popen, str]:
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            pinned(0, [chosen.agent, "--kubeconfig", chosen.kubeconfig, "--address", "127.0.0.1:0",
                       "--kinds", "deployments", "--log-format", "json"]),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with open(log_path, encoding="utf-8", errors="replace") as log:
            text = log.read()
        if address := re.search(r'"address":"([^"]+)"', text):
            if '"message":"listed"' in text:
                return process, address.group(1)
        time.sleep(0.05)
    process.kill()
    raise SystemExit(f"the agent did not list the Deployments within {START_SECONDS} s:\n{text[-2000:]}")


def start_bare(chosen: argparse.Namespace, size: int) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(pinned(0, [chosen.bare, str(size)]), stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def load(chosen: argparse.Namespace, address: str, path: str) -> dict[str, str]:
    command = pinned(1, ["wrk", "-t1", f"-c{chosen.connections}", f"-d{chosen.seconds}s", "--latency",
                         f"http://{address}{path}"])
    text = subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=chosen.seconds + 30).stdout
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", text):
        raise SystemExit(f"{path}: {refused.group(1)} answers were errors")
    found = {name: re.search(pattern, text) for name, pattern in (
        ("rate", r"Requests/sec:\s+([\d.]+)"), ("median", r"50%\s+(\S+)"), ("p99", r"99%\s+(\S+)"))}
    if not all(found.values()):
        raise SystemExit(f"wrk printed something else:\n{text}")
    return {name: match.group(1) for name, match in found.items()}


def main() -> None:
    chosen = arguments()
    if chosen.n:
        populate(chosen.kubeconfig, chosen.n, 0)
    rows = []
    with tempfile.TemporaryDirectory(prefix="sre-load-") as scratch:
        agent, address = start_agent(chosen, os.path.join(scratch, "agent.log"))
        try:
            for path in PATHS:
                status, body = get(address, path)
                if status != 200:
                    raise SystemExit(f"GET {path}: {status} {body[:300]!r}")
                bare, bare_address = start_bare(chosen, len(body))
                try:
                    of_bare = load(chosen, bare_address, "/")
                    of_agent = load(chosen, address, path)
                finally:
                    end(bare)
                ratio = float(of_agent["rate"]) / float(of_bare["rate"])
                rows.append([f"`{path}`", f"{len(body):,}", f"{float(of_agent['rate']):,.0f}",
                             f"{float(of_bare['rate']):,.0f}", f"{ratio:.2f}",
                             of_agent["median"], of_bare["median"], of_agent["p99"], of_bare["p99"]])
            peak = memory_of(agent.pid)["peak"]
        finally:
            end(agent)
    print(f"## The agent under load\n\n{chosen.connections} connections, {chosen.seconds} s each; "
          f"peak memory {report.megabytes(peak)}.\n")
    print(report.table(["request", "bytes", "requests/s", "bare hyper", "ratio", "median", "bare", "p99", "bare"], rows),
          end="")


if __name__ == "__main__":
    main()
