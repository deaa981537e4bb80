import numpy as np

from sparing.experiment.article import TEST_SIZE, Digits
from sparing.experiment.engine import BUDGETS, run_engine


def test_each_look_has_its_answers_and_its_rule(reproduction):
    result = reproduction.engine
    assert result.labels == list(BUDGETS)
    assert len(result.rules) == len(result.accuracy) == len(BUDGETS)
    assert all(rule.startswith("auto: ") for rule in result.rules)
    assert len(set(result.asked)) == BUDGETS[-1]


def test_the_last_look_is_of_what_was_predicted(reproduction):
    digits, result = reproduction.digits, reproduction.engine
    right = result.predicted == digits.y_test
    assert result.accuracy_all[-1] == right.mean()
    assert result.accuracy[-1] == right[:TEST_SIZE].mean()


def test_no_test_label_is_used(small_digits):
    whole = Digits.of_article(small_digits)
    digits = Digits(whole.X[:800], whole.y[:800], whole.X_test, whole.y_test)
    lied_to = Digits(digits.X, digits.y, digits.X_test, np.zeros_like(digits.y_test))
    ticks = []
    result = run_engine(digits, 0, lambda *_: None)
    again = run_engine(lied_to, 0, lambda *step: ticks.append(step))
    assert ticks[-1] == (BUDGETS[-1], BUDGETS[-1])
    np.testing.assert_array_equal(again.asked, result.asked)
    np.testing.assert_array_equal(again.predicted, result.predicted)
    assert again.accuracy_all != result.accuracy_all
