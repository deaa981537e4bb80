import numpy as np
import pytest
from PIL import Image

from sparing.encoders import choice
from sparing.encoders.choice import advice, check_encoder, default_parts, named_encoder
from sparing.errors import CapabilityError, InvalidInputError, UnknownNameError


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
    assert default_parts("images", [tmp_path / "a.png"] * 3)[0][0] == name
    assert default_parts("images", [str(tmp_path / "a.png")])[0][0] == name


def test_one_photo_among_drawings_is_enough(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    assert default_parts("images", [tmp_path / "a.png", tmp_path / "b.png"])[0][0] == "hog"
    assert default_parts("images", np.zeros((2, 8, 8, 3)))[0][0] == "hog"


def test_names_and_pretrained_models():
    assert named_encoder("pixels", "images", []).name == "pixels"
    assert named_encoder("sentences:some/model", "texts", []).model == "some/model"
    with pytest.raises(InvalidInputError, match="'onnx:MODEL'"):
        named_encoder("onnx", "texts", [])
    with pytest.raises(UnknownNameError, match="Did you mean 'glyph'"):
        named_encoder("glyf", "images", [])
    with pytest.raises(UnknownNameError, match="fastembed:MODEL"):
        check_encoder("hog+glyf")
    with pytest.raises(CapabilityError, match="for images, and the items are texts"):
        named_encoder("hog", "texts", ["a"])
    with pytest.raises(CapabilityError, match="'timm' is for images"):
        named_encoder("timm:resnet18", "texts", ["a"])
    both = named_encoder("hog+onnx:models/clip", "images", [])
    assert both.parts == (("hog", {}), ("onnx-images", {"folder": "models/clip"}))


def test_what_is_installed_sees_beside_what_is_always_there(monkeypatch):
    photos = np.zeros((2, 300, 400, 3), np.uint8)
    monkeypatch.setattr(choice, "can_see_photos", lambda: True)
    monkeypatch.setattr(choice, "can_read_texts", lambda: True)
    monkeypatch.setattr(choice, "is_foreign", lambda texts: texts == ["нет"])
    assert default_parts("images", photos) == [("hog", {}), ("efficientnet", {"side": 224})]
    assert default_parts("images", photos[:, :90])[1] == ("efficientnet", {"side": 112})
    assert default_parts("texts", ["no"]) == [("text", {}), ("minilm", {})]
    assert default_parts("texts", ["нет"]) == [("text", {})]
    assert advice("images", photos) is advice("texts", ["no"]) is None


def test_without_it_one_line_says_what_would_be_gained(monkeypatch):
    photos = np.zeros((2, 300, 400, 3), np.uint8)
    monkeypatch.setattr(choice, "can_see_photos", lambda: False)
    monkeypatch.setattr(choice, "can_read_texts", lambda: False)
    assert default_parts("images", photos) == [("hog", {})]
    assert "pip install 'sparing[photos]'" in advice("images", photos)
    assert advice("images", photos[..., :28, :28, 0][:, :28]) is None  # drawings
    assert "pip install 'sparing[texts]'" in advice("texts", ["no"])
