import pytest

from sparing.experiment.reproduce import reproduce


@pytest.fixture(scope="package")
def reproduction(small_digits):
    """All that ``sparing reproduce`` computes, on small digits."""
    return reproduce(small_digits, n_shuffles=2, seed=0, full=False, tick=lambda *_: None)
