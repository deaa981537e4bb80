"""How loud each label speaks while labels are few: as its region is large."""

import numpy as np

from sparing.types import FloatArray, IntArray


def region_weights(
    flows: FloatArray, labeled: IntArray, codes: IntArray, n_classes: int
) -> FloatArray:
    """Return by which weights what flowed from single labels is summed into classes.

    Flows are compared where each is 1 at its own label; an item is in the region of the label
    that reaches it best. A label is then weighed by the root of its region's size over the size
    of its flow, and by the root of one over the labels of its class. Both are geometric means:
    between all labels alike and each as its region, between classes as their labels and classes
    alike. Without the first, a second label in a small corner of a class pulls its neighbours
    over; with all of the first, rare classes sink.

    Parameters
    ----------
    flows : (n_items, n_labeled) what flowed from each label alone
    labeled : (n_labeled,) rows of the labels
    codes : (n_labeled,) their class ids
    n_classes : columns of the result

    Returns
    -------
    (n_labeled, n_classes) of the sum over labels; only their proportions count

    Examples
    --------
    Two labels of class 1 crowd each other; class 0 keeps the item between:

    >>> flows = np.array([[1.0, 0.2, 0.2], [0.8, 0.4, 0.4], [0.2, 1.0, 0.9], [0.2, 0.9, 1.0]])
    >>> weights = region_weights(flows, np.array([0, 2, 3]), np.array([0, 1, 1]), 2)
    >>> (flows @ weights).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    if not len(labeled):
        return np.zeros((0, n_classes))
    own = flows[labeled, np.arange(len(labeled))]
    reach = np.maximum(flows, 0)
    reach /= own
    size = np.bincount(reach.argmax(axis=1), minlength=len(labeled))
    count = np.bincount(codes, minlength=n_classes)[codes]
    weights = np.zeros((len(labeled), n_classes), dtype=reach.dtype)
    # A label whose place another one covers, its twin, still stands for itself.
    total = reach.sum(axis=0) * count
    weights[np.arange(len(labeled)), codes] = np.sqrt(np.maximum(size, 1) / total) / own
    return weights
