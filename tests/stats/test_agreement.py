import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from sparing.errors import InvalidInputError
from sparing.stats.agreement import (
    class_agreement,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    person_agreement,
)
from sparing.stats.dawid_skene import count_votes
from sparing.stats.hypergeometric import clopper_pearson

# Fleiss' kappa in Wikipedia: ten subjects, fourteen raters, five categories; 0.210.
WIKIPEDIA = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
# Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: four observers,
# twelve units, missing values; nominal alpha 0.743.
KRIPPENDORFF = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}


def votes_of(by_person):
    rows = [(i, who, said) for who, all_ in by_person.items() for i, said in enumerate(all_)]
    rows = [row for row in rows if row[2] is not None]
    return count_votes(*map(list, zip(*rows, strict=True)))


def two(one, other):
    return votes_of({"Ada": list(one), "Ben": list(other)})


def test_cohen_by_hand():
    """Wikipedia's grant proposals: both yes 20, both no 15, 5 and 10 differ; 0.7 against 0.5."""
    votes = two("y" * 20 + "y" * 5 + "n" * 10 + "n" * 15, "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15)
    found = cohen_kappa(votes)
    assert found.value == pytest.approx(0.4)
    assert found.n_items == 50
    assert found.low < 0.4 < found.high


def test_fleiss_as_published():
    rows = [
        (i, p, said)
        for i, counts in enumerate(WIKIPEDIA)
        for p, said in enumerate([c for c, n in enumerate(counts) for _ in range(n)])
    ]
    votes = count_votes(*map(list, zip(*rows, strict=True)))
    assert fleiss_kappa(votes).value == pytest.approx(0.210, abs=5e-4)


def test_krippendorff_as_published():
    found = krippendorff_alpha(votes_of(KRIPPENDORFF))
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.n_items == 11  # the twelfth unit has one value alone


def test_agreement_on_a_class_by_hand():
    """Both say cat twice, one of them does four times: 2 * 2 / (2 * 2 + 4)."""
    votes = two("cccddcf", "ccdccff")
    assert class_agreement(votes, "c").value == 0.5
    assert class_agreement(votes, "d").value == 0
    assert class_agreement(votes, "f").value == pytest.approx(2 / 3)


def test_a_person_against_the_others_by_hand():
    """Four items, on one of which the two others differ; Cleo is wrong on one of three."""
    votes = votes_of({"Ada": "ccdc", "Ben": "ccdd", "Cleo": "cddc"})
    found = person_agreement(votes, "Cleo")
    assert (found.value, found.n_items) == (pytest.approx(2 / 3), 3)
    low, high = clopper_pearson(2, 3, 0.05)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


@st.composite
def pairs(draw):
    n = draw(st.integers(2, 40))
    one, other = (draw(st.text("abc", min_size=n, max_size=n)) for _ in range(2))
    assume(len(set(one + other)) > 1)
    return one, other


@given(pairs())
def test_cohen_is_that_of_scikit_learn(pair):
    votes = two(*pair)
    assert cohen_kappa(votes).value == pytest.approx(cohen_kappa_score(*map(list, pair)))


@given(pairs())
def test_figures_lie_in_their_intervals_and_do_not_depend_on_names(pair):
    one, other = pair
    votes, swapped = two(one, other), two(other, one)
    renamed = two(one.translate(str.maketrans("abc", "xzy")), other.translate(
        str.maketrans("abc", "xzy")))  # fmt: skip
    for measure in (krippendorff_alpha, fleiss_kappa, cohen_kappa):
        found = measure(votes)
        assert found.low <= found.value <= found.high <= 1 + 1e-12
        assert found.value == pytest.approx(measure(swapped).value)
        assert found.value == pytest.approx(measure(renamed).value)


@given(pairs())
def test_two_people_without_gaps(pair):
    """Fleiss' kappa pools the people (Scott's pi); alpha is that, corrected for few labels."""
    votes = two(*pair)
    n = 2 * len(pair[0])
    pi, alpha = fleiss_kappa(votes).value, krippendorff_alpha(votes).value
    assert alpha == pytest.approx(1 - (1 - pi) * (n - 1) / n)


def test_full_agreement_is_no_certainty():
    votes = two("cd" * 15, "cd" * 15)
    for measure in (krippendorff_alpha, fleiss_kappa, cohen_kappa):
        found = measure(votes)
        assert (found.value, found.high) == (1, 1)
        assert 0.7 < found.low < 0.95


def test_the_interval_is_the_same_for_the_same_seed():
    rng = np.random.default_rng(0)
    one, other = ("".join(rng.choice(list("abc"), 200)) for _ in range(2))
    votes = two(one, other)
    assert krippendorff_alpha(votes, seed=1) == krippendorff_alpha(votes, seed=1)
    assert krippendorff_alpha(votes, seed=1) != krippendorff_alpha(votes, seed=2)


@pytest.mark.parametrize("right", [0.98, 0.85])
@pytest.mark.parametrize("n", [25, 150])
def test_intervals_hold_the_truth_as_often_as_they_say(right, n):
    """Two people, four classes, each right in so many answers; 200 times."""
    rng = np.random.default_rng(7)

    def said(truth):
        wrong = rng.random(truth.shape) > right
        return np.where(wrong, (truth + rng.integers(1, 4, truth.shape)) % 4, truth)

    many = rng.integers(4, size=400_000)
    differ = np.mean(said(many) != said(many))
    alpha = 1 - differ / 0.75
    held = 0
    for _ in range(200):
        truth = rng.integers(4, size=n)
        found = krippendorff_alpha(two(said(truth).tolist(), said(truth).tolist()))
        held += found.low <= alpha <= found.high
    assert held >= 0.92 * 200


@pytest.mark.parametrize("measure", [krippendorff_alpha, fleiss_kappa, cohen_kappa])
def test_too_little_in_common_is_refused(measure):
    apart = count_votes([1, 2, 3], ["Ada", "Ben", "Ada"], ["cat", "dog", "cat"])
    with pytest.raises(InvalidInputError, match="two items in common"):
        measure(apart)
    with pytest.raises(InvalidInputError, match="two classes"):
        measure(two("ccc", "ccc"))


def test_what_a_figure_is_not_for():
    votes = votes_of(KRIPPENDORFF)
    with pytest.raises(InvalidInputError, match="as many labels"):
        fleiss_kappa(votes)
    with pytest.raises(InvalidInputError, match="two people"):
        cohen_kappa(votes)
    with pytest.raises(InvalidInputError, match="one of the classes"):
        class_agreement(votes, "9")
    with pytest.raises(InvalidInputError, match="one of the annotators"):
        person_agreement(votes, "Zoe")


def test_what_nobody_shares_has_no_figure():
    votes = count_votes([1, 1, 2, 2, 3], ["Ada", "Ben", "Ada", "Ben", "Cleo"], list("ccddf"))
    assert class_agreement(votes, "f") is None
    assert person_agreement(votes, "Cleo") is None
