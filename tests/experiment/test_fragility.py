import pytest

from sparing.experiment.article import PUBLISHED, one_blas_thread
from sparing.experiment.fragility import VARIANTS, points_matched, run_variant


def test_points_are_counted_to_the_digit():
    ours = [0.1, *PUBLISHED.curve.values()]
    assert points_matched(ours) == 39
    ours[5] += 1 / 400
    assert points_matched(ours) == 38


# (points matched, accuracy after 400 labels), as measured with five BLAS kernels
MEASURED = {
    "divided by n instead: a last bit": (14, 0.855),
    "float64": (14, 0.875),
    "Adam's epsilon 1e-7": (2, 0.865),
    "Adam as in its paper": (0, 0.885),
}


@pytest.mark.parametrize("name", MEASURED)
def test_one_changed_choice_changes_the_path(mnist, name):
    with one_blas_thread():
        variant = run_variant(mnist, name)
    assert (variant.points_matched, variant.accuracy[-1]) == MEASURED[name]


def test_all_variants_are_measured():
    assert set(VARIANTS) - set(MEASURED) == {"as published: float32, times 1/n"}
