"""The Python in README.md and docs/ runs; the blocks of a file run one after the other."""

import doctest
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import sparing
from sparing import get_strategy
from sparing.strategies.registry import STRATEGIES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^```(?:python( torch)?|\{code-cell\} python)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
HAS_TORCH = find_spec("torch") is not None  # its blocks are left out where it is not installed
PROMPT = ">>> "
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(text):
    """Yield (line number, source) of each fenced block marked as python."""
    for found in BLOCK.finditer(text):
        if HAS_TORCH or not found[1]:
            yield text.count("\n", 0, found.start()) + 2, found[2]


PAGES_WITH_PYTHON = [page for page in PAGES if list(blocks(page.read_text(encoding="utf-8")))]


def run(source, names, where, line):
    if source.lstrip().startswith(PROMPT):
        test = doctest.DocTestParser().get_doctest(source, names, where, where, line)
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        said = []
        runner.run(test, out=said.append, clear_globs=False)
        names.update(test.globs)
        assert not runner.failures, "".join(said)
    else:
        exec(compile("\n" * (line - 1) + source, where, "exec"), names)  # noqa: S102  # our own


@pytest.mark.parametrize("page", PAGES_WITH_PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    if page.name == "deep_model.md":
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")  # pictures are made, and no window is opened
    module = ModuleType("page")  # a real one, so that classes of the page can be pickled
    monkeypatch.setitem(sys.modules, "page", module)
    for line, source in blocks(page.read_text(encoding="utf-8")):
        run(source, vars(module), str(page), line)


def test_there_is_python_to_run():
    assert {ROOT / "docs" / "library.md", ROOT / "CONTRIBUTING.md"} <= {*PAGES_WITH_PYTHON}


def everything_written():
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_strategy_is_explained_as_it_explains_itself(name):
    strategy = get_strategy(name)
    reads = ", ".join(sorted(strategy.requires)) or "nothing"
    assert f"| `{name}` | {strategy.reason} | {reads} |" in everything_written()


@pytest.mark.parametrize("name", [name for name in sparing.__all__ if name.endswith("Error")])
def test_every_public_error_is_explained(name):
    assert f"`{name}`" in everything_written()


def test_a_block_that_fails_is_noticed():
    with pytest.raises(ZeroDivisionError):
        run("1 / 0\n", {}, "page", 1)
    with pytest.raises(AssertionError, match="Expected:"):
        run(">>> 1 + 1\n3\n", {}, "page", 1)
    assert list(blocks("text\n```python\na = 1\n```\n```text\nb\n```\n")) == [(3, "a = 1\n")]
