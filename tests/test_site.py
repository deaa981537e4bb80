"""The documentation site: every public name and page can be found, and no link leads nowhere."""

import re
from importlib import import_module
from inspect import ismodule
from pathlib import Path

import pytest

import sparing
from sparing.encoders.registry import ENCODERS
from sparing.project.files.export import BOX_FORMS, FOLDERS, HUB, SPAN_FORMS, STUDIO
from sparing.project.files.forms import FORMS
from sparing.strategies.registry import STRATEGIES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts),
]
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IMPORTED = re.compile(
    r"^\s*(?:>>> )?from (sparing[\w.]*) import (\([^)]*\)|[^\n(]+)$", re.MULTILINE
)
MADE_BY_THE_BUILD = {DOCS / "reference" / "commands.md"}


def anchors(page):
    """The names by which headings are linked to, as GitHub and the site make them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[`*]", "", heading) for heading in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists() or there in MADE_BY_THE_BUILD, f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(there), f"{page.name} links to {link}"


def listed(page):
    """The pages that a page of the site lists below it."""
    for tree in TREE.findall(page.read_text(encoding="utf-8")):
        names = [line.strip() for line in tree.splitlines() if line and not line.startswith(":")]
        for name in names:
            target = re.sub(r".*<(.+)>", r"\1", name)
            yield from sorted(page.parent.glob(target + ("" if target.endswith("*") else ".md")))


def test_every_page_is_two_clicks_from_the_front():
    first = set(listed(DOCS / "index.md"))
    second = {page for one in first for page in listed(one)}
    pages = {page for page in PAGES if DOCS in page.parents} - {DOCS / "index.md"}
    assert pages - MADE_BY_THE_BUILD <= first | second


def modules_of_the_reference():
    for page in (DOCS / "reference").glob("*.md"):
        yield from re.findall(r"automodule:: (\S+)", page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def in_the_reference():
    there = set()
    for name in modules_of_the_reference():
        module = import_module(name)
        told = getattr(module, "__all__", None) or vars(module)
        there |= {id(getattr(module, n)) for n in told if not n.startswith("_")}
    return there


def test_every_public_name_is_in_the_reference(in_the_reference):
    there = in_the_reference
    public = {name: getattr(sparing, name) for name in sparing.__all__}
    public |= {cls.__name__: cls for cls in STRATEGIES.values()}
    public |= {cls.__name__: cls for cls in ENCODERS.values() if isinstance(cls, type)}
    missing = [name for name, value in public.items() if id(value) not in there]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_name_that_a_page_imports_is_in_the_reference(page, in_the_reference):
    missing = []
    for module, told in IMPORTED.findall(page.read_text(encoding="utf-8")):
        for name in re.findall(r"\w+(?: as \w+)?", told):
            found = getattr(import_module(module), name.split(" as ")[0], None)
            if not (found is None or ismodule(found) or id(found) in in_the_reference):
                missing.append(f"{module}.{name}")
    assert missing == []


def test_every_format_of_an_export_is_on_the_page_of_formats():
    page = (DOCS / "formats.md").read_text(encoding="utf-8")
    written = {*FORMS, *SPAN_FORMS, *BOX_FORMS, STUDIO, HUB, FOLDERS}
    assert {form for form in written if not re.search(f"[ `]{form}`", page)} == set()
