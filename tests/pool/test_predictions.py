import numpy as np
import pytest

from sparing import ClassTable
from sparing.errors import InvalidInputError
from sparing.pool.predictions import Predictions

CLASSES = ClassTable(("a", "b"))


@pytest.mark.parametrize("name", ["codes", "y"])
@pytest.mark.parametrize("wrong", [0.9, np.nan, np.inf, 2.0**32, 2**32, "1", None, True])
def test_ids_of_classes_are_whole_numbers_that_fit(name, wrong):
    given = {"codes": [0, 1, 1], "y": [-1, -1, 1], name: np.array([wrong] * 3)}
    with pytest.raises(InvalidInputError, match=f"'{name}'.*whole numbers"):
        Predictions(given["codes"], np.ones(3), given["y"], CLASSES)


def test_integers_as_floats_are_the_same_predictions():
    floats = Predictions(np.array([0.0, 1.0]), np.ones(2), np.array([-1.0, 1.0]), CLASSES)
    whole = Predictions(np.array([0, 1]), np.ones(2), np.array([-1, 1]), CLASSES)
    assert floats.digest == whole.digest
