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


def run(command: list[str], environment: dict[str, str], timeout: float = 300) -> Sample:
    """Runs one process with its output discarded.

    It is forked by a shell that then ends, and execs once it is told to: a
    process inherits the peak memory of whoever forked it, and this one's is many
    times a small program's. The row `true` tells what measuring costs.
    """
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
    return Sample(seconds, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status))


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
