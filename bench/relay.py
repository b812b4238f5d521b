#!/usr/bin/env python3
"""Loopback addresses in front of one server, and addresses that swallow connections.

usage: relay.py HOST PORT COUNT

Listens at COUNT addresses from 127.0.1.1 on, all with one free port, and prints the port once it does. Each connection is
copied to HOST:PORT, byte by byte. It is a process of its own, so that it does not wait for the measuring one.
"""

import asyncio
import errno
import socket
import sys

BYTES = 1 << 16
ATTEMPTS = 20
# More than the two that an accept queue without room still takes.
FILLERS = 4


def addresses(count: int) -> list[str]:
    """The first addresses of 127.0.1.0/24 and the networks behind it."""
    return [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(count)]


class BlackHole:
    """An address that answers no SYN: the accept queue of its listener is full, and Linux drops further ones."""

    def __init__(self, address: str) -> None:
        self.listener = socket.socket()
        self.listener.bind((address, 0))
        self.listener.listen(0)
        self.place = self.listener.getsockname()
        self.fillers = []
        for _ in range(FILLERS):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.place)
            self.fillers.append(filler)
        with socket.socket() as probe:
            probe.settimeout(1)
            try:
                probe.connect(self.place)
            except TimeoutError:
                return
        raise SystemExit(f"{self.place} takes connections although its queue is full")

    def close(self) -> None:
        for filler in self.fillers:
            filler.close()
        self.listener.close()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(host: str, port: int, count: int) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    listeners = listen(addresses(count))
    servers = [await asyncio.start_server(relay, sock=listener) for listener in listeners]
    print(listeners[0].getsockname()[1], flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


def listen(hosts: list[str]) -> list[socket.socket]:
    """Listeners with the same port, which is free at all of these."""
    for _ in range(ATTEMPTS):
        listeners, port = [], 0
        try:
            for host in hosts:
                listeners.append(socket.create_server((host, port), backlog=128))
                port = listeners[0].getsockname()[1]
            return listeners
        except OSError as error:
            for listener in listeners:
                listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise SystemExit(f"no port is free at all {len(hosts)} addresses")


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit("usage: relay.py HOST PORT COUNT")
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))


if __name__ == "__main__":
    main()
