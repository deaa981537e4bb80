"""Which model a name stands for: those of this package, and those of others by entry point.

A third party adds one in its own ``pyproject.toml``: any class with ``fit`` and ``predict`` that is
made without parameters, such as a classifier of scikit-learn::

    [project.entry-points."sparing.models"]
    my_model = "my_package:MyClassifier"
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sklearn.ensemble import RandomForestClassifier

from sparing.models.choice import AUTO, linear_classifier
from sparing.registry import Registry
from sparing.types import Classifier

GROUP = "sparing.models"
MODELS: Mapping[str, Callable[[], Classifier | str]] = MappingProxyType(
    {AUTO: lambda: AUTO, "forest": RandomForestClassifier, "linear": linear_classifier}
)
"""The models of this package by name; ``"auto"`` is decided where the items are known."""
_REGISTRY: Registry[Classifier | str] = Registry("model", MODELS, Classifier, GROUP)


def model_names() -> list[str]:
    """Return all names, sorted; those of others are listed without being imported.

    Examples
    --------
    >>> model_names()
    ['auto', 'forest', 'linear']
    """
    return _REGISTRY.names()


def get_model(name: str) -> Classifier | str:
    """Return an unfitted classifier of that name; ``"auto"`` stays itself.

    Raises
    ------
    UnknownNameError : no such model
    CapabilityError : the entry point behind the name does not load, or gives no classifier

    Examples
    --------
    >>> get_model("forest")
    RandomForestClassifier()
    >>> get_model("linar")
    Traceback (most recent call last):
    sparing.errors.UnknownNameError: There is no model 'linar'. Did you mean 'linear'? ...
    """
    return _REGISTRY.find(name)()
