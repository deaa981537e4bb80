import numpy as np
import pytest

from sparing.datasets.read import read_items, read_labeled
from sparing.errors import InvalidInputError, SourceError


@pytest.fixture
def pair(tmp_path):
    X = np.arange(12, dtype=np.float32).reshape(4, 3)
    X[2, 1] = np.nan
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", np.array([0.0, 1.0, 1.0, np.nan]))
    return tmp_path


def test_a_pair_by_folder_by_file_and_by_name(pair):
    for labeled in (
        read_labeled(pair),
        read_labeled(pair / "X.npy"),
        read_labeled(pair / "X.npy", labels=pair / "y.npy"),
    ):
        assert labeled.labels == ["0", "1"]
        assert labeled.items.names == ["row 1", "row 2"]
        np.testing.assert_array_equal(labeled.items.values, [[0, 1, 2], [3, 4, 5]])
        assert [s.reason for s in labeled.items.skipped] == ["NaN or infinity", "no label"]


def test_whole_arrays_stay_on_the_disk(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((5, 2), np.float32))
    assert isinstance(read_items(tmp_path / "a.npy").values, np.memmap)
    np.save(tmp_path / "b.npy", np.ones((5, 2), np.int64))
    assert read_items(tmp_path / "b.npy").values.dtype == np.float32


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 3), (3, 8, 8, 4)])
def test_arrays_of_images(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    items = read_items(tmp_path / "a.npy")
    assert (items.kind, items.values.shape) == ("images", shape)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), "has shape"),
        (np.zeros((3, 8, 8, 2)), "has shape"),
        (np.array([["a"]]), "has shape"),
        (np.zeros((0, 3)), "is empty"),
        (np.full((2, 2), np.inf), "no row of finite numbers"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(SourceError, match=message):
        read_items(tmp_path / "a.npy")


def test_pickles_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(SourceError, match=r"not a .npy file of numbers"):
        read_items(tmp_path / "a.npy")


def test_labels_have_to_be_there_and_fit(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((5, 2)))
    with pytest.raises(SourceError, match="name the file of their labels with --labels"):
        read_labeled(tmp_path / "a.npy")
    np.save(tmp_path / "y.npy", np.ones(4))
    with pytest.raises(InvalidInputError, match="one label for each of the 5 items"):
        read_labeled(tmp_path / "a.npy")
    np.save(tmp_path / "labels.npy", np.array(["a", "b", "a", "b", ""]))
    assert read_labeled(tmp_path / "a.npy", labels=tmp_path / "labels.npy").labels == [*"abab"]
