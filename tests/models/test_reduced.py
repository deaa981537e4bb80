import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from sparing import ActiveLearner, InvalidInputError
from sparing.models.choice import auto_classifier
from sparing.models.reduced import Directions, ReducedClassifier


def words(n=300, n_words=3000, n_classes=3, seed=0):
    """Counts of words; each class has a hundred of its own."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    own = rng.integers(0, 100, (n, 6)) + 100 * y[:, None]
    common = rng.integers(100 * n_classes, n_words, (n, 20))
    columns = np.hstack([own, common])
    rows = np.repeat(np.arange(n), columns.shape[1])
    X = sparse.coo_array((np.ones(columns.size, np.float32), (rows, columns.ravel())), (n, n_words))
    return sparse.csr_array(X), y


def test_sparse_pools_are_learned_along_their_directions():
    X, y = words()
    learner = ActiveLearner(X, seed=0)
    for _ in range(8):
        rows = learner.query(10).indices
        learner.teach(rows, y[rows].tolist())
    new, new_y = words(seed=1)
    assert np.mean(learner.predict() == y) > 0.9
    assert np.mean(learner.predict(new) == new_y) > 0.8
    for new_items in (False, True):
        assert sum(learner.explain(new_items=new_items).values()) == pytest.approx(1)


def test_copies_share_the_directions():
    X, _ = words(50)
    model = auto_classifier(X)
    assert clone(model).directions is model.directions
    assert model.prepared(X) is model
    assert model.prepared(X.copy()) is not model


@pytest.mark.parametrize("shape", [(1, 5), (4, 1), (3, 3)])
def test_tiny_pools_have_a_direction(shape):
    X = sparse.csr_array(np.ones(shape))
    assert Directions(X).along(X).shape[1] >= 1
    assert np.isfinite(Directions(X).along(X)).all()


def test_wrong_new_items_are_refused():
    X, y = words(60)
    model = ReducedClassifier().fit(X, y)
    with pytest.raises(InvalidInputError, match="of 3000 features"):
        model.predict(X[:, :5])
