import numpy as np
import pytest
from PIL import Image

from sparing.encoders import choice
from sparing.encoders.choice import advice, check_encoder, default_name, named_encoder
from sparing.encoders.pretrained import hub, texts
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
    assert default_name("images", [tmp_path / "a.png"] * 3).split("+")[0] == name
    assert default_name("images", [str(tmp_path / "a.png")]).split("+")[0] == name


def test_one_photo_among_drawings_is_enough(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    assert default_name("images", [tmp_path / "a.png", tmp_path / "b.png"]).split("+")[0] == "hog"
    assert default_name("images", np.zeros((2, 8, 8, 3))).split("+")[0] == "hog"


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
    assert default_name("images", photos) == "hog+efficientnet"
    assert named_encoder("default", "images", photos).parts[1] == ("efficientnet", {"side": 224})
    small = named_encoder("default", "images", photos[:, :90])
    assert small.parts[1] == ("efficientnet", {"side": 112})
    assert default_name("texts", ["no"]) == "text+minilm"
    assert default_name("texts", ["нет"]) == "text"
    assert advice("images", photos) is advice("texts", ["no"]) is None


def test_drawings_are_shown_to_the_network_too_while_that_is_quick(monkeypatch):
    monkeypatch.setattr(choice, "can_see_photos", lambda: True)
    drawings = np.zeros((3, 28, 28), np.uint8)
    assert default_name("images", drawings) == "glyph+efficientnet"
    monkeypatch.setattr(choice, "FEW_DRAWINGS", 2)
    assert default_name("images", drawings) == "glyph"


def test_without_it_one_line_says_what_would_be_gained(monkeypatch):
    photos = np.zeros((2, 300, 400, 3), np.uint8)
    monkeypatch.setattr(choice, "can_see_photos", lambda: False)
    monkeypatch.setattr(choice, "can_read_texts", lambda: False)
    assert default_name("images", photos) == "hog"
    assert "pip install 'sparing[photos]'" in advice("images", photos)
    assert advice("images", photos[..., :28, :28, 0][:, :28]) is None  # drawings
    assert "pip install 'sparing[texts]'" in advice("texts", ["no"])


def test_what_somebody_has_fetched_comes_before_what_is_packaged(monkeypatch, tmp_path):
    photos = np.zeros((2, 300, 400, 3), np.uint8)
    monkeypatch.setattr(choice, "can_see_photos", lambda: True)
    monkeypatch.setattr(hub, "hub_place", lambda: tmp_path)
    monkeypatch.setattr(hub, "find_spec", lambda name: name == "fastembed")
    folder = tmp_path / "models--Qdrant--clip-ViT-B-32-vision" / "snapshots" / "1f"
    folder.mkdir(parents=True)
    assert default_name("images", photos) == "hog+efficientnet"  # it was never fetched whole
    (folder / "model.onnx").touch()
    assert default_name("images", photos) == "hog+fastembed:Qdrant/clip-ViT-B-32-vision"
    monkeypatch.setattr(choice, "can_see_photos", lambda: False)
    assert advice("images", photos) is None
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    assert default_name("images", photos) == "hog"


def test_texts_of_another_script_are_not_given_to_a_network_for_english(monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "hub_place", lambda: tmp_path)
    monkeypatch.setattr(hub, "find_spec", lambda name: name == "fastembed")
    monkeypatch.setattr(texts.TOKENIZER.__class__, "find", lambda self: None)
    folder = tmp_path / "models--Qdrant--bge-small-en-v1.5-onnx-Q" / "snapshots" / "1f"
    folder.mkdir(parents=True)
    (folder / "model_optimized.onnx").touch()
    assert default_name("texts", ["a text"]) == "text+fastembed:BAAI/bge-small-en-v1.5"
    assert default_name("texts", ["один текст"]) == "text"
