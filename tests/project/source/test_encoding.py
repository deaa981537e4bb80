"""Which vectors a project has: by name, from a file, changed on the way; every answer stays."""

import numpy as np
import pytest
from PIL import Image

from sparing.errors import CapabilityError, InvalidInputError, SourceError, UnknownNameError
from sparing.project import Project
from sparing.project.source.contents import made_before

TEXTS = "text\n" + "".join(f"word{i % 3} and word{i % 2} number {i}\n" for i in range(12))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text(TEXTS)
    return path


def vectors_of(project):
    return np.load(project.folder / "vectors.npy")


def test_several_views_are_made_and_said(pictures):
    with Project.create(pictures, classes=["a", "b"], encoder="pixels+hog") as project:
        project.retrain()
        contents = made_before(project._folder)
        assert contents.views.names == ("pixels", "hog")
        assert vectors_of(project).shape[1] == contents.views.n_features
        (said,) = project.status().seen_by
        assert "shapes" in said
        assert contents.made_at[:4] in said


def test_another_encoder_keeps_every_answer(pictures):
    with Project.create(pictures, classes=["a", "b"], encoder="hog") as project:
        project.retrain()
        first = vectors_of(project)
        project.teach({asked.item.item_id: "ab"[i % 2] for i, asked in enumerate(project.query(4))})
    with Project.at(pictures, encoder="pixels") as project:
        assert project.learning.is_behind()
        assert project.status().n_labeled == 4
        project.retrain()
        assert vectors_of(project).shape != first.shape
        assert project.status().n_labeled == 4
        assert not project.learning.is_behind()
    with Project.at(pictures) as project:  # without a word the encoder stays
        assert not project.learning.is_behind()


def test_auto_goes_on_with_what_it_chose_and_chooses_anew_when_told(pictures, monkeypatch):
    from sparing.encoders import choice

    monkeypatch.setattr(choice, "default_name", lambda kind, values: "pixels")
    with Project.create(pictures, classes=["a"]) as project:
        project.retrain()
    monkeypatch.setattr(choice, "default_name", lambda kind, values: "hog")
    Image.new("RGB", (70, 90)).save(pictures / "new.png")
    with Project.at(pictures) as project:
        project.retrain()
        assert made_before(project._folder).encoder == "pixels"
        project.learning.set_encoder("auto")
        assert project.learning.is_behind()
        project.retrain()
        assert made_before(project._folder).encoder == "hog"


def test_names_that_make_no_sense_are_refused_before_anything_is_made(table):
    for name, error in (
        ("glyf", UnknownNameError),
        ("onnx", InvalidInputError),
        ("hog+fastembed:", InvalidInputError),
        ("vectors:nowhere.npy", SourceError),
        ("hog", CapabilityError),
    ):
        with pytest.raises(error):
            Project.create(table, encoder=name)
        assert not table.with_name("texts.csv.sparing").exists()
    with Project.create(table, encoder="text") as project:
        with pytest.raises(CapabilityError, match="for images, and the items are texts"):
            project.learning.set_encoder("hog")
        assert project.retrain() == 1


def test_vectors_from_a_file_are_joined_by_the_names_of_the_items(pictures, tmp_path):
    names = [f"{i}.png" for i in range(8)]
    order = [3, 1, 2, 0, 7, 6, 5, 4]
    given = np.arange(16.0).reshape(8, 2)
    np.save(tmp_path / "v.npy", np.vstack([given[order], [[9, 9]]]))
    ids = tmp_path / "v.ids.txt"
    ids.write_text("\n".join([names[i] for i in order] + ["other.png"]))
    with Project.create(pictures, encoder=f"vectors:{tmp_path / 'v.npy'}") as project:
        project.retrain()
        rows = {row.name: row.row for row in project._guarded._state.rows}
        there = vectors_of(project)
        assert [there[rows[name]].tolist() for name in names] == given.tolist()
        assert any("'other.png'" in note for note in project.status().seen_by)
        ids.write_text("\n".join(["x.png"] + [names[i] for i in order[1:]] + ["other.png"]))
        project.learning.set_encoder("hog")
        project.retrain()
        with pytest.raises(SourceError, match=r"no vector for 1 of 8 items: '3\.png'"):
            project.learning.set_encoder(f"vectors:{tmp_path / 'v.npy'}")
        assert not project.learning.is_behind(), "nothing has changed"
        (pictures / "3.png").write_bytes(b"no picture any more")
    with Project.open(project.folder) as project:  # nobody needs a vector of that
        project.learning.set_encoder(f"vectors:{tmp_path / 'v.npy'}")
        project.retrain()
        assert len(vectors_of(project)) == 8


def test_without_ids_there_are_as_many_vectors_as_items(pictures, tmp_path):
    np.save(tmp_path / "v.npy", np.eye(8)[:5])
    encoder = f"vectors:{tmp_path / 'v.npy'}"
    with pytest.raises(SourceError, match="5 rows without ids"):
        Project.create(pictures, encoder=encoder)
    assert not pictures.with_name("pictures.sparing").exists()
    np.save(tmp_path / "v.npy", np.eye(8))
    (pictures / "4.png").write_bytes(b"no picture")  # it has its row all the same
    with Project.create(pictures, encoder=encoder) as project:
        project.retrain()
        rows = [row.row for row in project._guarded._state.rows if row.name != "4.png"]
        assert vectors_of(project)[rows].tolist() == np.eye(8)[[0, 1, 2, 3, 5, 6, 7]].tolist()


def test_vectors_that_were_made_anew_are_told_and_taken_when_they_are_named(pictures, tmp_path):
    encoder, rng = f"vectors:{tmp_path / 'v.npy'}", np.random.default_rng(0)
    np.save(tmp_path / "v.npy", rng.normal(size=(8, 3)))
    with Project.create(pictures, classes=["a"], encoder=encoder) as project:
        project.teach({a.item.item_id: "a" for a in project.query(2)})
        project.retrain()
        before, maps = project.map.mark, project.map.kinds()
        assert project.learning.trainee(lambda *_: None).map(5)[0]
    np.save(tmp_path / "v.npy", rng.normal(size=(8, 3)))
    with Project.open(project.folder) as project:
        project.retrain()
        assert project.map.mark == before, "what was learned from stays"
        (said,) = [note for note in project.learning.seen_by if "not the file any more" in note]
        assert f"--vectors {tmp_path / 'v.npy'}" in said
    with Project.at(pictures, encoder=encoder) as project:
        assert project.learning.is_behind()
        project.retrain()
        assert project.status().n_labeled == 2
        assert vectors_of(project).tolist() == np.load(tmp_path / "v.npy").astype("f4").tolist()
        assert not [note for note in project.learning.seen_by if "not the file" in note]
        assert project.map.mark != before, "a map of other vectors is another map"
        assert project.map.kinds() == maps == ["principal"]
        assert project.map.is_due()


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.array([[1.0, np.nan]]), "NaN or infinity in row 1"),
        (np.zeros(3), "numbers of shape"),
        (np.array([["a"]]), "numbers of shape"),
    ],
)
def test_files_that_hold_no_vectors_are_refused(table, tmp_path, array, told):
    np.save(tmp_path / "v.npy", array)
    with pytest.raises(SourceError, match=told):
        Project.create(table, encoder=f"vectors:{tmp_path / 'v.npy'}")


def test_vectors_in_parquet(table, tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    from sparing.datasets.vectorfile import read_vector_file

    path = tmp_path / "v.parquet"
    columns = {"id": [7, 8], "vector": [[1.0, 2.0], [3.0, 4.0]], "note": ["a", "b"]}
    parquet.write_table(pa.table(columns), path)
    found = read_vector_file(path)
    assert found.ids == ("7", "8")
    assert found.vectors.tolist() == [[1, 2], [3, 4]]
    parquet.write_table(pa.table({"vector": columns["vector"]}), path)
    with pytest.raises(SourceError, match="must name the items"):
        read_vector_file(path)
    parquet.write_table(pa.table({"id": [7, 7], "vector": columns["vector"]}), path)
    with pytest.raises(SourceError, match="two vectors for '7'"):
        read_vector_file(path)
