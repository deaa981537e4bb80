"""One thing, one name: no two public classes, or aliases of types, are called alike."""

import ast
from collections import defaultdict
from pathlib import Path

import sparing

ROOT = Path(sparing.__file__).parent


def names_of_types(path):
    """Yield the public classes and the public aliases of types that a file defines."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            yield from (name for name in names if name[0].isupper() and not name.isupper())


def test_no_two_public_types_share_a_name():
    places = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        for name in names_of_types(path):
            if not name.startswith("_"):
                places[name].append(path.relative_to(ROOT).as_posix())
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
