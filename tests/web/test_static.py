"""The modules of the page: their own tests under Node, their types, and what they never do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sparing.project.files.forms import FORMS
from sparing.web.pages import PAGES, STATIC
from sparing.web.wire import HERE as WIRE
from sparing.web.wire import wire_types

HERE = Path(__file__).parent
OLDEST_NODE = (20, 19)  # from here on a .js file with an import is a module by itself
SCRIPTS = sorted(STATIC.glob("*.js"))


def node():
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, said.strip("v\n").split(".")[:2])) < OLDEST_NODE:
        pytest.skip(f"node {said.strip()} is older than {OLDEST_NODE}")
    return found


def test_the_modules_pass_their_own_tests():
    tests = sorted(map(str, (HERE / "js").glob("*.test.mjs")))
    done = subprocess.run([node(), "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[1]) > 40


def test_the_types_on_the_wire_are_those_of_the_bodies():
    assert WIRE.read_text("utf-8") == wire_types(), "run python -m sparing.web.wire"


def tsc():
    found = shutil.which("tsc")
    if found is None:
        pytest.skip("tsc is not installed (npm install --global typescript)")
    return found


def test_the_types_of_the_modules_fit():
    done = subprocess.run([tsc(), "-p", HERE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def makes_no_markup_or_code_out_of_text(script):
    source = script.read_text(encoding="utf-8")
    for door in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                 "new Function", "srcdoc", "setTimeout(\"", "javascript:"):  # fmt: skip
        assert door not in source


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_module_makes_markup_or_code_out_of_text(script):
    makes_no_markup_or_code_out_of_text(script)


def loads_nothing_from_elsewhere(path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path):
    if path.suffix != ".png":
        loads_nothing_from_elsewhere(path)


def modules_of(page):
    """Return the sources of the modules that a page loads, by name."""
    waiting = re.findall(r'<script type="module" src="/static/([^"]+)"', page.read_text("utf-8"))
    found = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = (page.parent / name).read_text(encoding="utf-8")
            waiting += re.findall(r'from "\./([^"]+)"', found[name])
    return found


def test_the_way_to_each_page_is_named_on_all_of_them():
    source = (STATIC / "pages.js").read_text(encoding="utf-8")
    assert re.findall(r'\["(/\w*)", "\w+"\]', source) == list(PAGES)


def test_every_form_of_an_export_that_is_a_table_has_its_link():
    source = (STATIC / "panels.js").read_text(encoding="utf-8")
    links = re.search(r"const links = \[(.*?)\]\.map\(\(format\)", source)[1]
    assert re.findall(r'"(\w+)"', links) == list(FORMS)


def all_that_it_names_is_there(page):
    names = re.findall(r'(?:src|href)="/static/([^"]+)"', page.read_text(encoding="utf-8"))
    assert len(names) >= 3
    assert all((page.parent / name).is_file() for name in names)
    assert len(modules_of(page)) > 6  # each was read
    assert "drawPages()" in "".join(modules_of(page).values())


@pytest.mark.parametrize("name", PAGES.values())
def test_all_that_a_page_names_is_there(name):
    all_that_it_names_is_there(STATIC / name)


def it_has_no_script_or_style_of_its_own(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", text)


@pytest.mark.parametrize("name", PAGES.values())
def test_a_page_has_no_script_or_style_of_its_own(name):
    it_has_no_script_or_style_of_its_own(STATIC / name)


def all_that_it_looks_for_is_there(page):
    there = set(re.findall(r'\sid="([^"]+)"', page.read_text(encoding="utf-8")))
    wanted = set()
    for text in modules_of(page).values():
        wanted |= set(re.findall(r'(?:byId|input|write|show)\("([\w-]+)"', text))
    assert len(wanted) > 5
    assert wanted <= there


@pytest.mark.parametrize("name", PAGES.values())
def test_all_that_is_looked_for_by_id_is_in_the_page(name):
    all_that_it_looks_for_is_there(STATIC / name)


def test_every_module_belongs_to_a_page():
    modules = {name for page in PAGES.values() for name in modules_of(STATIC / page)}
    assert modules == {path.name for path in SCRIPTS}
