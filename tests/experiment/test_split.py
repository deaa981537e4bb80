import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparing.experiment.contents import content_ids
from sparing.experiment.split import draw_test


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=80),
    st.floats(0.1, 0.9),
    st.integers(0, 99),
)
def test_classes_keep_their_share_and_equal_items_their_side(pairs, share, seed):
    codes, contents = map(np.array, zip(*pairs, strict=True))
    contents = contents * 5 + codes  # equal items have equal classes
    chosen = draw_test(codes, contents, share, seed)
    for content in np.unique(contents):
        assert len(set(chosen[contents == content])) == 1
    distinct, first = np.unique(contents, return_index=True)
    n_test = int(chosen[first].sum())
    assert abs(n_test - share * len(distinct)) <= 1
    for code in np.unique(codes):
        of_class = first[codes[first] == code]
        assert abs(chosen[of_class].sum() - share * len(of_class)) <= 1


def test_every_seed_draws_its_own():
    codes, contents = np.zeros(100, int), np.arange(100)
    draws = np.array([draw_test(codes, contents, 0.3, seed) for seed in range(300)])
    assert (draws.sum(axis=1) == 30).all()
    shares = draws.mean(axis=0)  # each item is drawn about equally often
    assert shares.min() > 0.18
    assert shares.max() < 0.42
    np.testing.assert_array_equal(draws[5], draw_test(codes, contents, 0.3, 5))


def test_contents_are_those_of_files_cells_and_vectors(tmp_path):
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / name).write_bytes(content)
    assert content_ids([tmp_path / n for n in "abc"])[1].tolist() == [0, 1, 0]
    cells = np.array([["1", None], [1, None], ["1", None]], dtype=object)
    assert content_ids(cells)[1].tolist() == [0, 1, 0]
    assert content_ids(np.array([[1.0, 2], [2, 1], [1, 2]]))[1].tolist() == [0, 1, 0]
