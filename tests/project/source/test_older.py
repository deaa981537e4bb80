"""Projects whose rows were known by the hash of 0.1.0 go on under their keys."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sparing.project import Project
from sparing.project.settings import SETTINGS
from sparing.project.source.fingerprints import key_of
from sparing.project.source.items import Item

CARDS = "animal,legs,weight\ncat,4,3.50\nbird,2,?\nhen,2,2.0\ndog,4,9.25\n"


def older_hash(item: Item) -> str:
    """The hash of a card or a text as the first version made it."""
    if item.text is not None:
        return key_of(item.text.encode())
    return key_of(repr([cell or None for cell in item.fields.values()]).encode())


def made_by_an_older_version(project: Project) -> dict[str, str]:
    """Give a project the keys and settings of the first version; return old hashes by new ones."""
    told = json.loads(project.store.settings()[SETTINGS])
    project.store.put_settings({SETTINGS: json.dumps(told | {"layout": None})})
    rows = project.store.items()
    old = {row.content_hash: older_hash(project.items[row.item_id]) for row in rows}
    project.store.put_items(
        [replace(row, content_hash=old[row.content_hash], anchor=None) for row in rows]
    )
    return old


@pytest.mark.parametrize("text", [CARDS, "t\nthe cat sat on it\na dog ran 1.0 m\n 'tis so here\n"])
def test_a_project_of_an_older_version_goes_on_and_is_settled(tmp_path, text):
    source = tmp_path / "t.csv"
    source.write_text(text)
    with Project.create(source, classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
        made_by_an_older_version(project)
        keys = list(project.items)
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert list(project.items) == keys
        assert project.status().n_labeled == len(keys)
        assert all(note.startswith("Columns: ") for note in project.status().notes)
    source.write_text("score," + text.replace("\n", "\n1,").removesuffix("1,"))
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert project.status().n_labeled == len(keys)


@pytest.mark.parametrize("text", [CARDS, "t\nthe cat sat on it\na dog ran 1.0 m\n 'tis so here\n"])
def test_a_column_that_came_since_loses_no_label(tmp_path, text):
    source = tmp_path / "t.csv"
    source.write_text(text)
    with Project.create(source, classes=["a"]) as project:
        project.teach(dict.fromkeys(project.items, "a"))
        made_by_an_older_version(project)
    first, *rows = text.splitlines()
    more = [f"score,{first},date", *(f"0.{i},{row},2024-01-0{i}" for i, row in enumerate(rows, 1))]
    source.write_text("\n".join(more) + "\n")
    for _ in range(2):
        with Project.open(tmp_path / "t.csv.sparing") as project:
            assert project.status().n_labeled == project.status().n_items == len(rows)


def test_an_audit_that_was_open_can_be_certified(tmp_path):
    source = tmp_path / "t.csv"
    lines = [f"{2 + 2 * (i % 2)},{1 - i % 2},{i}.50" for i in range(60)]
    source.write_text("legs,wings,weight\n" + "\n".join(lines) + "\n")

    def truth(item):
        return "fur" if item.fields["legs"] == "4" else "feathers"

    with Project.create(source, classes=["fur", "feathers"]) as project:
        project.teach({a.item.item_id: truth(a.item) for a in project.query(8)})
        project.retrain()
        project.audits.draw(0.2)
        frozen = project.folder / "audits" / "1.npz"
        old = made_by_an_older_version(project)
        with np.load(frozen) as stored:
            arrays = dict(stored)
        arrays["contents"] = np.array([old.get(c, c) for c in arrays["contents"].tolist()])
        np.savez(frozen, **arrays)
    with Project.open(tmp_path / "t.csv.sparing") as project:
        while asked := project.audits.query(60):
            project.teach({a.item.item_id: truth(a.item) for a in asked})
        assert project.audits.certify().statement
