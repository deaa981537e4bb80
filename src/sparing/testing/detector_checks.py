"""What every detector has to keep to, as small named checks."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np

from sparing.annotations.detections import Detections
from sparing.models.detection.detector import Detector, predicted

DetectorCheck = Callable[[Detector, Path], None]
N_TAUGHT, N_ASKED = 6, 2
SIZE = (96, 64)  # of the upright pictures
SIDE = 24
ROUNDED = 0.01  # pixels by which sums of fractions may be off
TURNED = 6  # in EXIF: to be shown after a quarter turn
ORIENTATION = 0x0112


def yield_detector_checks() -> Iterator[DetectorCheck]:
    """Yield the checks that a detector has to pass.

    Each is a function of a detector that was not fitted and of an empty folder; it returns None or
    raises AssertionError.

    Examples
    --------
    >>> import tempfile
    >>> class Nothing:
    ...     def fit(self, pictures, truth, n_classes):
    ...         pass
    ...
    ...     def predict(self, pictures):
    ...         return [Detections.of([], [], []) for _ in pictures]
    >>> for check in yield_detector_checks():
    ...     check(Nothing(), Path(tempfile.mkdtemp()))
    """
    yield check_it_says_one_thing_a_picture
    yield check_boxes_are_within_the_upright_picture
    yield check_it_can_be_copied
    yield check_it_says_the_same_again
    yield check_it_can_be_fitted_again
    yield check_truth_is_not_written


def check_it_says_one_thing_a_picture(detector: Detector, folder: Path) -> None:
    """As many detections come as pictures are asked about, well formed; none of none."""
    taught, truth, asked = _pictures(folder)
    detector.fit(taught, truth, 2)
    predicted(detector, asked, 2)
    _expect(not predicted(detector, [], 2), "it tells of pictures that it was not asked about")


def check_boxes_are_within_the_upright_picture(detector: Detector, folder: Path) -> None:
    """Coordinates are those of the picture as people see it, also where EXIF turns it."""
    taught, truth, asked = _pictures(folder)
    detector.fit(taught, truth, 2)
    for found in predicted(detector, asked, 2):
        is_inside = (found.boxes >= -ROUNDED) & (found.boxes <= np.tile(SIZE, 2) + ROUNDED)
        _expect(bool(is_inside.all()), f"a box reaches out of its picture of {SIZE} pixels")


def check_it_can_be_copied(detector: Detector, folder: Path) -> None:
    """A copy is fitted by itself: copies tell whether suggestions help."""
    taught, truth, asked = _pictures(folder)
    copy = deepcopy(detector)
    copy.fit(taught, truth, 2)
    predicted(copy, asked, 2)


def check_it_says_the_same_again(detector: Detector, folder: Path) -> None:
    """What it says of a picture depends on nothing else."""
    taught, truth, asked = _pictures(folder)
    detector.fit(taught, truth, 2)
    first = predicted(detector, asked, 2)
    again = predicted(detector, asked[::-1], 2)[::-1]
    for one, other in zip(first, again, strict=True):
        is_same = len(one) == len(other) and np.allclose(one.boxes, other.boxes, atol=0.1)
        _expect(is_same, "it says another thing when it is asked again")


def check_it_can_be_fitted_again(detector: Detector, folder: Path) -> None:
    """More pictures and a new class are learned by another call of fit."""
    taught, truth, asked = _pictures(folder)
    one_class = [t.take(t.class_ids == 0) for t in truth]
    detector.fit(taught[:-1], one_class[:-1], 1)
    detector.fit(taught, truth, 2)
    predicted(detector, asked, 2)


def check_truth_is_not_written(detector: Detector, folder: Path) -> None:
    """The boxes of people stay as they are."""
    taught, truth, _ = _pictures(folder)
    before = deepcopy(truth)
    detector.fit(taught, truth, 2)
    for one, other in zip(before, truth, strict=True):
        _expect(np.array_equal(one.boxes, other.boxes), "it has changed what it was taught")


def _pictures(folder: Path) -> tuple[list[Path], list[Detections], list[Path]]:
    """Return pictures with a bright or a dim square, the first without; some are turned."""
    from PIL import Image

    rng = np.random.default_rng(0)
    paths, truth = [], []
    for i in range(N_TAUGHT + N_ASKED):
        page = rng.integers(0, 40, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
        x, y = int(rng.integers(SIZE[0] - SIDE)), int(rng.integers(SIZE[1] - SIDE))
        if i:
            page[y : y + SIDE, x : x + SIDE] = 230 if i % 2 else 120
        exif = Image.Exif()
        exif[ORIENTATION] = TURNED if i % 2 else 1
        lying = np.rot90(page) if i % 2 else page
        paths.append(folder / f"{i}.png")
        Image.fromarray(lying).save(paths[-1], exif=exif)
        there = [(x, y, x + SIDE, y + SIDE)] if i else []
        truth.append(Detections.of(there, [i % 2] * len(there), [1.0] * len(there)))
    return paths[:N_TAUGHT], truth[:N_TAUGHT], paths[N_TAUGHT:]


def _expect(holds: bool, fault: str) -> None:
    if not holds:
        raise AssertionError(fault)
