import numpy as np
import pytest

from sparing.experiment.article import (
    PUBLISHED,
    Digits,
    LabelingSession,
    active_rounds,
    auto_label_all,
    fit_first,
    most_confident_first,
    watch_held_out,
    watch_test,
)


def test_published_curve_has_the_articles_39_points():
    assert list(PUBLISHED.curve) == list(range(20, 401, 10))
    assert [PUBLISHED.curve[n] for n in (20, 130, 150, 160, 240, 400)] == [
        *(0.4975, 0.7725, 0.7725, 0.7875, 0.845, 0.8975)
    ]


@pytest.fixture
def session(small_digits):
    digits = Digits.of_article(small_digits)
    return LabelingSession(digits, watch_test(digits))


def test_labeling_moves_the_first_unlabeled_to_the_end_of_the_labeled(session):
    session.label_manually(3)
    session.unlabeled = session.unlabeled[::-1]
    session.label_manually(2)
    assert session.labeled.tolist() == [0, 1, 2, 3999, 3998]
    assert len(session.unlabeled) == 3995


def test_sorting_puts_the_least_confident_first(session):
    session.label_manually(50)
    session.fit()
    before = session.unlabeled
    confidence = session.sort_by_confidence()
    assert np.all(np.diff(confidence) >= 0)
    assert set(session.unlabeled) == set(before)
    # Against a prediction of just these rows; another blocking of the product moves last bits.
    again = session.weights.proba(session.digits.X[session.unlabeled]).max(axis=1)
    np.testing.assert_allclose(again, confidence, rtol=1e-5)


def test_the_model_labels_its_most_confident_with_what_it_predicts(session):
    session.label_manually(50)
    session.fit()
    session.sort_by_confidence()
    last = session.unlabeled[-10:]
    predicted = session.weights.logits(session.digits.X[last]).argmax(axis=1)
    session.label_automatically(10)
    assert session.labeled[-10:].tolist() == last.tolist()
    assert session._y[50:60].tolist() == predicted.tolist()


def test_a_fork_goes_its_own_way_and_shares_the_digits(session):
    session.label_manually(20)
    session.fit()
    fork = session.fork()
    assert fork.digits is session.digits
    kept = session.weights.copy()
    fork.label_manually(20)
    fork.fit()
    assert len(session.labeled) == 20
    np.testing.assert_array_equal(session.weights.W, kept.W)
    assert not np.array_equal(fork.weights.W, kept.W)
    session.label_manually(20)  # the same way again gives the same weights
    session.fit()
    np.testing.assert_array_equal(fork.weights.W, session.weights.W)


def test_reset_forgets_everything(session):
    fit_first(session, 30)
    first = session.weights.copy()
    fit_first(session, 100)
    fit_first(session, 30)
    np.testing.assert_array_equal(session.weights.W, first.W)


def test_held_out_samples_stay_on_their_side_and_out_of_training():
    X, y = np.arange(12, dtype=float)[:, None], np.arange(12) % 3
    X_10, _, _ = watch_held_out(X[:10], y[:10], 10)
    X_12, _, _ = watch_held_out(X, y, 12)
    assert X_10[:, 0].tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert X_12[:8, 0].tolist() == X_10[:, 0].tolist()


def test_the_models_own_labels_are_never_held_out():
    X, y = np.arange(12, dtype=float)[:, None], np.arange(12) % 3
    X_train, _, _ = watch_held_out(X, y, 7)
    assert X_train[:, 0].tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]


def test_automatic_labels_are_not_counted_as_manual(session):
    fit_first(session, 100)
    session.sort_by_confidence()
    auto_label_all(session)
    assert (session.n_manual, len(session.labeled)) == (100, 4000)


def test_without_the_leak_no_test_digit_is_read(small_digits):
    digits = Digits.of_article(small_digits)
    poisoned = Digits(digits.X, digits.y, digits.X_test * np.nan, digits.y_test)
    clean, other = (
        LabelingSession(digits, watch_held_out),
        LabelingSession(poisoned, watch_held_out),
    )
    fit_first(clean, 200)
    fit_first(other, 200)
    np.testing.assert_array_equal(clean.weights.W, other.weights.W)


def test_every_sample_is_labeled_once_in_the_end(session):
    for _ in active_rounds(session):
        pass
    assert len(session.labeled) == 400
    auto_label_all(session)
    assert sorted(session.labeled) == list(range(4000))


def test_most_confident_first_goes_to_the_end(session):
    fit_first(session, 3965)
    sizes = [len(session.labeled) for _ in most_confident_first(session)]
    assert sizes == [3975, 3985, 3995, 4000]
    assert sorted(session.labeled) == list(range(4000))
