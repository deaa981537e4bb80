import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparing import InvalidInputError
from sparing.models.softmax import (
    Adam,
    SoftmaxRegression,
    Weights,
    cross_entropy,
    gradient,
    softmax,
    train,
)


@parametrize_with_checks([SoftmaxRegression()])
def test_is_a_scikit_learn_classifier(estimator, check):
    check(estimator)


def random_problem(dtype, n=30, d=5, c=4):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)).astype(dtype)
    weights = Weights(rng.normal(size=(d, c)).astype(dtype), rng.normal(size=c).astype(dtype))
    return weights, X, rng.integers(c, size=n)


@pytest.mark.parametrize("divide", [False, True])
def test_gradient_equals_finite_differences(divide):
    weights, X, y = random_problem(np.float64)
    grad = gradient(weights, X, y, divide=divide)
    for array, slope in ((weights.W, grad.W), (weights.b, grad.b)):
        for position in np.ndindex(array.shape):
            kept, h = array[position], 1e-6
            array[position] = kept + h
            above = cross_entropy(weights.proba(X), y)
            array[position] = kept - h
            below = cross_entropy(weights.proba(X), y)
            array[position] = kept
            assert slope[position] == pytest.approx((above - below) / (2 * h), abs=1e-8)


def test_dividing_and_multiplying_differ_only_in_the_last_bits():
    weights, X, y = random_problem(np.float32)
    np.testing.assert_allclose(
        gradient(weights, X, y).W, gradient(weights, X, y, divide=True).W, rtol=1e-4, atol=1e-6
    )


def test_first_adam_step_by_hand():
    # t=1: m = .1 g, v = .001 g^2, lr_1 = .1 sqrt(.001)/.1: the step is .1 g/(|g| + eps/sqrt(.001))
    weights = Weights.zeros(1, 2, np.float64)
    Adam(weights).step(Weights(np.array([[4.0, -2.0]]), np.array([0.0, 1e-12])))
    np.testing.assert_allclose(weights.W, [[-0.1, 0.1]], rtol=1e-6)
    tiny = 0.1 * 1e-12 / (1e-12 + 1e-8 / np.sqrt(0.001))
    np.testing.assert_allclose(weights.b, [0, -tiny], rtol=1e-6)


def test_textbook_adam_puts_epsilon_inside_the_corrected_root():
    weights = Weights.zeros(1, 1, np.float64)
    Adam(weights, textbook=True).step(Weights(np.array([[1e-8]]), np.zeros(1)))
    np.testing.assert_allclose(weights.W, [[-0.1 * 1e-8 / (1e-8 + 1e-8)]], rtol=1e-9)


def test_softmax_survives_huge_scores():
    np.testing.assert_array_equal(softmax(np.array([[1e30, 0.0, -1e30]])), [[1, 0, 0]])


def scripted(scores):
    """Return a score function that plays back a list, and the weights that it saw."""
    seen, left = [], list(scores)

    def score(weights):
        seen.append(weights.copy())
        return (left.pop(0),)

    return score, seen


def test_patience_restores_the_best_weights_but_not_the_optimiser():
    _, X, y = random_problem(np.float64)
    adam = Adam(Weights.zeros(5, 4, np.float64))
    score, seen = scripted([0.1, 0.5, 0.5, 0.6, 0.6, 0.2])
    assert train(adam, X, y, score, patience=2) == (0.6,)
    assert adam.t == 5  # the step count goes on
    np.testing.assert_array_equal(adam.weights.W, seen[3].W)  # the first of two equal bests


def test_weights_before_the_first_step_may_be_the_best():
    _, X, y = random_problem(np.float64)
    adam = Adam(Weights.zeros(5, 4, np.float64))
    score, _ = scripted([0.9, 0.1, 0.1])
    assert train(adam, X, y, score, patience=2) == (0.9,)
    assert not adam.weights.W.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_of_the_input_is_kept(dtype):
    _, X, y = random_problem(dtype)
    model = SoftmaxRegression(max_iter=3).fit(X, y)
    assert model.coef_.dtype == dtype
    assert model.predict_proba(X).dtype == dtype


def test_warm_start_goes_on_and_a_cold_start_does_not():
    _, X, y = random_problem(np.float64)
    warm = SoftmaxRegression(max_iter=5, warm_start=True)
    cold = SoftmaxRegression(max_iter=5)
    assert [warm.fit(X, y).n_iter_ for _ in range(3)] == [5, 10, 15]
    assert [cold.fit(X, y).n_iter_ for _ in range(3)] == [5, 5, 5]
    assert warm.fit(X, y % 2).n_iter_ == 5  # other classes: a cold start


def test_watched_samples_decide_which_weights_stay():
    # The watched sample contradicts the training ones: the untrained weights are the best.
    X, y = np.array([[-1.0], [1.0]]), [0, 1]
    model = SoftmaxRegression(patience=5).fit(X, y, np.array([[-1.0]]), [1])
    assert not model.coef_.any()
    agreeing = SoftmaxRegression(patience=5).fit(X, y, np.array([[1.0]]), [1])
    assert agreeing.coef_.any()


def test_a_class_unseen_in_training_counts_as_missed():
    X, y = np.array([[-1.0], [1.0]]), [0, 1]
    unseen = SoftmaxRegression(patience=3).fit(X, y, np.array([[1.0], [1.0]]), [7, -5])
    assert not unseen.coef_.any()  # no step ever raised the accuracy from 0
    seen = SoftmaxRegression(patience=3).fit(X, y, np.array([[1.0], [1.0]]), [7, 1])
    assert seen.coef_.any()


def test_coefficients_handed_out_do_not_change_with_a_warm_start():
    _, X, y = random_problem(np.float64)
    model = SoftmaxRegression(max_iter=3, warm_start=True).fit(X, y)
    first, kept = model.coef_, model.coef_.copy()
    model.fit(X, y)
    np.testing.assert_array_equal(first, kept)
    assert not np.array_equal(model.coef_, kept)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), "fast"])
def test_a_learning_rate_that_is_none_is_refused(rate):
    with pytest.raises(InvalidInputError, match="learning_rate"):
        SoftmaxRegression(learning_rate=rate).fit(np.eye(2), [0, 1])


def test_watched_labels_have_to_be_as_many_as_the_samples():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SoftmaxRegression().fit(np.eye(2), [0, 1], np.eye(2), [1])


def test_watch_without_labels_is_refused():
    with pytest.raises(InvalidInputError, match="y_watch"):
        SoftmaxRegression().fit(np.eye(2), [0, 1], np.eye(2))
