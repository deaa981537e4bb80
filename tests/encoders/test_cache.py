"""Vectors on the disk."""

import numpy as np
import pytest

from sparing.encoders import (
    GlyphEncoder,
    PixelEncoder,
    TableEncoder,
    TextEncoder,
    content_key,
    encode,
)
from sparing.errors import SourceError

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)


class Counting:
    def __init__(self):
        self.calls = 0

    def __call__(self, done, total):
        self.calls += 1


def test_the_second_time_nothing_is_computed_and_the_encoder_is_ready(tmp_path):
    first, second = Counting(), Counting()
    made = encode(GlyphEncoder(n_components=4), IMAGES, folder=tmp_path, progress=first)
    encoder = GlyphEncoder(n_components=4)
    found = encode(encoder, IMAGES, folder=tmp_path, progress=second)
    np.testing.assert_array_equal(found, made)
    assert (first.calls, second.calls) == (1, 0)
    # Products of fewer rows may be summed in another order.
    np.testing.assert_allclose(encoder.transform(IMAGES[:3]), made[:3], rtol=1e-4)


def test_texts_are_found_again_too(tmp_path):
    texts = ["one two three", "two three four", "three four five"]
    made = encode(TextEncoder(min_count=1), texts, folder=tmp_path)
    encoder = TextEncoder(min_count=1)
    np.testing.assert_array_equal(encode(encoder, texts, folder=tmp_path), made)
    np.testing.assert_allclose(encoder.transform(texts[:1]), made[:1], atol=1e-6)


def test_the_key_follows_content_parameters_and_kind(tmp_path):
    other = IMAGES.copy()
    other[-1, -1, -1] += 1
    keys = [
        content_key(GlyphEncoder(), IMAGES),
        content_key(GlyphEncoder(), other),
        content_key(GlyphEncoder(), IMAGES.reshape(10, 16, 8)),
        content_key(GlyphEncoder(n_bins=9), IMAGES),
        content_key(PixelEncoder(), IMAGES),
        content_key(TextEncoder(), ["ab", "c"]),
        content_key(TextEncoder(), ["a", "bc"]),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == content_key(GlyphEncoder(), IMAGES.copy())


def test_files_count_by_content_not_by_name(tmp_path):
    names = ["a.png", "b.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"same")
    one, other = (content_key(PixelEncoder(), [tmp_path / name]) for name in names)
    assert one == other
    (tmp_path / "b.png").write_bytes(b"else")
    assert content_key(PixelEncoder(), [tmp_path / "b.png"]) != one
    with pytest.raises(SourceError, match=r"gone\.png"):
        content_key(PixelEncoder(), [tmp_path / "gone.png"])


def test_a_damaged_cache_is_made_anew(tmp_path):
    made = encode(PixelEncoder(), IMAGES, folder=tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:30])
    np.testing.assert_array_equal(encode(PixelEncoder(), IMAGES, folder=tmp_path), made)


def test_only_whole_files_are_left(tmp_path):
    encode(PixelEncoder(), IMAGES, folder=tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npy", ".npz"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="file"):
        encode(PixelEncoder(), IMAGES, folder=tmp_path / "file" / "under")


def test_tables_are_known_by_their_cells(tmp_path):
    cells = np.array([["1", None], ["2", "x"]], dtype=object)
    vectors = encode(TableEncoder(), cells, folder=tmp_path)
    again = encode(TableEncoder(), cells.copy(), folder=tmp_path)
    np.testing.assert_array_equal(again, vectors)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    cells[0, 1] = "y"
    encode(TableEncoder(), cells, folder=tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 2
