"""What ``export --format hf`` writes: Parquet with its features, and a card with honest counts."""

import json

import pytest

from sparing.cli.app import run
from sparing.datasets.read import read_table
from sparing.errors import SourceError
from sparing.project import Project

pytest.importorskip("pyarrow")
ROWS = "data/train-00000-of-00001.parquet"
TEXTS = ["warm and soft", "cold and hard", "warm too", "so cold", "neither"]


@pytest.fixture
def folder(tmp_path):
    """Of a project with labels of two people and a model that guesses the rest."""
    source = tmp_path / "notes.csv"
    source.write_text("text\n" + "\n".join(TEXTS) + "\n", encoding="utf-8")
    with Project.create(source, classes=["warm", "cold"]) as project:
        ids = list(project.items)
        project.teach({ids[0]: "warm", ids[1]: "cold"}, "Ada")
    return project.folder


def features_of(out):
    from pyarrow import parquet

    metadata = parquet.read_schema(out / ROWS).metadata
    return json.loads(metadata[b"huggingface"])["info"]["features"]


def test_labels_are_classes_and_the_card_says_whose_they_are(folder, tmp_path):
    out = tmp_path / "hub"
    assert run(["export", str(folder), str(out), "--format", "hf"]) == 0
    assert features_of(out)["label"] == {"names": ["cold", "warm"], "_type": "ClassLabel"}
    assert features_of(out)["text"] == {"dtype": "string", "_type": "Value"}
    read = read_table(out / ROWS)
    assert read.columns["label"] == ["warm", "cold", None, None, None]
    assert read.columns["text"] == TEXTS
    assert read.columns["provenance"][:2] == ["person", "person"]
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "| given by a person | 2 |" in card
    assert "| none | 3 |" in card
    assert "None: no check of a model vouches for these labels." in card
    assert run(["export", str(folder), str(out), "--format", "hf"]) == 1  # nothing is overwritten


def test_pictures_go_with_their_bytes(tmp_path):
    import numpy as np
    from PIL import Image

    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(photos / name)
    with Project.create(photos, classes=["cat"]) as project:
        project.files.export(tmp_path / "hub", "hf")
        (photos / "b.png").unlink()
        with pytest.raises(SourceError, match=r"b\.png cannot be read"):
            project.files.export(tmp_path / "other", "hf")
    assert not (tmp_path / "other").exists()
    from pyarrow import parquet

    (first, _) = parquet.read_table(tmp_path / "hub" / ROWS).column("image").to_pylist()
    assert first == {"bytes": (photos / "a.png").read_bytes(), "path": "a.png"}
    assert features_of(tmp_path / "hub")["image"] == {"_type": "Image"}


@pytest.mark.filterwarnings("ignore")  # of a library that is not ours
def test_datasets_itself_opens_it(folder, tmp_path):
    datasets = pytest.importorskip("datasets")
    with Project.open(folder, writable=False) as project:
        project.files.export(tmp_path / "hub", "hf")
    opened = datasets.load_dataset(str(tmp_path / "hub"), split="train", cache_dir=str(tmp_path))
    assert opened.features["label"] == datasets.ClassLabel(names=["cold", "warm"])
    assert opened["text"][:] == TEXTS
    assert opened["label"][:2] == [1, 0]
