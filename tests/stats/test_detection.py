"""Average precision by hand, by pycocotools, and what its interval is made of."""

import numpy as np
import pytest

from sparing.annotations.detections import Detections, judged
from sparing.stats.detection import (
    Judged,
    average_precision,
    mean_average_precision,
    mean_average_precision_interval,
    precision_by_class,
)

SCORES = np.array([0.95, 0.9, 0.8, 0.7, 0.6])
RIGHT = np.array([True, False, True, False, True])


def test_both_areas_by_hand():
    # Recalls .25, .5, .75 at best precisions 1, 2/3, 3/5; the fourth object is not found.
    voc = 0.25 * (1 + 2 / 3 + 3 / 5)
    coco = (26 * 1 + 25 * 2 / 3 + 25 * 3 / 5) / 101
    assert average_precision(SCORES, RIGHT, 4, "voc") == pytest.approx(voc)
    assert average_precision(SCORES, RIGHT, 4) == pytest.approx(coco)


def test_a_class_without_an_object_has_no_precision_and_does_not_count():
    assert np.isnan(average_precision(SCORES, RIGHT, 0))
    here = Judged(np.zeros(5, int), np.zeros(5, int), SCORES, RIGHT, np.array([[4, 0]]))
    assert np.isnan(precision_by_class(here)).tolist() == [False, True]
    assert mean_average_precision(here) == average_precision(SCORES, RIGHT, 4)


def test_nothing_found_is_nothing_right():
    none = np.zeros(0)
    assert average_precision(none, none.astype(bool), 3) == 0


def test_other_points_are_refused():
    with pytest.raises(ValueError, match="'coco' or 'voc'"):
        average_precision(SCORES, RIGHT, 4, "eleven")


def drawn(seed, n_pictures=12, n_classes=3):
    """Return pictures with boxes, and detections near some of them."""
    rng = np.random.default_rng(seed)
    found, truth = [], []
    for _ in range(n_pictures):
        n = rng.integers(0, 6)
        low = rng.uniform(0, 60, (n, 2))
        boxes = np.hstack([low, low + rng.uniform(8, 30, (n, 2))])
        ids = rng.integers(0, n_classes, n)
        truth.append(Detections.of(boxes, ids, np.ones(n)))
        again = np.repeat(np.arange(n), rng.integers(0, 3, n))
        moved = boxes[again] + rng.normal(0, 2.5, (len(again), 4))
        other = np.where(rng.random(len(again)) < 0.2, rng.integers(0, 3, len(again)), ids[again])
        found.append(Detections.of(moved, other, rng.random(len(again))))
    return found, truth


def by_pycocotools(found, truth, n_classes):
    coco, evaluation = (
        pytest.importorskip(f"pycocotools.{name}", exc_type=ImportError)
        for name in ("coco", "cocoeval")
    )

    def listed(parts):
        return [
            {
                "image_id": i,
                "category_id": int(c),
                "bbox": [b[0], b[1], b[2] - b[0], b[3] - b[1]],
                "score": float(s),
                "area": float((b[2] - b[0]) * (b[3] - b[1])),
                "iscrowd": 0,
            }
            for i, part in enumerate(parts)
            for b, c, s in zip(part.boxes.tolist(), part.class_ids, part.scores, strict=True)
        ]

    sets = []
    for parts in (truth, found):
        made = coco.COCO()
        made.dataset = {
            "images": [{"id": i} for i in range(len(truth))],
            "categories": [{"id": c} for c in range(n_classes)],
            "annotations": [{**a, "id": i + 1} for i, a in enumerate(listed(parts))],
        }
        made.createIndex()
        sets.append(made)
    run = evaluation.COCOeval(*sets, "bbox")
    run.params.iouThrs = np.array([0.5])
    run.evaluate()
    run.accumulate()
    precision = run.eval["precision"][0, :, :, 0, -1]
    return precision[precision > -1].mean()


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_is_that_of_pycocotools(seed, capsys):
    found, truth = drawn(seed)
    wanted = by_pycocotools(found, truth, 3)
    assert mean_average_precision(judged(found, truth, 3)) == pytest.approx(wanted, abs=1e-9)


def test_a_picture_that_counts_twice_is_a_picture_that_is_there_twice():
    found, truth = drawn(5)
    once = judged(found, truth, 3)
    times = np.ones(12)
    times[4] = 2
    twice = judged([*found, found[4]], [*truth, truth[4]], 3)
    weighted = mean_average_precision(once, "voc", times)
    assert weighted == pytest.approx(mean_average_precision(twice, "voc"))


def test_an_interval_has_its_value_inside_and_is_always_said_to_be_rough():
    found = mean_average_precision_interval(judged(*drawn(6), 3))
    assert found.low < found.value < found.high
    assert found.is_rough
    with pytest.raises(ValueError, match="two pictures"):
        mean_average_precision_interval(judged(*drawn(6, n_pictures=1), 3))
