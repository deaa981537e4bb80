"""A shortlist of a pool of shards is a project; the next ones come into the same one."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from sparing.cli.app import run as sparing
from sparing.cli.shortlist import ShardSource, begin
from sparing.datasets.vectorfile import read_vector_file
from sparing.errors import InvalidInputError
from sparing.models.saved import load_model
from sparing.project import Project
from sparing.sharded.engine import Local
from sparing.sharded.places import place_of
from sparing.sharded.shardfile import ids_of
from sparing.sharded.shardpool import index_shards
from sparing.sharded.shortlist import Shortlist
from sparing.strategies import measures
from sparing.web.media import inside

ROWS = 60


@pytest.fixture
def pool(tmp_path):
    """Three shards, whose first column tells the class; ids that look like files."""
    folder = tmp_path / "vectors"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part in range(3):
        np.save(folder / f"part-{part}.npy", rng.standard_normal((ROWS, 4), dtype=np.float32))
        ids = "\n".join(f"{part}/{row}.png" for row in range(ROWS))
        (folder / f"part-{part}.ids.txt").write_text(ids)
    index_shards(folder)
    return folder


def vector_of(pool, name):
    part, _, row = name.removesuffix(".png").partition("/")
    return np.load(pool / f"part-{part}.npy")[int(row)]


def pictures(folder):
    """Write the picture of each item, whose gray tells its row; return their names."""
    for part in range(3):
        (folder / f"{part}").mkdir(parents=True)
        for row in range(ROWS):
            Image.new("L", (2, 2), row).save(folder / f"{part}" / f"{row}.png")
    return [f"{part}/{row}.png" for part in range(3) for row in range(ROWS)]


def begun(pool, n=40, items=None):
    with Project.at(**begin(ShardSource(pool, items, Local()), n, None)) as project:
        return [item.name for item in project.items.values()]


def labeled(pool):
    """Label all that is in the project as a person who sees the first number would."""
    with Project.open(f"{pool}.sparing") as project:
        project.teach({
            item_id: "high" if vector_of(pool, item.name)[0] > 0 else "low"
            for item_id, item in project.items.items()
        })  # fmt: skip


def test_the_answers_train_and_the_next_shortlist_comes_into_the_same_project(pool, tmp_path):
    first = begun(pool)
    assert len({*first}) == 40
    labeled(pool)
    project = f"{pool}.sparing"
    assert sparing(["export", project, "--model", str(tmp_path / "m.npz")]) == 0
    assert sparing(["select", str(pool), "--into", project, "-n", "20"]) == 0
    model = load_model(tmp_path / "m.npz")
    rest = [f"{p}/{r}.png" for p in range(3) for r in range(ROWS) if f"{p}/{r}.png" not in first]
    utility = measures.margin(model.proba_of(np.stack([vector_of(pool, name) for name in rest])))
    best = [rest[i] for i in np.argsort(-utility)[:20]]
    with Project.open(project) as opened:
        assert {item.name for item in opened.items.values()} == {*first, *best}
        assert opened.status().n_labeled == 40
    labeled(pool)
    out = tmp_path / "all.csv"
    assert sparing(["export", project, str(out)]) == 0
    told = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["item"] for row in told} == {*first, *best}


def test_a_person_sees_the_pictures_or_texts_that_the_shards_were_encoded_from(pool, tmp_path):
    pictures(tmp_path / "photos")
    (tmp_path / "texts.csv").write_text(
        "id,words\n" + "".join(f"{p}/{r}.png,the words of {p} and {r}\n" for p in range(3)
                              for r in range(ROWS))
    )  # fmt: skip
    first = begun(pool, items=tmp_path / "photos")
    with Project.open(f"{pool}.sparing") as project:
        for item_id in project.items:
            seen = project.items[item_id]
            root, follows = project.where.root, project.where.follows_links
            pixel = Image.open(inside(root, seen.path, follow_links=follows)).getpixel((0, 0))
            assert pixel == int(seen.name.partition("/")[2].removesuffix(".png"))
    wanted = ["select", str(pool), "--into", f"{pool}.sparing", "-n", "3", "--strategy", "random"]
    assert sparing([*wanted, "--items", str(tmp_path / "photos")]) == 0
    with Project.open(f"{pool}.sparing") as project:
        assert len(project.items) == len(first) + 3
    other = str(tmp_path / "texts.sparing")
    made = begin(ShardSource(pool, tmp_path / "texts.csv", Local()), 5, other)
    with Project.at(**made) as project:
        asked = project.query(1)[0].item
        part, _, row = asked.name.removesuffix(".png").partition("/")
        assert asked.text == f"the words of {part} and {row}"


def test_what_shows_something_else_of_its_items_is_refused_and_none_is_lost(pool, tmp_path, capsys):
    """Else the project passes over them for good, or a person is to label a blank card."""
    names = pictures(tmp_path / "photos")
    words = [f"{name},what is to be read of {name} here" for name in names]
    cells = [f"{name},{n % 7},{n % 5}" for n, name in enumerate(names)]
    (tmp_path / "words.csv").write_text("\n".join(["id,words", *words]))
    (tmp_path / "cells.csv").write_text("\n".join(["id,size,age", *cells]))
    (tmp_path / "others.csv").write_text("\n".join(["id,size,weight", *cells]))
    sources = (None, *(tmp_path / name for name in ("photos", "words.csv", "cells.csv")))
    for n, first in enumerate(sources):
        project = tmp_path / f"{n}.sparing"
        Project.at(**begin(ShardSource(pool, first, Local()), 10, str(project))).close()
        shortlist = Shortlist.of(project)
        was = shortlist.table.read_bytes()
        next_ones = ["select", pool, "--into", project, "-n", 3, "--strategy", "random"]
        for second in {*sources, tmp_path / "others.csv"} - {first}:
            told = said(capsys, *next_ones, *(["--items", second] if second else []))
            assert f"{shortlist.folder} shows" in told
            assert ("leave --items out" if first is None else "name by --items what") in told
        assert shortlist.table.read_bytes() == was
        told = said(capsys, *next_ones, *(["--items", first] if first else []), status=0)
        assert "3 items came into" in told
        with Project.open(project) as opened:
            assert len(opened.items) == 13


def test_what_did_not_come_in_is_not_counted(pool, tmp_path, monkeypatch, capsys):
    pictures(tmp_path / "photos")
    begun(pool, 10, tmp_path / "photos")
    write = Shortlist.extend

    def one_goes(self, rows, X):
        write(self, rows, X)
        rows[0]["image"].unlink()

    monkeypatch.setattr(Shortlist, "extend", one_goes)
    wanted = ["select", pool, "--into", f"{pool}.sparing", "-n", 5, "--strategy", "random"]
    told = said(capsys, *wanted, "--items", tmp_path / "photos", status=0)
    assert "1 skipped, not there" in told
    assert "4 items came into" in told


def test_separators_of_unicode_end_no_text_and_no_id(pool, tmp_path):
    first = pool / "part-0.ids.txt"
    first.write_text(first.read_text("utf-8").replace(".png", "\u2028\x85.png"), "utf-8")
    index_shards(pool)
    names = [name for p in range(3) for name in ids_of(pool / f"part-{p}.npy")]
    lines = [json.dumps({"id": name, "words": "one \u2028 two \x85 three"}) for name in names]
    (tmp_path / "words.jsonl").write_text("\n".join(lines), "utf-8")
    begun(pool, 100, tmp_path / "words.jsonl")
    wanted = ["select", str(pool), "--into", f"{pool}.sparing", "-n", "80", "--strategy", "random"]
    assert sparing([*wanted, "--items", str(tmp_path / "words.jsonl")]) == 0
    with Project.open(f"{pool}.sparing") as project:
        assert {item.name for item in project.items.values()} == {*names}
        assert {item.text for item in project.items.values()} == {"one \u2028 two \x85 three"}
    assert {*read_vector_file(tmp_path / "vectors.shortlist" / "vectors.npy").ids} == {*names}


def test_a_draw_that_a_killed_run_has_left_is_not_shown_otherwise(pool, tmp_path):
    begin(ShardSource(pool, None, Local()), 5, None)
    (tmp_path / "words.csv").write_text(
        "id,words\n" + "".join(f"{p}/{r}.png,some of {r}\n" for p in range(3) for r in range(ROWS))
    )
    with pytest.raises(InvalidInputError, match="shows the id alone of its items"):
        begin(ShardSource(pool, tmp_path / "words.csv", Local()), 5, None)
    with Project.at(**begin(ShardSource(pool, None, Local()), 5, None)) as project:
        assert len(project.items) == 5


def test_a_run_that_was_killed_between_its_files_is_mended_by_the_next(pool, monkeypatch):
    first = begun(pool)
    labeled(pool)
    wanted = ["select", str(pool), "--into", f"{pool}.sparing", "-n", "7"]
    write = Shortlist.extend

    def dies(self, rows, X):
        was = self.table.read_bytes()
        write(self, rows, X)
        self.table.write_bytes(was)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Shortlist, "extend", dies)
        sparing(wanted)
    assert sparing(wanted) == 0
    with Project.open(f"{pool}.sparing") as project:
        assert len({item.name for item in project.items.values()}) == len(first) + 7
    lines = Shortlist(pool.with_name("vectors.shortlist")).table.read_text().splitlines()
    X = np.load(pool.with_name("vectors.shortlist") / "vectors.npy")
    for line, x in zip(lines, X, strict=True):
        assert (vector_of(pool, json.loads(line)["id"]) == x).all()


def test_a_pool_at_a_url_makes_its_project_here(pool, tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyarrow")
    first = begun(pool)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    url = pool.as_uri()
    assert "say --shortlist 100000" in said(capsys, "label", url, status=2)
    with Project.at(**begin(ShardSource(place_of(url), None, Local()), 40, None)) as project:
        assert [item.name for item in project.items.values()] == first
    made = tmp_path / "here" / "vectors.sparing"
    assert made.is_dir()
    assert "is a project already" in said(capsys, "label", url, "--shortlist", 5)
    wanted = ["select", url, "--into", "vectors.sparing", "-n", "20", "--strategy", "random"]
    assert sparing(wanted) == 0
    with Project.open(made) as project:
        names = [item.name for item in project.items.values()]
        X = np.load(made.with_name("vectors.shortlist") / "vectors.npy")
        assert len({*names}) == 60
    assert (np.stack([vector_of(pool, name) for name in names]) == X).all()


def said(capsys, *command, status=1):
    assert sparing([str(part) for part in command]) == status
    return " ".join(capsys.readouterr().err.split())


def test_what_cannot_be_is_said_in_one_line(pool, tmp_path, capsys):
    assert "say --shortlist 100000" in said(capsys, "label", pool, status=2)
    nowhere = said(capsys, "select", pool, "--into", tmp_path / "none.sparing")
    assert "is no project" in nowhere
    (tmp_path / "few.csv").write_text("id,words\n0/0.png,some words here\nx,other words here\n")
    lacking = said(capsys, "label", pool, "--shortlist", 5, "--items", tmp_path / "few.csv")
    assert "has no item for" in lacking
    assert not (tmp_path / "vectors.sparing").exists()
    begun(pool)
    again = said(capsys, "label", pool, "--shortlist", 5)
    assert "is a project already: 'sparing select" in again
    into = ["select", pool, "--into", f"{pool}.sparing"]
    assert "label items of two classes first" in said(capsys, *into)
    with Project.open(f"{pool}.sparing"):
        assert "sparing: " in said(capsys, *into, "--strategy", "random")
    Project.create(tmp_path / "few.csv").close()
    other = said(capsys, "select", pool, "--into", tmp_path / "few.csv.sparing")
    assert "is not made of a shortlist" in other
