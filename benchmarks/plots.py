"""The plots of the benchmarks, drawn from the committed results when the site is built.

    python benchmarks/plots.py FOLDER

writes an SVG for each ``docs/benchmarks/NAME.json`` that has a function here.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

HERE = Path(__file__).parents[1] / "docs" / "benchmarks"
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#6b7280")
BAR, WIDTH = 0.22, 7.2  # inches
Results = Any  # what a JSON file holds
Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def bars(
    values: Mapping[str, float], label: str, *, log: bool = False, line: float | None = None
) -> Figure:
    """Return a bar for each value, with its number, from the top down."""
    figure = Figure(figsize=(WIDTH, 0.9 + BAR * len(values)), layout="constrained")
    axes = figure.subplots()
    drawn = axes.barh([*values], [*values.values()], color=COLORS[0])
    axes.bar_label(drawn, fmt="%.3g", padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    if log:
        axes.set_xscale("log")
    if line is not None:
        axes.axvline(line, color=COLORS[1])
    axes.set_xlabel(label)
    return figure


def curves(panels: Mapping[str, Series], x: str, y: str, *, log: bool = False) -> Figure:
    """Return a panel for each name, with its lines; a line has one color in all of them."""
    n_columns = min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    figure = Figure(figsize=(WIDTH, 0.8 + 2.2 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    names = list(dict.fromkeys(name for series in panels.values() for name in series))
    color = {name: COLORS[i % len(COLORS)] for i, name in enumerate(names)}
    for axes, (title, series) in zip(grid, panels.items(), strict=False):
        for name, (at, values) in series.items():
            axes.plot(at, values, marker="o", markersize=3, color=color[name], label=name)
        axes.set_title(title, fontsize=9)
        if log:
            axes.set(xscale="log", yscale="log")
    for i, axes in enumerate(grid):
        if i >= len(panels):
            axes.set_axis_off()
        elif i + n_columns >= len(panels):  # nothing is below it
            axes.set_xlabel(x)
    handles = {h.get_label(): h for axes in grid for h in axes.get_legend_handles_labels()[0]}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize=8)
    figure.supylabel(y, fontsize=9)
    return figure


def auto_versus_random(told: Results) -> Figure:
    """Areas under the curves: how far auto is ahead."""
    areas = {name: one["areas"] for name, one in told["results"].items()}
    ahead = {name: 100 * (a["auto"] - a["random"]) for name, a in areas.items()}
    return bars(dict(sorted(ahead.items(), key=lambda one: -one[1])), "auto less random, points")


def cold_start(told: Results) -> Figure:
    """What share of the classes is seen."""
    shares = {}
    for place, n in enumerate((10, 20)):
        for strategy in told["sonar"]["runs"][0]:
            seen = [
                np.mean([run[strategy][place] for run in one["runs"]]) / one["classes"]
                for one in told.values()
            ]
            shares[f"{strategy}, {n} labels"] = 100 * float(np.mean(seen))
    return bars(shares, "% of the classes seen, mean of the sets")


def rare(told: Results) -> Figure:
    """Average precision over the labels."""
    panels = {}
    for name, one in told.items():
        means = {
            strategy: 100 * np.mean([run["precision"] for run in runs], axis=0)
            for strategy, runs in one["runs"].items()
        }
        panels[name] = {s: ((50, 100, 200)[: len(mean)], mean) for s, mean in means.items()}
    return curves(panels, "labels", "average precision, %")


def encoders(told: Results) -> Figure:
    """Accuracy over the answers, by what the model sees."""
    panels: dict[str, Any] = {}
    for name, runs in told["curves"].items():
        source, _, encoder = name.partition("/")
        mean = 100 * np.mean([*runs.values()], axis=0)
        panels.setdefault(source, {})[encoder] = ((12, 25, 50, 100, 200), mean)
    return curves(panels, "answers", "accuracy, %")


def deep_models(told: Results) -> Figure:
    """Accuracy over the labels, by BALD and at random."""
    panels: dict[str, Any] = {"bald": {}, "random": {}}
    for name, by_strategy in told["results"].items():
        for strategy, runs in by_strategy.items():
            at = [*map(int, runs[0]["accuracy"])]
            mean = 100 * np.mean([[*run["accuracy"].values()] for run in runs], axis=0)
            for panel in [strategy] if strategy in panels else panels:
                panels[panel][name.replace("`", "")] = (at, mean)
    return curves(panels, "labels", "test accuracy, %")


def labels(told: Results) -> Figure:
    """Micro F1 over the labels."""
    panels = {
        name: {
            strategy: ((60, 100, 200), np.mean([run["micro"] for run in runs.values()], axis=0))
            for strategy, runs in by_strategy.items()
        }
        for name, by_strategy in told.items()
    }
    return curves(panels, "labeled items", "micro F1, %")


def spans(told: Results) -> Figure:
    """Mean F1 over the seeds that are done, against tokens read."""
    panels = {
        name: {s: _mean(runs, "tokens", "f1") for s, runs in of.items() if s != "full"}
        for name, of in told.items()
    }
    return curves(panels, "tokens read", "F1")


def boxes(told: Results) -> Figure:
    """Mean mAP50 over the seeds that are done, against boxes drawn."""
    panels = {
        name: {s: _mean(runs, "boxes", "precision") for s, runs in of.items() if s != "full"}
        for name, of in told.items()
        if "full" in of
    }
    return curves(panels, "boxes drawn", "mAP50")


def box_page(told: Results) -> Figure:
    """How long each key takes with 300 boxes, beside the frame of 50 ms."""
    late = {f"{key}: {one['what']}": one["p95 ms"] for key, one in told["keys"].items()}
    return bars(late, "milliseconds to paint, 95th percentile", line=50)


def others(told: Results) -> Figure:
    """Mean score of models that hear predictions of others, by whose these are."""
    panels = {
        name: {
            how: ((20, 50, 100, 200), np.mean([score for _, score in runs.values()], axis=0))
            for how, runs in by_whom.items()
        }
        for name, by_whom in told.items()
    }
    return curves(panels, "answers", "score, %")


def span_certificates(told: Results) -> Figure:
    """In what share of 1,000 audits more is wrong than the certificate says."""
    broken = {name: one["broken"] / 10 for name, one in told.items()}
    return bars(broken, "broken certificates, % (allowed: 5)", line=5)


def _mean(runs: Mapping[str, Any], x: str, y: str) -> tuple[Sequence[float], Sequence[float]]:
    """Return a line through the means over runs, as far as all of them go."""
    first = max(run[x][0] for run in runs.values())
    last = min(run[x][-1] for run in runs.values())
    at = np.linspace(first, last, 25)
    means = np.mean([np.interp(at, run[x], run[y]) for run in runs.values()], axis=0)
    return at.tolist(), means.tolist()


def members(told: Results) -> Figure:
    """Accuracy of the ensemble and of its members, on the sets that have all of both."""
    panels: dict[str, Any] = {"new": {}, "pool": {}}
    marks, names = ("20", "50", "100", "200"), [*told["sonar"][0]["20"]["new"]]
    runs = [run for one in told.values() for run in one]
    runs = [run for run in runs if {*marks} <= {*run} and {*names} <= {*run["20"]["new"]}]
    for place, series in panels.items():
        for name in names:
            means = [100 * np.mean([run[n][place][name] for run in runs]) for n in marks]
            series[name] = ([*map(int, marks)], means)
    return curves(panels, "labels", "accuracy, %")


def photographs(told: Results) -> Figure:
    """Accuracy after twelve answers, by door and encoder."""
    means = {
        f"{door}, {encoder}": 100 * float(np.mean(runs))
        for door in ("compare", "app")
        for encoder, runs in told[door].items()
    }
    return bars(means, "right after 12 answers, %")


def published(told: Results) -> Figure:
    """Areas that were published, and ours with their intervals."""
    figure = Figure(figsize=(WIDTH, 5), layout="constrained")
    axes = figure.subplots()
    for color, strategy in zip(COLORS, ("Uniform", "US-C", "Core-Set"), strict=False):
        cells = [one[strategy] for one in told["results"].values()]
        theirs, ours = ([cell[side] for cell in cells] for side in ("theirs", "ours"))
        low, high = np.transpose([cell["interval"] for cell in cells])
        span = (np.subtract(ours, low), np.subtract(high, ours))
        axes.errorbar(theirs, ours, span, fmt="o", color=color, label=strategy)
    axes.axline((0.8, 0.8), slope=1, color=COLORS[-1])
    axes.set(xlabel="published area", ylabel="ours, with 95 % intervals")
    axes.legend()
    return figure


def certificates(told: Results) -> Figure:
    """The largest share of broken promises of each method."""
    worst: dict[str, float] = {}
    for cell in told["cells"]:
        worst[cell["method"]] = max(worst.get(cell["method"], 0.0), 100 * cell["broken"])
    return bars(worst, "% broken, in the worst cell; the line: what was promised", line=5.0)


def rounds(told: Results) -> Figure:
    """Seconds of rounds."""
    seconds = {
        f"{name}: {what}": t
        for name, found in told.items()
        for what, t in found.items()
        if what != "floor"
    }
    return bars(seconds, "processor seconds")


def app(told: Results) -> Figure:
    """Milliseconds of the page's requests."""
    return _latencies(told)


def load(told: Results) -> Figure:
    """Milliseconds with twenty people, by database."""
    of_stores = {told[name]["place"]: told[name] for name in ("sqlite", "postgresql")}
    return _latencies(
        {f"{place}: {what}": ms for place, one in of_stores.items() for what, ms in one.items()}
    )


def _latencies(told: Mapping[str, Any]) -> Figure:
    whole = {
        f"{what}, {name}": found[key]
        for what, found in told.items()
        if isinstance(found, dict) and "p50_ms" in found
        for name, key in (("median", "p50_ms"), ("99 %", "p99_ms"))
    }
    return bars(whole, "milliseconds", log=True)


def maps(told: Results) -> Figure:
    """Seconds of the two layouts over the size of the pool."""
    sizes = [n for n in told if n.isdigit()]
    series = {
        layout: ([*map(int, sizes)], [told[n][layout]["seconds"] for n in sizes])
        for layout in ("principal", "neighbors")
    }
    return curves({"layouts of the map": series}, "items", "seconds", log=True)


def grid(told: Results) -> Figure:
    """Milliseconds of what fills a grid."""
    found = {
        f"{what}, {n} items": ms
        for n, functions in told["functions"].items()
        for what, ms in functions.items()
    }
    return bars(found, "milliseconds", log=True)


def page(told: Results) -> Figure:
    """Milliseconds until the next picture stands."""
    names = ("median", "p99", "largest")
    return bars({name: told[f"next picture, {name} ms"] for name in names}, "milliseconds")


def first_question(told: Results) -> Figure:
    """Processor seconds until each question of the first server, and of the one after."""
    asked = {
        f"{start}, question {i + 1}: {one['source']}": one["processor"]
        for start in ("first", "again")
        for i, one in enumerate(told[start])
    }
    return bars(asked, "processor seconds since the start")


def span_opening(told: Results) -> Figure:
    """Processor seconds of server and trainer at the first question, the tenth answer and after."""
    seconds = {
        f"{one['what']}, pause {pace} s: {who}": one[who]
        for pace, run in told["runs"].items()
        for one in run
        for who in ("server", "trainer")
    }
    return bars(seconds, "processor seconds since the start")


def article(told: Results) -> Figure:
    """Seconds of the article's experiments beside their floors."""
    seconds = {
        f"{name}, {what}": found[key]
        for name, found in told["results"].items()
        for what, key in (("measured", "seconds"), ("bare products", "floor_seconds"))
    }
    return bars(seconds, "seconds")


def scale(told: Results) -> Figure:
    """Millions of rows a second over shards, beside the floors."""
    names = ("bare read", "bare product", "select", "predict")
    speeds = {
        f"{pool}: {what}": one["rows"] / one[what] / 1e6
        for pool, one in told["pools"].items()
        for what in names
    }
    return bars(speeds, "millions of rows a second of one processor", log=True)


FIGURES: dict[str, Callable[[Results], Figure]] = {
    "app": app,
    "app_busy": app,
    "article": article,
    "auto_versus_random": auto_versus_random,
    "box_page": box_page,
    "boxes": boxes,
    "certificates": certificates,
    "cold_start": cold_start,
    "deep_models": deep_models,
    "encoders": encoders,
    "first_question": first_question,
    "grid": grid,
    "labels": labels,
    "load": load,
    "map": maps,
    "members": members,
    "others": others,
    "page": page,
    "photographs": photographs,
    "published": published,
    "rare": rare,
    "rounds": rounds,
    "scale": scale,
    "span_certificates": span_certificates,
    "span_opening": span_opening,
    "spans": spans,
}
"""By the name of the results; pages that have a figure of their own are not here."""


def drawn(name: str) -> Figure:
    """Return the figure of one file of results."""
    return FIGURES[name](json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")))


def draw_all(folder: Path) -> None:
    """Write all figures as SVG, the same bytes from the same results."""
    import matplotlib as mpl

    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "sparing", "font.size": 9, "svg.fonttype": "none"}):
        for name in FIGURES:
            drawn(name).savefig(folder / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]))
