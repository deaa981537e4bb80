"""Every detector of the package keeps to what is expected of any."""

import numpy as np
import pytest

from sparing.annotations.detections import Detections
from sparing.encoders.pretrained.photos import WEIGHTS
from sparing.models.detection.suggester import BoxSuggester
from sparing.testing import yield_detector_checks


def suggester():
    pytest.importorskip("onnxruntime")
    if WEIGHTS.find() is None:
        pytest.skip("needs the weights of the extra 'photos'")
    return BoxSuggester()


CHECKS = {check.__name__: check for check in yield_detector_checks()}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("made", [suggester], ids=lambda made: made.__name__)
def test_it_passes_the_check(made, check, tmp_path, monkeypatch):
    monkeypatch.setattr("sparing.models.detection.suggester.STEPS", 1.0)
    check(made(), tmp_path)


class Faulty:
    """Finds one box as it was told to."""

    def __init__(self, box=(0, 0, 9, 9), n_more=0):
        self.box, self.n_more, self.n_asked = box, n_more, 0

    def fit(self, pictures, truth, n_classes):
        pass

    def predict(self, pictures):
        self.n_asked += 1
        found = Detections.of(np.add(self.box, 0), [0], [0.5])
        return [found] * (len(pictures) + self.n_more)


class Forgetful(Faulty):
    def predict(self, pictures):
        return super().predict(pictures) if not self.n_asked else [Detections.of([], [], [])] * 2


class Writer(Faulty):
    def fit(self, pictures, truth, n_classes):
        for one in truth:
            one.boxes[:] = 0


@pytest.mark.parametrize(
    ("made", "check"),
    [
        (Faulty(n_more=1), "check_it_says_one_thing_a_picture"),
        (Faulty((9, 0, 0, 9)), "check_it_says_one_thing_a_picture"),
        (Faulty((0, 0, 90, 65)), "check_boxes_are_within_the_upright_picture"),
        (Forgetful(), "check_it_says_the_same_again"),
        (Writer(), "check_truth_is_not_written"),
    ],
)
def test_each_check_can_fail(made, check, tmp_path):
    with pytest.raises(Exception, match=r"it |It |box") as caught:
        CHECKS[check](made, tmp_path)
    assert type(caught.value).__name__ in ("AssertionError", "TrainingError")
