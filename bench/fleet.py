#!/usr/bin/env python3
"""Measures the view of many clusters: 14 contexts of which two swallow connections, 100 contexts beside `kubectl get`, 2,000
clusters in a store of metrics, and a scrape of the agent from which such a store has its samples. A wrong count ends it with
exit code 1. `run --fleet` beside this file brings the cluster."""

import argparse
import base64
import fcntl
import functools
import http.client
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

import populate
import report
from kubeconfig import Cluster
from measure import Sample, become_subreaper, end, memory_of, run, spread
from metric_store import MetricStore, program_of
from populate import Writer, namespace
from relay import BlackHole, addresses
from remote_write import RemoteWriter
from simulated_cluster import SILENT_SECONDS, Expected, SimulatedCluster, write

HERE = os.path.dirname(os.path.abspath(__file__))
RELEASE = os.path.join(HERE, "../target/release")
PARTS = ("holes", "contexts", "store", "scrape")
# With more than sixteen black holes every place of a cluster that is at work is taken by one at first.
ANSWERING, HOLES = 12, (2, 32)
# The Deployments that every context has. One of the first ones of populate.py is degraded.
HEALTHY = [index for index in range(11) if not populate.is_degraded(index)]
PARALLEL = 16
# VictoriaMetrics does not show the last 30 s by default, since late samples may be missing.
SETTLED_SECONDS = 45
# The newest sample of a store must not be older than 5 min when the last round ends.
FRESH_SECONDS = 270
VISIBLE_SECONDS = 60
# Of these 100 are silent. The view looks for the last sample of so many.
MOST_CLUSTERS = 5000
AGENT_SECONDS = 120
# So many are kept by an agent.
TRANSITIONS = 10_000
OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", help="of the cluster; only the store needs none")
    parser.add_argument("--plugin", default=os.path.join(RELEASE, "kubectl-sre"))
    parser.add_argument("--agent", default=os.path.join(RELEASE, "sre-agent"))
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--clusters", type=int, default=2000, help="clusters in the store (default: %(default)s)")
    parser.add_argument("--contexts", type=int, default=100, help="contexts of a kubeconfig (default: %(default)s)")
    parser.add_argument("--n", type=int, default=10_000, help="Deployments of the agent (default: %(default)s)")
    parser.add_argument("--broken", type=int, default=50, help="of which are not healthy (default: %(default)s)")
    parser.add_argument("--scrapes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without", default="", help=f"parts that are left out, of {','.join(PARTS)}")
    chosen = parser.parse_args()
    chosen.without = [part for part in chosen.without.split(",") if part]
    if unknown := set(chosen.without) - set(PARTS):
        parser.error(f"--without: there is no part {', '.join(sorted(unknown))}")
    if not chosen.kubeconfig and set(PARTS) - {"store", *chosen.without}:
        parser.error("--kubeconfig is missing")
    least = max(chosen.broken, HEALTHY[-1] + 1)
    if chosen.n < least:
        parser.error(f"--n: {least} at least")
    if chosen.contexts < 1 or chosen.clusters < 1 or chosen.rounds < 1 or chosen.scrapes < 1:
        parser.error("sizes are 1 at least")
    if chosen.clusters > MOST_CLUSTERS:
        parser.error(f"--clusters: {MOST_CLUSTERS} at most")
    return chosen


def note(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Differences:
    """Counts that are not as they must be."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def check(self, what: str, **values: object) -> None:
        if len({json.dumps(value, sort_keys=True) for value in values.values()}) > 1:
            said = ", ".join(f"{name}: {value}" for name, value in values.items())
            self.found.append(f"{what}: {said}")
            note(self.found[-1])


def row(what: str, samples: list[Sample], *goals: str) -> list[str]:
    times = spread([sample.seconds for sample in samples])
    return [what, *(report.milliseconds(times[word]) for word in ("min", "median", "max")),
            report.megabytes(max(sample.peak_bytes for sample in samples)), *goals]


def answer_of(command: list[str], environment: dict[str, str]) -> dict:
    """The JSON that the program prints."""
    done = subprocess.run([*command, "-o", "json"], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{command}: exit code {done.returncode}, {done.stderr[-1000:]}") from None


def summary_of(of: dict) -> dict[str, int]:
    return {state: count for state, count in of["summary"].items() if count}


class Relay:
    """The API server at further addresses of this machine."""

    def __init__(self, cluster: Cluster, count: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "relay.py"), cluster.address.hostname, str(cluster.address.port), str(count)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            raise SystemExit("the relay did not start")
        self.places = [(address, int(port)) for address in addresses(count)]

    def close(self) -> None:
        end(self.process)


def write_kubeconfig(path: str, cluster: Cluster, places: list[tuple[str, int]]) -> list[str]:
    """A context for each address. The certificate is for the name `kubernetes`, not for these addresses."""

    def encoded(name: str) -> str:
        with open(name, "rb") as file:
            return base64.b64encode(file.read()).decode()

    names = [f"c-{number:03d}" for number in range(1, len(places) + 1)]
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump({
            "apiVersion": "v1", "kind": "Config", "current-context": names[0],
            "clusters": [{"name": name, "cluster": {
                "server": f"https://{host}:{port}", "tls-server-name": "kubernetes",
                "certificate-authority-data": encoded(cluster.ca)}} for name, (host, port) in zip(names, places)],
            "users": [{"name": "admin", "user": {
                "client-certificate-data": encoded(cluster.certificate), "client-key-data": encoded(cluster.key)}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "admin"}} for name in names],
        }, file)
    return names


def environment_of(scratch: str, kubeconfig: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": scratch, "KUBECONFIG": kubeconfig, "TERM": "xterm", "LANG": "C.UTF-8"}


def create_healthy(kubeconfig: str) -> None:
    writer = Writer(Cluster(kubeconfig))
    for index in HEALTHY:
        writer.expect({201, 409}, "POST", "/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace(index)},
        }, "bench")
    populate.fill(kubeconfig, HEALTHY)


def on_terminal(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds until the first row of a cluster that is well is on a terminal, until the last of them is, and until the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 160, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    text, drawn, until = b"", [0.0] * ANSWERING, time.monotonic() + 60
    seen = 0
    try:
        while True:
            if not select.select([ours], [], [], max(0.0, until - time.monotonic()))[0]:
                raise SystemExit(f"{command}: it did not end within 60 s")
            try:
                data = os.read(ours, 1 << 16)
            except OSError:
                # The program has closed the terminal.
                break
            if not data:
                break
            now = time.perf_counter() - started
            text += data
            shown = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", text)
            rows = len(set(re.findall(rb"(?:\xe2\x9c\x93|\+) (c-\d+)\b", shown)))
            drawn[seen:rows] = [now] * (min(rows, ANSWERING) - seen)
            seen = rows
        process.wait(timeout=30)
    finally:
        os.close(ours)
        end(process)
    if seen != ANSWERING:
        raise SystemExit(f"{seen} of {ANSWERING} rows were drawn:\n{text.decode(errors='replace')[-2000:]}")
    return drawn[0], drawn[-1], time.perf_counter() - started


def measure_holes(chosen: argparse.Namespace, cluster: Cluster, scratch: str, differences: Differences) -> None:
    for count in HOLES:
        measure_some_holes(chosen, cluster, scratch, differences, count)


def measure_some_holes(chosen: argparse.Namespace, cluster: Cluster, scratch: str, differences: Differences, count: int) -> None:
    relay = Relay(cluster, ANSWERING)
    holes = [BlackHole(f"127.0.9.{number}") for number in range(1, count + 1)]
    try:
        kubeconfig = os.path.join(scratch, "holes.kubeconfig")
        write_kubeconfig(kubeconfig, cluster, [hole.place for hole in holes] + relay.places)
        environment = environment_of(scratch, kubeconfig)
        command = [chosen.plugin, "fleet"]
        found = answer_of(command, environment)
        differences.check("contexts", found=summary_of(found),
                          wanted={"total": ANSWERING + count, "ok": ANSWERING, "notReached": count})
        drawn, samples = [], []
        for _ in range(chosen.rounds):
            drawn.append(on_terminal(command, environment))
            samples.append(run(command, environment))
    finally:
        for hole in holes:
            hole.close()
        relay.close()
    rows = []
    for number, (what, goal) in enumerate((
        ("first row on a terminal", "as it answers"),
        (f"row {ANSWERING} on a terminal", "as it answers"),
        ("the end on a terminal", ""),
    )):
        times = spread([of[number] for of in drawn])
        rows.append([what, *(report.milliseconds(times[word]) for word in ("min", "median", "max")), "", goal])
    rows.append(row("the whole", samples, "5 s (the limit of a connection), 40 MB"))
    print(f"## {ANSWERING + count} contexts, the first {count} of which swallow connections\n")
    print(report.table(["`kubectl sre fleet`", "min", "median", "max", "peak memory", "goal"], rows))


def measure_contexts(chosen: argparse.Namespace, cluster: Cluster, scratch: str, differences: Differences) -> None:
    relay = Relay(cluster, chosen.contexts)
    try:
        kubeconfig = os.path.join(scratch, "contexts.kubeconfig")
        names = write_kubeconfig(kubeconfig, cluster, relay.places)
        environment = environment_of(scratch, kubeconfig)
        list_of_names = os.path.join(scratch, "names")
        with open(list_of_names, "w", encoding="ascii") as file:
            file.write("\n".join(names) + "\n")
        ours = [chosen.plugin, "fleet"]
        theirs = ["xargs", "-a", list_of_names, "-P", str(PARALLEL), "-I{}",
                  chosen.kubectl, "--context", "{}", "get", "deployments", "-A"]
        found = answer_of(ours, environment)
        differences.check("contexts", found=summary_of(found), wanted={"total": chosen.contexts, "ok": chosen.contexts})
        differences.check("Deployments of each context",
                          found=sorted({of["report"]["summary"]["total"] for of in found["clusters"] if of.get("report")}),
                          wanted=[len(HEALTHY)])
        # kubectl keeps what it discovers of an API server in its home. The first run is another one.
        first = run(theirs, environment)
        samples: dict[str, list[Sample]] = {"ours": [], "theirs": []}
        for _ in range(chosen.rounds):
            samples["ours"].append(run(ours, environment))
            samples["theirs"].append(run(theirs, environment))
    finally:
        relay.close()
    for who, code in (("ours", 0), ("theirs", 0)):
        if wrong := {sample.exit_code for sample in samples[who]} - {code}:
            raise SystemExit(f"{who}: exit codes {wrong}")

    def cpu(of: list[Sample]) -> str:
        return report.milliseconds(spread([sample.cpu_seconds for sample in of])["median"])

    rows = [
        row("`kubectl sre fleet`", samples["ours"], cpu(samples["ours"]), "3 s"),
        row(f"`kubectl get deployments -A`, {PARALLEL} at a time", samples["theirs"], cpu(samples["theirs"]), ""),
    ]
    print(f"## {chosen.contexts:,} contexts with {len(HEALTHY)} Deployments each\n")
    print(report.table(["", "min", "median", "max", "peak memory", "CPU", "goal"], rows))
    print(f"The memory of `kubectl` is that of its largest process. Its first run, without what it keeps in its home, took "
          f"{report.milliseconds(first.seconds)}.\n")


_LIVE = 'count by (cluster) (sre_check_status{status="STATUS"} == 1)'
_KNOWN = "count by (cluster) (last_over_time(sre_agent_info[7d]))"
_PROGRESSING = 'count by (cluster) (sre_objects{state="progressing"} > 0)'


def store_states(store: MetricStore, inventory: int) -> dict[str, int]:
    """How many clusters are in each state, by queries that count and nothing else."""
    live, degraded, unknown = (_LIVE.replace("STATUS", word) for word in ("ok", "degraded", "unknown"))
    unwell = f"({degraded} or {unknown})"
    known = store.number(f"count({_KNOWN})")
    states = {
        "total": inventory,
        "ok": store.number(f"count({live} unless on(cluster) ({unwell} or {_PROGRESSING}))"),
        "progressing": store.number(f"count({_PROGRESSING} unless on(cluster) {unwell})"),
        "degraded": store.number(f"count({degraded})"),
        "unknown": store.number(f"count({unknown} unless on(cluster) {degraded})"),
        "silent": known - store.number("count(count by (cluster) (sre_check_status))"),
        "neverSeen": inventory - known,
    }
    return {state: count for state, count in states.items() if count}


def await_samples(store: MetricStore, clusters: int) -> None:
    """Until the store shows what was written. If it never does, the comparison says so."""
    store.flush()
    until = time.monotonic() + VISIBLE_SECONDS
    while time.monotonic() < until:
        if store.number("count(count by (cluster) (sre_check_status))") == clusters:
            return
        time.sleep(0.5)


def compare_store(store: MetricStore, found: dict, expected: Expected, inventory: int, silent_since: int,
                  differences: Differences) -> None:
    written = {"total": inventory} | {state: count for state, count in expected.states.items() if count}
    differences.check(f"{store.name}: clusters", view=summary_of(found), written=written,
                      store=store_states(store, inventory))
    live = [of["report"]["summary"] for of in found["clusters"] if of.get("report")]
    differences.check(f"{store.name}: objects", view=sum(of["total"] for of in live), written=expected.objects,
                      store=store.number('sum(sre_objects{state!="acknowledged"})'))
    differences.check(f"{store.name}: objects that are not healthy",
                      view=sum(of["degraded"] + of["unavailable"] for of in live), written=expected.short,
                      store=store.number("count(sre_object_unhealthy)"))
    last = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(silent_since))
    seen = sorted({str(of.get("lastSeen")) for of in found["clusters"] if of["state"] == "silent"})
    differences.check(f"{store.name}: the last sample of silent clusters", view=seen,
                      written=[last] if expected.states["silent"] else [])


def measure_store(chosen: argparse.Namespace, name: str, scratch: str, clusters: list[SimulatedCluster],
                  inventory: str, differences: Differences) -> list[str]:
    store = MetricStore(name, program_of(name), os.path.join(scratch, name))
    try:
        now, began = int(time.time()) - SETTLED_SECONDS, time.monotonic()
        writer = RemoteWriter(store.write_url)
        expected = write(clusters, writer, now)
        live = len(clusters) - expected.states["silent"] - expected.states["neverSeen"]
        await_samples(store, live)
        note(f"{name}: {expected.series:,} series and {writer.samples:,} samples after {time.monotonic() - began:.0f} s")
        environment = environment_of(scratch, "/dev/null")
        command = [chosen.plugin, "fleet", "--prometheus", store.url, "--inventory", inventory]
        before = store.requests()
        found = answer_of(command, environment)
        asked = {path: count - before.get(path, 0) for path, count in store.requests().items()}
        asked = {path: count for path, count in asked.items() if count}
        compare_store(store, found, expected, len(clusters), now - SILENT_SECONDS, differences)
        samples = []
        for _ in range(chosen.rounds):
            samples.append(run([*command, "-o", "json"], environment, server=store.process.pid))
        if time.time() - now > FRESH_SECONDS:
            raise SystemExit(f"{name}: the samples are too old by now; take fewer clusters or rounds")
        again = answer_of(command, environment)
        differences.check(f"{name}: clusters after the last round", before=summary_of(found), after=summary_of(again))
    finally:
        store.close()
    spent = [spread([of(sample) for sample in samples])["median"]
             for of in (lambda sample: sample.cpu_seconds, lambda sample: sample.server_seconds)]
    paths = ", ".join(f"{count} x {path.removeprefix('/api/v1/')}" for path, count in sorted(asked.items()))
    states = ", ".join(f"{count} {state}" for state, count in summary_of(found).items())
    note(f"{name}: {states}")
    return row(name, samples, *(report.milliseconds(value) for value in spent),
               f"{sum(asked.values())}: {paths}", "1 s, 50 MB, 5 requests")


def measure_stores(chosen: argparse.Namespace, scratch: str, differences: Differences) -> None:
    clusters = [SimulatedCluster(number) for number in range(chosen.clusters)]
    inventory = os.path.join(scratch, "inventory")
    with open(inventory, "w", encoding="ascii") as file:
        file.write("\n".join(cluster.name for cluster in clusters) + "\n")
    rows = []
    for name in MetricStore.NAMES:
        os.mkdir(os.path.join(scratch, name))
        rows.append(measure_store(chosen, name, scratch, clusters, inventory, differences))
    series = {len(cluster.series) for cluster in clusters if cluster.series}
    print(f"## {chosen.clusters:,} clusters in a store, {' or '.join(map(str, sorted(series)))} series each\n")
    print(report.table(["`kubectl sre fleet --prometheus`", "min", "median", "max", "peak memory", "CPU", "store's CPU",
                        "requests", "goal"], rows))


def break_more(kubeconfig: str, count: int, wanted: int) -> None:
    """One ready replica less for healthy Deployments, until so many of all are degraded."""
    cluster = Cluster(kubeconfig)
    writer = Writer(cluster)
    missing = wanted - populate.degraded(count)
    if missing < 0:
        raise SystemExit(f"--broken: {populate.degraded(count)} of {count} Deployments are degraded already")
    for index in (index for index in range(count) if not populate.is_degraded(index)):
        if missing == 0:
            return
        missing -= 1
        path = f"/apis/apps/v1/namespaces/{namespace(index)}/deployments/service-{index:05d}"
        found = json.loads(writer.expect({200}, "GET", path, {}, "bench"))
        status = found["status"]
        status["readyReplicas"] = status["availableReplicas"] = found["spec"]["replicas"] - 1
        status["unavailableReplicas"] = 1
        for condition in status["conditions"]:
            if condition["type"] == "Available":
                condition |= {"status": "False", "reason": "MinimumReplicasUnavailable"}
        writer.expect({200}, "PUT", f"{path}/status", found, "kube-controller-manager/v1.37.2")


def get(connection: http.client.HTTPConnection, path: str, accept: str) -> bytes:
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"GET {path}: {answer.status} {body[:300]!r}")
    return body


def scrape(connection: http.client.HTTPConnection) -> bytes:
    return get(connection, "/metrics", OPEN_METRICS)


def series_of(body: bytes) -> list[str]:
    return [line for line in body.decode().splitlines() if line and not line.startswith("#")]


def counts_of(body: bytes) -> tuple[int, int]:
    """Deployments, and objects that are named since they are not healthy."""
    series = series_of(body)
    deployments = [line for line in series if line.startswith("sre_objects{") and 'kind="deployments"' in line]
    named = [line for line in series if line.startswith("sre_object_unhealthy{")]
    return sum(int(line.rsplit(" ", 1)[1]) for line in deployments), len(named)


def write_history(directory: str) -> None:
    """A history of as many transitions of the last hour as an agent keeps, as an earlier agent left it."""
    now = int(time.time())

    def at(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - seconds))

    with open(os.path.join(directory, "transitions.jsonl"), "w", encoding="utf-8") as file:
        file.write(json.dumps({"begun": at(3600)}) + "\n")
        for number in range(TRANSITIONS):
            states = ("healthy", "degraded") if number % 2 == 0 else ("degraded", "healthy")
            record = {
                "at": at(3600 - number * 3500 / TRANSITIONS), "kind": "Deployment", "namespace": f"team-{number % 40}",
                "name": f"checkout-service-{number // 2 % 500:03}", "from": states[0], "to": states[1],
                "reason": "ReadyBelowDesired" if states[1] == "degraded" else "Ready",
            }
            file.write(json.dumps(record) + "\n")


def start_agent(chosen: argparse.Namespace, scratch: str) -> tuple[subprocess.Popen, http.client.HTTPConnection]:
    """An agent that has judged every Deployment and has a history, and a connection to it."""
    log_path, history = os.path.join(scratch, "agent.log"), os.path.join(scratch, "history")
    os.mkdir(history)
    write_history(history)
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            [chosen.agent, "--kubeconfig", chosen.kubeconfig, "--address", "127.0.0.1:0", "--log-format", "json",
             "--page", "--history-dir", history],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until, found, connection = time.monotonic() + AGENT_SECONDS, None, None
    while time.monotonic() < until and process.poll() is None:
        with open(log_path, encoding="utf-8", errors="replace") as log:
            address = re.search(r'"address":"([^"]+)"', log.read())
        if address and not connection:
            host, port = address.group(1).rsplit(":", 1)
            connection = http.client.HTTPConnection(host, int(port), timeout=30)
        if connection:
            found = counts_of(scrape(connection))
            if found == (chosen.n, chosen.broken):
                return process, connection
        time.sleep(0.2)
    end(process)
    raise SystemExit(f"the agent knows {found} where {(chosen.n, chosen.broken)} are wanted, after {AGENT_SECONDS} s at most")


def measure_scrape(chosen: argparse.Namespace, scratch: str) -> None:
    populate.populate(chosen.kubeconfig, chosen.n)
    break_more(chosen.kubeconfig, chosen.n, chosen.broken)
    process, connection = start_agent(chosen, scratch)
    try:
        # The check of the API server and a search for causes come first. The agent closes a connection that is idle for so long.
        connection.close()
        time.sleep(20)
        series = len(series_of(scrape(connection)))
        kept = history_of(connection)
        if kept != TRANSITIONS:
            raise SystemExit(f"the history has {kept} of {TRANSITIONS} transitions")
        rows = [timed(chosen, connection, *asked) for asked in (
            ("/metrics", OPEN_METRICS, "2 ms, 60,000 bytes with 50 not healthy"),
            ("/page/", "text/html", "50 ms, 300,000 bytes with 500 not healthy"),
            ("/history?since=2h", "application/json", "5 ms, of 10,000 transitions"),
            ("/history?since=2h&namespace=team-7", "application/json", "5 ms, of 10,000 transitions"))]
        memory = memory_of(process.pid)
    finally:
        connection.close()
        end(process)
    print(f"## A scrape and the page of an agent with {chosen.n:,} Deployments, {chosen.broken} not healthy\n")
    print(report.table([f"{chosen.scrapes} times on one connection", "min", "median", "max", "bytes", "goal"], rows))
    print(f"The scrape has {series:,} series. The agent's peak memory is {report.megabytes(memory['peak'])}.\n")


def history_of(connection: http.client.HTTPConnection) -> int:
    """The transitions that the agent has, page by page."""
    count, rest = 0, ""
    for _ in range(2 * TRANSITIONS // 1000):
        page = json.loads(get(connection, f"/history?since=2h{rest}", "application/json"))
        count += len(page["transitions"])
        if not page.get("continue"):
            break
        rest = f"&continue={page['continue']}"
    return count


def timed(chosen: argparse.Namespace, connection: http.client.HTTPConnection, path: str, accept: str, goal: str) -> list[str]:
    """A row with the times of an answer, one request after the other, and with its size."""
    times, size = [], 0
    for _ in range(chosen.scrapes):
        began = time.perf_counter()
        body = get(connection, path, accept)
        times.append(time.perf_counter() - began)
        size = max(size, len(body))
        time.sleep(0.05)
    found = spread(times)
    return [f"`GET {path}`", *(report.milliseconds(found[word]) for word in ("min", "median", "max")), f"{size:,}", goal]


def main() -> None:
    chosen = arguments()
    for program in (chosen.plugin, chosen.agent):
        if not os.access(program, os.X_OK):
            sys.exit(f"{program} is missing; build it with: cargo build --release")
    become_subreaper()
    differences = Differences()
    print("# Many clusters\n")
    print(f"{os.cpu_count()} cores, load average at the start {os.getloadavg()[0]:.2f}; {chosen.rounds} rounds.\n")
    with tempfile.TemporaryDirectory(prefix="sre-fleet-") as scratch:
        parts = {"store": functools.partial(measure_stores, chosen, scratch, differences)}
        if chosen.kubeconfig:
            cluster = Cluster(chosen.kubeconfig)
            parts |= {
                "holes": functools.partial(measure_holes, chosen, cluster, scratch, differences),
                "contexts": functools.partial(measure_contexts, chosen, cluster, scratch, differences),
                "scrape": functools.partial(measure_scrape, chosen, scratch),
            }
            create_healthy(chosen.kubeconfig)
        for part in PARTS:
            if part not in chosen.without:
                note(part)
                parts[part]()
                sys.stdout.flush()
    if differences.found:
        print("## Differences\n")
        print("\n".join(f"- {line}" for line in differences.found))
        sys.exit(1)


if __name__ == "__main__":
    main()
