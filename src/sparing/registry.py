"""What a name stands for: of this package, or of another one by entry point.

A third party adds one in its own ``pyproject.toml``::

    [project.entry-points."sparing.strategies"]
    my_strategy = "my_package:MyStrategy"

Encoders are of the group ``sparing.encoders``, models of ``sparing.models``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from inspect import isclass
from typing import Any, Generic, TypeVar, cast

from sparing.errors import CapabilityError, UnknownNameError

T = TypeVar("T")


def no_hint(name: str) -> str:
    """Say nothing of a name that is not known."""
    return ""


@dataclass(frozen=True, slots=True)
class Registry(Generic[T]):
    """The classes of one kind by name.

    Parameters
    ----------
    what : such a thing in one word, for messages
    own : those of this package, or functions that make them
    base : what each is made from
    group : of the entry points of others
    hint : says what may be meant by a name that is not known

    Examples
    --------
    >>> shapes = Registry("shape", {"whole": int, "real": float}, object, "sparing.shapes")
    >>> shapes.find("real")
    <class 'float'>
    >>> shapes.find("reel")
    Traceback (most recent call last):
    sparing.errors.UnknownNameError: There is no shape 'reel'. Did you mean 'real'? ...
    """

    what: str
    own: Mapping[str, Callable[..., T]]
    base: type[Any]
    group: str
    hint: Callable[[str], str] = no_hint

    def names(self) -> list[str]:
        """Return all names, sorted; those of others are listed without being imported."""
        return sorted({*self.own, *self._others()})

    def find(self, name: str) -> Callable[..., T]:
        """Return the class of that name, or what makes one of it.

        Raises
        ------
        UnknownNameError : there is none
        CapabilityError : the entry point behind the name does not load, or gives something else
        """
        if name in self.own:
            return self.own[name]
        others = self._others()
        if name in others:
            return self._loaded(others[name])
        raise UnknownNameError(self.what, name, self.names(), self.hint(name))

    def make(self, name: str, params: Mapping[str, Any]) -> T:
        """Return one of that name with those parameters.

        Raises
        ------
        UnknownNameError : there is none, or no such parameter of it
        CapabilityError : as of :meth:`find`
        """
        kind: Any = self.find(name)
        known = kind._get_param_names()
        for parameter in params:
            if parameter not in known:
                called = f"parameter of {self.what} '{name}' called"
                raise UnknownNameError(called, parameter, known)
        made: T = kind(**params)
        return made

    def _others(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def _loaded(self, point: EntryPoint) -> type[T]:
        """Import what is another's; whatever its import raises is told with its origin."""
        origin = f"{self.what} '{point.name}' of entry point '{point.value}'"
        try:
            loaded = point.load()
        except Exception as error:  # foreign code; chained and raised as ours
            raise CapabilityError(f"{origin} cannot be loaded: {error!r}.") from error
        if not (isclass(loaded) and issubclass(loaded, self.base)):
            raise CapabilityError(f"{origin} is no {self.base.__name__} class but {loaded!r}.")
        return cast("type[T]", loaded)
