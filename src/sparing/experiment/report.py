"""The reproduction as files: results.json, figures, and one self-contained page."""

import io
import json
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from sparing.experiment.article import PUBLISHED, TEST_SIZE
from sparing.experiment.figures import FIGURES, draw
from sparing.experiment.honest import EXPERIMENTS
from sparing.experiment.reproduce import Reproduction, describe_versions
from sparing.experiment.results import as_json
from sparing.experiment.wording import page_words, percent, points, spread
from sparing.files import write_atomically

NAMES = {
    "all": "all 4,000 labels",
    "first_400": "400 random labels",
    "least_confident": "400 least confident labels",
    "auto_label_all": "... and the model labels the rest at once",
    "most_confident_first": "... and the rest, most confident first",
}


def article_rows(r: Reproduction) -> list[tuple[str, float | None, float]]:
    """Return (experiment, the article's accuracy or None, ours), as the article's table."""
    a = r.article
    return [
        ("all 4,000 labels", PUBLISHED.all, a.all),
        ("first 400 labels", PUBLISHED.first_400, a.first_400),
        ("400 least confident labels", PUBLISHED.active, a.active.accuracy[-1]),
        ("... + the model labels the rest at once", None, a.auto_label_all),
        (
            "... + the model labels, most confident first",
            PUBLISHED.most_confident_first,
            a.most_confident_first.accuracy[-1],
        ),
    ]


def write_report(r: Reproduction, out: Path) -> Path:
    """Write results.json, figures/*.svg and *.png, and report.html; each file whole or not at all.

    Parameters
    ----------
    r : what to report
    out : folder; made if it is not there

    Returns
    -------
    The path of the page.
    """
    svgs = {}
    for name in FIGURES:
        figure = draw(name, r)
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None})
        figure.savefig(png, format="png", dpi=160)
        write_atomically(out / "figures" / f"{name}.svg", svg.getvalue())
        write_atomically(out / "figures" / f"{name}.png", png.getvalue())
        svgs[name] = _inline(svg.getvalue().decode(), name)
    results = json.dumps(as_json(r), indent=1, allow_nan=False)
    write_atomically(out / "results.json", results.encode())
    page = out / "report.html"
    write_atomically(page, _page(r, svgs).encode())
    return page


def _inline(svg: str, name: str) -> str:
    """Drop the XML prolog, and make ids unique to the figure: many share one page."""
    body = svg[svg.index("<svg") :]
    for prefix in ('id="', 'href="#', "url(#"):
        body = body.replace(prefix, f"{prefix}{name}-")
    title = name.replace("_", " ")
    return body.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


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
                    _against(theirs, ours),
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
        _tested_head(r), [*rows, ("gain, in points", *(points(g) for g in gain.values()))]
    )


def _against(theirs: float | None, ours: float) -> str:
    met = theirs is None or abs(theirs - ours) < 1 / (2 * TEST_SIZE)
    mark = '<span class="met">✓</span>' if met else '<span class="missed">≠</span>'
    return f"{percent(ours)} {mark}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        first, *others = cells
        numbers = "".join(f'<{tag} class="n">{cell}</{tag}>' for cell in others)
        return f"<tr><{tag}>{first}</{tag}>{numbers}</tr>"

    body = "".join(row("td", cells) for cells in rows)
    return f"<table><thead>{row('th', head)}</thead><tbody>{body}</tbody></table>"
