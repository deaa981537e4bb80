"""Models by name: what can be said without the hub, and with stand-ins for the libraries."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone

from sparing.encoders import (
    FastembedEncoder,
    FastembedImageEncoder,
    SentenceEncoder,
    SentenceImageEncoder,
    TimmEncoder,
    choice,
)
from sparing.encoders.choice import fetch
from sparing.errors import MissingExtraError, SourceError


@pytest.mark.parametrize(
    ("encoder", "module", "extra"),
    [
        (SentenceEncoder("m"), "sentence_transformers", "sentence-transformers"),
        (FastembedEncoder("m"), "fastembed", "fastembed"),
    ],
)
def test_without_the_library_it_says_what_to_install(encoder, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"sparing\[{extra}\]"):
        encoder.fit_transform(["a text"])


def test_nothing_is_fetched_unasked(monkeypatch):
    asked = []

    class Network:
        def __init__(self, model, *, local_files_only, trust_remote_code, model_kwargs):
            assert not trust_remote_code
            assert model_kwargs == {"use_safetensors": True}
            asked.append((model, local_files_only))

        def state_dict(self):
            return {}

        def encode(self, texts, **options):
            assert options["normalize_embeddings"]
            return np.array([[getattr(text, "width", None) or len(text), 0.5] for text in texts])

    library = ModuleType("sentence_transformers")
    library.SentenceTransformer = Network
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    encoder = SentenceEncoder("some/model")
    Z = encoder.fit_transform(["ab", "abc"])
    np.testing.assert_allclose(Z[:, 0] / Z[:, 1], [4, 6], rtol=1e-6)
    fetch("sentences:some/model", "texts")
    assert asked == [("some/model", True)] * 2, "it is here: nobody asks the network"
    pictures = np.zeros((2, 5, 8, 3), np.uint8)
    Z = SentenceImageEncoder("some/model").fit_transform(pictures)
    np.testing.assert_allclose(Z[:, 0] / Z[:, 1], [16, 16], rtol=1e-6)
    assert "_network" not in vars(clone(encoder))


@pytest.fixture
def fastembed(monkeypatch, tmp_path):
    """A stand-in for fastembed; returns what it was asked for."""
    asked = []

    class Embedding:
        def __init__(self, model, *, cache_dir, local_files_only):
            asked.append((model, local_files_only))
            if local_files_only:
                raise ValueError("Could not load model from any source.")
            (tmp_path / "model.onnx").write_bytes(b"weights")
            self.model = SimpleNamespace(_model_dir=str(tmp_path))

        def embed(self, items, batch_size):
            yield from (np.array([1.0, getattr(item, "width", 3)]) for item in items)

    library = ModuleType("fastembed")
    library.TextEmbedding = library.ImageEmbedding = Embedding
    monkeypatch.setitem(sys.modules, "fastembed", library)
    return asked


def test_a_stored_name_fetches_nothing_and_says_what_to_type(fastembed):
    with pytest.raises(SourceError, match="--encoder fastembed:some/model"):
        FastembedEncoder("some/model").fit_transform(["a"])
    assert fastembed == [("some/model", True)]


def test_a_model_that_is_typed_is_fetched_if_it_is_not_here(fastembed, monkeypatch):
    monkeypatch.setattr(choice, "check_reach", lambda: None)
    fetch("text+fastembed:some/model", "texts")
    assert fastembed == [("some/model", True), ("some/model", False)]


def test_what_reads_for_clip_is_fetched_with_what_sees(fastembed, monkeypatch):
    monkeypatch.setattr(choice, "check_reach", lambda: None)
    sees, reads = "Qdrant/clip-ViT-B-32-vision", "Qdrant/clip-ViT-B-32-text"
    fetch(f"fastembed:{sees}", "images")
    assert fastembed == [(sees, True), (sees, False), (reads, True), (reads, False)]


def test_pictures_are_seen_though_what_reads_cannot_be_fetched(fastembed, monkeypatch):
    def nobody():
        raise SourceError("The model hub cannot be reached.")

    monkeypatch.setattr(choice, "check_reach", nobody)
    sees = FastembedImageEncoder("jinaai/jina-clip-v1", download=True)
    monkeypatch.setattr(choice, "get_encoder", lambda name, **params: sees)
    fetch("fastembed:jinaai/jina-clip-v1", "images")
    assert sees.words().download


def test_without_a_way_to_the_hub_its_library_is_not_left_trying(fastembed, monkeypatch):
    """fastembed alone tries three times, with pauses: 49 seconds until it gave up."""
    pytest.importorskip("huggingface_hub", reason="needs 'sparing[fastembed]'")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9 cannot be reached.*onnx:FOLDER"):
        fetch("fastembed:some/model", "texts")
    assert fastembed == [("some/model", True)]


def test_fastembed_sees_pictures_and_texts(fastembed):
    Z = FastembedEncoder("m", download=True).fit_transform(["a", "b"])
    np.testing.assert_allclose(Z[:, 1] / Z[:, 0], 3, rtol=1e-6)
    Z = FastembedImageEncoder("m", download=True).fit_transform(np.zeros((2, 5, 8), np.uint8))
    np.testing.assert_allclose(Z[:, 1] / Z[:, 0], 8, rtol=1e-6)


def test_timm_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match=r"sparing\[torch\]"):
        TimmEncoder("m").fit_transform(np.zeros((2, 5, 8, 3), np.uint8))
