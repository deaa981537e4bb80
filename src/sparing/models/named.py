"""Which classifier a name stands for, where a person names one in a command."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparing.errors import UnknownNameError
from sparing.types import Classifier

AUTO = "auto"


def linear_classifier() -> Any:
    """Return an unfitted logistic regression on scaled features."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


MODELS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {"forest": RandomForestClassifier, "linear": linear_classifier}
)
"""The classifiers by name, beside ``"auto"``."""


def get_model(name: str) -> Classifier | str:
    """Return an unfitted classifier; ``"auto"`` stays itself.

    Raises
    ------
    UnknownNameError : no such model

    Examples
    --------
    >>> get_model("forest")
    RandomForestClassifier()
    >>> get_model("linar")
    Traceback (most recent call last):
    sparing.errors.UnknownNameError: There is no model 'linar'. Did you mean 'linear'? ...
    """
    if name == AUTO:
        return AUTO
    if name not in MODELS:
        raise UnknownNameError("model", name, (AUTO, *MODELS))
    return MODELS[name]()  # type: ignore[no-any-return]
