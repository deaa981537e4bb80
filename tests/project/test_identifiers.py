import json

import pytest
from PIL import Image

from sparing.project import Project
from sparing.project.settings import SETTINGS

ROWS = [("a7", "the cat sat down"), ("0", "a dog ran away"), ("b2", "no bird was there")]


def write(path, rows=ROWS, head="id,text"):
    path.write_text("\n".join([head, *(",".join(row) for row in rows)]) + "\n")
    return path


def labels_of(project):
    return {item.name: project.asked(item.item_id).answer for item in project.items.values()}


def as_an_older_version_made(source, folder):
    """Make a project whose ids are parts of its items, and which does not say so."""
    with Project.create(source, folder, columns=["id", "text"]) as project:
        kept = json.loads(project.store.settings()[SETTINGS])
        del kept["left_out"], kept["layout"]
        project.store.put_settings({SETTINGS: json.dumps(kept | {"columns": []})})
        return list(project.items)


def test_labels_go_in_and_out_by_the_ids_of_the_file(tmp_path):
    source = write(tmp_path / "t.csv")
    table = write(tmp_path / "l.csv", [("b2", "p"), ("0", "q"), ("a9", "q")], "id,label")
    with Project.create(source) as project:
        assert project.items[next(iter(project.items))].kind == "text"
        told = project.files.import_labels(table)
        assert (told.n_stored, [p.reason for p in told.problems]) == (2, ["no such item"])
        project.files.export(tmp_path / "out.csv")
        assert "Column 'id' names the items" in project.status().notes[0]
    with Project.create(source, tmp_path / "other") as other:
        assert other.files.import_labels(tmp_path / "out.csv").n_stored == 2


@pytest.mark.parametrize("column", ["review_id", "UUID"])
def test_labels_go_in_by_the_column_that_names_the_items(tmp_path, column):
    source = write(tmp_path / "t.csv", head=f"{column},text")
    table = write(tmp_path / "l.csv", [("b2", "p"), ("0", "q")], f"{column},label")
    with Project.create(source) as project:
        assert project.files.import_labels(table).n_stored == 2


def test_whole_numbers_are_the_same_id_in_every_file(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    source = write(tmp_path / "t.csv", [(str(i), text) for i, (_, text) in enumerate(ROWS)])
    table = pa.table({"id": [0.0, 2.0], "label": ["p", "q"]})
    parquet.write_table(table, tmp_path / "l.parquet")
    with Project.create(source) as project:
        assert project.files.import_labels(tmp_path / "l.parquet").n_stored == 2


def test_pictures_are_called_by_their_ids_and_found_by_their_paths_too(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        Image.new("L", (8, 8)).save(tmp_path / name)
    source = write(tmp_path / "t.csv", [("a", "1.png"), ("b", "2.png"), ("c", "3.png")], "id,file")
    table = tmp_path / "l.csv"
    table.write_text(f"path,label\na,p\n2.png,q\n{tmp_path / '3.png'},p\n")
    with Project.create(source) as project:
        assert [item.name for item in project.items.values()] == ["a", "b", "c"]
        assert project.files.import_labels(table).n_stored == 3
        project.files.export(tmp_path / "out", "folders")
        keys = list(project.items)
    assert {path.suffix for path in (tmp_path / "out").rglob("*.*")} >= {".png"}
    with Project.create(source, tmp_path / "plain", columns=["file"]) as plain:
        assert list(plain.items) == keys


def test_no_later_row_changes_what_an_item_is(tmp_path):
    source = write(tmp_path / "t.csv")
    with Project.create(source, classes=["p"]) as project:
        project.teach(dict.fromkeys(project.items, "p"))
        keys = list(project.items)
    write(source, [*ROWS, ("a7", "a fox came too"), ("", "and an owl")])
    with Project.open(tmp_path / "t.csv.sparing") as project:
        assert list(project.items)[:3] == keys
        assert project.status().n_labeled == 3
        assert "'id' cannot name the items" in project.status().notes[0]


def test_a_project_of_an_older_version_keeps_its_keys_and_is_told_how_to_go_on(tmp_path):
    source, old = write(tmp_path / "t.csv"), tmp_path / "old"
    keys = as_an_older_version_made(source, old)
    with Project.open(old) as project:
        project.add_classes(["p"])
        assert list(project.items) == keys
        project.teach(dict.fromkeys(keys[:2], "p"))
        assert project.items[keys[0]].fields == {"id": "a7", "text": "the cat sat down"}
        assert "may mislead the model" in " ".join(project.status().notes)
        project.files.export(tmp_path / "labels.csv")
    with Project.create(source) as project:
        assert project.files.import_labels(tmp_path / "labels.csv").n_stored == 2
        assert [name for name, answer in labels_of(project).items() if answer] == ["a7", "0"]
