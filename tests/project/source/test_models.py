"""The files of a model that a project names: recorded, and looked at when it is opened."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from sparing.errors import SourceError
from sparing.project import Project
from sparing.project.source.contents import made_before


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Two folders whose networks see the mean of a picture, and its brightest pixel."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pytest.importorskip("onnxruntime", reason="needs 'sparing[photos]'")
    onnx = pytest.importorskip("onnx", reason="needs 'sparing[photos]'")
    make, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    for name, operation in (("one", "GlobalAveragePool"), ("other", "GlobalMaxPool")):
        folder = tmp_path / name
        folder.mkdir()
        node = onnx.helper.make_node(operation, ["x"], ["out"])
        sides = [make("x", float32, ["n", 3, "h", "w"])], [make("out", float32, None)]
        graph = onnx.helper.make_graph([node], name, *sides)
        opset = [onnx.helper.make_opsetid("", 13)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        said = {"size": 8, "mean": [0.5] * 3, "std": [0.5] * 3}
        (folder / "sparing.json").write_text(json.dumps(said))
    return tmp_path


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(8):
        pixels = np.full((8, 8, 3), 30 * i, np.uint8)
        pixels[i, i] = 255
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_a_model_file_that_was_exchanged_is_said_and_everything_stays(models, pictures):
    name = f"onnx:{models / 'one'}"
    with Project.create(pictures, classes=["dark", "bright"], encoder=name) as project:
        project.teach({a.item.item_id: "dark" for a in project.query(2)})
        project.retrain()
        before = made_before(project._folder)
        assert before.models[0][0] == "onnx-images"
        folder = project.folder
    whole = (models / "one" / "model.onnx").read_bytes()
    shutil.copyfile(models / "other" / "model.onnx", models / "one" / "model.onnx")
    with Project.open(folder) as project:
        project.retrain()
        said = [line for line in project.learning.seen_by if "not those that made" in line]
        assert len(said) == 1
        assert f"--encoder {name}" in said[0]
        assert project.status().n_labeled == 2
        assert made_before(project._folder).made_at == before.made_at, "the vectors stay"

        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(pictures / "new.png")
    with Project.open(folder) as project:  # a new item would be seen by another model
        with pytest.raises(SourceError, match="not those that made the vectors"):
            project.retrain()
        assert project.status().n_labeled == 2
    (models / "one" / "model.onnx").write_bytes(whole)
    with Project.open(folder) as project:
        project.retrain()
        assert not [line for line in project.learning.seen_by if "not those" in line]


def test_who_names_it_again_goes_on_with_it(models, pictures):
    name = f"onnx:{models / 'one'}"
    with Project.create(pictures, classes=["dark", "bright"], encoder=name) as project:
        project.retrain()
        before = made_before(project._folder)
        folder = project.folder
    shutil.copyfile(models / "other" / "model.onnx", models / "one" / "model.onnx")
    with Project.at(pictures, folder=folder, encoder=name) as project:
        assert project.learning.is_behind()
        project.retrain()
        now = made_before(project._folder)
        assert dict(now.models) != dict(before.models)
        assert len(project.learning.seen_by) == 1


def test_a_model_that_is_gone_is_said_and_learning_goes_on(models, pictures):
    name = f"onnx:{models / 'one'}"
    with Project.create(pictures, classes=["dark", "bright"], encoder=name) as project:
        project.retrain()
        folder = project.folder
    shutil.rmtree(models / "one")
    with Project.open(folder) as project:
        project.teach({a.item.item_id: "dark" for a in project.query(2)})
        project.retrain()
        assert "There is no folder" in project.learning.seen_by[-1]
        assert project.status().n_behind == 0
