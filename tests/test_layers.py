"""Imports point up the list of layers, and a bare ``import sparing`` loads next to nothing."""

import ast
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import sparing

ROOT = Path(sparing.__file__).parent
HOUSE = Path(__file__).parents[1]
DESIGN = HOUSE / "docs" / "design.md"
MOST_ROOMS = 26  # that a newcomer can keep apart; they lie in layers, so that none is in a circle
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imported(path, *, inside=True):
    """Yield the modules of this package that a file imports; ``inside`` functions too."""
    waiting = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        yield from ours(node)
        typing_only = isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        if not typing_only and (inside or not isinstance(node, ast.FunctionDef)):
            waiting.extend(ast.iter_child_nodes(node))


def ours(node):
    """Yield the modules of this package that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.startswith("sparing."))
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sparing":
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            if whole in MODULES:
                yield whole
            elif node.module != "sparing":
                yield node.module
            elif alias.name != "__version__":
                yield f"sparing.{sparing._MODULES[alias.name]}"


def test_the_contracts_of_the_house_are_kept():
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    command = [sys.executable, "-c", lint]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOUSE)
    assert done.returncode == 0, done.stdout


def test_the_drawing_of_the_house_is_the_contract():
    with (HOUSE / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    drawing = DESIGN.read_text(encoding="utf-8").partition("```text")[2].partition("```")[0]
    drawn = [line.split("  ")[0].strip() for line in drawing.strip().splitlines()]
    assert drawn == contracts[0]["layers"]
    rooms = [room.strip() for line in drawn for room in line.split("|")]
    assert len(rooms) == len(set(rooms)) <= MOST_ROOMS


def test_every_room_stands_in_the_tree_of_the_design():
    tree = DESIGN.read_text(encoding="utf-8").partition("```tree")[2].partition("```")[0]
    rooms = {path.stem if path.is_file() else path.name for path in ROOT.iterdir()}
    rooms = {room for room in rooms if not room.startswith("__")} - {"py"}
    assert {line.split()[0].rstrip("/") for line in tree.strip().splitlines()} == rooms


def test_no_modules_import_each_other_in_a_circle():
    graph = {m: set(imported(path, inside=False)) - {m} for m, path in MODULES.items()}
    for module, path in MODULES.items():  # a package's face imports its parts; they are not it
        if path.name == "__init__.py":
            graph[module] = {other for other in graph[module] if not other.startswith(module)}
    TopologicalSorter(graph).prepare()


def loaded_by(statement):
    code = f"import sys\n{statement}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_sparing_loads_no_library_at_all():
    heavy = {"numpy", "scipy", "sklearn", "PIL", "matplotlib", "fastapi", "sqlalchemy", "torch"}
    assert not loaded_by("import sparing") & heavy


def test_the_commands_help_waits_for_no_heavy_library():
    heavy = {"numpy", "scipy", "sklearn", "PIL", "matplotlib", "fastapi", "sqlalchemy", "torch"}
    loaded = loaded_by(
        "import contextlib, io, sparing.cli\n"
        "sys.argv = ['sparing', '--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    sparing.cli.main()"
    )
    assert "typer" in loaded
    assert not loaded & heavy


def test_the_page_for_spans_waits_for_no_library_of_models(tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("Ada met Bob\nit rained\n")
    loaded = loaded_by(
        "import contextlib, io, sparing.cli, sparing.cli.label\n"
        "sparing.cli.label.run = lambda *_: None\n"  # else it serves for ever
        f"sys.argv = ['sparing', 'label', {str(notes)!r}, '--kind', 'spans', '--no-browser']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    sparing.cli.main()"
    )
    assert {"fastapi", "sqlalchemy"} <= loaded
    assert not loaded & {"sklearn", "pandas", "PIL", "torch"}


def test_the_loop_loads_no_web_database_or_plotting_library():
    heavy = {"PIL", "matplotlib", "fastapi", "sqlalchemy", "torch", "typer", "faiss"}
    loaded = loaded_by("from sparing import ActiveLearner")
    assert "sklearn" in loaded
    assert not loaded & heavy


def test_the_commands_of_a_plain_install_load_no_package_of_the_app():
    app = {"fastapi", "sqlalchemy", "alembic", "pydantic", "uvicorn"}
    rooms = "sparing.datasets, sparing.experiment.reproduce, sparing.cli.compare, sparing.sharded"
    loaded = loaded_by(f"import {rooms}")
    assert "sklearn" in loaded
    assert not loaded & app
