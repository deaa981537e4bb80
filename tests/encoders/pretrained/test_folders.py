"""Folders with a network in ONNX form: for pictures, for texts, and what can be wrong with them."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from sparing.encoders import OnnxImageEncoder, OnnxTextEncoder
from sparing.encoders.pretrained.frame import Frame, frame_of
from sparing.encoders.pretrained.pictures import framed
from sparing.encoders.pretrained.texts import mean_vectors
from sparing.errors import InvalidInputError, SourceError

RED = np.zeros((4, 8, 8, 3), np.uint8)
RED[..., 0] = np.array([255, 200, 100, 0])[:, None, None]


def test_pictures_go_in_as_the_folder_says(seeing):
    np.testing.assert_allclose(
        OnnxImageEncoder(str(seeing)).seen(RED[:1]), [np.array([1, -1, -1]) / 3**0.5], atol=1e-6
    )
    said = json.loads((seeing / "sparing.json").read_text()) | {"channels": "BGR"}
    (seeing / "sparing.json").write_text(json.dumps(said))
    np.testing.assert_allclose(
        OnnxImageEncoder(str(seeing)).seen(RED[:1]), [np.array([-1, -1, 1]) / 3**0.5], atol=1e-6
    )


def test_transformers_settings_are_understood(tmp_path):
    said = {
        "size": {"shortest_edge": 256},
        "crop_size": {"height": 224, "width": 224},
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2, 0.2, 0.2],
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(said))
    frame = frame_of(tmp_path)
    assert (frame.size, frame.shorter, frame.is_cropped) == ((224, 224), 256, True)
    assert frame.mean == pytest.approx((0.5, 0.4, 0.3))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(said | {"do_rescale": False}))
    assert frame_of(tmp_path).mean == pytest.approx((0.5 / 255, 0.4 / 255, 0.3 / 255))


@pytest.mark.parametrize("said", ['{"size": 0}', "[]", "{", '{"size": 8, "std": [0, 1, 1]}', "{}"])
def test_settings_that_make_no_sense_are_named(seeing, said):
    (seeing / "sparing.json").write_text(said)
    with pytest.raises(SourceError, match=r"sparing\.json"):
        OnnxImageEncoder(str(seeing)).fit_transform(RED)


def test_without_settings_it_says_what_they_are(seeing):
    (seeing / "sparing.json").unlink()
    with pytest.raises(SourceError, match="preprocessor_config"):
        OnnxImageEncoder(str(seeing)).fit_transform(RED)


def test_the_folder_has_to_have_one_model(seeing):
    shutil.copy(seeing / "model.onnx", seeing / "other.onnx")
    with pytest.raises(SourceError, match=r"model\.onnx, other\.onnx"):
        OnnxImageEncoder(str(seeing)).fit_transform(RED)
    named = OnnxImageEncoder(str(seeing / "other.onnx")).fit_transform(RED)
    (seeing / "model.onnx").unlink()
    np.testing.assert_array_equal(OnnxImageEncoder(str(seeing)).fit_transform(RED), named)
    (seeing / "other.onnx").unlink()
    with pytest.raises(SourceError, match="has none"):
        OnnxImageEncoder(str(seeing)).fit_transform(RED)
    with pytest.raises(SourceError, match="no folder"):
        OnnxImageEncoder(str(seeing / "nowhere")).fit_transform(RED)


def test_a_file_that_is_no_model_is_named(seeing):
    (seeing / "model.onnx").write_bytes(b"no model")
    with pytest.raises(SourceError, match="no model that can be loaded"):
        OnnxImageEncoder(str(seeing)).fit_transform(RED)


def test_a_model_of_texts_is_none_for_pictures(reading, seeing):
    shutil.copy(seeing / "sparing.json", reading / "sparing.json")
    with pytest.raises(SourceError, match="input_ids"):
        OnnxImageEncoder(str(reading)).fit_transform(RED)
    shutil.copy(reading / "tokenizer.json", seeing / "tokenizer.json")
    with pytest.raises(SourceError, match="wants x"):
        OnnxTextEncoder(str(seeing)).fit_transform(["one"])


def test_vectors_that_are_not_finite_are_refused(seeing):
    said = json.loads((seeing / "sparing.json").read_text()) | {"std": [1e-320, 1, 1]}
    (seeing / "sparing.json").write_text(json.dumps(said))
    with np.errstate(all="ignore"), pytest.raises(InvalidInputError, match="NaN or infinity"):
        OnnxImageEncoder(str(seeing)).seen(RED)


def test_another_model_has_another_fingerprint(seeing):
    before = OnnxImageEncoder(str(seeing)).fingerprint()
    said = json.loads((seeing / "sparing.json").read_text()) | {"size": 16}
    (seeing / "sparing.json").write_text(json.dumps(said))
    assert OnnxImageEncoder(str(seeing)).fingerprint() != before


def test_texts_of_any_length_come_back_in_their_order(reading):
    Z = OnnxTextEncoder(str(reading)).fit_transform(["three three three", "one", "one three"])
    ids = Z[:, 0] / Z[:, 1]
    np.testing.assert_allclose(ids, [3, 1, 2], rtol=1e-6)


def test_the_first_token_and_the_length_are_read_from_the_folder(reading):
    (reading / "1_Pooling").mkdir()
    config = reading / "1_Pooling" / "config.json"
    config.write_text('{"pooling_mode_cls_token": true}')
    (reading / "sentence_bert_config.json").write_text('{"max_seq_length": 2}')
    Z = OnnxTextEncoder(str(reading)).fit_transform(["three one one", "one three"])
    np.testing.assert_allclose(Z[:, 0] / Z[:, 1], [3, 1], rtol=1e-6)
    config.write_text('{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}')
    Z = OnnxTextEncoder(str(reading)).fit_transform(["three one two", "one three"])
    np.testing.assert_allclose(Z[:, 0] / Z[:, 1], [2, 2], rtol=1e-6)
    config.write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(SourceError, match="mean or the first token"):
        OnnxTextEncoder(str(reading)).fit_transform(["one"])


def test_a_folder_without_a_tokenizer_is_named(reading):
    (reading / "tokenizer.json").write_text("{")
    with pytest.raises(SourceError, match="is no tokenizer"):
        OnnxTextEncoder(str(reading)).fit_transform(["one"])
    (reading / "tokenizer.json").unlink()
    with pytest.raises(SourceError, match="must hold one"):
        OnnxTextEncoder(str(reading)).fit_transform(["one"])


def test_padding_does_not_count():
    tokens = np.array([[[1.0, 0], [0, 1], [9, 9]], [[2.0, 0], [7, 7], [7, 7]]])
    mask = np.array([[1, 1, 0], [1, 0, 0]])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(mean_vectors(tokens, mask), [[half, half], [1, 0]], rtol=1e-6)


def test_the_middle_is_cut_out_in_one_step():
    """Stripes: of 300 x 100 pixels a square network sees the middle hundred, a wide one more."""
    stripes = np.repeat([10, 110, 210], 100)[None, :, None] * np.ones((100, 1, 3))
    picture = Image.fromarray(stripes.astype(np.uint8))
    gray = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "is_cropped": True}
    square = framed(picture, Frame((20, 20), shorter=20, **gray))
    assert square.shape == (20, 20, 3)
    assert (square == 110).all()
    wide = framed(picture, Frame((10, 20), shorter=10, **gray))
    assert np.unique(wide[:, :4]).tolist() == [10]
    assert np.unique(wide[:, 6:14]).tolist() == [110]
    closer = framed(picture, Frame((20, 20), shorter=40, **gray))
    assert (closer == 110).all()
    whole = framed(picture, Frame((20, 20), (0.5,) * 3, (0.5,) * 3))
    assert np.unique(whole).tolist()[0] == 10
