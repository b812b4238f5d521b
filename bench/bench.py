#!/usr/bin/env python3
"""Measures the plugin and the agent against their peers, on a cluster without
controllers that it fills from one size to the next. `run` beside this file
brings everything it needs.
"""

import argparse
import datetime
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import ratios
import report
from kubeconfig import Cluster
from measure import become_subreaper, end, fine_cpu_of, memory_of, run, spread
from populate import degraded, populate

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = "/apis/apps/v1/deployments"
JSON = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"

# Fewer if a round takes half a minute.
ROUNDS = {10: 30, 1000: 15, 10000: 5, 100000: 3}
WARM_UP = 2
# If fewer objects follow the first page, the plugin reads pages.
WORTH_THE_WHOLE = 1000
REQUESTS = 300
SPACED_REQUESTS = 15
# More than the second for which the agent remembers the API server's answer.
SPACING = 1.1
AGENT_SECONDS = 120
# Answers whose cost grows with the cluster, and how often each is made.
WHOLE_ANSWERS = ("/health?items=notable", "/health/deployments")
ANSWERS = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--n", default="10,1000,10000", help="sizes, ascending (default: %(default)s)")
    parser.add_argument("--rounds", type=int, help="rounds at every size (default: by size)")
    parser.add_argument("--without", default="", help="leave out: ours,agent,kubectl,python")
    parser.add_argument("--plugin", default=os.path.join(HERE, "../target/release/kubectl-sre"))
    parser.add_argument("--agent", default=os.path.join(HERE, "../target/release/sre-agent"))
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--python-path", default="", help="where the kubernetes client is installed")
    parser.add_argument("--page-limit", type=int, default=500, help="the size of the plugin's first page")
    parser.add_argument("--figures", default="", help="write the figures that runs are compared by to this file")
    parser.add_argument("--before", default="", help="the figures of an earlier run; worse ones end with exit code 1")
    chosen = parser.parse_args()
    chosen.sizes = [int(word) for word in chosen.n.split(",")]
    if chosen.sizes != sorted(set(chosen.sizes)) or chosen.sizes[0] < 1:
        parser.error("--n takes ascending positive numbers")
    chosen.without = set(filter(None, chosen.without.split(",")))
    unknown = chosen.without - {"ours", "agent", "kubectl", "python"}
    if unknown:
        parser.error(f"--without does not know {', '.join(sorted(unknown))}")
    for name, path in (("ours", chosen.plugin), ("agent", chosen.agent)):
        if name not in chosen.without and not os.access(path, os.X_OK):
            sys.exit(f"{path} is missing; build it with: cargo build --release")
    return chosen


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def output(command: list[str], environment: dict[str, str] | None = None) -> str:
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False, text=True, timeout=300).stdout


def machine() -> dict:
    cpu = platform.processor() or "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    return {
        "cores": os.cpu_count(),
        "cpu": cpu,
        "memoryBytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "loadAverage": os.getloadavg()[0],
    }


def server_process(kubeconfig: str) -> int | None:
    """The process of the API server, if it is one of `e2e/cluster/cluster` on this machine."""
    try:
        path = os.path.join(os.path.dirname(kubeconfig), "run", "kube-apiserver.pid")
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return None


class Bench:
    """One run: the cluster, the measured programs, and their environment."""

    def __init__(self, chosen: argparse.Namespace, scratch: str) -> None:
        self.chosen = chosen
        self.scratch = scratch
        self.cluster = Cluster(chosen.kubeconfig)
        self.server = server_process(chosen.kubeconfig)
        # A home of its own: kubectl keeps a discovery cache there, which the
        # warm-up fills. A user of kubectl has it filled too.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": scratch,
            "KUBECONFIG": chosen.kubeconfig,
            "PYTHONPATH": chosen.python_path,
        }

    def get(self, path: str) -> bytes:
        connection = self.cluster.connect()
        connection.request("GET", path, headers={"User-Agent": "bench", "Accept": JSON})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"GET {path}: {answer.status} {body[:500]!r}")
        return body

    def pages(self) -> list[str]:
        """The list by pages of 500, as kubectl asks for it: one path a page, which holds for some minutes."""
        paths, token = [], ""
        while True:
            paths.append(f"{LIST}?{urllib.parse.urlencode({'limit': 500} | ({'continue': token} if token else {}))}")
            token = json.loads(self.get(paths[-1]))["metadata"].get("continue", "")
            if not token:
                return paths

    def own_requests(self) -> list[str]:
        """The plugin's lists, one path each: the first page, and the whole list if the page shows that it is long."""
        paths = [f"{LIST}?{urllib.parse.urlencode({'limit': self.chosen.page_limit})}"]
        metadata = json.loads(self.get(paths[0]))["metadata"]
        while token := metadata.get("continue", ""):
            if len(paths) == 1 and metadata.get("remainingItemCount", 0) >= WORTH_THE_WHOLE:
                query = {"resourceVersion": metadata["resourceVersion"], "resourceVersionMatch": "NotOlderThan"}
                return [*paths, f"{LIST}?{urllib.parse.urlencode(query)}"]
            paths.append(f"{LIST}?{urllib.parse.urlencode({'limit': self.chosen.page_limit, 'continue': token})}")
            metadata = json.loads(self.get(paths[-1]))["metadata"]
        return paths

    def curl(self, name: str, paths: list[str], accept: str, encoding: str = "identity") -> list[str]:
        file = os.path.join(self.scratch, f"{name}.curl")
        with open(file, "w", encoding="utf-8") as config:
            for path in paths:
                config.write(f'url = "{self.cluster.server}{path}"\noutput = "/dev/null"\n')
        # HTTP/1.1, as the plugin uses it: on loopback it is also faster for curl.
        return ["curl", "--http1.1", "--silent", "--fail", "--noproxy", "*", "-A", "bench",
                "--cacert", self.cluster.ca, "--cert", self.cluster.certificate,
                "--key", self.cluster.key, "-H", f"Accept: {accept}",
                "-H", f"Accept-Encoding: {encoding}", "--config", file]

    def commands(self) -> dict[str, tuple[str, list[str]]]:
        """The measured programs: label and command line, in the order of a round."""
        chosen, found = self.chosen, {}
        if "ours" not in chosen.without:
            found["ours"] = ("`kubectl-sre health`", [chosen.plugin, "health"])
            found["path"] = ("`kubectl-sre health apiserver`, every rung", [chosen.plugin, "health", "apiserver"])
        if "kubectl" not in chosen.without:
            found["kubectl"] = ("`kubectl get deploy -A`", [chosen.kubectl, "get", "deploy", "-A"])
        found["curlJson"] = ("curl, one list, JSON", self.curl("json", [LIST], JSON))
        found["curlProtobuf"] = ("curl, one list, protobuf", self.curl("protobuf", [LIST], PROTOBUF))
        found["curlOwn"] = ("curl, first page and whole list (protobuf, gzip)",
                            self.curl("own", self.own_requests(), PROTOBUF, "gzip"))
        found["curlPages"] = ("curl, pages of 500, protobuf, gzip",
                              self.curl("pages", self.pages(), PROTOBUF, "gzip"))
        if "python" not in chosen.without:
            found["python"] = ("kubernetes (Python)", [
                sys.executable, os.path.join(HERE, "peer_client.py"), chosen.kubeconfig])
        found["true"] = ("true", ["true"])
        return found

    def verify(self, count: int) -> None:
        """Each program must have read all Deployments, or its time means nothing."""
        seen = {}
        if "ours" not in self.chosen.without:
            text = output([self.chosen.plugin, "health", "-o", "json"], self.environment)
            try:
                checks = json.loads(text)["checks"]
                seen["ours"] = next(c for c in checks if c["check"] == "deployments")["summary"]["total"]
            except (ValueError, KeyError, StopIteration):
                raise SystemExit(f"no report from the plugin: {text[:500]!r}") from None
        commands = self.commands()
        if "kubectl" in commands:
            lines = output([*commands["kubectl"][1], "--no-headers"], self.environment)
            seen["kubectl"] = len(lines.splitlines())
        if "python" in commands:
            seen["python"] = len(output(commands["python"][1], self.environment).splitlines())
        wrong = {name: number for name, number in seen.items() if number != count}
        if wrong:
            raise SystemExit(f"there are {count} Deployments, but these counted: {wrong}")

    def measure(self, count: int) -> dict:
        rounds = self.chosen.rounds or next(
            (r for size, r in ROUNDS.items() if count <= size), min(ROUNDS.values()))
        body = self.get(LIST)
        self.verify(count)
        samples: dict[str, list] = {}
        labels = {}
        for number in range(-WARM_UP, rounds):
            say(f"{count} Deployments, " + (f"round {number + 1} of {rounds}" if number >= 0 else "warming up"))
            # In each round again, since continue tokens expire after minutes.
            for name, (label, command) in self.commands().items():
                sample = run(command, self.environment, server=self.server)
                # The plugin's exit code reports too few pods: 1 for the first minute, then 2. All others succeed.
                if sample.exit_code not in ((0, 1, 2) if name == "ours" else (0,)):
                    raise SystemExit(f"{' '.join(command)}: exit code {sample.exit_code}")
                if number >= 0:
                    labels[name] = label
                    samples.setdefault(name, []).append(sample)
        return {
            "count": count,
            "degraded": degraded(count),
            "averageBytes": len(body) / count,
            "rounds": rounds,
            "warmUp": WARM_UP,
            "commands": {
                name: {
                    "label": labels[name],
                    "seconds": spread([sample.seconds for sample in taken]),
                    "peakBytes": spread([sample.peak_bytes for sample in taken]),
                    "cpuSeconds": spread([sample.cpu_seconds for sample in taken]),
                    "serverSeconds": spread([sample.server_seconds for sample in taken]) if self.server else None,
                    "exitCodes": sorted({sample.exit_code for sample in taken}),
                }
                for name, taken in samples.items()
            },
        }

    def measure_agent(self, count: int) -> dict:
        say(f"the agent with {count} Deployments")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log_path = os.path.join(self.scratch, "agent.log")
        with open(log_path, "wb") as log:
            started = time.perf_counter()
            process = subprocess.Popen(
                [self.chosen.agent, "--kubeconfig", self.chosen.kubeconfig, "--address", f"127.0.0.1:{port}"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.await_agent(process, port, count, started, log_path)
            first = time.perf_counter() - started
            time.sleep(2)
            after_list = memory_of(process.pid)
            agent = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            server = self.cluster.connect()
            latency = {
                "agent /health/deployments?state=degraded":
                    repeated(agent, "/health/deployments?state=degraded", REQUESTS),
                "agent /health/apiserver": repeated(agent, "/health/apiserver", REQUESTS),
                "API server /readyz?verbose": repeated(server, "/readyz?verbose", REQUESTS),
                "API server /version": repeated(server, "/version", REQUESTS),
            }
            latency |= spaced({
                "agent /health/apiserver": (agent, "/health/apiserver"),
                "API server /readyz?verbose": (server, "/readyz?verbose"),
                "API server /version": (server, "/version"),
            })
            answers = {path: self.answer_cost(agent, process.pid, path) for path in WHOLE_ANSWERS}
            after_requests = memory_of(process.pid)
        finally:
            end(process)
        return {
            "firstAnswerSeconds": first,
            "afterList": after_list,
            "afterRequests": after_requests,
            "latency": {name: spread(times) for name, times in latency.items()},
            "answers": answers,
        }

    def answer_cost(self, agent: http.client.HTTPConnection, pid: int, path: str) -> dict:
        """CPU seconds of the agent for an answer. Each is made anew, since an answer is remembered for a second."""
        spent, size = [], 0
        for _ in range(ANSWERS):
            time.sleep(SPACING)
            before = fine_cpu_of(pid)
            agent.request("GET", path, headers={"User-Agent": "bench"})
            answer = agent.getresponse()
            size = len(answer.read())
            spent.append(fine_cpu_of(pid) - before)
            if answer.status not in (200, 500):
                raise SystemExit(f"GET {path}: {answer.status}")
        return {"bytes": size, "cpuSeconds": spread(spent)}

    def await_agent(self, process: subprocess.Popen, port: int, count: int, started: float, log_path: str) -> None:
        answer = "nothing"
        while time.perf_counter() - started < AGENT_SECONDS and process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", "/readyz")
                ready = connection.getresponse()
                ready.read()
                connection.request("GET", "/health/deployments?state=degraded")
                body = connection.getresponse().read()
                connection.close()
                answer = f"/readyz {ready.status}, {body[:300]!r}"
                if ready.status == 200 and json.loads(body)["summary"]["total"] == count:
                    return
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
                pass
            time.sleep(0.02)
        with open(log_path, encoding="utf-8", errors="replace") as log:
            tail = "".join(log.readlines()[-30:])
        raise SystemExit(f"the agent did not come to {count} Deployments; last answer: {answer}\n{tail}")


def timed(connection: http.client.HTTPConnection, path: str) -> float:
    started = time.perf_counter()
    connection.request("GET", path, headers={"User-Agent": "bench"})
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - started
    if answer.status != 200:
        raise SystemExit(f"GET {path}: {answer.status} {body[:300]!r}")
    return seconds


def repeated(connection: http.client.HTTPConnection, path: str, requests: int) -> list[float]:
    for _ in range(10):
        timed(connection, path)
    return [timed(connection, path) for _ in range(requests)]


def spaced(asked: dict[str, tuple[http.client.HTTPConnection, str]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(SPACED_REQUESTS):
        for name, (connection, path) in asked.items():
            times[name].append(timed(connection, path))
        time.sleep(SPACING)
    return {f"{name}, spaced": taken for name, taken in times.items()}


def targets(results: dict) -> list[dict]:
    """The targets and the measured values. They are reported and not enforced."""
    goals: list[dict] = []

    def goal(name: str, target: str, measured: str, met: bool) -> None:
        goals.append({"name": name, "target": target, "measured": measured, "met": met})

    for size in results["sizes"]:
        count, commands = size["count"], size["commands"]
        median = {name: entry["seconds"]["median"] for name, entry in commands.items()}
        if "ours" in commands and "kubectl" in commands and count in (10, 10000):
            share = median["ours"] / median["kubectl"]
            most, words = (1 / 3, "a third") if count == 10 else (1 / 5, "a fifth")
            goal(f"plugin, {count:,}: time of kubectl's", f"at most {words}", f"{share:.2f}", share <= most)
        if "path" in commands and count == 10:
            goal("plugin: every rung of the path to the API server", "at most 25 ms",
                 report.milliseconds(median["path"]), median["path"] <= 0.025)
        if "ours" in commands and count in (10000, 100000):
            most, room = (0.5, 25e6) if count == 10000 else (0.7, 60e6)
            ratio = median["ours"] / median["curlProtobuf"]
            goal(f"plugin, {count:,}: time of {commands['curlProtobuf']['label']}", f"at most {most}",
                 f"{ratio:.2f}", ratio <= most)
            peak = commands["ours"]["peakBytes"]["max"]
            goal(f"plugin, {count:,}: peak memory", f"under {report.megabytes(room)}", report.megabytes(peak), peak < room)
        if "ours" in commands and "kubectl" in commands and commands["ours"]["serverSeconds"] and count >= 1000:
            own, other = (commands[name]["serverSeconds"]["median"] for name in ("ours", "kubectl"))
            goal(f"plugin, {count:,}: CPU of the API server", "at most kubectl's",
                 f"{own:.2f} s, kubectl's {other:.2f} s", own <= other)
        if "agent" in size and count in (10000, 100000):
            entry = size["agent"]
            resident = entry["afterList"]["resident"]
            most = 12e6 if count == 10000 else 36e6
            goal(f"agent, {count:,}: resident after the first list", f"under {report.megabytes(most)}",
                 report.megabytes(resident), resident < most)
            middle = entry["latency"]["agent /health/deployments?state=degraded"]["median"]
            if count == 10000:
                goal("agent, 10,000: /health/deployments?state=degraded, median", "under 1 ms",
                     report.milliseconds(middle), middle < 0.001)
            else:
                first = entry["firstAnswerSeconds"]
                goal("agent, 100,000: first complete answer", "under 7 s", f"{first:.1f} s", first < 7)
                for path, limit in zip(WHOLE_ANSWERS, (0.005, 0.060)):
                    spent = entry["answers"][path]["cpuSeconds"]["median"]
                    goal(f"agent, 100,000: {path}, CPU", f"at most {report.milliseconds(limit)}",
                         report.milliseconds(spent), spent <= limit)
            for suffix in ("", ", spaced"):
                own = entry["latency"][f"agent /health/apiserver{suffix}"]["median"]
                server = entry["latency"][f"API server /readyz?verbose{suffix}"]["median"]
                goal(f"agent: /health/apiserver{suffix}, beyond the API server's own /readyz?verbose",
                     "at most 1 ms", report.milliseconds(own - server), own - server <= 0.001)
    return goals


def versions(bench: Bench) -> dict[str, str]:
    chosen = bench.chosen
    found = {"API server": json.loads(bench.get("/version"))["gitVersion"]}
    if "ours" not in chosen.without:
        found["kubectl-sre"] = (output([chosen.plugin, "version"], bench.environment).splitlines() or ["unknown"])[0]
    if "kubectl" not in chosen.without:
        found["kubectl"] = json.loads(output(
            [chosen.kubectl, "version", "--client", "-o", "json"], bench.environment))["clientVersion"]["gitVersion"]
    found["curl"] = output(["curl", "--version"]).splitlines()[0]
    if "python" not in chosen.without:
        client = output([sys.executable, "-c", "import kubernetes; print(kubernetes.__version__)"],
                        bench.environment).strip()
        found["Python"] = f"{platform.python_version()}, kubernetes {client}"
    return found


def main() -> None:
    chosen = arguments()
    become_subreaper()
    with tempfile.TemporaryDirectory(prefix="sre-bench-") as scratch:
        bench = Bench(chosen, scratch)
        results = {
            "measuredAt": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": machine(),
            "versions": versions(bench),
            "sizes": [],
        }
        existing = 0
        for count in chosen.sizes:
            say(f"growing the cluster to {count} Deployments")
            populate(chosen.kubeconfig, count, existing)
            existing = count
            size = bench.measure(count)
            if "agent" not in chosen.without:
                size["agent"] = bench.measure_agent(count)
            results["sizes"].append(size)
        results["targets"] = targets(results)
    print(report.markdown(results), end="", flush=True)
    figures = ratios.ratios(results)
    if chosen.figures:
        ratios.write(chosen.figures, figures)
    lines, worse = ratios.compare(ratios.read(chosen.before) if chosen.before else {}, figures)
    print("\n".join(lines), file=sys.stderr)
    if worse:
        sys.exit(f"bench: worse by more than {ratios.LIMIT:.0%} than before: {'; '.join(worse)}")


if __name__ == "__main__":
    main()
