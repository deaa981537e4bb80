import numpy as np
import pytest
from PIL import Image

from sparing.encoders.choice import default_encoder, named_encoder
from sparing.errors import InvalidInputError, UnknownNameError


@pytest.mark.parametrize(
    ("mode", "size", "name"),
    [
        ("L", (28, 28), "glyph"),
        ("1", (64, 40), "glyph"),
        ("RGB", (28, 28), "hog"),
        ("L", (28, 65), "hog"),
    ],
)
def test_drawings_are_small_and_gray(tmp_path, mode, size, name):
    Image.new(mode, size).save(tmp_path / "a.png")
    assert default_encoder("images", [tmp_path / "a.png"] * 3) == name
    assert default_encoder("images", [str(tmp_path / "a.png")]) == name


def test_one_photo_among_drawings_is_enough(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    assert default_encoder("images", [tmp_path / "a.png", tmp_path / "b.png"]) == "hog"
    assert default_encoder("images", np.zeros((2, 8, 8, 3))) == "hog"


def test_names_and_pretrained_models():
    assert named_encoder("pixels", "images", []).name == "pixels"
    assert named_encoder("sentences:some/model", "texts", []).model == "some/model"
    with pytest.raises(InvalidInputError, match="'onnx:MODEL'"):
        named_encoder("onnx", "texts", [])
    with pytest.raises(UnknownNameError, match="Did you mean 'glyph'"):
        named_encoder("glyf", "images", [])
