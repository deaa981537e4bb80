"""How many items to ask next."""

from sparing.learner.cold_start import FIRST_BATCH

SMALLEST_BATCH = 5
BATCH_SHARE = 0.1  # of the labels so far


def suggested_batch_size(n_labeled: int, n_classes: int = 0) -> int:
    """Return how many items to ask next: few while every label teaches much, then a tenth more.

    Parameters
    ----------
    n_labeled : labels so far
    n_classes : known classes; the first batch has one item for each at least

    Examples
    --------
    >>> [suggested_batch_size(n) for n in (0, 10, 50, 200, 1000)]
    [10, 5, 5, 20, 100]
    """
    if not n_labeled:
        return max(FIRST_BATCH, n_classes)
    return max(SMALLEST_BATCH, int(BATCH_SHARE * n_labeled))
