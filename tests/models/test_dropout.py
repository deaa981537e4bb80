"""A torch network with dropout in the loop."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import sparing

torch = pytest.importorskip("torch")
skorch = pytest.importorskip("skorch")

from sparing.models.dropout import DropoutClassifier  # noqa: E402

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32)[:300], y[:300]


class Small(torch.nn.Sequential):
    """A class, not an object: the seed of each fit gives the weights that it begins with."""

    def __init__(self, dropout):
        nn = torch.nn
        super().__init__(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 10))


def network(device="cpu", dropout=0.5):
    return skorch.NeuralNetClassifier(
        Small,
        module__dropout=dropout,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.01,
        max_epochs=30,
        train_split=None,
        verbose=0,
        device=device,
    )


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("strategy", ["bald", "batch_bald", "epig", "qbc"])
def test_it_asks_and_learns_and_a_seed_repeats_it(digits, strategy, device):
    X, y = digits
    model = DropoutClassifier(network(device), n_members=4)

    def run():
        learner = sparing.ActiveLearner(X, range(10), model, strategy, seed=1)
        learner.teach(range(60), y[:60])
        query = learner.query(3)
        return query.indices.tolist(), learner.score(X[60:], y[60:])

    state = torch.random.get_rng_state()
    asked, accuracy = run()
    assert accuracy > 0.5  # 0.78; by chance 0.1
    assert torch.equal(torch.random.get_rng_state(), state)
    assert device != "cpu" or run() == (asked, accuracy)


def test_its_draws_differ_by_dropout_alone(digits):
    X, y = digits
    model = DropoutClassifier(network(), n_members=3, random_state=0).fit(X[:60], y[:60])
    drawn = model.sample_proba(X, seed=5)
    assert drawn.shape == (3, 300, 10)
    assert np.allclose(drawn.sum(axis=2), 1)
    assert not np.allclose(drawn[0], drawn[1])
    assert np.array_equal(drawn, model.sample_proba(X, seed=5))
    none = DropoutClassifier(network(dropout=0.0), n_members=2, random_state=0).fit(X[:60], y[:60])
    first, second = none.sample_proba(X, seed=5)
    assert np.array_equal(first, second)
    assert np.allclose(first, none.predict_proba(X), atol=1e-6)


def test_outputs_of_classes_without_a_label_are_left_out(digits):
    X, y = digits
    some = np.flatnonzero(np.isin(y, [3, 7]))[:20]
    model = DropoutClassifier(network(), random_state=0).fit(X[some], y[some])
    assert model.classes_.tolist() == [3, 7]
    assert model.predict_proba(X).shape == (300, 2)
    assert set(model.predict(X).tolist()) == {3, 7}


def test_what_cannot_draw_is_refused(digits):
    X, y = digits
    with pytest.raises(sparing.InvalidInputError, match=r"a skorch\.NeuralNetClassifier"):
        DropoutClassifier("a network").fit(X, y)
    bare = skorch.NeuralNetClassifier(
        torch.nn.Linear(64, 10),
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    with pytest.raises(sparing.InvalidInputError, match="a network with dropout layers"):
        DropoutClassifier(bare).fit(X[:20], y[:20])
