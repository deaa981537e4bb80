"""Folders that ``datasets`` saves, and Parquet with its features: classes come by their names."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from sparing.datasets.read import read_items, read_labeled, read_table
from sparing.errors import SourceError
from sparing.project import Project

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402  # it is there

FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
    "tags": {"feature": {"names": ["a", "b"], "_type": "ClassLabel"}, "_type": "Sequence"},
    "sound": {"_type": "Audio"},
    "pages": [{"_type": "Image"}],
}
TEXTS = [f"the {i}th thing that somebody wrote about it" for i in range(6)]
LABELS = [0, 1, 1, 0, -1, None]


def table():
    columns = {"text": TEXTS, "label": pa.array(LABELS, pa.int64()),
               "tags": [[0, 1], [], None, [1], [0], [0]],
               "sound": [{"bytes": b"x", "path": None}] * 6,
               "pages": [[{"bytes": b"x", "path": None}]] * 6}  # fmt: skip
    metadata = {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    return pa.table(columns).replace_schema_metadata(metadata)


def saved(folder, *parts):
    folder.mkdir()
    files = [f"data-{i:05d}-of-{len(parts):05d}.arrow" for i in range(len(parts))]
    for name, part in zip(files, parts, strict=True):
        with pa.OSFile(str(folder / name), "wb") as out, pa.ipc.new_stream(out, part.schema) as to:
            to.write_table(part)
    state = {"_data_files": [{"filename": name} for name in files], "_fingerprint": "x"}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")
    return folder


@pytest.fixture(params=["saved", "parquet"])
def source(request, tmp_path):
    whole = table()
    if request.param == "saved":
        return saved(tmp_path / "reviews", whole.slice(0, 4), whole.slice(4))
    parquet.write_table(whole, tmp_path / "reviews.parquet")
    return tmp_path / "reviews.parquet"


def test_classes_come_by_their_names_and_what_cannot_be_labeled_is_said_to_be_left_out(source):
    read = read_table(source)
    assert list(read.columns) == ["text", "label", "tags"]
    assert read.columns["text"] == TEXTS
    assert read.columns["label"] == ["neg", "pos", "pos", "neg", None, None]
    assert read.columns["tags"] == [["a", "b"], [], None, ["b"], ["a"], ["a"]]
    assert [note.partition(". ")[0] for note in read.notes] == [
        "Column 'sound' has sounds inside the file: left out",
        "Column 'pages' has lists of pictures inside the file: left out",
    ]


def test_it_is_compared_and_labeled_as_any_table(source):
    labeled = read_labeled(source, "label", columns=["text"])
    assert labeled.labels == ["neg", "pos", "pos", "neg"]
    assert read_items(source, columns=["text"]).kind == labeled.items.kind
    with Project.at(source, columns=["text"]) as project:
        assert [project.items.get(i).name for i in project.items][:2] == ["row 1", "row 2"]
        assert len(project.items) == 6
    with Project.at(source) as again:
        assert len(again.items) == 6


def png(shade):
    out = io.BytesIO()
    Image.fromarray(np.full((12, 12), shade, np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Of two kinds, without names; one has no picture, one is damaged."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shades = [10, 20, 30, 200, 210, 220]
    cells = [{"bytes": png(shade), "path": None} for shade in shades]
    cells += [None, {"bytes": b"no picture", "path": "../../x.png"}]
    features = {"image": {"_type": "Image"}, "label": FEATURES["label"]}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    whole = pa.table({"image": cells, "label": [0, 0, 0, 1, 1, 1, 1, 1]})
    path = tmp_path / "shades.parquet"
    parquet.write_table(whole.replace_schema_metadata(metadata), path)
    return path


def test_pictures_inside_the_file_are_pictures(pictures, tmp_path):
    labeled = read_labeled(pictures, "label")
    assert labeled.items.kind == "images"
    assert labeled.labels == ["neg", "neg", "neg", "pos", "pos", "pos"]
    assert [path.read_bytes() for path in labeled.items.values[:2]] == [png(10), png(20)]
    assert {skip.name: skip.reason for skip in labeled.items.skipped} == {
        "row 7": "no file name", "row 8": "not an image that can be read",
    }  # fmt: skip
    assert labeled.items.notes[0].startswith(
        "Column 'image' has pictures inside the file: unpacked"
    )
    (folder,) = {path.parent for path in labeled.items.values}
    assert folder.is_relative_to(tmp_path / "cache")
    assert sorted(path.suffix for path in folder.iterdir()) == [".png"] * 7
    once = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    read_items(pictures)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == once


def test_pictures_inside_the_file_are_labeled(pictures):
    with Project.at(pictures, columns=["image"]) as project:
        assert [project.items.get(i).name for i in project.items] == [
            *(f"row {i}" for i in (1, 2, 3, 4, 5, 6, 8))
        ]
        project.files.import_source_labels("label")
        project.retrain()
        assert project.status().n_labeled == 6


def test_several_splits_are_not_mixed(tmp_path):
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    saved(tmp_path / "all" / "train", table())
    with pytest.raises(SourceError, match=r"several splits: name one of train, test in it\.$"):
        read_table(tmp_path / "all")
    assert len(read_table(tmp_path / "all" / "train")) == 6


@pytest.mark.parametrize(
    "state",
    ["", "[]", "{}", '{"_data_files": [{"filename": "../secret.arrow"}]}',
     '{"_data_files": [{"filename": "gone.arrow"}]}', '{"_data_files": [{"filename": 3}]}'],
)  # fmt: skip
def test_a_folder_that_is_damaged_is_said_to_be(tmp_path, state):
    folder = saved(tmp_path / "odd", table())
    (folder / "state.json").write_text(state)
    with pytest.raises(SourceError, match=r"odd"):
        read_table(folder)


@pytest.mark.parametrize("told", [b"{", b"[]", b'{"info": {"features": [1]}}', b"\xff"])
def test_features_that_cannot_be_read_leave_the_numbers(tmp_path, told):
    whole = pa.table({"label": [0, 1]}).replace_schema_metadata({"huggingface": told})
    parquet.write_table(whole, tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").columns["label"] == [0, 1]


@pytest.mark.filterwarnings("ignore")  # of a library that is not ours
def test_what_datasets_itself_saves_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["neg", "pos"]),
            "tags": datasets.Sequence(datasets.ClassLabel(names=["a", "b"])),
        }
    )
    columns = {"text": TEXTS, "label": [0, 1, 1, 0, 1, 0], "tags": [[0], [1], [], [0, 1], [], [1]]}
    made = datasets.Dataset.from_dict(columns, features=features)
    made.save_to_disk(tmp_path / "saved", num_shards=2)
    made.to_parquet(tmp_path / "whole.parquet")
    for source in ("saved", "whole.parquet"):
        read = read_table(tmp_path / source)
        assert read.columns["text"] == TEXTS
        assert read.columns["label"] == ["neg", "pos", "pos", "neg", "pos", "neg"]
        assert read.columns["tags"] == [["a"], ["b"], [], ["a", "b"], [], ["b"]]


@pytest.mark.filterwarnings("ignore")  # of a library that is not ours
def test_pictures_that_datasets_itself_saves_are_read_and_opened_again(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    features = datasets.Features({"image": datasets.Image(), "kind": datasets.Value("string")})
    pixels = [np.full((12, 12), 40 * i, np.uint8) for i in range(4)]
    columns = {"image": [Image.fromarray(one) for one in pixels], "kind": list("aabb")}
    made = datasets.Dataset.from_dict(columns, features=features)
    made.save_to_disk(tmp_path / "saved")
    made.to_parquet(tmp_path / "whole.parquet")
    for source in ("saved", "whole.parquet"):
        read = read_items(tmp_path / source, columns=["image"])
        assert (read.kind, len(read)) == ("images", 4)
        with Project.create(tmp_path / source, classes=["old"], columns=["image"]) as project:
            project.files.export(tmp_path / f"hub of {source}", "hf")
        hub = str(tmp_path / f"hub of {source}")
        opened = datasets.load_dataset(hub, split="train", cache_dir=str(tmp_path / "there"))
        assert opened.features["image"] == datasets.Image()
        assert [np.asarray(one).tolist() for one in opened["image"]] == [p.tolist() for p in pixels]
