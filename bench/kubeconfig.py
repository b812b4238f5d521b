"""Connections to the API server of an end-to-end cluster, standard library only.

Reads only kubeconfigs as `e2e/cluster/cluster` writes them: one cluster, one
user, everything embedded.
"""

import base64
import http.client
import os
import re
import ssl
import tempfile
import urllib.parse


class Cluster:
    """One API server and the client certificate to talk to it with."""

    def __init__(self, path: str) -> None:
        with open(path, encoding="utf-8") as file:
            text = file.read()

        def field(name: str) -> str:
            match = re.search(rf"^\s*{name}:\s*(\S+)\s*$", text, re.MULTILINE)
            if match is None:
                raise SystemExit(f"{path} has no {name}")
            return match.group(1)

        self.path = path
        self.server = field("server")
        self.address = urllib.parse.urlsplit(self.server)
        # curl and ssl take certificates from files only.
        self._files = tempfile.TemporaryDirectory(prefix="sre-bench-")
        self.ca = self._write("ca.crt", field("certificate-authority-data"))
        self.certificate = self._write("client.crt", field("client-certificate-data"))
        self.key = self._write("client.key", field("client-key-data"))

    def _write(self, name: str, data: str) -> str:
        path = os.path.join(self._files.name, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(base64.b64decode(data))
        return path

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return http.client.HTTPSConnection(
            self.address.hostname, self.address.port, context=context, timeout=120
        )
