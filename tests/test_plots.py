"""The plots of the benchmarks: each is drawn from the committed results, and stands on its page."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "benchmarks"
sys.path.insert(0, str(ROOT / "benchmarks"))
import plots  # noqa: E402  # a script beside the package

OWN = {"label_efficiency", "strategies"}  # drawn by the benchmark itself, and committed


def test_every_page_with_results_has_a_figure():
    there = {path.stem for path in PAGES.glob("*.json")}
    assert there == {*plots.FIGURES} | OWN
    assert all((PAGES / f"{name}.md").is_file() for name in there)
    assert all((PAGES / f"{name}.svg").is_file() for name in OWN)


@pytest.mark.parametrize("name", sorted(plots.FIGURES))
def test_a_figure_shows_all_that_it_is_of(name):
    figure = plots.drawn(name)
    shown = [axes for axes in figure.axes if axes.lines or axes.patches or axes.containers]
    assert shown
    for axes in shown:
        assert axes.get_xlabel() or len(figure.axes) > 1
        points = [line.get_xydata() for line in axes.lines]
        assert all(len(line) for line in points)
