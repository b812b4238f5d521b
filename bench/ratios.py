"""What a run is compared by: figures that depend little on the machine, because each is a share of something that was measured
in the same rounds, or an amount of memory.
"""

import json

# A figure that is worse by more than this is a regression. Times are the least of all rounds, which vary by less.
LIMIT = 0.10


def ratios(results: dict) -> dict[str, float]:
    """The figures of a run by their names. A lower one is better."""
    found: dict[str, float] = {}
    for size in results["sizes"]:
        commands, count = size["commands"], f"{size['count']:,}"
        least = {name: entry["seconds"]["min"] for name, entry in commands.items()}
        for name in ("curlProtobuf", "curlOwn", "kubectl"):
            if "ours" in commands and name in commands:
                found[f"{count}: time of the plugin, of {commands[name]['label']}"] = least["ours"] / least[name]
        if "ours" in commands:
            found[f"{count}: peak memory of the plugin, MB"] = commands["ours"]["peakBytes"]["max"] / 1e6
        if "agent" in size:
            agent = size["agent"]
            found[f"{count}: resident memory of the agent, MB"] = agent["afterList"]["resident"] / 1e6
            found[f"{count}: peak memory of the agent, MB"] = agent["afterList"]["peak"] / 1e6
            floor = agent["latency"].get("API server /version", {}).get("median")
            for name, spread in agent["latency"].items():
                if floor and name.startswith("agent ") and not name.endswith("spaced"):
                    found[f"{count}: {name}, of the API server's /version"] = spread["median"] / floor
    return {name: round(value, 4) for name, value in found.items()}


def compare(before: dict[str, float], now: dict[str, float]) -> tuple[list[str], list[str]]:
    """The lines of a table of both runs, and the names of the figures that are worse.

    >>> compare({"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 1.09, "b": 2.3, "d": 1.0})[1]
    ['b']
    >>> compare({"a": 1.0}, {"a": 0.5})
    (['| figure | before | now | change |', '| --- | ---: | ---: | ---: |', '| a | 1.00 | 0.50 | -50 % |'], [])
    >>> compare({}, {"d": 1.0})[0][-1]
    '| d | - | 1.00 | new |'
    """
    lines = ["| figure | before | now | change |", "| --- | ---: | ---: | ---: |"]
    worse = []
    for name, value in now.items():
        old = before.get(name)
        if old is None:
            lines.append(f"| {name} | - | {value:.2f} | new |")
            continue
        change = value / old - 1 if old else 0.0
        mark = ""
        if change > LIMIT:
            worse.append(name)
            mark = ", **worse**"
        lines.append(f"| {name} | {old:.2f} | {value:.2f} | {change:+.0%}{mark} |".replace("%", " %"))
    return lines, worse


def read(path: str) -> dict[str, float]:
    """The figures of a committed run; none if there is no file."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def write(path: str, figures: dict[str, float]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")
