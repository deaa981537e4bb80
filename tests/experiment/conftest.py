import numpy as np
import pytest
from sklearn.datasets import make_blobs

from sparing.datasets.items import Items, Labeled
from sparing.datasets.mnist import Mnist
from sparing.experiment.article import Digits
from sparing.experiment.honest import ShuffleScores, run_shuffle


@pytest.fixture
def blobs() -> Labeled:
    """Sixty points of three classes that a linear model tells apart, nearly."""
    X, y = make_blobs(60, centers=3, cluster_std=2.0, random_state=0)
    names = [f"row {i + 1}" for i in range(60)]
    items = Items("vectors", X.astype(np.float32), names, "blobs.npy")
    return Labeled(items, [f"class {code}" for code in y])


@pytest.fixture(scope="session")
def shuffle(small_digits: Mnist) -> tuple[int, ShuffleScores]:
    """The honest figures of one order of the small digits: the second of seed 3."""
    return run_shuffle(Digits.of_article(small_digits), 3, 1, full=False)
