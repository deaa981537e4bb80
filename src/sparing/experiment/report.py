"""The reproduction as files: results.json, figures, and one self-contained page."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from sparing.experiment.article import PUBLISHED, TEST_SIZE
from sparing.experiment.figures import FIGURES, draw_figure
from sparing.experiment.fragility import SAME
from sparing.experiment.honest import EXPERIMENTS
from sparing.experiment.reproduce import Reproduction, describe_versions
from sparing.experiment.results import article_rows, write_results
from sparing.experiment.wording import in_points, page_words, percent, spread
from sparing.files import write_atomically
from sparing.types import Progress

WIDE = 350  # points
NAMES = {
    "all": "all 4,000 labels",
    "first_400": "400 random labels",
    "least_confident": "400 least confident labels",
    "auto_label_all": "... and the model labels the rest at once",
    "most_confident_first": "... and the rest, most confident first",
}


def write_report(r: Reproduction, out: Path, tick: Progress) -> Path:
    """Write results.json, figures/*.svg and *.png, and report.html; each file whole or not at all.

    The results come first, so that an interrupt while the rest is written loses only pictures.

    Parameters
    ----------
    r : what to report
    out : folder; made if it is not there
    tick : told of the progress

    Returns
    -------
    The path of the page.
    """
    write_results(r, out)
    svgs, page = {}, out / "report.html"
    for done, name in enumerate(FIGURES):
        tick("report", done, len(FIGURES))
        svg, png = draw_figure(name, r)
        write_atomically(out / "figures" / f"{name}.svg", svg)
        write_atomically(out / "figures" / f"{name}.png", png)
        svgs[name] = _inline(svg.decode(), name)
    tick("report", len(FIGURES), len(FIGURES))
    write_atomically(page, _page(r, svgs).encode())
    return page


def _inline(svg: str, name: str) -> str:
    """Drop the XML prolog, and make ids unique to the figure: many share one page."""
    body = svg[svg.index("<svg") :]
    for prefix in ('id="', 'href="#', "url(#"):
        body = body.replace(prefix, f"{prefix}{name}-")
    title = name.replace("_", " ")
    # A picture wider than a phone scrolls there; a small one is shown as it is.
    wide = "data-wide " if float(body.split('width="', 1)[1].split("pt", 1)[0]) > WIDE else ""
    return body.replace("<svg ", f'<svg {wide}role="img" aria-label="{title}" ', 1)


def _page(r: Reproduction, svgs: dict[str, str]) -> str:
    template = Template(files("sparing.experiment").joinpath("report.html").read_text("utf-8"))
    return template.substitute(svgs | _tables(r) | page_words(r))


def _tables(r: Reproduction) -> dict[str, str]:
    names = [
        name for name in EXPERIMENTS if name in r.honest.summary["stopped_on_test"]["test_400"]
    ]
    e = r.engine
    return {
        "article_table": _table(
            ("experiment", "the article", "here"),
            (
                (
                    escape(name),
                    "no better" if theirs is None else percent(theirs),
                    _against(r, theirs, ours),
                )
                for name, theirs, ours in article_rows(r)
            ),
        ),
        "cluster_table": _table(
            ("labels per cluster", "labels", "accuracy"),
            ((str(m), str(10 * m), percent(a)) for m, a in r.clustering.accuracy.items()),
        ),
        "engine_table": _table(
            _tested_head(r),
            (
                (str(n), percent(few), percent(every))
                for n, few, every in zip(e.labels, e.accuracy, e.accuracy_all, strict=True)
            ),
        ),
        "honest_leaky": _honest_table(r, "stopped_on_test", names),
        "honest_clean": _honest_table(r, "stopped_on_held_out", names),
        "fragility_table": _table(
            ("arithmetic", "points matched", "after 400 labels"),
            (
                (
                    escape(v.name),
                    f"{v.points_matched} of {len(PUBLISHED.curve)}",
                    percent(v.accuracy[-1]),
                )
                for v in r.fragility
            ),
        ),
        "versions": _table(
            ("what", "value"),
            (
                (escape(key), f"<code>{escape(value)}</code>")
                for key, value in (describe_versions() | r.checksums).items()
            ),
        ),
    }


def _tested_head(r: Reproduction) -> tuple[str, str, str]:
    n_test = len(r.digits.y_test)
    return ("labels", f"{min(TEST_SIZE, n_test)} test digits", f"{n_test:,} test digits")


def _honest_table(r: Reproduction, protocol: str, names: Sequence[str]) -> str:
    summary, gain = r.honest.summary[protocol], r.honest.gain[protocol]
    rows = [(escape(NAMES[n]), *(spread(summary[t][n]) for t in summary)) for n in names]
    return _table(
        _tested_head(r),
        [*rows, ("gain, in points", *(in_points(g) for g in gain.values()))],
    )


def _against(r: Reproduction, theirs: float | None, ours: float) -> str:
    no_better = ours <= r.article.active.accuracy[-1]
    met = no_better if theirs is None else abs(theirs - ours) < SAME
    mark = '<span class="met">✓</span>' if met else '<span class="missed">≠</span>'
    return f"{percent(ours)} {mark}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        first, *others = cells
        numbers = "".join(f'<{tag} class="n">{cell}</{tag}>' for cell in others)
        return f"<tr><{tag}>{first}</{tag}>{numbers}</tr>"

    body = "".join(row("td", cells) for cells in rows)
    table = f"<table><thead>{row('th', head)}</thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'
