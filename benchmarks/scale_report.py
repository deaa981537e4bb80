"""The report of scale.py: tables of speed and of cost, and what was measured besides in words."""

import os
from typing import Any

import numpy as np

SHARD, CLASSES = 250_000, 10  # rows of a shard
COMMANDS = ("select", "predict")
SPEEDS = ("bare read", "bare product", *COMMANDS)
STEPS = ("read", "planned", "drawn", "certified", "written")
ENGINES = ("one worker", "two workers", "two of Ray Core", "two of Ray Data")
COVERING = ("k_center", "max_herding")


def page(told: dict[str, Any]) -> str:
    """Return the results as a page."""
    lines = speeds(told.get("pools", {})) + cost(told.get("pools", {}))
    kinds = {"models": modeled, "coverage": covered, "engines": spread, "certify": bounded}
    for kind, in_words in kinds.items():
        for one in told.get(kind, {}).values():
            lines += ["", *in_words(one)]
    return "\n".join(lines) + "\n"


def speeds(pools: dict[str, Any]) -> list[str]:
    """Return the lines of how fast pools are gone through, beside the floor."""
    columns = ("pool", "rows", *SPEEDS, *(f"{what} over the floor" for what in COMMANDS))
    lines = [
        "# Pools of shards",
        "",
        f"`benchmarks/scale.py`, {os.cpu_count()} cores. Shards of {SHARD:,} rows out of",
        f"the system's cache, {CLASSES} classes; millions of rows a second of one processor;",
        "*floor*: the slower of the bare read and the bare product; *load*: of the machine then.",
        "",
        f"| {' | '.join(columns)} | load |",
        f"|---|{'---:|' * len(columns)}",
    ]
    for name, one in pools.items():
        floor = max(one["bare read"], one["bare product"])
        fast = " | ".join(f"{one['rows'] / one[what] / 1e6:.2f}" for what in SPEEDS)
        over = " | ".join(f"{one[what] / floor:.1f} times" for what in COMMANDS)
        lines.append(f"| {name} | {one['rows']:,} | {fast} | {over} | {one['load']:.1f} |")
    return lines


def modeled(one: dict[str, Any]) -> list[str]:
    """Return the lines of what a model that is not linear takes."""
    linear, other = (1e6 * one[name] / one["rows"] for name in ("linear", "of a project"))
    return [
        f"Of {one['rows']:,} rows of {one['columns']} columns a linear model takes {linear:.2f}",
        f"processor seconds a million, and the model of a project, which is none, {other:.0f}.",
    ]


def covered(one: dict[str, Any]) -> list[str]:
    """Return the lines of what two passes lose against a choice among all."""
    lines = [
        f"Two passes, of {one['rows']:,} rows of {one['columns']} columns in 300 clusters: 200",
        "items chosen by a strategy that compares items, among all rows and among",
        f"{one['candidates']:,} candidates; how far a row is from the nearest",
        "of the 200, on average and at most.",
        "",
        "| strategy | of all | of candidates | lost | most, of all | of candidates | lost |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in COVERING:
        cells = [name]
        for what in ("", ", most"):
            whole, part = one[f"{name} of all{what}"], one[f"{name} of candidates{what}"]
            cells += [f"{whole:.3f}", f"{part:.3f}", f"{100 * (part / whole - 1):.1f} %"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def spread(one: dict[str, Any]) -> list[str]:
    """Return the lines of what two workers gain, of this machine and of Ray."""
    apart = one["two workers"] - one["start of two workers"]
    # Two cannot be more than twice as quick: then how long the start took is all that was seen.
    gain = (
        f"without that, two are {one['one worker'] / apart:.2f} times as quick as one"
        if apart >= one["one worker"] / 2
        else "what is left is too little to tell how much quicker than one they are"
    )
    seconds = ", ".join(f"{name} {one[name]:.1f}" for name in ENGINES)
    return [
        f"Engines, load {one['load']:.1f}: margin over {one['rows']:,} rows of",
        f"{one['columns']} columns, seconds of the clock, best of three: {seconds};",
        f"before that Ray took {one['start of Ray']:.1f} s to start. Two workers of this",
        f"machine took {one['start of two workers']:.1f} s of theirs to start:",
        f"{gain}. A worker held {one['MB at work']:,.0f} MB at most,",
        f"an idle one {one['MB idle']:,.0f} MB.",
    ]


def bounded(one: dict[str, Any]) -> list[str]:
    """Return the lines of what a certificate takes."""
    spent = ", ".join(f"{step} {one[step]:.1f}" for step in STEPS)
    return [
        f"A certificate of {one['rows']:,} labels, {one['audited']:,} of them audited and",
        f"{one['handed back']:,} handed back, in processor seconds: {spent}, before it was",
        f"written {sum(one[step] for step in STEPS[:-1]):.1f} (by the clock",
        f"{one['by the clock']:.1f}); the hashes of the files {one['hashed']:.1f} more.",
        f"Peak memory of its process {one['peak MB']:,.0f} MB.",
    ]


def cost(pools: dict[str, Any]) -> list[str]:
    """Return the lines of what more rows would cost."""
    lines = [
        "",
        "What more rows would cost, extrapolated from these: bytes that are read, and hours of one",
        "processor. Of a disk or a network that gives fewer bytes a second, these are the floor.",
        "",
        "| vectors | rows | bytes | select | predict |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, one in pools.items():
        columns, dtype = name.split(" x ")[1].split(", ")
        for rows in (100_000_000, 1_000_000_000):
            size = rows * (int(columns) * np.dtype(dtype).itemsize + 4 * (dtype == "int8"))
            spent = (one[what] / one["rows"] * rows / 3600 for what in COMMANDS)
            hours = " | ".join(f"{one_hour:.3f} h" for one_hour in spent)
            lines.append(f"| {columns} {dtype} | {rows:,} | {size / 1e9:,.0f} GB | {hours} |")
    return lines
