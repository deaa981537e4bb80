"""What ``export --format hf`` writes: Parquet with its features, and a card with honest counts."""

import io
import json
import re
import shutil
from pathlib import Path

import pytest

import sparing
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


def test_arrow_reads_no_file_of_python():
    """Its threads may let go of one only while the process ends, which aborts the process."""
    reads = re.compile(
        r"(read_table|ParquetFile|read_metadata|read_schema)\((io\.)?(BytesIO|open)\("
    )
    sources = Path(sparing.__file__).parent.rglob("*.py")
    assert not [path.name for path in sources if reads.search(path.read_text(encoding="utf-8"))]


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


def labels_project(tmp_path):
    source = tmp_path / "notes.csv"
    source.write_text("text\n" + "\n".join(TEXTS) + "\n", encoding="utf-8")
    with Project.create(source, classes=["warm", "soft", "dry"], kind="labels") as project:
        ids = list(project.items)
        project.teach({ids[0]: {"soft", "warm"}, ids[1]: [], ids[2]: ["warm"]}, "Ada")
    return project.folder


def test_several_labels_are_lists_of_classes(tmp_path):
    folder = labels_project(tmp_path)
    assert run(["export", str(folder), str(tmp_path / "hub"), "--format", "hf"]) == 0
    features = features_of(tmp_path / "hub")
    inner = {"names": ["warm", "soft", "dry"], "_type": "ClassLabel"}
    assert features["labels"] == {"feature": inner, "_type": "Sequence"}
    assert features["label"] == {"dtype": "string", "_type": "Value"}  # as people read them
    read = read_table(tmp_path / "hub" / ROWS)
    assert [sorted(one) if one else one for one in read.columns["labels"]] == [
        ["soft", "warm"], [], ["warm"], None, None
    ]  # fmt: skip
    assert read.columns["labels.soft"] == [1, 0, 0, None, None]


def test_pictures_out_of_a_data_set_go_back_into_one(tmp_path, monkeypatch):
    import numpy as np
    import pyarrow as pa
    from PIL import Image
    from pyarrow import parquet

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cells = []
    for i in range(4):
        out = io.BytesIO()
        Image.fromarray(np.full((9, 9), 60 * i, np.uint8)).save(out, "PNG")
        cells.append({"bytes": out.getvalue(), "path": f"leaf{i}.png"})
    told = {"info": {"features": {"image": {"_type": "Image"}}}}
    table = pa.table({"image": cells, "image_of": ["oak", "oak", "elm", "elm"]})
    source = tmp_path / "leaves.parquet"
    parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(told)}), source)
    with Project.create(source, classes=["old", "young"]) as project:
        assert [project.items.get(i).name for i in project.items] == [c["path"] for c in cells]
        project.teach({next(iter(project.items)): "old"}, "Ada")
        project.files.export(tmp_path / "hub", "hf")
        folder = project.folder
    out = parquet.read_table(tmp_path / "hub" / ROWS)
    assert [one["bytes"] for one in out.column("image").to_pylist()] == [c["bytes"] for c in cells]
    assert out.column("image_of").to_pylist() == ["oak", "oak", "elm", "elm"]
    assert features_of(tmp_path / "hub")["image"] == {"_type": "Image"}
    shutil.rmtree(tmp_path / "cache")  # what is cleared away is unpacked again
    with Project.open(folder) as again:
        assert again.history()[1][0].answer.class_name == "old"
        assert all(again.items.get(i).path.is_file() for i in again.items)


@pytest.mark.filterwarnings("ignore")  # of a library that is not ours
def test_datasets_itself_opens_it(folder, tmp_path):
    datasets = pytest.importorskip("datasets")
    with Project.open(folder, writable=False) as project:
        project.files.export(tmp_path / "hub", "hf")
    opened = datasets.load_dataset(str(tmp_path / "hub"), split="train", cache_dir=str(tmp_path))
    assert opened.features["label"] == datasets.ClassLabel(names=["cold", "warm"])
    assert opened["text"][:] == TEXTS
    assert opened["label"][:2] == [1, 0]


@pytest.mark.filterwarnings("ignore")  # of a library that is not ours
def test_datasets_itself_opens_several_labels_and_pictures(tmp_path):
    datasets = pytest.importorskip("datasets")
    folder = labels_project(tmp_path)
    with Project.open(folder, writable=False) as project:
        project.files.export(tmp_path / "hub", "hf")
    opened = datasets.load_dataset(str(tmp_path / "hub"), split="train", cache_dir=str(tmp_path))
    inner = opened.features["labels"].feature
    assert inner.int2str([*opened[2]["labels"]]) == ["warm"]
    assert opened[1]["labels"] == []


def spans_project(tmp_path):
    source = tmp_path / "notes.txt"
    source.write_text("Ada met Bo😀b.\nNobody came.\nAn open end.\n", encoding="utf-8")
    with Project.create(source, classes=["person", "place"], kind="spans") as project:
        ids = list(project.items)
        project.teach({ids[0]: [(0, 3, "person"), (8, 10, "person")], ids[1]: []}, "Ada")
    return project.folder


TAGS = ["O", "B-person", "I-person", "B-place", "I-place"]


def test_spans_are_tags_of_words(tmp_path):
    out = tmp_path / "hub"
    assert run(["export", str(spans_project(tmp_path)), str(out), "--format", "hf"]) == 0
    features = features_of(out)
    tags = {"feature": {"names": TAGS, "_type": "ClassLabel"}, "_type": "Sequence"}
    assert features["ner_tags"] == tags
    assert [*features["spans"][0]] == ["start", "end", "label"]
    from pyarrow import parquet

    rows = parquet.read_table(out / ROWS).to_pylist()
    assert [row["text"] for row in rows] == ["Ada met Bo😀b.", "Nobody came.", "An open end."]
    assert rows[0]["tokens"][:3] == ["Ada", "met", "Bo"]  # a word is parted where a span ends
    assert rows[0]["ner_tags"][:3] == [1, 0, 1]
    assert set(rows[1]["ner_tags"]) == {0}  # an answer: there is nothing
    assert rows[2]["ner_tags"] is None
    assert rows[2]["tokens"] == ["An", "open", "end", "."]
    assert "content" not in rows[0]


def boxes_project(tmp_path):
    """Of three pictures; the camera held the first sideways."""
    import numpy as np
    from PIL import Image

    photos = tmp_path / "photos"
    photos.mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        exif = {"exif": turned} if name == "a.jpg" else {}
        Image.fromarray(np.zeros((20, 40), np.uint8)).save(photos / name, **exif)
    with Project.create(photos, classes=["cat", "dog"], kind="boxes", encoder="pixels") as project:
        ids = list(project.items)
        boxes = [(1, 2, 11.5, 32, "dog"), (0, 0, 4, 4, "cat")]
        project.teach({ids[0]: boxes, ids[1]: []}, "Ada")
    return project.folder


def test_boxes_are_objects_as_coco_has_them(tmp_path):
    out = tmp_path / "hub"
    assert run(["export", str(boxes_project(tmp_path)), str(out), "--format", "hf"]) == 0
    inner = features_of(out)["objects"]["category"]["feature"]
    assert inner == {"names": ["cat", "dog"], "_type": "ClassLabel"}
    from pyarrow import parquet

    rows = parquet.read_table(out / ROWS).to_pylist()
    assert rows[0]["objects"] == {
        "id": [1, 2],
        "area": [16.0, 315.0],
        "bbox": [[0.0, 0.0, 4.0, 4.0], [1.0, 2.0, 10.5, 30.0]],
        "category": [0, 1],
    }
    assert (rows[0]["image_id"], rows[0]["width"], rows[0]["height"]) == (1, 20, 40)
    assert rows[1]["objects"]["bbox"] == []  # an answer: there is nothing
    assert rows[2]["objects"] is None


def test_columns_of_a_source_give_way_to_those_of_boxes(tmp_path):
    import numpy as np
    from PIL import Image

    Image.fromarray(np.zeros((20, 40), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.zeros((20, 40), np.uint8)).save(tmp_path / "b.png")
    source = tmp_path / "shots.csv"
    source.write_text("file,width,objects\na.png,7,many\nb.png,8,few\n", encoding="utf-8")
    with Project.create(source, classes=["cat"], kind="boxes", encoder="pixels") as project:
        project.files.export(tmp_path / "hub", "hf")
        project.files.export(tmp_path / "rows.csv", "csv")
    read = read_table(tmp_path / "rows.csv")
    assert read.columns["width"] == ["40", "40"]
    assert read.columns["source_width"] == ["7", "8"]
    features = features_of(tmp_path / "hub")
    assert features["objects"] == {"dtype": "string", "_type": "Value"}
    assert "bbox" in features["objects_"]


@pytest.mark.filterwarnings("ignore")  # of a library that is not ours
def test_datasets_itself_opens_spans_and_boxes(tmp_path):
    datasets = pytest.importorskip("datasets")
    for kind, make in (("spans", spans_project), ("boxes", boxes_project)):
        with Project.open(make(tmp_path), writable=False) as project:
            project.files.export(tmp_path / kind, "hf")
    cache = str(tmp_path)
    spans = datasets.load_dataset(str(tmp_path / "spans"), split="train", cache_dir=cache)
    assert spans.features["ner_tags"].feature.names == TAGS
    assert spans[0]["spans"][1]["end"] == 10
    boxes = datasets.load_dataset(str(tmp_path / "boxes"), split="train", cache_dir=cache)
    assert boxes[0]["image"].size == (boxes[0]["width"], boxes[0]["height"]) == (20, 40)
    category = boxes.features["objects"]["category"].feature
    assert category.int2str([*boxes[0]["objects"]["category"]]) == ["cat", "dog"]
