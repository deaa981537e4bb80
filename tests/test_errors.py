import inspect

import pytest

from sparing import errors
from sparing.errors import SparingError, UnknownNameError

ALL = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_in_the_one_tree_and_explains_itself(error):
    assert issubclass(error, SparingError)
    assert error.__doc__


def test_an_unknown_name_without_a_close_one_lists_all():
    text = str(UnknownNameError("encoder", "zzz", ["b", "a"]))
    assert text == "There is no encoder 'zzz'. Known: a, b."
