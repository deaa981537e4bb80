"""The image encoders: shapes, states, bad input, and what they are for."""

import os

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sparing.datasets.mnist import load_mnist
from sparing.encoders import GlyphEncoder, HogEncoder, PixelEncoder
from sparing.errors import InvalidInputError, SourceError

ENCODERS = (PixelEncoder, HogEncoder, GlyphEncoder)
DIGITS = load_digits()


@pytest.fixture
def photos():
    return np.random.default_rng(0).integers(0, 256, (12, 20, 30), dtype=np.uint8)


@pytest.mark.parametrize("kind", ENCODERS)
def test_rows_do_not_depend_on_their_block(kind, photos, monkeypatch):
    encoder = kind().fit(photos)
    whole = encoder.transform(photos)
    assert whole.dtype == np.float32
    monkeypatch.setattr(kind, "_block_items", lambda self, items: 5)
    np.testing.assert_allclose(encoder.transform(photos), whole, atol=1e-5)
    np.testing.assert_allclose(encoder.transform(photos[::-1])[::-1], whole, atol=1e-5)


@pytest.mark.parametrize("kind", ENCODERS)
def test_state_is_all_that_new_items_need(kind, photos):
    encoder = kind().fit(photos)
    restored = kind().set_state(encoder.get_state())
    np.testing.assert_array_equal(restored.transform(photos[:3]), encoder.transform(photos[:3]))
    with pytest.raises(InvalidInputError, match="'state' parameter of set_state"):
        kind().set_state({"color": np.ones(1)})


@pytest.mark.parametrize("kind", ENCODERS)
def test_an_encoder_is_a_scikit_learn_transformer(kind, photos):
    assert clone(kind(size=(9, 9))).get_params()["size"] == (9, 9)
    model = make_pipeline(kind(), KNeighborsClassifier(1)).fit(photos, np.arange(12) % 2)
    assert model.score(photos, np.arange(12) % 2) == 1


@pytest.mark.parametrize("kind", ENCODERS)
def test_progress_is_told_and_ends_at_all(kind, photos, monkeypatch):
    monkeypatch.setattr(kind, "_block_items", lambda self, items: 5)
    told = []
    kind().fit_transform(photos, progress=lambda done, total: told.append((done, total)))
    assert told == [(5, 12), (10, 12), (12, 12)]


@pytest.mark.parametrize("kind", ENCODERS)
def test_files_of_any_shape_and_mode(kind, tmp_path):
    paths = []
    for i, (mode, size) in enumerate([("L", (9, 40)), ("RGB", (31, 7)), ("RGBA", (16, 16))]):
        paths.append(tmp_path / f"{i}.png")
        Image.effect_noise(size, 80).convert(mode).save(paths[-1])
    from_files = kind(n_components=2) if kind is not PixelEncoder else kind()
    Z = from_files.fit_transform(paths)
    assert Z.shape[0] == 3
    opened = [Image.open(path) for path in paths]
    np.testing.assert_allclose(from_files.transform(opened), Z, atol=1e-6)


def test_an_unreadable_file_is_named(tmp_path):
    (tmp_path / "cat.png").write_bytes(b"")
    with pytest.raises(SourceError, match=r"cat\.png is no image"):
        HogEncoder().fit([tmp_path / "cat.png"])


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.zeros((3, 4)), "images"),
        (np.zeros((3, 4, 4, 2)), "images"),
        (np.zeros((0, 4, 4)), "at least one item"),
        (np.full((2, 4, 4), np.nan), "finite"),
        (np.array([[["a"]]]), "images"),
    ],
)
def test_bad_arrays_are_refused(images, expected):
    with pytest.raises(InvalidInputError, match=expected):
        HogEncoder().fit(images)


@pytest.mark.parametrize("parameters", [{"grids": ()}, {"grids": (0,)}, {"n_bins": 1}])
def test_bad_parameters_are_refused(parameters, photos):
    with pytest.raises(InvalidInputError, match=next(iter(parameters))):
        HogEncoder(**parameters).fit(photos)


def test_colors_become_gray_for_edges_and_stay_for_pixels(photos):
    colored = np.repeat(photos[..., None], 3, axis=3)
    gray = HogEncoder(n_components=None).fit_transform(photos)
    np.testing.assert_allclose(
        HogEncoder(n_components=None).fit_transform(colored), gray, atol=2e-3
    )
    assert PixelEncoder().fit_transform(colored).shape == (12, 20 * 30 * 3)


def test_ink_on_paper_equals_light_on_dark():
    images = DIGITS.images[:200] / 16
    light, dark = (GlyphEncoder(n_components=8).fit_transform(i) for i in (images, 1 - images))
    np.testing.assert_allclose(dark, light, atol=1e-3)


def test_a_slanted_copy_is_near_its_upright_original():
    images = DIGITS.images[:300].astype(np.float32)
    slanted = np.stack([np.roll(images[:, r], (r - 4) // 2, axis=1) for r in range(8)], axis=1)
    encoder = GlyphEncoder().fit(images)
    neighbor = KNeighborsClassifier(1).fit(encoder.transform(images), DIGITS.target[:300])
    assert neighbor.score(encoder.transform(slanted), DIGITS.target[:300]) > 0.95


@pytest.mark.skipif("SPARING_DATA" not in os.environ, reason="SPARING_DATA names no folder of data")
def test_each_step_brings_digits_of_a_class_nearer_to_each_other():
    mnist = load_mnist()
    images, y = mnist.train_images[4000:6000], mnist.train_labels[4000:6000]
    scores = []
    for encoder in (PixelEncoder(), HogEncoder(), GlyphEncoder()):
        Z = encoder.fit_transform(images)
        scores.append(KNeighborsClassifier(1).fit(Z[:200], y[:200]).score(Z[200:], y[200:]))
    assert scores[0] + 0.05 < scores[1] < scores[2] - 0.02
