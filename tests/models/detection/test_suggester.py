"""What the suggester finds is a box in its picture, wherever the network's cells lie."""

from types import SimpleNamespace

import numpy as np

from sparing.models.detection.feature_maps import FeatureMaps
from sparing.models.detection.suggester import BoxSuggester


def test_what_a_cell_finds_beyond_the_edge_is_no_box():
    """Cells cover 64 x 64 pixels; the picture is 40 wide and 64 high."""
    fine, middle, coarse = (np.zeros((n, n, 1), np.float16) for n in (8, 4, 2))
    maps = FeatureMaps(fine, middle, coarse, (40, 64), 1.0)
    suggester = BoxSuggester()
    suggester.reader = SimpleNamespace(read=lambda pictures: [maps for _ in pictures])
    suggester._head = SimpleNamespace(
        told=lambda cells: (np.full((len(cells), 2), 0.9), np.full((len(cells), 4), 2.0))
    )
    (found,) = suggester.predict(["a.png"])
    assert len(found.boxes) == 2 * 3 * 4  # of two classes; the last column has its middle at 56
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert sorted({*found.boxes[:, 0].tolist()}) == [6, 22, 38]
    assert found.boxes[:, 2].max() == 40
