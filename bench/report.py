"""The Markdown of one run's results."""

MEGA = 1_000_000

INTRODUCTION = """\
# Benchmarks

Made by `make bench`. Every number is of one run on one machine. The rows of a
table were measured in turns, round after round, so that other load of the
machine affected all of them.

- **The server** is a real etcd and kube-apiserver on loopback, with TLS and
  client certificates, and no controllers. The Deployments carry what a chart
  and the deployment controller write, `managedFields` included.
- **Time** is the wall time of the whole process, start to exit, output
  discarded. **Peak memory** is the process's own maximum resident set.
- **curl** is the floor: the bytes of the answer fetched and thrown away, never
  parsed. It runs with `-A bench`, since the API server indents its JSON for
  curl's own User-Agent and so sends half as much again.
- **CPU** is the median of the process's own CPU time, user and system.
- **API server's CPU** is the median of the CPU time of its process while the
  program ran, in steps of 10 ms.
- **true** is a process that does nothing: what measuring itself costs.
- **kubernetes (Python)** lists with the official client and prints ready and
  desired of each.
"""


def milliseconds(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def megabytes(value: float) -> str:
    return f"{value / MEGA:,.1f} MB"


def cpu(spent: dict | None) -> str:
    return milliseconds(spent["median"]) if spent else ""


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |",
             "|" + "|".join([" --- "] + [" ---: "] * (len(header) - 1)) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def about(results: dict) -> str:
    machine, versions = results["machine"], results["versions"]
    lines = [
        f"Measured {results['measuredAt']} on {machine['cores']} cores of {machine['cpu']}, "
        f"{machine['memoryBytes'] / 2**30:.0f} GiB, {machine['system']}; "
        f"load average at the start {machine['loadAverage']:.2f}.",
        "",
        *(f"- {name}: {version}" for name, version in versions.items()),
    ]
    return "\n".join(lines) + "\n"


def plugin(size: dict) -> str:
    ours = size["commands"].get("ours")
    rows = []
    for entry in size["commands"].values():
        wall = entry["seconds"]
        ratio = wall["median"] / ours["seconds"]["median"] if ours else None
        rows.append([
            entry["label"], milliseconds(wall["min"]), milliseconds(wall["median"]),
            milliseconds(wall["max"]), megabytes(entry["peakBytes"]["max"]),
            f"{ratio:.2f}" if ratio else "", cpu(entry.get("cpuSeconds")), cpu(entry.get("serverSeconds")),
            ", ".join(map(str, entry["exitCodes"])),
        ])
    head = (f"## {size['count']:,} Deployments\n\n"
            f"{size['averageBytes'] / 1000:.1f} KB of JSON each, {size['degraded']} degraded; "
            f"{size['rounds']} rounds after {size['warmUp']} to warm up.\n\n")
    return head + table(
        ["whole process", "min", "median", "max", "peak memory", "of ours", "CPU", "API server's CPU", "exit code"], rows)


def agent(entry: dict, count: int) -> str:
    rows = [
        [f"`{name}`", milliseconds(spread["min"]), milliseconds(spread["median"]),
         milliseconds(spread["p99"]), str(spread["count"])]
        for name, spread in entry["latency"].items()
    ]
    return (f"### The agent with {count:,} Deployments\n\n"
            f"First complete answer {entry['firstAnswerSeconds']:.2f} s after the start; resident "
            f"{megabytes(entry['afterList']['resident'])} after the first list (peak "
            f"{megabytes(entry['afterList']['peak'])}), {megabytes(entry['afterRequests']['resident'])} "
            f"after the requests below.\n\n"
            "From one kept-alive connection, each request after the answer to the one before; "
            "`spaced` requests are more than a second apart, so that nothing is remembered from "
            "the one before.\n\n"
            + table(["request", "min", "median", "p99", "requests"], rows)
            + "\nCPU of the agent for an answer that is made anew:\n\n"
            + table(["request", "bytes", "min", "median", "max"], [
                [f"`{path}`", f"{answer['bytes']:,}",
                 *(milliseconds(answer["cpuSeconds"][word]) for word in ("min", "median", "max"))]
                for path, answer in entry["answers"].items()
            ]))


def targets(results: dict) -> str:
    rows = [[goal["name"], goal["target"], goal["measured"], "yes" if goal["met"] else "**no**"]
            for goal in results["targets"]]
    if not rows:
        return ""
    return "## Targets\n\n" + table(["what", "target", "measured", "met"], rows)


def markdown(results: dict) -> str:
    parts = [INTRODUCTION, about(results), targets(results)]
    for size in results["sizes"]:
        parts.append(plugin(size))
        if "agent" in size:
            parts.append(agent(size["agent"], size["count"]))
    return "\n".join(part for part in parts if part)
