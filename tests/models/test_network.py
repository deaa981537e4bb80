"""A torch network in the loop that is fitted anew, or goes on from where it was."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import sparing

torch = pytest.importorskip("torch")
skorch = pytest.importorskip("skorch")

from sparing.models.dropout import DropoutClassifier  # noqa: E402
from sparing.models.network import NetworkClassifier  # noqa: E402

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


class Small(torch.nn.Module):
    """A convolution over digits of 8 x 8, with a count of batches among its weights."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.layers = nn.Sequential(
            *(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU()),
            *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(8 * 36, 10)),
        )

    def forward(self, X):
        return self.layers(X)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32)[:300], y[:300]


def network(device="cpu", epochs=10, lr=0.01, module=Small):
    return skorch.NeuralNetClassifier(
        module,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=lr,
        max_epochs=epochs,
        train_split=None,
        verbose=0,
        device=device,
    )


def weights(model):
    return {name: w.cpu().numpy() for name, w in model.net_.module_.state_dict().items()}


@pytest.mark.parametrize("device", DEVICES)
def test_a_warm_network_goes_on_from_the_round_before(digits, device):
    X, y = digits
    model = NetworkClassifier(network(device), warm_start=True, warm_epochs=1)
    learner = sparing.ActiveLearner(X, range(10), model, "margin", seed=1)
    learner.teach(range(60), y[:60])
    cold = weights(learner.fitted_model)
    asked = learner.query(20).indices
    learner.teach(asked, y[asked])
    warm = learner.fitted_model
    # 60 items of the first fit are one batch an epoch; one more epoch, of 80 items, is one more.
    assert weights(warm)["layers.2.num_batches_tracked"] == 11
    assert len(warm.net_.history) == 1
    assert learner.score(X, y) > 0.7
    assert np.abs(weights(warm)["layers.6.weight"] - cold["layers.6.weight"]).max() < 0.1


def test_a_cold_one_begins_anew_with_each_round(digits):
    X, y = digits
    learner = sparing.ActiveLearner(X, range(10), NetworkClassifier(network()), "margin", seed=1)
    learner.teach(range(60), y[:60])
    assert weights(learner.fitted_model)["layers.2.num_batches_tracked"] == 10
    learner.teach(range(60, 80), y[60:80])
    assert weights(learner.fitted_model)["layers.2.num_batches_tracked"] == 10


def test_the_start_is_the_share_of_the_old_weights_and_the_rest_of_a_new_start(digits):
    X, y = digits
    fixed = {"net": network(lr=0.0), "random_state": 3}  # nothing is learned: the start is seen
    new = weights(NetworkClassifier(**fixed).fit(X[:60], y[:60]))
    model = NetworkClassifier(**fixed, warm_start=0.75).fit(X[:60], y[:60])
    with torch.no_grad():
        model.net_.module_.layers[6].weight.fill_(1.0)
    moved = weights(model.fit(X[:80], y[:80]))["layers.6.weight"]
    np.testing.assert_allclose(moved, 0.75 + 0.25 * new["layers.6.weight"], rtol=1e-6)


def test_a_network_begins_anew_where_the_classes_are_others(digits):
    X, y = digits
    few = np.flatnonzero(y < 5)[:40]
    model = NetworkClassifier(network(), warm_start=True, warm_epochs=1)
    learner = sparing.ActiveLearner(X, range(10), model, "margin", seed=1)
    learner.teach(few, y[few])
    assert len(learner.fitted_model.net_.history) == 10
    learner.teach(range(60), y[:60])
    assert len(learner.fitted_model.net_.history) == 10
    learner.teach(range(60, 70), y[60:70])
    assert len(learner.fitted_model.net_.history) == 1


def test_what_is_said_of_labels_out_of_fold_never_saw_them(digits):
    X, y = digits
    wrong = np.roll(y[:60], 1)  # nothing to learn but by heart
    model = NetworkClassifier(network(epochs=30), warm_start=True)
    learner = sparing.ActiveLearner(X, range(10), model, "margin", seed=1)
    learner.teach(range(59), wrong[:59])
    assert learner.fitted_model is not None
    learner.teach([59], wrong[59:])
    rows = np.arange(60)
    assert learner.version.proba[rows, wrong].mean() > 0.7
    assert learner.version.oof_proba[rows, wrong].mean() < 0.4


@pytest.mark.parametrize("device", DEVICES)
def test_a_saved_learner_goes_on_warm(digits, tmp_path, device):
    X, y = digits

    def model():
        return DropoutClassifier(network(device), n_members=3, warm_start=True, warm_epochs=2)

    learner = sparing.ActiveLearner(X, range(10), model(), "bald", seed=1)
    for rows in (range(60), range(60, 70)):
        learner.teach(rows, y[rows])
        learner.fitted_model  # noqa: B018  # each round is fitted
    learner.save(tmp_path / "a.npz")
    again = sparing.ActiveLearner.load(tmp_path / "a.npz", X, model())
    np.testing.assert_array_equal(again.predict_proba(), learner.predict_proba())
    assert again.query(5).indices.tolist() == learner.query(5).indices.tolist()
    for one in (learner, again):
        one.teach(range(70, 80), y[70:80])
    np.testing.assert_allclose(again.predict_proba(), learner.predict_proba(), atol=1e-5)


def test_pretrained_weights_are_where_each_fit_begins(digits):
    X, y = digits
    pretrained = Small()
    with torch.no_grad():
        pretrained.layers[6].weight.fill_(0.5)
    model = NetworkClassifier(network(module=pretrained, lr=0.0)).fit(X[:60], y[:60])
    np.testing.assert_array_equal(weights(model)["layers.6.weight"], 0.5)
    assert model.net_.module_ is not pretrained


def test_a_module_made_in_a_function_goes_on_too(digits):
    class Local(Small):
        pass

    X, y = digits
    model = NetworkClassifier(network(module=Local), warm_start=True, warm_epochs=1)
    learner = sparing.ActiveLearner(X, range(10), model, "margin", seed=1)
    learner.teach(range(60), y[:60])
    before = weights(learner.fitted_model)
    first = learner.fitted_model
    learner.teach(range(60, 70), y[60:70])
    assert len(learner.fitted_model.net_.history) == 1
    assert all(np.array_equal(before[name], w) for name, w in weights(first).items())


def test_partial_fit_learns_on_and_draws_from_no_global_state(digits):
    X, y = digits
    state = torch.random.get_rng_state()
    model = NetworkClassifier(network(epochs=2)).partial_fit(X[:60], y[:60])
    model.partial_fit(X[60:120], y[60:120])
    assert weights(model)["layers.2.num_batches_tracked"] == 4
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"warm_start": 1.5}, "The 'warm_start' parameter of NetworkClassifier must be a number"),
        ({"warm_start": True, "warm_epochs": 0}, "The 'warm_epochs' parameter of NetworkClass"),
    ],
)
def test_what_makes_no_sense_is_refused(digits, wrong, says):
    X, y = digits
    model = NetworkClassifier(network(epochs=1), **wrong)
    with pytest.raises(sparing.InvalidInputError, match=says):
        model.fit(X[:20], y[:20]).fit(X[:20], y[:20])
