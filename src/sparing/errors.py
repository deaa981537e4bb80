"""Every error that sparing raises on purpose, in one tree.

One message form, for the person who has to mend it:
*The 'batch_size' parameter of query must be an int in [1, 40]. Got 0 instead.*
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class SparingError(Exception):
    """Base of all errors of this package; a command prints it as one line and exits with 1."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process sends the message, whatever the __init__ of a subclass takes.
        return _remade, (type(self), str(self))


def _remade(kind: type[SparingError], message: str) -> SparingError:
    error = kind.__new__(kind)
    error.args = (message,)
    return error


class InvalidInputError(SparingError, ValueError):
    """A value from outside is not what it has to be."""


class UnknownNameError(InvalidInputError):
    """A name is not in its registry; the message lists the known names and the closest one.

    Parameters
    ----------
    kind : what the name stands for, such as ``"strategy"``
    name : the name that was asked for
    known : the names there are
    hint : what may help, where that is no likeness of names

    Examples
    --------
    >>> print(UnknownNameError("strategy", "margn", ["entropy", "margin"]))
    There is no strategy 'margn'. Did you mean 'margin'? Known: entropy, margin.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str], hint: str = "") -> None:
        names = sorted(known)
        close = get_close_matches(str(name), names, n=1)
        if not hint and close:
            hint = f"Did you mean '{close[0]}'?"
        quoted = str(name) if str(name).startswith(("'", '"')) else f"'{name}'"
        said = f"There is no {kind} {quoted}. {hint}".rstrip()
        super().__init__(f"{said} Known: {', '.join(names)}.")


class CapabilityError(SparingError, TypeError):
    """A part was asked for something that it cannot do."""


class MemoryBudgetError(SparingError, MemoryError):
    """A computation would need more memory than there is; nothing was allocated."""


class PoolExhaustedError(SparingError):
    """More items were asked for than may still be asked."""


class VoidAuditError(InvalidInputError):
    """An audit does not fit what it is to check any more: its certificate would be void."""


class TrainingError(SparingError):
    """A model could not be fitted, or failed to predict; the cause is chained."""


class TooFewLabelsError(TrainingError):
    """A model could not be fitted on, or cannot answer from, the labels that there are so far.

    More labels may mend it; ``auto`` covers the pool meanwhile.
    """


class SourceError(SparingError):
    """A file, folder or download is missing, unreadable, or not what it claims to be."""


class ShardError(SourceError):
    """One shard of a pool is missing, truncated, or not the one that the manifest names."""


class EngineError(SparingError):
    """The workers that were asked for are not there, such as a cluster at an address."""


class StoreError(SparingError):
    """The state of a project cannot be read or written."""


class NotFoundError(StoreError):
    """There is nothing under this key."""


class ConflictError(StoreError):
    """The state has moved on since it was read.

    Parameters
    ----------
    message : what stands against it
    current : what holds now, for the person to decide
    """

    def __init__(self, message: str, current: object = None) -> None:
        super().__init__(message)
        self.current = current


class SchemaVersionError(StoreError):
    """The project was written by another version of sparing."""


class MissingExtraError(SparingError, ImportError):
    """An optional library is not installed; the message says what to install.

    Examples
    --------
    >>> print(MissingExtraError("matplotlib", "report", "Figures"))
    Figures need matplotlib: pip install 'sparing[report]'
    """

    def __init__(self, library: str, extra: str, what: str) -> None:
        super().__init__(f"{what} need {library}: pip install 'sparing[{extra}]'")
