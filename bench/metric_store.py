"""Prometheus and VictoriaMetrics as programs of this machine, with an empty directory each."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from measure import end

START_SECONDS = 60
# Instant queries, series and values of a label: every way of the API by which something is asked.
_REQUESTS = {
    "Prometheus": r'^prometheus_http_requests_total\{[^}]*handler="(/api/v1/[^"]*)"[^}]*\} (\S+)',
    "VictoriaMetrics": r'^vm_http_requests_total\{[^}]*path="(/api/v1/[^"]*)"[^}]*\} (\S+)',
}
_WRITES = ("/api/v1/write", "/api/v1/import")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MetricStore:
    """A running store; `close` ends it."""

    NAMES = tuple(_REQUESTS)

    def __init__(self, name: str, program: str, directory: str) -> None:
        self.name = name
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        data = os.path.join(directory, "data")
        if name == "Prometheus":
            configuration = os.path.join(directory, "prometheus.yml")
            with open(configuration, "w", encoding="ascii") as file:
                file.write("global: {}\n")
            command = [program, f"--config.file={configuration}", f"--storage.tsdb.path={data}", "--log.level=warn",
                       f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
        else:
            command = [program, f"-storageDataPath={data}", f"-httpListenAddr=127.0.0.1:{port}", "-loggerLevel=WARN"]
        self.write_url = f"{self.url}/api/v1/write"
        self.log = os.path.join(directory, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._await()

    def _await(self) -> None:
        ready = self.url + ("/-/ready" if self.name == "Prometheus" else "/health")
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(ready, timeout=5):
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        self.close()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise SystemExit(f"{self.name} did not start within {START_SECONDS} s:\n{log.read()[-2000:]}")

    def close(self) -> None:
        end(self.process)

    def flush(self) -> None:
        """Makes what was written visible to queries. VictoriaMetrics does that by itself after some seconds, part by part."""
        if self.name == "VictoriaMetrics":
            with urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=60):
                pass

    def number(self, query: str) -> int:
        """The answer of a query that gives one number; none is 0."""
        body = urllib.parse.urlencode({"query": query}).encode()
        with urllib.request.urlopen(f"{self.url}/api/v1/query", body, timeout=60) as answer:
            result = json.load(answer)["data"]["result"]
        return round(float(result[0]["value"][1])) if result else 0

    def requests(self) -> dict[str, int]:
        """Requests of its API so far, by their path, without those that write."""
        if self.name == "VictoriaMetrics":
            # It makes the page of its metrics once a second (lib/appmetrics).
            time.sleep(1.5)
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found: dict[str, int] = {}
        for path, count in re.findall(_REQUESTS[self.name], text, re.MULTILINE):
            if not path.startswith(_WRITES):
                found[path] = found.get(path, 0) + round(float(count))
        return found


def program_of(name: str) -> str:
    word = {"Prometheus": "prometheus", "VictoriaMetrics": "victoria-metrics"}[name]
    if path := shutil.which(word):
        return path
    sys.exit(f"{word} is missing; install it with: apt-get install {word}")
