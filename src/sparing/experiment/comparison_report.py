"""A comparison as files: one self-contained page, JSON, CSV, and Parquet where pyarrow is."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from sparing.experiment.charts import COLORS, Line, line_chart
from sparing.experiment.comparison import Comparison
from sparing.experiment.grid import RANDOM
from sparing.experiment.protocol import Protocol
from sparing.experiment.reproduce import describe_versions
from sparing.experiment.statistics import area_under_curve
from sparing.experiment.verdict import count, points, verdict
from sparing.files import write_atomically

COLUMNS = ("strategy", "seed", "labels", "accuracy", "balanced_accuracy")


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """A comparison with what it was made from.

    Parameters
    ----------
    name : of the data
    facts : such as how many items there are, and which encoder and model were used
    notes : what the person should know of the data
    protocol : how each trial went
    comparison : the figures
    several : items have several labels: what is measured is F1
    """

    name: str
    facts: Mapping[str, str | int]
    notes: Sequence[str]
    protocol: Protocol
    comparison: Comparison
    several: bool = False

    @property
    def measures(self) -> tuple[str, str]:
        """What the two figures of each point are."""
        return ("micro F1", "macro F1") if self.several else ("accuracy", "balanced accuracy")


def write_comparison(report: Report, out: Path) -> Path:
    """Write comparison.html, comparison.json, curves.csv and, with pyarrow, curves.parquet.

    Returns
    -------
    The path of the page.
    """
    results = json.dumps(as_json(report), indent=1, allow_nan=False)
    write_atomically(out / "comparison.json", results.encode())
    write_atomically(out / "curves.csv", _csv(report.comparison))
    _write_parquet(report.comparison, out / "curves.parquet")
    page = out / "comparison.html"
    write_atomically(page, _page(report).encode())
    return page


def as_json(report: Report) -> dict[str, Any]:
    """Return all figures as plain lists, dicts and numbers; accuracies are fractions."""
    c = report.comparison
    return {
        "name": report.name,
        "measures": list(report.measures),
        "verdict": verdict(c),
        "best": c.best,
        "facts": dict(report.facts),
        "notes": list(report.notes),
        "protocol": asdict(report.protocol),
        "seeds": c.seeds,
        "labels": c.labels.tolist(),
        "strategies": {name: _strategy_json(c, name) for name in c.accuracy},
        "versions": describe_versions(),
    }


def _strategy_json(c: Comparison, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "accuracy": c.accuracy[name].mean(axis=0).tolist(),
        "balanced_accuracy": c.balanced_accuracy[name].mean(axis=0).tolist(),
        "area": float(area_under_curve(c.labels, c.accuracy[name]).mean()),
    }
    if name == RANDOM:
        return facts
    against = c.against_random[name]
    band = {
        "mean": against.band.mean.tolist(),
        "low": _finite(against.band.low),
        "high": _finite(against.band.high),
    }
    gain, saving = asdict(against.gain), asdict(against.saving)
    return facts | {"against_random": {"band": band, "gain": gain, "saving": saving}}


def _finite(values: Any) -> list[float] | None:
    return values.tolist() if np.isfinite(values).all() else None


def summary_rows(c: Comparison) -> list[tuple[str, ...]]:
    """Return for each strategy: name, mean and gain over the curve, labels saved, the end.

    The first row is random.
    """
    rows = []
    for name in (RANDOM, *c.against_random):
        area = float(area_under_curve(c.labels, c.accuracy[name]).mean())
        last = (c.accuracy[name][:, -1].mean(), c.balanced_accuracy[name][:, -1].mean())
        gain, saved = "", ""
        if name != RANDOM:
            against = c.against_random[name]
            gain, saved = points(against.gain), _saved(c, name)
        rows.append((name, f"{area:.1%}", gain, saved, *(f"{value:.1%}" for value in last)))
    return rows


def _saved(c: Comparison, name: str) -> str:
    """Write the labels saved; nothing where both are there from the first point on."""
    saving = c.against_random[name].saving
    return "" if saving.ours == saving.theirs == c.labels[0] else count(saving.saved)


def head(report: Report) -> tuple[str, ...]:
    """Return what the columns of ``summary_rows`` are called."""
    last = "macro" if report.several else "balanced"
    return ("strategy", "on average", "gain in points", "labels saved", "at the end", last)


def _page(report: Report) -> str:
    template = Template(files("sparing.experiment").joinpath("comparison.html").read_text("utf-8"))
    c, protocol = report.comparison, report.protocol
    measure = report.measures[0][0].upper() + report.measures[0][1:]
    facts = " · ".join(f"{key}: {value}" for key, value in report.facts.items())
    start = f"The first {protocol.n_initial} labels were drawn at random." * bool(
        protocol.n_initial
    )
    return template.substitute(
        name=escape(report.name),
        facts=escape(facts),
        verdict=escape(verdict(c)),
        notes="".join(f"<p>{escape(note)}</p>" for note in report.notes),
        measure=measure,
        curves=_curves_chart(c, measure),
        differences=_differences_chart(c),
        n_seeds=len(c.seeds),
        band_words=_band_words(c),
        table=_table(head(report), summary_rows(c)),
        test_share=f"{protocol.test_share:.0%}",
        start=start,
        budget=protocol.budget,
        batch_size=protocol.batch_size,
        versions=_table(("what", "version"), list(describe_versions().items())),
    )


def _band_words(c: Comparison) -> str:
    if len(c.seeds) < 5:
        return "Fewer than five seeds: no band can be drawn."
    return "The band covers the whole true curve in 95 of 100 such comparisons."


def _color(c: Comparison, name: str) -> str:
    return COLORS[list(c.accuracy).index(name) % len(COLORS)]


def _curves_chart(c: Comparison, measure: str) -> str:
    lines = [Line(n, curves.mean(axis=0), _color(c, n)) for n, curves in c.accuracy.items()]
    title = f"{measure} against labels"
    return line_chart(c.labels.tolist(), lines, title=title, x_label="labels")


def _differences_chart(c: Comparison) -> str:
    lines = [
        Line(name, a.band.mean, _color(c, name), (a.band.low, a.band.high))
        for name, a in c.against_random.items()
    ]
    title = "Difference to random labels"
    return line_chart(c.labels.tolist(), lines, title=title, x_label="labels", signed=True)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        first, *others = map(escape, cells)
        rest = "".join(f'<{tag} class="n">{cell}</{tag}>' for cell in others)
        return f"<tr><{tag}>{first}</{tag}>{rest}</tr>"

    body = "".join(row("td", cells) for cells in rows)
    return f"<table><thead>{row('th', head)}</thead><tbody>{body}</tbody></table>"


def curve_rows(c: Comparison) -> Iterator[tuple[str, int, int, float, float]]:
    """Yield (strategy, seed, labels, accuracy, balanced accuracy) of every point."""
    for name, curves in c.accuracy.items():
        for i, seed in enumerate(c.seeds):
            points_of_seed = zip(c.labels, curves[i], c.balanced_accuracy[name][i], strict=True)
            for n_labels, accuracy, balanced in points_of_seed:
                yield name, seed, int(n_labels), float(accuracy), float(balanced)


def _csv(c: Comparison) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(curve_rows(c))
    return stream.getvalue().encode()


def _write_parquet(c: Comparison, path: Path) -> None:
    """Write the curves as Parquet; without pyarrow the CSV has to do."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return
    columns = dict(zip(COLUMNS, zip(*curve_rows(c), strict=True), strict=True))
    stream = io.BytesIO()
    parquet.write_table(pa.table({name: list(v) for name, v in columns.items()}), stream)
    write_atomically(path, stream.getvalue())
