"""The page in CONTRIBUTING: what its blocks make passes every check of a page, and works."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.web.test_static import (
    HERE,
    all_that_it_looks_for_is_there,
    all_that_it_names_is_there,
    it_has_no_script_or_style_of_its_own,
    loads_nothing_from_elsewhere,
    makes_no_markup_or_code_out_of_text,
    tsc,
)

from sparing.web import pages, security

sync_api = pytest.importorskip("playwright.sync_api")

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
BLOCK = re.compile(
    r"^```(?:html|js)\n(?:<!--|//) (\S+)(?: -->)?\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


@pytest.fixture
def static(tmp_path):
    """The modules of all pages, and beside them those of the example; their names."""
    static = tmp_path / "static"
    shutil.copytree(pages.STATIC, static)
    written = dict(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))
    for name, text in written.items():
        (static / name).write_text(text, encoding="utf-8")
    named = (static / "pages.js").read_text(encoding="utf-8")
    (static / "pages.js").write_text(named.replace('"Settle"]', '"Settle"], ["/counts", "Counts"]'))
    return static, [static / name for name in written]


def test_the_example_passes_every_check_of_a_page(static):
    folder, written = static
    assert [path.name for path in written] == [
        "counts.html", "counts-reducer.js", "counts-view.js", "counts.js",
    ]  # fmt: skip
    for path in written:
        makes_no_markup_or_code_out_of_text(path)
        loads_nothing_from_elsewhere(path)
    page = written[0]
    all_that_it_names_is_there(page)
    it_has_no_script_or_style_of_its_own(page)
    all_that_it_looks_for_is_there(page)
    options = json.loads((HERE / "tsconfig.json").read_text()) | {"include": [f"{folder}/*"]}
    (folder.parent / "tsconfig.json").write_text(json.dumps(options))
    done = subprocess.run([tsc(), "-p", folder.parent], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_example_is_a_page(static, door, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "STATIC", static[0])
    monkeypatch.setitem(pages.PAGES, "/counts", "counts.html")
    monkeypatch.setattr(security, "OPEN_PATHS", security.OPEN_PATHS | {"/counts"})
    source = tmp_path / "notes.csv"
    source.write_text("text\n" + "".join(f"note {i}\n" for i in range(5)))
    opened = door(source, classes=("<b>cat</b>", "dog"))
    ids = list(opened.project.items)
    opened.project.teach(dict.fromkeys(ids[:3], "dog") | {ids[3]: "<b>cat</b>"})
    page = opened.page("counts")
    rows = page.locator("#counts li")
    sync_api.expect(rows).to_have_text(["dog: 3 items", "<b>cat</b>: 1 item"])
    page.get_by_role("button", name="Rarest first").click()
    sync_api.expect(rows).to_have_text(["<b>cat</b>: 1 item", "dog: 3 items"])
    sync_api.expect(page.locator("#pages [aria-current]")).to_have_text("Counts")
