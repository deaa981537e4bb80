"""Answers are looked at by models that have not seen them, a fifth in its turn."""

import numpy as np

from sparing.learner.sequences import SequenceLearner
from sparing.project.learning.second_look import N_FOLDS, SecondLook
from sparing.store.contents import content_of

N = 60
NAMES = ["Ada", "Bob", "Eve"]
TEXTS = [f"we saw {NAMES[i % 3]} today" for i in range(N)]
WRONG = 7


def taught():
    spans = [[(7, 10, "person")] for _ in TEXTS]
    spans[WRONG] = [(3, 6, "person")]  # "saw"
    learner = SequenceLearner(TEXTS, seed=0)
    learner.teach(range(N), spans)
    return learner, [content_of(each) for each in spans]


def test_the_worst_word_of_a_wrong_answer_is_found():
    learner, known = taught()
    found = SecondLook(N, 0).look(learner, known, at_all=True)
    assert found.texts.tolist() == [WRONG]
    assert found.belief[0] < 0.2
    assert found.words[0].tolist() in ([3, 6], [7, 10])


def test_a_fifth_is_looked_at_in_its_turn_and_an_answer_that_changed_is_left_out():
    learner, known = taught()
    look = SecondLook(N, 0)
    found = [look.look(learner, known, at_all=False).texts.tolist() for _ in range(N_FOLDS)]
    assert [len(each) for each in found] == sorted(len(each) for each in found)
    assert found[-1] == [WRONG]
    changed = [*known[:WRONG], content_of([(7, 10, "person")]), *known[WRONG + 1 :]]
    assert not len(look.look(learner, changed, at_all=False).texts)


def test_of_few_texts_and_of_texts_without_a_word_nothing_is_said():
    learner = SequenceLearner(["", "Ada ran", *TEXTS], seed=0)
    learner.teach([0, 1], [[], [(0, 3, "person")]])
    known = [content_of([]), content_of([(0, 3, "person")]), *[-1] * N]
    assert not len(SecondLook(N + 2, 0).look(learner, known, at_all=True).texts)
    learner.teach(range(2, 32), [[(7, 10, "person")]] * 30)
    known[2:32] = [content_of([(7, 10, "person")])] * 30
    found = SecondLook(N + 2, 0).look(learner, known, at_all=True)
    assert 0 not in found.texts.tolist()
    assert np.all(found.belief < 1)
