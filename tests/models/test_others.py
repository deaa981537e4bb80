"""Others are heard as far as answers show that they know, and do no harm where they do not."""

import numpy as np
import pytest

from sparing.learner.learner import ActiveLearner
from sparing.learner.sequences import SequenceLearner
from sparing.models.others import Others, hear

N, N_CLASSES = 600, 3
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(N_CLASSES, size=N)
OTHER = (TRUTH + RNG.integers(1, N_CLASSES, N)) % N_CLASSES
MODEL = RNG.dirichlet(np.ones(N_CLASSES), N) * 0.7 + 0.3 * np.eye(N_CLASSES)[TRUTH]
WHO = {
    "good": np.where(RNG.random(N) < 0.9, TRUTH, OTHER),
    "chance": RNG.permutation(TRUTH),
    "never right": OTHER,
    "takes one for the next": (TRUTH + 1) % N_CLASSES,
}


def heard(said, n_labels, oof=MODEL):
    others = Others.at(np.arange(N), said.tolist(), N)
    same = np.zeros((len(others.values), N_CLASSES))
    same[np.arange(len(others.values)), list(others.values)] = 1
    rows = np.arange(n_labels)
    found = hear(others, rows, TRUTH[rows], oof[rows], same)
    return found, found.beside(oof, others.codes)


def accuracy(proba):
    return np.mean(proba[300:].argmax(axis=1) == TRUTH[300:])


def test_those_who_know_are_heard_and_more_with_more_answers():
    weak = np.full((N, N_CLASSES), 1 / N_CLASSES)
    found, both = heard(WHO["good"], 100, weak)
    assert found.weight > 0.9
    assert accuracy(both) == np.mean(WHO["good"][300:] == TRUTH[300:])
    sure = [heard(WHO["good"], n, weak)[1].max(axis=1).mean() for n in (3, 10, 100)]
    assert 1 / N_CLASSES + 1e-9 > sure[0] < sure[1] < sure[2]


def test_whose_word_says_nothing_is_not_heard():
    found, both = heard(WHO["chance"], 100)
    assert found.weight < 0.5
    assert accuracy(both) >= accuracy(MODEL) - 0.01


@pytest.mark.parametrize("who", ["never right", "takes one for the next"])
def test_who_is_always_wrong_does_no_harm(who):
    _, both = heard(WHO[who], 100)
    assert accuracy(both) >= accuracy(MODEL)


def test_who_says_what_the_model_knows_adds_nothing():
    oof = np.eye(N_CLASSES)[TRUTH] * 0.997 + 0.001
    found, _ = heard(WHO["good"], 100, oof)
    assert found.weight < 0.2


def test_where_nothing_is_said_all_stays_as_it_was():
    said = WHO["good"].astype(object)
    others = Others.at(np.arange(300), said[:300].tolist(), N)
    found = hear(others, np.arange(100), TRUTH[:100], MODEL[:100], np.eye(N_CLASSES))
    both = found.beside(MODEL, others.codes)
    assert np.array_equal(both[300:], MODEL[300:])
    assert not np.array_equal(both[:300], MODEL[:300])
    assert np.allclose(both.sum(axis=1), 1)


def test_a_learner_consults_goes_on_and_forgets():
    X = RNG.normal(size=(N, 2))
    learner = ActiveLearner(X, range(N_CLASSES), model="linear", strategy="margin", seed=1)
    learner.teach(range(60), TRUTH[:60].tolist())
    alone = learner.predict_proba()
    assert learner.heard == 0
    learner.consult(np.arange(N), WHO["good"].tolist())
    assert np.mean(learner.predict() == TRUTH) > 0.85
    assert learner.heard > 0.8
    assert np.mean(learner.version.oof_proba.argmax(axis=1) == TRUTH[:60]) > 0.7
    fresh = learner.predict(X)  # of items that are not those of the pool nothing is said
    assert np.mean(fresh == TRUTH) < 0.6
    learner.teach([100], [int(TRUTH[100])])
    assert learner.heard > 0.8
    learner.forget([100])
    learner.consult([], [])
    assert learner.heard == 0
    assert np.allclose(learner.predict_proba(), alone)


def test_each_of_several_labels_is_heard_by_itself():
    truth = RNG.random((200, 2)) < 0.5
    learner = ActiveLearner(np.ones((200, 1)), ["known", "guessed"], model="linear", kind="labels")
    learner.teach(range(80), truth[:80].astype(int))
    said = np.column_stack([truth[:, 0], RNG.permutation(truth[:, 1])])
    learner.consult(range(200), said.astype(int))
    right = (learner.predict_proba()[80:] > 0.5) == truth[80:]
    assert right[:, 0].all()
    assert 0.3 < right[:, 1].mean() < 0.7
    assert 0.4 < learner.heard < 0.8


@pytest.mark.parametrize("name", ["PER", "person"])
def test_spans_of_others_teach_nothing_and_are_heard(name):
    texts = [f"x{i} y{i} z{i}" for i in range(60)]  # words tell nothing
    truth = [[(0, len(f"x{i}"), "person")] if i % 3 == 0 else [] for i in range(60)]
    learner = SequenceLearner(texts, seed=0)
    learner.teach(range(30), truth[:30])
    alone = learner.predict()
    assert alone[30:] != truth[30:]
    learner.consult(range(60), [[(s, e, name) for s, e, _ in spans] for spans in truth])
    assert len(learner.labeled) == 30
    assert learner.predict() == truth
    assert learner.predict([texts[30]]) == [alone[30]]  # of other texts nothing is said
    learner.consult([], [])
    assert learner.predict() == alone


@pytest.mark.parametrize("shift", [1, 2])
def test_spans_at_wrong_places_do_no_harm(shift):
    rng = np.random.default_rng(3)
    names = [f"N{i:02d}" for i in range(30)]
    words = [[*rng.permutation(["we", "saw", "no", names[i % 30]])] for i in range(120)]
    texts = [" ".join(each) for each in words]
    truth = [[(t.index("N"), t.index("N") + 3, "person")] for t in texts]
    learner = SequenceLearner(texts, seed=0)
    learner.teach(range(40), truth[:40])
    said = [[(s, e, "person") for s, e, _ in truth[(i + shift) % 120]] for i in range(120)]
    fits = [
        [one for one in spans if one[1] <= len(t)] for spans, t in zip(said, texts, strict=True)
    ]
    learner.consult(range(120), fits)
    assert learner.predict() == truth
