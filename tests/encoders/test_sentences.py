"""Pretrained text encoders: what can be said without a model, and with a stand-in."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone

from sparing.encoders import OnnxTextEncoder, SentenceEncoder
from sparing.encoders.sentences import mean_vectors
from sparing.errors import MissingExtraError, SourceError


def test_padding_does_not_count():
    tokens = np.array([[[1.0, 0], [0, 1], [9, 9]], [[2.0, 0], [7, 7], [7, 7]]])
    mask = np.array([[1, 1, 0], [1, 0, 0]])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(mean_vectors(tokens, mask), [[half, half], [1, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("encoder", "module", "extra"),
    [
        (SentenceEncoder("m"), "sentence_transformers", "text"),
        (OnnxTextEncoder("m"), "onnxruntime", "onnx"),
    ],
)
def test_without_the_library_it_says_what_to_install(encoder, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"sparing\[{extra}\]"):
        encoder.fit_transform(["a text"])


def test_nothing_is_fetched_unasked(monkeypatch):
    asked = []

    class Network:
        def __init__(self, model, local_files_only):
            asked.append((model, local_files_only))

        def encode(self, texts, **options):
            assert options["normalize_embeddings"]
            return np.array([[len(text), 0] for text in texts])

    library = ModuleType("sentence_transformers")
    library.SentenceTransformer = Network
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    encoder = SentenceEncoder("some/model")
    assert encoder.fit_transform(["ab", "abc"]).tolist() == [[2, 0], [3, 0]]
    SentenceEncoder("some/model", download=True).fit_transform(["a"])
    assert asked == [("some/model", True), ("some/model", False)]
    assert "_network" not in vars(clone(encoder))


@pytest.fixture
def libraries(monkeypatch):
    """Stand-ins for onnxruntime and tokenizers that count characters."""

    class Tokenizer:
        from_file = classmethod(lambda cls, path: cls())
        enable_truncation = enable_padding = lambda self, *args: None

        def encode_batch(self, texts):
            ids = [[ord(c) for c in text.ljust(3)] for text in texts]
            mask = [[int(c != " ") for c in text.ljust(3)] for text in texts]
            parts = zip(ids, mask, strict=True)
            return [SimpleNamespace(ids=i, attention_mask=m, type_ids=[0] * 3) for i, m in parts]

    class InferenceSession:
        def __init__(self, path, providers):
            assert providers == ["CPUExecutionProvider"]

        def get_inputs(self):
            return [SimpleNamespace(name="input_ids"), SimpleNamespace(name="attention_mask")]

        def run(self, outputs, tokens):
            assert sorted(tokens) == ["attention_mask", "input_ids"]
            ids = tokens["input_ids"].astype(np.float32)
            return [np.stack([ids, np.ones_like(ids)], axis=2)]

    for name, kind in (("onnxruntime", InferenceSession), ("tokenizers", Tokenizer)):
        module = ModuleType(name)
        setattr(module, kind.__name__, kind)
        monkeypatch.setitem(sys.modules, name, module)


def test_onnx_reads_only_the_inputs_that_the_network_has(tmp_path, libraries):
    (tmp_path / "model.onnx").touch()
    (tmp_path / "tokenizer.json").touch()
    Z = OnnxTextEncoder(str(tmp_path)).fit_transform(["\x01\x01", "\x03"])
    np.testing.assert_allclose(Z, [[0.70710678, 0.70710678], [3 / 10**0.5, 1 / 10**0.5]])


def test_a_folder_without_a_model_is_named(tmp_path, libraries):
    with pytest.raises(SourceError, match="must hold one"):
        OnnxTextEncoder(str(tmp_path)).fit_transform(["a"])
