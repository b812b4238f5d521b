"""Wall time and peak memory of whole processes."""

import ctypes
import dataclasses
import os
import select
import statistics
import subprocess
import time

_PR_SET_CHILD_SUBREAPER = 36

_FORK = 'exec 3<&0; { read -r _ <&3; exec "$@" </dev/null 3<&- >/dev/null 2>&1; } & echo $!'


def become_subreaper() -> None:
    """Orphans of our children become ours, so that `run` can wait for them."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise SystemExit("prctl(PR_SET_CHILD_SUBREAPER) failed")


@dataclasses.dataclass
class Sample:
    seconds: float
    peak_bytes: int
    exit_code: int
    # Its own CPU seconds, user and system.
    cpu_seconds: float = 0.0
    # CPU seconds of the process that was watched meanwhile.
    server_seconds: float | None = None


def cpu_of(pid: int) -> float:
    """CPU seconds of a running process so far, user and system, its threads included."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fine_cpu_of(pid: int) -> float:
    """As `cpu_of`, in nanoseconds' steps, of the threads that are alive: for a process that ends none."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def run(command: list[str], environment: dict[str, str], timeout: float = 300, server: int | None = None) -> Sample:
    """Runs one process with its output discarded.

    It is forked by a shell that then ends, and execs once it is told to: a
    process inherits the peak memory of the one that forked it, and this one's is many
    times a small program's. The row `true` tells what measuring costs. `server` is the
    process that it asks, whose CPU time is measured beside it.
    """
    before = cpu_of(server) if server else 0.0
    shell = subprocess.Popen(
        ["/bin/sh", "-c", _FORK, "sh", *command],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    pid = int(shell.stdout.readline())
    shell.stdout.close()
    shell.wait()
    # A pidfd becomes readable when the process ends, so the wait has a limit and needs no polling.
    descriptor = os.pidfd_open(pid)
    started = time.perf_counter()
    shell.stdin.write(b"\n")
    shell.stdin.close()
    try:
        ended, _, _ = select.select([descriptor], [], [], timeout)
        seconds = time.perf_counter() - started
        if not ended:
            os.kill(pid, 9)
        _, status, usage = os.wait4(pid, 0)
    finally:
        os.close(descriptor)
    if not ended:
        raise SystemExit(f"{command[0]} did not end within {timeout} s")
    spent = cpu_of(server) - before if server else None
    own = usage.ru_utime + usage.ru_stime
    return Sample(seconds, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status), own, spent)


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "min": ordered[0],
        "median": statistics.median(ordered),
        "p99": ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))],
        "max": ordered[-1],
        "count": len(ordered),
    }


def memory_of(pid: int) -> dict[str, int]:
    """Resident bytes now and at most, of a running process."""
    found = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name in ("VmRSS", "VmHWM"):
                found[name] = int(value.split()[0]) * 1024
    return {"resident": found["VmRSS"], "peak": found["VmHWM"]}


def end(process: subprocess.Popen) -> None:
    """Ends a process, first with SIGTERM."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
