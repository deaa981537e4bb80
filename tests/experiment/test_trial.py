"""One trial: what is encoded, and what the learner is told of it."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sparing.datasets.items import Items, Labeled
from sparing.experiment import trial
from sparing.experiment.grid import Cell
from sparing.experiment.prepared import prepare
from sparing.experiment.protocol import Protocol
from sparing.experiment.trial import Encoding, encoded, run_trial
from sparing.models.views import ViewsClassifier

PROTOCOL = Protocol(budget=12, batch_size=12)


@pytest.fixture(scope="module")
def digits():
    images, y = load_digits(return_X_y=True)
    names = [f"item {i + 1}" for i in range(90)]
    items = Items("images", images[:90].reshape(-1, 8, 8), names, "digits")
    return prepare("digits", Labeled(items, [str(v % 2) for v in y[:90]]), PROTOCOL)


def test_views_are_weighed_as_in_every_other_door(digits, monkeypatch):
    made = []

    class Watched(trial.ActiveLearner):
        def __init__(self, *args, **more):
            super().__init__(*args, **more)
            made.append(self)

    monkeypatch.setattr(trial, "ActiveLearner", Watched)
    cell = Cell("digits", "pixels+hog", "auto", "random", 0)
    result = run_trial(cell, digits, PROTOCOL, "auto", "random")
    assert result.labels == [12]
    model = made[0].version.fitted.model
    assert isinstance(model, ViewsClassifier)
    assert model.views.names == ("pixels", "hog")


def test_several_encoders_learn_from_the_pool_alone_as_one_does(digits):
    one = Encoding.of(digits, "pixels+hog", PROTOCOL, 0)
    X, _, views = encoded(one)
    for _, at in views:  # each view of the pool varies by 1 in all, whatever the test items are
        assert X[:, at].var(axis=0).sum() == pytest.approx(1, rel=1e-4)
    assert views.n_features == X.shape[1]
    assert np.isfinite(X).all()
