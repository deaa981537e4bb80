"""The figures of the reproduction, one function each; every one returns a matplotlib figure."""

from collections.abc import Callable
from io import BytesIO
from itertools import zip_longest
from typing import Any

import numpy as np

from sparing.errors import MissingExtraError
from sparing.experiment.article import N_CLASSES, PUBLISHED, TEST_SIZE
from sparing.experiment.engine import FIRST_ASKED
from sparing.experiment.honest import Honest
from sparing.experiment.reproduce import Curve, Reproduction
from sparing.types import FloatArray

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtraError("matplotlib", "report", "Figures") from error

INK, MUTED, GRID = "#20242c", "#737b8c", "#e6e8ee"
ACTIVE, RANDOM, EVERYTHING, AUTO = "#d9480f", "#5c7cfa", "#2b8a3e", "#9c36b5"
SHOWN_ERRORS, GALLERY_COLUMNS = 30, 10

STYLE: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "grid.color": GRID,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "svg.hashsalt": "sparing",  # the same figures, the same files
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def _image(axes: Any, pixels: FloatArray, title: str = "") -> None:
    side = round(len(pixels) ** 0.5)
    axes.imshow(pixels.reshape(side, side), vmin=0)
    axes.set_title(title, loc="center")
    axes.set_axis_off()


def one_digit(r: Reproduction) -> Figure:
    """Show the first digit of the pool."""
    figure, axes = _axes(1.8, 1.9)
    _image(axes, r.digits.X[0], f"a {r.digits.y[0]}")
    return figure


def centroids(r: Reproduction) -> Figure:
    """Show the ten centroids under the digit that is most frequent in each cluster."""
    figure = Figure(figsize=(7.2, 3.2))
    for axes, center, digit in zip(
        figure.subplots(2, 5).flat, r.clustering.centers, r.clustering.majority, strict=True
    ):
        _image(axes, center, f"mostly {digit}")
    return figure


def confusion(r: Reproduction) -> Figure:
    """Show how many of each digit are in each cluster."""
    figure, axes = _axes(4.4, 4.2)
    counts = r.clustering.confusion
    axes.imshow(counts, cmap="Blues")
    for i, j in np.ndindex(counts.shape):
        if counts[i, j]:
            color = "white" if counts[i, j] > counts.max() / 2 else INK
            axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=7, color=color)
    axes.set(xlabel="digit", ylabel="cluster, by its most frequent digit")
    axes.set_xticks(range(N_CLASSES))
    axes.set_yticks(range(N_CLASSES), [str(d) for d in r.clustering.majority])
    axes.grid(visible=False)
    return figure


def _confidence(confidence: FloatArray) -> Figure:
    figure, axes = _axes(5.4, 2.6)
    axes.fill_between(np.arange(len(confidence)), confidence, color=RANDOM, alpha=0.25, lw=0)
    axes.plot(confidence, color=RANDOM)
    axes.set(xlabel="unlabeled digits, least confident first", ylabel="largest probability")
    axes.set(xlim=(0, len(confidence)), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    return figure


def confidence_first(r: Reproduction) -> Figure:
    """Show the sorted confidences after the first batch of ten."""
    return _confidence(r.article.confidence_first)


def confidence_rest(r: Reproduction) -> Figure:
    """Show the sorted confidences of the 3,600 digits left after 400 labels."""
    return _confidence(r.article.confidence_rest)


def curve(r: Reproduction) -> Figure:
    """Show the curve of active learning over the article's published points."""
    figure, axes = _axes(7.2, 3.9)
    a = r.article
    axes.axhline(a.all, color=EVERYTHING, lw=1, ls="--")
    axes.axhline(a.first_400, color=RANDOM, lw=1, ls="--")
    axes.text(12, a.all + 0.008, f"all 4,000 labels {a.all:.2%}", color=EVERYTHING)
    axes.text(12, a.first_400 + 0.008, f"first 400 labels {a.first_400:.2%}", color=RANDOM)
    axes.plot(a.active.labels, a.active.accuracy, color=ACTIVE, label="sparing")
    points = list(PUBLISHED.curve.items())
    axes.plot(*zip(*points, strict=True), "o", ms=5, mfc="none", mec=INK, label="the article")
    last = a.active.labels[-1], a.active.accuracy[-1]
    axes.annotate(f"{last[1]:.2%}", last, (2, -18), textcoords="offset points", ha="right")
    _accuracy_axis(axes)
    axes.set(xlabel="labels asked, ten at a time, least confident first", xlim=(0, 410))
    axes.legend(loc="lower right")
    return figure


def auto_labeling(r: Reproduction) -> Figure:
    """Show the accuracy while the model labels the rest, its ten most confident at a time."""
    figure, axes = _axes(7.2, 2.9)
    c: Curve = r.article.most_confident_first
    start = r.article.active
    axes.plot([start.labels[-1], *c.labels], [start.accuracy[-1], *c.accuracy], color=AUTO, lw=1.3)
    end = f"{c.accuracy[-1]:.2%}"
    axes.annotate(
        end, (c.labels[-1], c.accuracy[-1]), (0, 7), textcoords="offset points", ha="right"
    )
    _accuracy_axis(axes)
    axes.set(xlabel="samples labeled: 400 by the person, the rest by the model")
    axes.set_ylim(min(c.accuracy) - 0.01, max(c.accuracy) + 0.015)
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=1))
    return figure


def shuffles(r: Reproduction) -> Figure:
    """Show 400 random and 400 least confident labels on every shuffle, and the article's pair."""
    figure, n_test = Figure(figsize=(7.2, 3.9)), len(r.digits.y_test)
    whose = "the article's " if r.is_article_test else ""
    titles = {"test_400": f"on {whose}{min(TEST_SIZE, n_test)} test digits"}
    if n_test > TEST_SIZE:
        titles["test_all"] = f"on all {n_test:,} test digits"
    panels = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    for axes, (test, title) in zip(panels, titles.items(), strict=True):
        _pairs(axes, r.honest, test)
        axes.set_title(title)
    if r.is_article_test:
        published = (PUBLISHED.first_400, PUBLISHED.active)
        panels[0].plot((0, 1), published, "*-", color=INK, ms=9, lw=1, label="the article's path")
        panels[0].legend(loc="lower right")
    _accuracy_axis(panels[0])
    return figure


def _pairs(axes: Any, honest: Honest, test: str) -> None:
    summary = honest.summary["stopped_on_test"][test]
    random, active = summary["first_400"], summary["least_confident"]
    for pair in zip(random.values, active.values, strict=True):
        axes.plot((0, 1), pair, "-", color=GRID, lw=1, zorder=1)
    for x, s, color in ((0, random, RANDOM), (1, active, ACTIVE)):
        axes.plot([x] * len(s.values), s.values, "o", color=color, alpha=0.45, ms=5)
        axes.plot((x - 0.12, x + 0.12), (s.mean, s.mean), color=color, lw=3)
        side = "right" if x == 0 else "left"
        axes.text(
            x + (0.17 if x else -0.17), s.mean, f"{s.mean:.1%}", color=color, ha=side, va="center"
        )
    axes.set_xticks((0, 1), ("400 random", "400 least confident"))
    axes.set_xlim(-0.6, 1.6)


def fragility(r: Reproduction) -> Figure:
    """Show the active-learning curve under arithmetic that differs by a last bit or a choice."""
    figure, axes = _axes(7.2, 3.9)
    colors = (ACTIVE, RANDOM, EVERYTHING, AUTO, MUTED)
    for variant, color in zip(r.fragility, colors, strict=True):
        label = f"{variant.name}: {variant.accuracy[-1]:.2%}"
        width = 2.4 if variant is r.fragility[0] else 1.2
        axes.plot(r.article.active.labels, variant.accuracy, color=color, lw=width, label=label)
    _accuracy_axis(axes)
    axes.set(xlabel="labels asked", xlim=(0, 410))
    axes.legend(loc="lower right", title="after 400 labels", alignment="left")
    return figure


def engine_curve(r: Reproduction) -> Figure:
    """Show this project's engine beside the article's curve, on the same test digits."""
    figure, axes = _axes(7.2, 3.9)
    a, e = r.article, r.engine
    axes.axhline(a.all, color=EVERYTHING, lw=1, ls="--")
    axes.text(395, a.all - 0.03, f"the article with all 4,000 labels {a.all:.2%}", ha="right")
    axes.plot(a.active.labels, a.active.accuracy, color=RANDOM, label="the article")
    n_test = f"{len(r.digits.y_test):,} test digits"
    axes.plot(e.labels, e.accuracy, "o-", ms=4, color=ACTIVE, label="sparing")
    axes.plot(e.labels, e.accuracy_all, "o:", ms=3, color=ACTIVE, label=f"sparing, all {n_test}")
    _accuracy_axis(axes)
    axes.set(xlabel="labels asked", xlim=(0, 410))
    axes.legend(loc="lower right")
    return figure


def first_asked(r: Reproduction) -> Figure:
    """Show the first digits that the engine asked, in their order."""
    rows = r.engine.asked[:FIRST_ASKED]
    return _gallery(r.digits.X[rows], [str(digit) for digit in r.digits.y[rows]])


def errors_left(r: Reproduction) -> Figure:
    """Show test digits that the engine still gets wrong, with what it takes them for."""
    wrong = np.flatnonzero(r.engine.predicted != r.digits.y_test)
    shown = wrong[np.linspace(0, len(wrong) - 1, min(SHOWN_ERRORS, len(wrong))).astype(int)]
    titles = [f"{r.digits.y_test[i]}, taken for {r.engine.predicted[i]}" for i in shown]
    return _gallery(r.digits.X_test[shown], titles)


def _gallery(images: FloatArray, titles: list[str]) -> Figure:
    n_rows = -(-len(images) // GALLERY_COLUMNS)
    figure = Figure(figsize=(7.2, 0.2 + 0.98 * max(1, n_rows)))
    panels = figure.subplots(max(1, n_rows), GALLERY_COLUMNS, squeeze=False).flat
    for axes, pixels, title in zip_longest(panels, images, titles):
        if pixels is None:
            axes.set_axis_off()
            continue
        _image(axes, pixels, title)
        axes.title.set_fontsize(7)
    return figure


def _accuracy_axis(axes: Any) -> None:
    axes.set_ylabel("test accuracy")
    axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))


FIGURES: dict[str, Callable[[Reproduction], Figure]] = {
    f.__name__: f
    for f in (
        one_digit,
        centroids,
        confusion,
        confidence_first,
        curve,
        confidence_rest,
        auto_labeling,
        shuffles,
        fragility,
        engine_curve,
        first_asked,
        errors_left,
    )
}


def draw_figure(name: str, r: Reproduction) -> tuple[bytes, bytes]:
    """Return the figure called ``name`` as SVG and as PNG, in the style of the report."""
    svg, png = BytesIO(), BytesIO()
    with mpl.rc_context(STYLE):
        figure = FIGURES[name](r)
        figure.savefig(svg, format="svg", metadata={"Date": None})
        figure.savefig(png, format="png", dpi=160)
    return svg.getvalue(), png.getvalue()
