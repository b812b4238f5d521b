"""The remote write protocol of Prometheus 1.0, as far as a writer of gauges needs it: protobuf by hand, and snappy without
compression, which its format allows. Prometheus and VictoriaMetrics take it.
"""

import http.client
import struct
import urllib.parse

# The series of one request. Stores take some 32 MB at most.
BATCH = 5_000
_LITERAL = 1 << 16


def varint(number: int) -> bytes:
    """
    >>> varint(1), varint(300)
    (b'\\x01', b'\\xac\\x02')
    """
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def field(number: int, data: bytes) -> bytes:
    """A field with a length.

    >>> field(1, b"ab")
    b'\\n\\x02ab'
    """
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def labels(of: dict[str, str]) -> bytes:
    """The labels of a series, in the order of their names, which stores demand."""
    return b"".join(
        field(1, field(1, name.encode()) + field(2, value.encode()))
        for name, value in sorted(of.items()))


def sample(value: float, at: int) -> bytes:
    """A sample at that time in seconds."""
    return field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(at * 1000))


def snappy(data: bytes) -> bytes:
    """A block of literals.

    >>> snappy(b"abc")
    b'\\x03\\xf4\\x02\\x00abc'
    """
    parts = [varint(len(data))]
    for start in range(0, len(data), _LITERAL):
        part = data[start:start + _LITERAL]
        parts += [b"\xf4", struct.pack("<H", len(part) - 1), part]
    return b"".join(parts)


class RemoteWriter:
    """Sends series to one store, over one connection."""

    def __init__(self, url: str) -> None:
        place = urllib.parse.urlsplit(url)
        self.path = place.path
        self.connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
        self.batch: list[bytes] = []
        self.samples = 0

    def add(self, of: bytes, samples: list[tuple[float, int]]) -> None:
        self.batch.append(field(1, of + b"".join(sample(value, at) for value, at in samples)))
        self.samples += len(samples)
        if len(self.batch) == BATCH:
            self.flush()

    def flush(self) -> None:
        if not self.batch:
            return
        self.connection.request("POST", self.path, snappy(b"".join(self.batch)), {
            "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        })
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 204):
            raise SystemExit(f"remote write: {answer.status} {text[:500]!r}")
        self.batch = []
