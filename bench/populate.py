#!/usr/bin/env python3
"""Fills a cluster without controllers with Deployments whose status is written.

usage: populate.py KUBECONFIG COUNT

Each is about 8 KB of JSON, as one that a chart installed and the deployment
controller reported on: two managers in managedFields. All are healthy but some,
which are one ready replica short. What exists is kept, so that a
cluster can grow from one size to the next.
"""

import datetime
import json
import multiprocessing
import sys

import clone
from kubeconfig import Cluster

NAMESPACES = 40
# The Deployments that lack one ready replica, at every size that includes them. From 10,000 on it is every ninetieth,
# so that of 100,000 a thousand are degraded.
DEGRADED = (3, 47, 111, 512, 999, 5000, 9999)
# Two clients keep the API server of this machine busy. More of them would only wait.
WORKERS = 4
# So many are created by the API server. Further ones are copies, if this is the cluster of `e2e/cluster/cluster`.
CREATED = 1000
ATTEMPTS = 3


def namespace(index: int) -> str:
    return f"team-{index % NAMESPACES:02d}"


def is_degraded(index: int) -> bool:
    return index in DEGRADED or (index >= 10000 and index % 90 == 0)


def degraded(count: int) -> int:
    """How many of the first `count` are degraded."""
    return sum(1 for index in range(count) if is_degraded(index))


def probe(path: str, delay: int) -> dict:
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "initialDelaySeconds": delay,
        "periodSeconds": 10,
        "timeoutSeconds": 2,
        "failureThreshold": 3,
        "successThreshold": 1,
    }


def deployment(index: int) -> dict:
    name = f"service-{index:05d}"
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": f"{name}-prod",
        "app.kubernetes.io/version": f"2.{index % 17}.{index % 5}",
        "app.kubernetes.io/component": "backend",
        "app.kubernetes.io/part-of": f"platform-{index % NAMESPACES}",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": f"{name}-0.{index % 9}.1",
        "team": f"team-{index % NAMESPACES:02d}",
    }
    environment = [
        {"name": key, "value": value}
        for key, value in (
            ("LOG_LEVEL", "info"),
            ("HTTP_PORT", "8080"),
            ("DATABASE_HOST", f"postgres.{namespace(index)}.svc.cluster.local"),
            ("CACHE_URL", f"redis://cache.{namespace(index)}.svc.cluster.local:6379/0"),
            ("QUEUE_BROKERS", "broker-0.queue:9092,broker-1.queue:9092,broker-2.queue:9092"),
        )
    ]
    environment += [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": f"{name}-secrets", "key": secret}}}
        for key, secret in (("DATABASE_PASSWORD", "database-password"), ("API_TOKEN", "api-token"))
    ]
    environment += [
        {"name": key, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}
        for key, path in (("POD_NAME", "metadata.name"),)
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace(index),
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/revision": str(index % 30 + 1),
                "meta.helm.sh/release-name": f"{name}-prod",
                "meta.helm.sh/release-namespace": namespace(index),
                "example.com/owner": f"team-{index % NAMESPACES:02d}@example.com",
                "example.com/runbook": f"https://runbooks.example.com/services/{name}",
            },
        },
        "spec": {
            "replicas": index % 4 + 1,
            "revisionHistoryLimit": 5,
            "selector": {"matchLabels": {
                key: labels[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/instance")
            }},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0},
            },
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {
                        "prometheus.io/scrape": "true",
                        "prometheus.io/port": "9090",
                        "checksum/config": f"{index:064x}",
                    },
                },
                "spec": {
                    "serviceAccountName": name,
                    "terminationGracePeriodSeconds": 45,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 10001,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [
                        {
                            "name": "api",
                            "image": f"registry.example.com/platform/{name}:2.{index % 17}.{index % 5}",
                            "args": ["serve", "--config=/etc/service/config.yaml"],
                            "ports": [
                                {"name": "http", "containerPort": 8080},
                                {"name": "metrics", "containerPort": 9090},
                            ],
                            "env": environment,
                            "envFrom": [{"configMapRef": {"name": f"{name}-environment"}}],
                            "resources": {
                                "requests": {"cpu": "100m", "memory": "256Mi"},
                                "limits": {"memory": "512Mi"},
                            },
                            "livenessProbe": probe("/livez", 15),
                            "readinessProbe": probe("/readyz", 5),
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "readOnlyRootFilesystem": True,
                                "capabilities": {"drop": ["ALL"]},
                            },
                            "volumeMounts": [
                                {"name": "config", "mountPath": "/etc/service", "readOnly": True},
                                {"name": "tmp", "mountPath": "/tmp"},
                            ],
                        },
                    ],
                    "volumes": [
                        {"name": "config", "configMap": {"name": f"{name}-config"}},
                        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
                    ],
                },
            },
        },
    }


def status(index: int, created: dict) -> dict:
    replicas = created["spec"]["replicas"]
    ready = replicas - (1 if is_degraded(index) else 0)
    since = created["metadata"]["creationTimestamp"]
    name = created["metadata"]["name"]

    def condition(kind: str, holds: bool, reason: str, message: str) -> dict:
        return {
            "type": kind,
            "status": "True" if holds else "False",
            "reason": reason,
            "message": message,
            "lastUpdateTime": since,
            "lastTransitionTime": since,
        }

    available = ready == replicas
    return {
        "observedGeneration": created["metadata"]["generation"],
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": replicas - ready,
        "conditions": [
            condition("Progressing", True, "NewReplicaSetAvailable",
                      f'ReplicaSet "{name}-6d4b76777b" has successfully progressed.'),
            condition("Available", available,
                      "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
                      "Deployment has minimum availability." if available
                      else "Deployment does not have minimum availability."),
        ],
    }


class Writer:
    """Sends objects over one kept-alive connection, renewed when it breaks."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.connection = cluster.connect()

    def send(self, method: str, path: str, body: dict, agent: str) -> tuple[int, bytes]:
        data = json.dumps(body)
        headers = {"Content-Type": "application/json", "User-Agent": agent}
        for attempt in range(ATTEMPTS):
            try:
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except OSError:
                self.connection.close()
                if attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def expect(self, wanted: set[int], method: str, path: str, body: dict, agent: str) -> bytes:
        code, answer = self.send(method, path, body, agent)
        if code not in wanted:
            raise SystemExit(f"{method} {path}: {code} {answer[:500]!r}")
        return answer


def fill(kubeconfig: str, indices: range) -> None:
    writer = Writer(Cluster(kubeconfig))
    for index in indices:
        path = f"/apis/apps/v1/namespaces/{namespace(index)}/deployments"
        # The user agent's first word becomes the manager in managedFields.
        code, answer = writer.send("POST", path, deployment(index), "helm/v4.3.1")
        if code == 409:
            continue
        if code != 201:
            raise SystemExit(f"POST {path}: {code} {answer[:500]!r}")
        created = json.loads(answer)
        created["status"] = status(index, created)
        writer.expect({200}, "PUT", f"{path}/{created['metadata']['name']}/status", created,
                      "kube-controller-manager/v1.37.2")


def copy(port: int, indices: range) -> None:
    """Stores copies of Deployments that exist: each of one with the same number of pods, as far as it counts here."""
    etcd = clone.Etcd(port)
    # Numbers with the same rest make the same replicas. A degraded one is a copy of a degraded one.
    sound = [index for index in range(100, 100 + NAMESPACES * 4) if not is_degraded(index)]
    templates = {index: etcd.get(etcd_key(index)) for index in [*sound, DEGRADED[1]]}
    batch = []
    for index in indices:
        base = DEGRADED[1] if is_degraded(index) else sound[index % len(sound)]
        value = clone.copied(templates[base], [
            (f"service-{base:05d}", f"service-{index:05d}"),
            (namespace(base), namespace(index)),
        ])
        batch.append((etcd_key(index), value))
        if len(batch) == clone.BATCH:
            etcd.put(batch)
            batch = []
    if batch:
        etcd.put(batch)


def etcd_key(index: int) -> str:
    return f"/registry/deployments/{namespace(index)}/service-{index:05d}"


def populate(kubeconfig: str, count: int, existing: int = 0) -> None:
    """Brings the cluster from `existing` to `count` Deployments."""
    port = clone.etcd_port(kubeconfig)
    if port and count > CREATED and existing < count <= 100_000:
        populate(kubeconfig, CREATED, existing)
        copy(port, range(max(existing, CREATED), count))
        return
    writer = Writer(Cluster(kubeconfig))
    for index in range(min(NAMESPACES, count)):
        writer.expect({201, 409}, "POST", "/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace(index)},
        }, "bench")
    workers = [
        multiprocessing.Process(target=fill, args=(kubeconfig, range(existing + start, count, WORKERS)))
        for start in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode != 0 for worker in workers):
        raise SystemExit("populating the cluster failed")


def main() -> None:
    if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
        sys.exit("usage: populate.py KUBECONFIG COUNT")
    started = datetime.datetime.now()
    populate(sys.argv[1], int(sys.argv[2]))
    print(f"{sys.argv[2]} Deployments after {datetime.datetime.now() - started}")


if __name__ == "__main__":
    main()
