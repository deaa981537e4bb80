import csv
import json
import re
import sys

import numpy as np
import pytest

from sparing.errors import InvalidInputError
from sparing.experiment.charts import Line, line_chart, ticks
from sparing.experiment.comparison import compare_results
from sparing.experiment.comparison_report import Report, write_comparison
from sparing.experiment.grid import Cell, CellResult
from sparing.experiment.notes import data_notes
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.verdict import verdict

LABELS = [10, 20, 30, 40, 50, 60]
PROTOCOL = Protocol(budget=60, batch_size=10)


def trials(curves, n_seeds=8, noise=0.005, seed=0):
    """Made-up results: a mean curve for each strategy, and a little noise for each seed."""
    rng = np.random.default_rng(seed)
    results = []
    for i in range(n_seeds):
        for name, curve in curves.items():
            accuracy = (np.array(curve) + noise * rng.standard_normal(len(curve))).tolist()
            cell = Cell("made up", "default", "auto", name, i)
            results.append(CellResult(cell, LABELS, accuracy, [a - 0.1 for a in accuracy], 1.0))
    return results


SLOW = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9]
EARLY = [0.7, 0.8, 0.85, 0.86, 0.86, 0.87]
FAST = [0.6, 0.8, 0.88, 0.9, 0.91, 0.92]


def test_savings_and_gains_of_made_up_curves():
    c = compare_results(trials({"random": SLOW, "good": FAST, "bad": [0.4] * 6}, noise=0.001))
    assert c.best == "good"
    good, bad = c.against_random["good"], c.against_random["bad"]
    np.testing.assert_allclose(good.band.mean, np.subtract(FAST, SLOW), atol=0.01)
    assert (good.band.low > 0).all()
    assert (bad.band.high < 0).all()
    assert good.saving.saved.low > 0
    assert good.gain.low > 0
    assert good.saving.saved.value == pytest.approx(21.5, abs=1)  # 0.895: 37.5 labels and 59


def test_the_band_of_two_strategies_is_wider_than_that_of_one():
    noise = 0.05
    one = compare_results(trials({"random": SLOW, "a": SLOW}, noise=noise))
    rows = trials({"random": SLOW, "a": SLOW}, noise=noise)
    more = trials({f"x{i}": SLOW for i in range(9)}, noise=noise, seed=1)
    ten = compare_results([*rows, *more])
    width = {
        c: c.against_random["a"].band.high - c.against_random["a"].band.low for c in (one, ten)
    }
    assert (width[ten] > width[one]).all()


def test_only_seeds_of_all_strategies_count():
    rows = trials({"random": SLOW, "good": FAST})
    partial = [r for r in rows if (r.cell.strategy, r.cell.seed) != ("good", 3)]
    assert compare_results(partial).seeds == [0, 1, 2, 4, 5, 6, 7]
    with pytest.raises(InvalidInputError, match="needs 'random' and"):
        compare_results([r for r in rows if r.cell.strategy == "random"])
    with pytest.raises(InvalidInputError, match="No seed has been finished"):
        compare_results([r for r in rows if (r.cell.strategy == "good") == (r.cell.seed > 3)])


@pytest.mark.parametrize(
    ("curves", "n_seeds", "noise", "begins"),
    [
        ({"good": FAST}, 8, 0.005, "Active learning saves labels here: 'good' needs "),
        ({"bad": [c - 0.1 for c in SLOW]}, 8, 0.005, "Active learning saves no labels here"),
        ({"early": EARLY}, 8, 0.02, "Active learning pays here before the end: 'early' is +1"),
        ({"same": SLOW}, 8, 0.05, "Active learning is not shown to save labels here: 'same'"),
        ({"good": FAST}, 3, 0.005, "3 of at least 5 repetitions show nothing yet: 'good'"),
    ],
)
def test_the_sentence(curves, n_seeds, noise, begins):
    said = verdict(compare_results(trials({"random": SLOW, **curves}, n_seeds, noise)))
    assert said.startswith(begins)
    assert said.endswith(".")
    if n_seeds > 3:
        number = r"\d+( fewer| more)?"
        told = rf"\d+ (fewer|more) \(with 95% certainty {number} to {number}\), by 8 repetitions\.$"
        assert re.search(told, said)
        assert "-" not in said, "nobody reads 'saved -26'"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("comparison")
    comparison = compare_results(trials({"random": SLOW, "<good>": FAST}))
    notes = ["3 skipped, empty: <a>.png."]
    page = write_comparison(Report("<b>made</b>", {"items": 90}, notes, PROTOCOL, comparison), out)
    return page, out


def test_the_page_is_whole_escaped_and_asks_nothing_from_elsewhere(written):
    page = written[0].read_text()
    assert "&lt;b&gt;made&lt;/b&gt;" in page
    assert "&lt;a&gt;.png" in page
    assert "&lt;good&gt;" in page
    assert "<b>" not in page
    assert "$" not in page
    assert not re.findall(r"""(?:src|href)=|url\(|@import|<script""", page)
    assert page.count("<svg") == 2


def test_json_and_csv_agree(written):
    out = written[1]
    results = json.loads((out / "comparison.json").read_text())
    assert results["labels"] == LABELS
    assert results["best"] == "<good>"
    assert results["verdict"].startswith("Active learning saves")
    assert results["strategies"]["<good>"]["against_random"]["saving"]["saved"]["low"] > 0
    with (out / "curves.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 8 * 6
    last = [float(r["accuracy"]) for r in rows if (r["strategy"], r["labels"]) == ("random", "60")]
    assert np.mean(last) == pytest.approx(results["strategies"]["random"]["accuracy"][-1])


def test_parquet_holds_what_the_csv_holds(written):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(written[1] / "curves.parquet")
    assert table.column_names == ["strategy", "seed", "labels", "accuracy", "balanced_accuracy"]
    assert table.num_rows == 96


def test_without_pyarrow_the_csv_has_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    comparison = compare_results(trials({"random": SLOW, "good": FAST}, n_seeds=2))
    write_comparison(Report("x", {}, [], PROTOCOL, comparison), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"comparison.html", "comparison.json", "curves.csv"}
    good = json.loads((tmp_path / "comparison.json").read_text())["strategies"]["good"]
    assert good["against_random"]["band"]["low"] is None  # two seeds


def test_lines_go_where_their_values_are():
    y = np.array([0.0, 1.0])
    svg = line_chart([0, 10], [Line("a", y, "red", (y - 0.1, y + 0.1))], title="T", x_label="x")
    (points,) = re.findall(r'<polyline[^>]*points="([^"]*)"', svg)
    (x0, y0), (x1, y1) = (map(float, p.split(",")) for p in points.split())
    assert x0 < x1
    assert y0 > y1  # up is less in SVG
    assert svg.count("<polygon") == 1
    nothing = Line("a", y, "red", (y * np.nan, y * np.nan))
    assert "<polygon" not in line_chart([0, 10], [nothing], title="T", x_label="x")


def test_flat_lines_and_single_points_can_be_drawn():
    for x, y in (([5], [0.5]), ([5, 6], [0.5, 0.5])):
        svg = line_chart(x, [Line("a", np.array(y), "red")], title="T", x_label="x", signed=True)
        assert "nan" not in svg
        assert "inf" not in svg


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.52, 0.94), (10, 400), (-0.03, 0.001)])
def test_ticks_are_few_and_inside(low, high):
    values = ticks(low, high)
    assert 3 <= len(values) <= 9
    assert low <= values[0] < values[-1] <= high


def test_names_that_end_close_together_are_pushed_apart():
    lines = [Line(n, np.array([0.1, 0.9 + i / 1000]), "red") for i, n in enumerate("abc")]
    svg = line_chart([0, 1], lines, title="T", x_label="x")
    heights = sorted(float(h) for h in re.findall(r'y="([\d.]+)" style', svg))
    assert np.diff(heights).min() >= 14.9


def test_notes_name_what_may_mislead(blobs):
    items = blobs.items
    values = np.vstack([items.values, items.values[:1], items.values[1:2] + 1e-6])
    many = type(items)(items.kind, values, [str(i) for i in range(62)], "x")
    labels = [*(["a"] * 58), "b", "b", "a", "a"]
    prepared = prepare("x", type(blobs)(many, labels), Protocol(10, 5))
    notes = data_notes(prepared, "default", Protocol(10, 5))
    assert notes[0].startswith("1 of 62 items equal another one")
    assert notes[1] == "Classes with fewer than 10 items: 'b' (2)."
    assert notes[2].startswith("97% of the items are 'a'")
