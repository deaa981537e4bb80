"""Small networks in ONNX form, made for the tests, and a cache of their own."""

import json

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A user's cache that is empty."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def onnx_helper():
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'sparing[photos]'")
    return pytest.importorskip("onnx", reason="needs onnx: pip install 'sparing[photos]'").helper


def written(helper, path, nodes, inputs, constants=()):
    from onnx import TensorProto

    kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64}
    made = [helper.make_tensor_value_info(name, kinds[k], shape) for name, k, shape in inputs]
    out = [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "small", made, out, list(constants))
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())


@pytest.fixture
def seeing(onnx_helper, tmp_path):
    """A folder whose network gives each picture's mean color, a map of it."""
    folder = tmp_path / "seeing"
    folder.mkdir()
    node = onnx_helper.make_node("GlobalAveragePool", ["x"], ["out"])
    written(onnx_helper, folder / "model.onnx", [node], [("x", "f", ["n", 3, "h", "w"])])
    said = {"size": 8, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "channels": "RGB"}
    (folder / "sparing.json").write_text(json.dumps(said))
    return folder


@pytest.fixture
def reading(onnx_helper, tmp_path):
    """A folder whose network gives each token (id, 1): the mean tells the mean id."""
    from onnx import numpy_helper

    tokenizers = pytest.importorskip("tokenizers", reason="needs 'sparing[texts]'")
    folder = tmp_path / "reading"
    folder.mkdir()
    make = onnx_helper.make_node
    nodes = [
        make("Cast", ["input_ids"], ["f"], to=1),
        make("Unsqueeze", ["f", "two"], ["a"]),
        make("Mul", ["a", "none"], ["zero"]),
        make("Add", ["zero", "one"], ["b"]),
        make("Concat", ["a", "b"], ["out"], axis=2),
    ]
    constants = [
        numpy_helper.from_array(np.array([2]), "two"),
        numpy_helper.from_array(np.float32(0), "none"),
        numpy_helper.from_array(np.float32(1), "one"),
    ]
    inputs = [("input_ids", "i", ["n", "t"])]
    written(onnx_helper, folder / "model.onnx", nodes, inputs, constants)
    words = {"[UNK]": 0, "one": 1, "two": 2, "three": 3}
    model = tokenizers.models.WordLevel(words, unk_token="[UNK]")  # noqa: S106  # a token of text
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
