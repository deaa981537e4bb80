"""Several labels an item: what is taught, asked, foretold, saved, and what is refused."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from sparing import ActiveLearner, CapabilityError, InvalidInputError, UnknownNameError
from sparing.errors import TrainingError
from sparing.learner.label_scores import label_scores
from sparing.learner.labels import LabelsLearner
from sparing.models.labels import LabelsVersion, f1_thresholds, uncertainty
from sparing.pool.pool import Pool

NAMES = ["left", "low", "far"]


def world(n=150, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, np.column_stack([X[:, 0] < 0, X[:, 1] < 0, np.abs(X[:, 2]) > 1])


def sets(rows, Y):
    return [{NAMES[i] for i in np.flatnonzero(Y[row])} for row in rows]


@pytest.fixture
def learner():
    return ActiveLearner(world()[0], NAMES, LogisticRegression(), kind="labels")


def test_the_kind_makes_the_learner(learner):
    assert isinstance(learner, LabelsLearner)
    assert learner.kind == "labels"
    assert ActiveLearner(np.eye(2)).kind == "class"
    with pytest.raises(InvalidInputError, match="spans have a SequenceLearner"):
        ActiveLearner(np.eye(2), kind="spans")


@pytest.mark.parametrize(
    "strategy", ["auto", "margin", "u_herding", "random", "max_herding", "v_opt"]
)
def test_a_loop_from_no_label_to_all(strategy):
    X, Y = world(60)
    learner = ActiveLearner(X, NAMES, LogisticRegression(), strategy, seed=1, kind="labels")
    while len(learner.pool.candidates):
        rows = learner.query(min(15, len(learner.pool.candidates))).indices
        learner.teach(rows, sets(rows, Y))
    assert np.array_equal(learner.indicator(), Y)


def test_auto_foretells_labels_that_it_has_not_seen():
    X, Y = world(200)
    learner = ActiveLearner(X, NAMES, seed=0, kind="labels")
    while len(learner.pool.labeled) < 60:
        rows = learner.query(20).indices
        learner.teach(rows, Y[rows])
    others = learner.pool.candidates
    assert np.mean((learner.predict_proba()[others] > 0.5) == Y[others]) > 0.85
    assert learner.predict(X[:2]) == learner.predict()[:2]
    for new_items in (False, True):
        assert sum(learner.explain(new_items=new_items).values()) == pytest.approx(1)
    assert learner.query(3).reason.startswith("stands for others")


def test_sets_lists_dicts_and_indicators_say_the_same():
    X, Y = world(4)
    forms = [
        sets(range(4), Y),
        [sorted(s) for s in sets(range(4), Y)],
        dict(enumerate(sets(range(4), Y))),
        Y,
        Y.astype(float),
        sparse.csr_array(Y.astype(int)),
    ]
    for form in forms:
        learner = ActiveLearner(X, NAMES, kind="labels")
        learner.teach(np.arange(4), form)
        assert np.array_equal(learner.indicator(), Y)


def test_none_of_them_is_an_answer(learner):
    learner.teach([0, 1], [[], {"left"}])
    assert learner.pool.labeled.tolist() == [0, 1]
    assert learner.indicator().tolist() == [[False] * 3, [True, False, False]]


def test_labels_come_as_they_are_taught_and_order_does_not_matter():
    learner = ActiveLearner(np.eye(3), kind="labels")
    learner.teach([0, 1], [["b", "a"], ["c"]])
    learner.teach([2], [["c", "b"]])
    assert learner.classes == ["b", "a", "c"]
    version = learner.model_version
    learner.teach([2], [["b", "c"]])
    assert learner.model_version == version


@pytest.mark.parametrize(
    ("labels", "error", "says"),
    [
        (["left"], InvalidInputError, "a set or list of the labels"),
        ("left", InvalidInputError, "a set of labels for each index"),
        ([["left", "left"]], InvalidInputError, "distinct"),
        ([["lef"]], UnknownNameError, "Did you mean 'left'"),
        ([[], []], InvalidInputError, "as many sets as indices, 1"),
        ({3: []}, InvalidInputError, "keys are the indices"),
        (np.ones((1, 2)), InvalidInputError, r"of shape \(1, 3\)"),
        (np.full((1, 3), 2), InvalidInputError, "of 0 and 1"),
    ],
)
def test_bad_answers_are_refused_and_nothing_changes(learner, labels, error, says):
    with pytest.raises(error, match=says):
        learner.teach([0], labels)
    assert not len(learner.pool.labeled)


def test_a_table_is_read_by_the_names_of_its_columns(learner):
    pd = pytest.importorskip("pandas")
    Y = world()[1][:4].astype(int)
    turned = pd.DataFrame(Y, columns=NAMES)[NAMES[::-1]]
    learner.teach(np.arange(4), turned)
    assert np.array_equal(learner.indicator(), Y)
    learner.teach(np.arange(2), pd.DataFrame(1 - Y[:2]))  # no names: in the order of the classes
    assert np.array_equal(learner.indicator()[:2], 1 - Y[:2])
    with pytest.raises(InvalidInputError, match=r"whose columns are .* Got one with columns"):
        learner.teach([0, 1, 2, 3], turned.rename(columns={"far": "near"}))


def test_seeds_of_a_label_are_refused_in_one_line(learner):
    with pytest.raises(CapabilityError, match="one class an item"):
        learner.look_for("left", [1, 2])


def test_an_indicator_needs_names_for_its_columns():
    with pytest.raises(InvalidInputError, match="'classes' given"):
        ActiveLearner(np.eye(2), kind="labels").teach([0], np.ones((1, 2)))


@pytest.mark.parametrize("labels", [[("a", "b")], [["a"]], [{"a"}], [frozenset("a")]])
def test_several_labels_never_become_a_class_by_surprise(labels):
    learner = ActiveLearner(np.eye(3))
    with pytest.raises(InvalidInputError, match=r"kind='labels'"):
        learner.teach([0], labels)
    named = ActiveLearner(np.eye(3), classes=[("a", "b"), ("c",)])
    named.teach([0], [("a", "b")])
    assert named.classes == [("a", "b"), ("c",)]


def test_a_saved_learner_goes_on_with_the_same_queries(tmp_path):
    X, Y = world(80)
    learner = ActiveLearner(X, NAMES, seed=2, kind="labels")
    learner.teach(np.arange(25), Y[:25])
    learner.query(3)
    path = tmp_path / "labels.npz"
    learner.save(path)
    again = ActiveLearner.load(path, X)
    assert isinstance(again, LabelsLearner)
    assert again.classes == NAMES
    assert again.query(5).indices.tolist() == learner.query(5).indices.tolist()
    with pytest.raises(UnknownNameError):
        again.teach([70], [["up"]])
    single = ActiveLearner(X)
    single.save(path)
    with pytest.raises(InvalidInputError):
        LabelsLearner.load(path, X)


def test_what_a_strategy_cannot_have_is_told(learner):
    learner.teach(np.arange(10), world()[1][:10])
    learner.strategy = "bald"
    with pytest.raises(CapabilityError, match="committee"):
        learner.query(1)


def test_nothing_taught_and_models_without_probabilities():
    X, Y = world(40)
    learner = ActiveLearner(X, NAMES, LinearSVC(), "margin", kind="labels")
    with pytest.raises(TrainingError, match="Nothing is labeled"):
        learner.predict()
    learner.teach(np.arange(30), Y[:30])
    assert len(learner.predict()) == 40
    assert len(learner.query(2)) == 2
    with pytest.raises(CapabilityError, match="no probabilities"):
        learner.predict_proba()


def test_each_label_is_a_model_of_its_own():
    X, Y = world(60)
    pool = Pool(X).with_labels(np.arange(30), [0] * 30)
    together = LabelsVersion(LogisticRegression(), pool, Y[:30], seed=0)
    alone = LabelsVersion(LogisticRegression(), pool, Y[:30, 1:2], seed=0)
    assert np.array_equal(together.proba[:, 1], alone.proba[:, 0])
    assert together.oof_proba.shape == (30, 3)


def test_a_label_that_nobody_has_seen_is_unlikely():
    X, Y = world(40)
    Y[:, 2] = False
    learner = ActiveLearner(X, NAMES, LogisticRegression(), kind="labels")
    learner.teach(np.arange(20), Y[:20])
    assert (learner.predict_proba()[:, 2] < 0.1).all()


def test_doubt_counts_a_label_by_how_often_it_is_open():
    proba = np.array([[0.5, 0.0], [0.5, 0.0], [0.5, 0.1], [0.5, 0.9]])
    often, rare = np.ones(4), np.array([0, 0, 2, 2.0])  # doubt over its mean: .05 of the second
    expected = (often + rare) / 2 + np.maximum(often, rare)
    assert uncertainty(proba) == pytest.approx(expected / expected.max())
    assert uncertainty(proba[:1]).tolist() == [1]
    assert uncertainty(np.array([[1.0, 0.0]] * 2)).tolist() == [0, 0]  # nothing is open
    for nothing in (np.empty((2, 0)), np.empty((0, 2))):
        assert uncertainty(nothing).tolist() == [1] * len(nothing)


def test_scores_are_those_of_the_drawn_items(learner):
    Y = world()[1]
    learner.teach(np.arange(40), Y[:40])
    rows = np.arange(40, 90)
    scores = learner.audit(rows, Y[rows])
    said = learner.predict_proba()[rows] > 0.5
    right = said == Y[rows]
    f1 = 2 * (said & Y[rows]).sum() / (said.sum() + Y[rows].sum())
    assert scores.labels["left"].low <= right[:, 0].mean() <= scores.labels["left"].high
    assert scores.exact.low <= right.all(axis=1).mean() <= scores.exact.high
    assert scores.f1.low <= f1 <= scores.f1.high
    assert scores.f1.is_rough
    assert "without a label" in str(scores)
    with pytest.raises(InvalidInputError, match=r"not taught\. Got 0"):
        learner.audit([0, 50], Y[[0, 50]])
    with pytest.raises(InvalidInputError, match="Got 1 rows"):
        learner.audit([50], Y[[50]])


def test_a_score_is_the_share_of_items_with_all_labels_right(learner):
    X, Y = world()
    learner.teach(np.arange(60), Y[:60])
    right = ((learner.predict_proba(X[60:]) > 0.5) == Y[60:]).all(axis=1).mean()
    assert learner.score(X[60:], Y[60:]) == pytest.approx(right)
    assert learner.score(X[60:], sets(range(60, 150), Y)) == pytest.approx(right)
    with pytest.raises(InvalidInputError, match="of score must be an indicator matrix"):
        learner.score(X[60:], Y[60:, :2])
    with pytest.raises(InvalidInputError, match="of audit must be an indicator matrix"):
        learner.audit([60, 61], Y[60:62, :2])
    assert set(learner.fitted_model) == set(NAMES)
    assert learner.fitted_model["left"].classes_.tolist() == [0, 1]


def test_intervals_of_all_labels_right_cover():
    rng = np.random.default_rng(0)
    proba = rng.random((2000, 3))
    truth = rng.random((2000, 3)) < proba
    exactly = ((proba > 0.5) == truth).all(axis=1).mean()
    covered = 0
    for _ in range(200):
        drawn = rng.choice(2000, 80, replace=False)
        found = label_scores(proba, drawn, truth[drawn], np.arange(2000), NAMES).exact
        covered += found.low <= exactly <= found.high
    assert covered >= 0.92 * 200


def test_rare_labels_are_given_for_f1_before_they_are_likelier_than_not():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    truth = rng.random((600, 2)) < 0.45 / (1 + np.exp(-4 * X[:, :2]))  # never likelier than not
    learner = ActiveLearner(X, ["a", "b"], model="linear", kind="labels")
    learner.teach(range(300), truth[:300].astype(int))

    def f1(said):
        found = np.array([[label in labels for label in ("a", "b")] for labels in said])[300:]
        return 2 * (found & truth[300:]).sum() / (found.sum() + truth[300:].sum())

    assert f1(learner.predict()) < 0.3
    for average in ("micro", "macro"):
        assert f1(learner.predict(for_f1=average)) > 0.5
        assert learner.predict(X, for_f1=average) == learner.predict(for_f1=average)
    for wrong in (True, "f1", np.array(["micro", "macro"])):
        with pytest.raises(InvalidInputError, match="'micro', 'macro' or None"):
            learner.predict(for_f1=wrong)


def test_macro_f1_has_a_threshold_a_label_and_gives_none_of_which_nothing_is_known():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    ceilings = np.array([0.9, 0.2, 0.0])
    truth = rng.random((600, 3)) < ceilings / (1 + np.exp(-4 * X))
    learner = ActiveLearner(X, ["often", "rare", "never"], model="linear", kind="labels")
    learner.teach(range(300), truth[:300].astype(int))

    def f1(said, label):
        found = np.array([label in labels for labels in said])[300:]
        there = truth[300:, learner.classes.index(label)]
        return 2 * (found & there).sum() / max(found.sum() + there.sum(), 1)

    micro, macro = learner.predict(for_f1="micro"), learner.predict(for_f1="macro")
    assert f1(macro, "rare") > f1(micro, "rare")
    assert not any("never" in labels for labels in macro)
    told = f1_thresholds(learner.predict_proba())
    assert told[2] == 0.5
    assert told[1] < told[0] < 0.5


def test_labels_that_nobody_has_are_given_to_nobody():
    X = np.random.default_rng(0).standard_normal((60, 3))
    learner = ActiveLearner(X, ["a", "b"], kind="labels")
    learner.teach(range(10), [[]] * 10)
    for average in ("micro", "macro"):
        assert {*learner.predict(for_f1=average)} == {()}
    assert f1_thresholds(np.empty((0, 2)), together=True).tolist() == [0.5, 0.5]


def test_a_table_with_missing_values_is_refused():
    pandas = pytest.importorskip("pandas")
    learner = ActiveLearner(np.eye(3), ["a", "b"], kind="labels")
    table = pandas.DataFrame({"a": pandas.array([None], "Int64"), "b": [1]})
    with pytest.raises(InvalidInputError, match="an indicator matrix of 0 and 1"):
        learner.teach([0], table)
