import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.errors import InvalidInputError
from sparing.stats.agreement import krippendorff_alpha
from sparing.stats.dawid_skene import RIGHT, STRENGTH, count_votes, dawid_skene


@st.composite
def labels(draw, least_people=1):
    """Some people, some items, each labeled by some of them."""
    n_people = draw(st.integers(least_people, 4))
    pairs = [(i, p) for i in range(draw(st.integers(1, 8))) for p in range(n_people)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    said = draw(st.lists(st.sampled_from("abc"), min_size=len(chosen), max_size=len(chosen)))
    items, people = zip(*chosen, strict=True)
    return list(items), [f"person {p}" for p in people], said


def simulated(n_items, right, n_classes=4, seed=0):
    """Everybody labels everything, and is right in the given share of the items."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n_items)
    said = [
        np.where(
            rng.random(n_items) < share,
            truth,
            (truth + rng.integers(1, n_classes, n_items)) % n_classes,
        )
        for share in right
    ]
    items = np.tile(np.arange(n_items), len(right)).tolist()
    people = np.repeat(np.arange(len(right)), n_items).tolist()
    return truth, count_votes(items, people, np.concatenate(said).tolist())


@given(labels())
def test_the_objective_never_falls_and_all_are_probabilities(columns):
    found = dawid_skene(count_votes(*columns))
    assert np.all(np.diff(found.objective) >= -1e-9)
    assert np.allclose(found.posterior.sum(axis=1), 1)
    assert np.allclose(found.confusion.sum(axis=2), 1)
    assert found.prior.sum() == pytest.approx(1)
    assert np.all((found.posterior >= 0) & (found.posterior <= 1))


@given(labels(least_people=2), st.randoms(use_true_random=False))
def test_the_order_of_the_labels_does_not_matter(columns, rng):
    rows = list(zip(*columns, strict=True))
    rng.shuffle(rows)
    one, other = (
        dawid_skene(count_votes(*map(list, c))) for c in (columns, zip(*rows, strict=True))
    )
    assert one.votes.items == other.votes.items
    assert np.allclose(one.posterior, other.posterior)


@given(labels(least_people=2))
def test_the_names_of_the_people_do_not_matter(columns):
    items, people, said = columns
    renamed = [f"z {1000 - int(p[-1])}" for p in people]
    one, other = dawid_skene(count_votes(*columns)), dawid_skene(count_votes(items, renamed, said))
    assert np.allclose(one.posterior, other.posterior)


def test_one_persons_labels_stand_untouched():
    found = dawid_skene(count_votes([3, 1, 2], ["Ada"] * 3, ["cat", "dog", "cat"]))
    assert found.labels == ["dog", "cat", "cat"]  # of items 1, 2, 3
    assert found.confidence.tolist() == [1, 1, 1]
    assert found.posterior.tolist() == [[0, 1], [1, 0], [1, 0]]


def test_where_all_agree_it_is_what_they_say():
    truth, votes = simulated(30, [1, 1, 1])
    found = dawid_skene(votes)
    assert found.labels == truth.tolist()
    assert found.confidence.min() > 0.99


def test_two_people_of_whom_nothing_is_known_leave_a_difference_open():
    items = [0, 0, 1, 1, 2, 2, 3, 3]
    said = ["cat", "cat", "dog", "dog", "cat", "dog", "dog", "cat"]
    found = dawid_skene(count_votes(items, ["Ada", "Ben"] * 4, said))
    assert found.posterior[2:] == pytest.approx(0.5)
    assert found.posterior[:2].max(axis=1).min() > 0.9


def test_the_better_ones_count_for_more_than_the_many():
    truth, votes = simulated(600, [0.97, 0.97, 0.5, 0.5, 0.5])
    found = dawid_skene(votes)
    majority = votes.counts().argmax(axis=1)
    assert np.mean(found.posterior.argmax(axis=1) == truth) > 0.97
    assert np.mean(majority == truth) < 0.95


def test_the_confusions_are_found():
    """Ben calls every third fox a dog; nobody else errs like this."""
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=900)
    ben = np.where((truth == 2) & (rng.random(900) < 1 / 3), 1, truth)
    columns = [np.tile(np.arange(900), 3), np.repeat(["Ada", "Ben", "Cleo"], 900)]
    said = np.concatenate([truth, ben, truth])
    found = dawid_skene(count_votes(*(c.tolist() for c in (*columns, said))))
    assert found.confusion[1, 2] == pytest.approx([0, 1 / 3, 2 / 3], abs=0.06)
    assert found.confusion[0].diagonal().min() > 0.97


def plainly(votes, n_steps):
    """The same as the formulas are written, one label at a time."""
    n_items, n_people, n_classes = votes.shape
    rows = list(zip(votes.item, votes.annotator, votes.label, strict=True))
    belief = votes.counts() / votes.counts().sum(axis=1, keepdims=True)
    for _ in range(n_steps):
        confusion = np.full(
            (n_people, n_classes, n_classes), STRENGTH * (1 - RIGHT) / (n_classes - 1)
        )
        for person in range(n_people):
            np.fill_diagonal(confusion[person], STRENGTH * RIGHT)
        for i, p, said in rows:
            confusion[p, :, said] += belief[i]
        confusion /= confusion.sum(axis=2, keepdims=True)
        prior = (belief.sum(axis=0) + 1) / (n_items + n_classes)
        belief = np.tile(prior, (n_items, 1))
        for i, p, said in rows:
            belief[i] *= confusion[p, :, said]
        belief /= belief.sum(axis=1, keepdims=True)
    return belief


@settings(max_examples=30)
@given(labels(least_people=2), st.integers(1, 5))
def test_it_is_the_formula(columns, n_steps):
    votes = count_votes(*columns)
    if len(votes.annotators) > 1 and len(votes.classes) > 1:
        found = dawid_skene(votes, max_steps=n_steps, tolerance=1e-300)
        n_taken = len(found.objective)
        assert np.allclose(found.posterior, plainly(votes, n_taken), atol=1e-9)


@pytest.mark.parametrize(
    "columns",
    [([], [], []), ([1], ["Ada"], []), ([1, 1], ["Ada", "Ada"], ["cat", "dog"])],
)
def test_what_makes_no_sense_is_refused(columns):
    with pytest.raises(InvalidInputError, match="count_votes"):
        count_votes(*columns)


def test_labels_of_several_types_keep_their_order():
    votes = count_votes([np.int64(1), 1, 2], ["Ada", "Ben", "Ada"], ["cat", 7, ("a", 1)])
    assert votes.classes == ("cat", 7, ("a", 1))
    assert votes.items == (1, 2)


@pytest.mark.parametrize("missing", [None, float("nan"), np.datetime64("NaT"), pd.NA])
def test_a_missing_label_is_no_class(missing):
    said = ["x", "y"] * 15 + [missing] * 10  # B labels the first ten, as A does
    votes = count_votes(list(range(20)) * 2, ["A"] * 20 + ["B"] * 20, said)
    assert votes.shape == (20, 2, 2)
    assert votes.classes == ("x", "y")
    alpha = krippendorff_alpha(votes)
    assert (alpha.value, alpha.n_items) == (1, 10)
    with pytest.raises(InvalidInputError, match="at least one that is not missing"):
        count_votes([1, 2], ["A", "B"], [missing, missing])
