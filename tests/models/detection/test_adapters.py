"""Adapters of other libraries' detectors: what they are given, and what is read from them."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sparing import BoxLearner
from sparing.annotations.detections import Detections
from sparing.errors import InvalidInputError, MissingExtraError, TrainingError, UnknownNameError
from sparing.models.detection import rfdetr_detector
from sparing.models.detection.rfdetr_detector import RFDETRDetector
from sparing.models.detection.torchvision_detector import TorchvisionDetector
from sparing.testing import yield_detector_checks

ADAPTERS = (TorchvisionDetector, RFDETRDetector)
ONE = [Detections.of([(1, 2, 11, 22)], [1], [1.0])]
NONE = [Detections.of([], [], [])]


@pytest.mark.parametrize(
    ("made", "library", "line"),
    [
        (
            TorchvisionDetector,
            "torchvision",
            "need torchvision: pip install 'sparing[torchvision]'",
        ),
        (RFDETRDetector, "rfdetr", "need rfdetr[train]: pip install 'sparing[rfdetr]'"),
    ],
)
def test_a_library_that_is_not_installed_is_one_line(monkeypatch, made, library, line):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError) as caught:
        made().fit([np.zeros((32, 32, 3), np.uint8)], ONE, 2)
    assert str(caught.value) == f"Its detectors {line}"


@pytest.mark.parametrize("made", ADAPTERS)
def test_what_makes_no_sense_is_refused_before_anything_is_loaded(made):
    with pytest.raises(InvalidInputError, match="'epochs' parameter"):
        made(epochs=0)
    with pytest.raises(TrainingError, match="draw some first"):
        made().fit([np.zeros((32, 32, 3), np.uint8)], NONE, 2)
    with pytest.raises(TrainingError, match="fit the detector first"):
        made().predict([])


def test_a_model_or_file_of_rf_detr_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'RFDETRNano'"):
        RFDETRDetector("RFDETRNan")
    with pytest.raises(InvalidInputError, match="There is no file"):
        RFDETRDetector(weights=tmp_path / "none.pth")


@pytest.mark.parametrize("check", [*yield_detector_checks()], ids=lambda check: check.__name__)
def test_torchvisions_keeps_to_what_is_expected(check, tmp_path):
    pytest.importorskip("torchvision")
    check(TorchvisionDetector("ssdlite320_mobilenet_v3_large", epochs=1), tmp_path)


class FakeNet:
    """What the library's models look like from outside."""

    def __init__(self, **asked):
        self.asked = asked

    def train(self, dataset_dir, **more):
        self.more = more
        self.read = {
            part: json.loads(Path(dataset_dir, part, "_annotations.coco.json").read_text())
            for part in ("train", "valid", "test")
        }
        self.sizes = []
        for image in self.read["train"]["images"]:
            with Image.open(Path(dataset_dir, "train", image["file_name"])) as page:
                self.sizes.append(page.size)

    def predict(self, image, threshold, **more):
        self.seen = image.size
        boxes = np.array([(-2, 1, 9, 9), (0, 0, 99, 40), (5, 5, 5, 9), (0, 0, 9, 9)], np.float32)
        names = np.array(["0", "1", "1", "__background__"], object)
        scores = np.array([0.5, 0.9, 0.8, 0.7], np.float32)
        return SimpleNamespace(xyxy=boxes, confidence=scores, data={"class_name": names})


@pytest.fixture
def library(monkeypatch):
    made = ModuleType("rfdetr")
    made.RFDETRNano = FakeNet
    monkeypatch.setitem(sys.modules, "rfdetr", made)
    monkeypatch.setitem(sys.modules, "pytorch_lightning", ModuleType("pytorch_lightning"))
    monkeypatch.setattr(rfdetr_detector, "drawing", lambda seed: nullcontext())


def turned(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((40, 64, 3), np.uint8)).save(path, exif=exif)
    return path


def test_rf_detr_is_given_upright_pictures_as_coco_and_read_by_names(library, tmp_path):
    weights = tmp_path / "own.pth"
    weights.touch()
    detector = RFDETRDetector(weights=weights, epochs=3, settings={"lr": 0.001})
    pictures = [turned(tmp_path / "0.jpg"), *[np.zeros((30, 50, 3), np.uint8)] * 5]
    detector.fit(pictures, [*ONE, *NONE * 5], 2)
    net = detector._net
    assert net.asked == {"num_classes": 2, "pretrain_weights": weights}
    assert (net.more["epochs"], net.more["lr"], net.more["tensorboard"]) == (3, 0.001, False)
    both = net.read["train"], net.read["valid"]
    assert sorted(i["id"] for part in both for i in part["images"]) == [0, 1, 2, 3, 4, 5]
    assert net.read["test"] == net.read["valid"]
    (box,) = (one for part in both for one in part["annotations"])
    assert (box["bbox"], box["category_id"], box["image_id"]) == ([1, 2, 10, 20], 1, 0)
    assert [c["name"] for c in both[0]["categories"]] == ["0", "1"]
    named = {(i["width"], i["height"]) for i in both[0]["images"]}
    assert named == set(net.sizes) <= {(40, 64), (50, 30)}
    (found,) = detector.predict([tmp_path / "0.jpg"])
    assert net.seen == (40, 64)
    assert found.boxes.tolist() == [[0, 0, 40, 40], [0, 1, 9, 9]]
    assert (found.class_ids.tolist(), found.scores[0]) == ([1, 0], np.float32(0.9))


def test_rf_detr_works_in_a_learner(library):
    pictures = [np.full((48, 64, 3), i, np.uint8) for i in range(4)]
    learner = BoxLearner(pictures, ["cat", "dog"], RFDETRDetector(), "random")
    learner.teach([0], [[(0, 0, 9, 9, "cat")]])
    assert [b.label for b in learner.suggest([2])[0]] == ["dog", "cat"]
