import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sparing import SKIPPED, UNLABELED, ClassTable, InvalidInputError, Pool


def test_a_new_pool_is_all_candidates():
    pool = Pool(np.eye(3))
    assert len(pool) == 3
    assert pool.candidates.tolist() == [0, 1, 2]
    assert pool.labeled.tolist() == []


steps = st.tuples(
    st.sampled_from(["label", "skip", "forget"]),
    st.lists(st.integers(0, 7), unique=True, max_size=8),
    st.sampled_from("abc"),
)


@given(st.lists(steps))
def test_labels_are_the_only_state(history):
    """Whatever happened, a pool equals one built from what is known of each row."""
    pool, known = Pool(np.ones((8, 2))), {}
    for step, rows, label in history:
        if step == "label":
            pool = pool.with_labels(rows, [label] * len(rows))
            known |= dict.fromkeys(rows, label)
        elif step == "skip":
            pool = pool.with_skips(rows)
            known |= dict.fromkeys(rows, SKIPPED)
        else:
            pool = pool.without_labels(rows)
            known = {row: value for row, value in known.items() if row not in rows}
        labeled = sorted(row for row, value in known.items() if value != SKIPPED)
        assert pool.labeled.tolist() == labeled
        assert pool.classes.decode(pool.y[labeled]) == [known[row] for row in labeled]
        assert pool.candidates.tolist() == [row for row in range(8) if row not in known]
        assert pool.eligible.tolist() == [row not in known for row in range(8)]


def test_features_are_shared_and_nothing_can_be_written():
    X = np.ones((4, 2), np.float32)
    pool = Pool(X).with_labels([0], ["a"])
    assert np.shares_memory(pool.X, X)
    with pytest.raises(ValueError, match="read-only"):
        pool.X[0, 0] = 2
    with pytest.raises(ValueError, match="read-only"):
        pool.y[0] = 2
    X[0, 0] = 5  # the caller's own array stays writable
    assert pool.X[0, 0] == 5


def test_a_memory_map_stays_one(tmp_path):
    path = tmp_path / "X.npy"
    np.save(path, np.ones((10, 3), np.float32))
    pool = Pool(np.load(path, mmap_mode="r"))
    assert isinstance(pool.X, np.memmap)


def test_sparse_features_become_csr():
    assert Pool(sparse.csc_array(np.eye(3))).X.format == "csr"


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Pool(np.ones(3)), r"non-empty 2-D .* shape \(3,\)"),
        (lambda: Pool(np.ones((0, 3))), "non-empty 2-D"),
        (lambda: Pool(np.array([[1.0], [np.nan]])), "NaN or infinity in row 1"),
        (lambda: Pool(sparse.csr_array(np.array([[np.inf]]))), "finite"),
        (lambda: Pool(np.array([["a"]])), "numeric"),
        (lambda: Pool(np.eye(2), np.array([0, 1])), "class ids"),
        (lambda: Pool(np.eye(2), np.array([-3, 0]), ClassTable(("a",))), "class ids"),
        (lambda: Pool(np.eye(2), np.array([0])), r"shape \(2,\)"),
        (lambda: Pool(np.eye(2)).with_labels([2], ["a"]), r"in \[0, 1\]. Got 2"),
        (lambda: Pool(np.eye(2)).with_labels([0, 0], ["a", "b"]), "row 0 twice"),
        (lambda: Pool(np.eye(2)).with_labels([0], ["a", "b"]), "as many as indices, 1. Got 2"),
        (lambda: Pool(np.eye(2)).with_labels([0.5], ["a"]), "distinct row numbers"),
        (lambda: Pool(np.eye(2)).with_skips([-1]), "Got -1"),
    ],
)
def test_bad_input_is_named(build, words):
    with pytest.raises(InvalidInputError, match=words):
        build()


def test_finite_values_whose_sum_overflows_are_fine():
    X = np.full((3, 2), np.finfo(np.float32).max, np.float32)
    assert len(Pool(X)) == 3


def test_unlabeled_is_what_scikit_learn_takes_for_it():
    assert UNLABELED == -1
