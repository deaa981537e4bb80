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
        (lambda: Pool(np.eye(2)).with_labels([0], ["a", "b"]), "as many as rows, 1. Got 2"),
        (lambda: Pool(np.eye(2)).with_labels([0.5], ["a"]), "distinct row numbers"),
        (lambda: Pool(np.eye(2)).with_skips([-1]), "Got -1"),
    ],
)
def test_bad_input_is_named(build, words):
    with pytest.raises(InvalidInputError, match=words):
        build()


@pytest.mark.parametrize(("value", "dtype"), [(1e18, np.float32), (6e4, np.float16)])
def test_large_values_whose_squares_overflow_are_fine(value, dtype):
    X = np.full((3, 2), value, dtype)
    assert len(Pool(X)) == 3
    assert len(Pool(sparse.csr_array(X.astype(np.float32)))) == 3


def with_one(value, dtype=np.float64):
    X = np.ones((40, 5), dtype)
    X[2, 3] = value
    return X


@pytest.mark.parametrize("wrap", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "finite. Got NaN or infinity in row 2, column 3"),
        (-np.inf, "finite. Got NaN or infinity in row 2, column 3"),
        (9.97e36, r"up to 1e\+18 in size. Got 9.97e\+36 in row 2, column 3"),
        (-1e30, "in row 2, column 3"),
    ],
)
def test_what_cannot_be_reckoned_with_is_named_by_row_and_column(wrap, value, words):
    with pytest.raises(InvalidInputError, match=words):
        Pool(wrap(with_one(value)))


def test_in_later_blocks_the_row_is_right_too(monkeypatch):
    X = np.ones((3000, 5000), np.float32)  # several blocks
    X[2900, 7] = np.nan
    with pytest.raises(InvalidInputError, match="row 2900, column 7"):
        Pool(X)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_an_array_and_a_masked_array_one_without_masks():
    X = with_one(2.0)
    assert type(Pool(np.asmatrix(X)).X) is np.ndarray
    assert type(Pool(np.ma.masked_array(X)).X) is np.ndarray
    with pytest.raises(InvalidInputError, match=r"without masked values. Got one at \[2, 3\]"):
        Pool(np.ma.masked_array(X, mask=X > 1))


@pytest.mark.parametrize("wrap", [np.asarray, sparse.csr_array])
def test_integers_keep_their_differences(wrap):
    small, times = np.array([[1], [2]]), np.array([[1_700_000_001], [1_700_000_002]])
    assert Pool(wrap(small)).X.dtype == np.float32
    X = Pool(wrap(times)).X
    assert X.dtype == np.float64
    assert X[[1]].sum() - X[[0]].sum() == 1
    with pytest.raises(InvalidInputError, match="integers up to 9,007,199,254,740,992"):
        Pool(wrap(times << 40))


def test_numbers_in_an_array_of_objects_keep_their_differences_too():
    X = Pool(np.array([[1_700_000_001, 0.5], [1_700_000_002, 0.5]], dtype=object)).X
    assert X[1, 0] - X[0, 0] == 1


def test_unlabeled_is_what_scikit_learn_takes_for_it():
    assert UNLABELED == -1
