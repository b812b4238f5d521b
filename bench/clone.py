"""Copies Deployments inside of etcd, from the API server's own bytes of others: a hundred thousand in a minute, where the
API server would take ten. Only for the cluster of `e2e/cluster/cluster`, whose etcd takes plain HTTP.
"""

import base64
import http.client
import json
import os
import re
import uuid

# etcd takes 128 operations and 1.5 MB in one transaction.
BATCH = 64


def etcd_port(kubeconfig: str) -> int | None:
    """The port of the cluster's etcd, if it is a cluster of ours."""
    try:
        path = os.path.join(os.path.dirname(kubeconfig), "cluster.conf")
        with open(path, encoding="utf-8") as file:
            return int(re.search(r"^etcd_port=(\d+)$", file.read(), re.MULTILINE).group(1))
    except (OSError, AttributeError):
        return None


class Etcd:
    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, path: str, body: dict) -> dict:
        self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"etcd {path}: {answer.status} {text[:500]!r}")
        return json.loads(text)

    def get(self, key: str) -> bytes:
        found = self.call("/v3/kv/range", {"key": base64.b64encode(key.encode()).decode()})
        return base64.b64decode(found["kvs"][0]["value"])

    def put(self, pairs: list[tuple[str, bytes]]) -> None:
        self.call("/v3/kv/txn", {"success": [{"requestPut": {
            "key": base64.b64encode(key.encode()).decode(), "value": base64.b64encode(value).decode(),
        }} for key, value in pairs]})


def copied(value: bytes, replaced: list[tuple[str, str]]) -> bytes:
    """The bytes of another object. Words of the same length leave the lengths in the bytes right."""
    for old, new in replaced:
        assert len(old) == len(new)
        value = value.replace(old.encode(), new.encode())
    return re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda _: str(uuid.uuid4()).encode(), value, count=1)
