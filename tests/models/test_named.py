import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from sparing.errors import UnknownNameError
from sparing.models.named import MODELS, get_model


def test_each_name_gives_an_unfitted_model_of_its_own():
    assert get_model("auto") == "auto"
    assert isinstance(get_model("forest"), RandomForestClassifier)
    assert isinstance(get_model("linear").steps[-1][1], LogisticRegression)
    for name in MODELS:
        assert get_model(name) is not get_model(name)


def test_other_names_are_answered_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'forst'. Did you mean 'forest'.* auto, forest"):
        get_model("forst")
