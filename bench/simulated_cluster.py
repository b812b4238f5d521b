"""Clusters as their agents' metrics describe them: what each of them writes, and what a view of all must say."""

import collections
import dataclasses

from remote_write import RemoteWriter, labels

KINDS = ("deployments", "statefulsets", "daemonsets", "jobs", "cronjobs")
# An agent leaves out the other four if they are 0.
STATES = ("healthy", "progressing", "degraded", "unavailable", "unknown")
OBJECTS = 200
SERIES = 80
# Every cluster with such a number, counted modulo 100, is in that state; all others are ok. Their parts are those of a large
# fleet on a bad day.
OUT_OF_100 = {
    "silent": (7, 57),
    "neverSeen": (13,),
    "unknown": (21, 71),
    "progressing": (33, 63, 93),
    "degraded": (4, 14, 24, 34, 44, 54, 64, 74, 84, 94),
}
# Clusters whose history is written, beside those that are silent.
REMEMBERED = 20
HISTORY_SECONDS = 3540
HISTORY_STEP = 60
SILENT_SECONDS = 20 * 60


def state_of(number: int) -> str:
    for state, numbers in OUT_OF_100.items():
        if number % 100 in numbers:
            return state
    return "ok"


@dataclasses.dataclass
class Expected:
    """What the clusters that were written are."""

    states: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    # Of clusters that are not silent.
    objects: int = 0
    short: int = 0
    series: int = 0


class SimulatedCluster:
    """One cluster, with its series and their values."""

    def __init__(self, number: int) -> None:
        self.name = f"cluster-{number:05d}"
        self.state = state_of(number)
        # Between 1 and 7, so that their names and their times fill the series of a cluster.
        self.short = 1 + number % 7 if self.state == "degraded" else 0
        self.objects = 0
        self.common = {"cluster": self.name, "job": "sre-agent", "instance": "10.244.1.7:8080", "namespace": "sre"}
        self.series: list[tuple[bytes, float]] = []
        if self.state != "neverSeen":
            self._fill(number)

    def _add(self, name: str, value: float, /, **more: str) -> None:
        self.series.append((labels(self.common | {"__name__": name} | more), value))

    def _fill(self, number: int) -> None:
        gap = KINDS[number // 10 % len(KINDS)] if self.state == "unknown" else None
        for check in ("apiserver", *KINDS):
            status = "degraded" if self.short and check == "deployments" else "unknown" if check == gap else "ok"
            for word in ("ok", "degraded", "unknown"):
                self._add("sre_check_status", float(word == status), check=check, status=word)
        for kind in KINDS:
            counts = dict.fromkeys(STATES, 0)
            counts["healthy"] = OBJECTS + number % 50
            if kind == "deployments":
                counts["unavailable"] = self.short // 2
                counts["degraded"] = self.short - counts["unavailable"]
                counts["progressing"] = 2 if self.state == "progressing" else 0
            for word, count in counts.items():
                self._add("sre_objects", count, kind=kind, state=word)
            self.objects += sum(counts.values())
        for index in range(self.short):
            place = {"kind": "Deployment", "namespace": "shop", "name": f"service-{index:02d}"}
            state = "unavailable" if index < self.short // 2 else "degraded"
            self._add("sre_object_unhealthy", 1, **place, state=state, reason=("CrashLoop", "OOMKilled")[index % 2])
            self._add("sre_object_unhealthy_since_timestamp_seconds", 1_780_000_000, **place)
        if gap:
            self._add("sre_not_seen", 1, what=f"{gap} in namespace payments", **{"class": "forbidden"})
        self._add("sre_agent_info", 1, version="0.9.0", api_version="sre/v1")
        self._add("sre_apiserver_up", 1)
        self._add("sre_object_unhealthy_hidden", 0)
        # Further metrics of an agent, of which the view asks none, up to the number of series that docs/fleet.md counts with.
        for name in ("sre_cache_synced", "sre_cache_age_seconds", "sre_cache_stale",
                     "sre_cache_last_event_timestamp_seconds", "sre_watch_total", "sre_watch_errors_total",
                     "sre_watch_relists_total"):
            for kind in KINDS:
                if len(self.series) < SERIES:
                    self._add(name, 1 if name == "sre_cache_synced" else 0, kind=kind)


def write(clusters: list[SimulatedCluster], writer: RemoteWriter, now: int) -> Expected:
    """Writes a scrape of each cluster. The silent ones come first, with an hour until their end, since Prometheus takes no sample
    that is an hour older than the newest one."""
    expected = Expected(collections.Counter(cluster.state for cluster in clusters))
    steps = range(HISTORY_SECONDS, -1, -HISTORY_STEP)
    remembered = 0
    written = [cluster for cluster in clusters if cluster.series]
    for cluster in sorted(written, key=lambda cluster: cluster.state != "silent"):
        end, times = now, [now]
        if cluster.state == "silent":
            end = now - SILENT_SECONDS
        else:
            expected.objects += cluster.objects
            expected.short += cluster.short
            remembered += 1
        if cluster.state == "silent" or remembered <= REMEMBERED:
            times = [end - step for step in steps]
        for of, value in cluster.series:
            writer.add(of, [(value, at) for at in times])
        expected.series += len(cluster.series)
        if cluster.state == "silent" or remembered == REMEMBERED:
            writer.flush()
    writer.flush()
    return expected
