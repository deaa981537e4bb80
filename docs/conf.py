"""The documentation site: ``make docs`` builds it into ``docs/_build``."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

import sparing
from sparing.cli.app import app as commands

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))
import plots  # noqa: E402  # a script beside the package

project = "sparing"
author = "the sparing team"
release = version = sparing.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "myst_nb"]
exclude_patterns = ["_build"]
templates_path: list[str] = []
html_theme = "furo"
html_title = "sparing"
html_theme_options = {"source_repository": "", "sidebar_hide_name": False}

# Guides are plain Markdown that tests run; the notebooks run here, and their pictures are true.
nb_execution_mode = "auto"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_excludepatterns = ["[a-z]*.md", "decisions/*", "benchmarks/*", "reference/*"]
if find_spec("torch") is None:  # it is in no lock: a build of it has to fit the machine
    nb_execution_excludepatterns.append("notebooks/deep_model.md")
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
suppress_warnings = [
    "misc.highlighting_failure",
    "myst.xref_missing",
    "ref.python",
    "myst-nb.lexer",
]

autodoc_typehints = "none"  # the docstrings say shapes and units, which types cannot
autodoc_member_order = "bysource"
autodoc_default_options = {
    "members": True,
    # scikit-learn's own, on every estimator
    "exclude-members": "set_fit_request, set_predict_request, set_score_request, "
    "set_transform_request, set_inverse_transform_request, set_partial_fit_request",
}
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # an attribute that is a property stands once


def command_pages() -> str:
    """Return what each command says of itself by ``--help``, as one page of Markdown."""
    group = get_command(commands)
    context = typer.Context(group, info_name="sparing")
    parts = ["# Commands", "What `sparing COMMAND --help` says."]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = typer.Context(command, info_name=name, parent=context)
        parts += [f"## {name}", command.help or "", *_parameters(command, inner)]
    return "\n\n".join(parts) + "\n"


def _parameters(command: Any, context: Any) -> list[str]:
    rows = [param.get_help_record(context) for param in command.get_params(context)]
    cells = [
        tuple(text.replace("|", "\\|").replace("\n", " ") for text in row) for row in rows if row
    ]
    table = ["| | |", "|---|---|", *(f"| `{option}` | {told} |" for option, told in cells)]
    return ["\n".join(table)] if cells else []


(HERE / "reference" / "commands.md").write_text(command_pages(), encoding="utf-8")
plots.draw_all(HERE / "benchmarks" / "plots")


def with_figure(app: Any, docname: str, source: list[str]) -> None:
    """Put the figure of a benchmark under the title of its page, where it shows none itself."""
    folder, _, name = docname.rpartition("/")
    figures = (f"plots/{name}.svg", f"{name}.svg")
    there = [figure for figure in figures if (HERE / folder / figure).is_file()]
    if folder == "benchmarks" and there and "![" not in source[0]:
        title, _, rest = source[0].partition("\n")
        source[0] = f"{title}\n\n![{title.strip('# ')}, as a plot]({there[0]})\n{rest}"


def setup(app: Any) -> None:
    """Tell Sphinx what is done to a page before it is read."""
    app.connect("source-read", with_figure)
