"""Labels from the containers that people hold them in."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sparing import ActiveLearner, InvalidInputError, UnknownNameError

torch = pytest.importorskip("torch")
X = np.random.default_rng(0).normal(size=(20, 3))


class ByIdentity:
    """A scalar of a library nobody knows: equal values hash apart, as 0-d tensors do."""

    def __init__(self, value):
        self.value = value

    __hash__ = object.__hash__

    def __eq__(self, other):
        return ByIdentity(self.value == getattr(other, "value", other))

    def __ne__(self, other):
        return ByIdentity(self.value != getattr(other, "value", other))

    def __bool__(self):
        return bool(self.value)


def taught(indices, labels, **options):
    learner = ActiveLearner(X, **options)
    learner.teach(indices, labels)
    return [learner.classes[code] for code in learner.pool.y[indices]]


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (["cat", "dog"], ["cat", "dog"]),
        (("cat", "dog"), ["cat", "dog"]),
        ({5: "dog", 3: "cat"}, ["cat", "dog"]),
        (np.array(["cat", "dog"]), ["cat", "dog"]),
        (np.array([["cat"], ["dog"]]), ["cat", "dog"]),
        (pd.Series(["cat", "dog"], index=[5, 3]), ["cat", "dog"]),
        (pd.Series(["cat", "dog"], dtype="category"), ["cat", "dog"]),
        (pd.DataFrame({"label": ["cat", "dog"]}), ["cat", "dog"]),
        (pa.array(["cat", "dog"]), ["cat", "dog"]),
        (pa.chunked_array([["cat"], ["dog"]]), ["cat", "dog"]),
        (pa.table({"label": ["cat", "dog"]}), ["cat", "dog"]),
        (list(pa.array(["cat", "dog"])), ["cat", "dog"]),
        (torch.tensor([0, 1]), [0, 1]),
        (torch.tensor([[0], [1]]), [0, 1]),
        (list(torch.tensor([0, 1])), [0, 1]),
        (pd.array([0, 1], dtype="Int64"), [0, 1]),
        (np.array(["2020-01-01", "2021-01-01"], "M8[D]"), [date(2020, 1, 1), date(2021, 1, 1)]),
        (
            np.array(["2020-01-01", "2021-01-01"], "M8[ns]"),
            [datetime(2020, 1, 1), datetime(2021, 1, 1)],
        ),
    ],
)
def test_labels_are_taken_as_what_they_are(labels, values):
    assert taught([3, 5], labels) == values


def test_equal_tensors_are_one_class():
    assert taught([0, 1, 2], list(torch.tensor([1, 0, 1]))) == [1, 0, 1]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("ab", "a list of label values"),
        ({"a", "b"}, "a list of label values"),
        (
            {0: "cat", 1: "dog"},
            r"a dict whose keys are the indices. Got a dict with the keys",
        ),
        (pd.DataFrame({"cat": [1, 0], "dog": [0, 1]}), "Got a table of 2 columns"),
        (pa.table({"cat": [1, 0], "dog": [0, 1]}), "Got a table of 2 columns"),
        (np.eye(2), "one label an item"),
        (pd.Series(["cat", pd.NA], dtype="string"), "None and NaN. Got <NA>"),
        (pd.array([1, None], dtype="Int64"), "None and NaN. Got <NA>"),
        (pa.array(["cat", None]), "None and NaN. Got None"),
        (np.array(["2020-01-01", "NaT"], "M8[D]"), "None and NaN"),
        ([ByIdentity(0), ByIdentity(1)], "hashable"),
        (["cat"], "as many as rows, 2"),
    ],
)
def test_what_is_ambiguous_or_missing_is_refused(labels, words):
    with pytest.raises(InvalidInputError, match=words):
        taught([3, 5], labels)


def test_a_label_of_another_type_says_that_the_types_differ():
    with pytest.raises(UnknownNameError, match=r"no class '1'\. 1 is of type int, not str"):
        taught([0, 1], ["1", "2"], classes=[1, 2])
