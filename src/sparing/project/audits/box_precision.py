"""mAP50 of a detector by an audit: the boxes that it shows, the surest first."""

from collections.abc import Mapping, Sequence

import numpy as np

from sparing.annotations.boxes import FINE
from sparing.annotations.detections import Detections, judged
from sparing.project.audits.draws import Frozen
from sparing.stats.detection import mean_average_precision_interval
from sparing.stats.f1 import Share
from sparing.store.contents import units_in

LEAST_PICTURES = 2  # one alone cannot be resampled


def audited_precision(frozen: Frozen, rows: Sequence[int], truth: Sequence[str]) -> Share | None:
    """Return mAP50 of what the model shows in some pictures, with approximate limits.

    Boxes that are not shown, as their score is too low, count as not found: an evaluation of all
    that a detector finds may give more.

    Parameters
    ----------
    frozen : what was checked
    rows : of the pictures, drawn at random
    truth : content of the answer of each

    Returns
    -------
    None where there are no scores, or fewer than two pictures
    """
    if not len(frozen.certainty) or len(rows) < LEAST_PICTURES:
        return None
    each = zip(frozen.boxes.tolist(), frozen.certainty.tolist(), strict=True)
    scores = {tuple(place): score for place, score in each}
    codes: dict[str, int] = {}
    said = [frozen.class_ids[int(frozen.predictions.codes[row])] for row in rows]
    found = [_found(row, one, scores, codes) for row, one in zip(rows, said, strict=True)]
    there = [_found(row, one, {}, codes) for row, one in zip(rows, truth, strict=True)]
    return mean_average_precision_interval(judged(found, there, len(codes)))


def _found(
    row: int, content: str, scores: Mapping[tuple[int, ...], float], codes: dict[str, int]
) -> Detections:
    units = units_in(content)
    return Detections.of(
        np.array([place for *place, _ in units], np.float64) / FINE,
        [codes.setdefault(str(key), len(codes)) for *_, key in units],
        [scores.get((row, *map(int, place)), 1.0) for *place, _ in units],
    )
