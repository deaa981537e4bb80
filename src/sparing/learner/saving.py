"""The file of a saved learner: one .npz of plain arrays and JSON, without pickle."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sparing._validate import invalid
from sparing.errors import InvalidInputError, SourceError
from sparing.files import read_arrays, write_arrays
from sparing.models.fitting import blocks_of
from sparing.pool.classes import ClassTable
from sparing.strategies.base import QueryStrategy
from sparing.strategies.registry import get_strategy, strategy_names
from sparing.types import Features, IntArray, Label

FORMAT = 1
MODEL_PREFIX = "model/"
PLAIN_TYPES = (str, int, float, bool)
PLAIN_FIELDS = (
    "classes_are_fixed",
    "seed",
    "round",
    "model_version",
    "strategy",
    "strategy_params",
    "model",
    "digest",
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SavedState:
    """All that a learner is, beside its features and its model's code.

    Parameters
    ----------
    y : (n_items,) class ids, UNLABELED or SKIPPED
    classes, classes_are_fixed : the label values, and whether others are refused
    seed, round, model_version : as of the learner
    rng : where its random numbers are
    strategy : its name or ``"auto"``
    strategy_params : its parameters; None if they are no plain values
    model : the name of the model's class or ``"auto"``
    digest : hash of the features
    model_arrays : the model's own state, if it offers ``get_state``
    labels : of items that have several: ``classes`` are sets of these then
    """

    y: IntArray
    classes: ClassTable
    classes_are_fixed: bool
    seed: int
    round: int
    model_version: int
    rng: np.random.Generator
    strategy: str
    strategy_params: Mapping[str, Any] | None
    model: str
    digest: str
    model_arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    labels: tuple[Label, ...] | None = None


def write_state(path: str | os.PathLike[str], state: SavedState) -> None:
    """Write ``state`` to a file; whoever reads sees the old file or the new one, never a half.

    Raises
    ------
    InvalidInputError : a label or parameter is of a type that JSON cannot give back
    SourceError : the file cannot be written
    """
    facts = json.dumps(_facts(state)).encode()
    arrays: dict[str, Any] = {
        MODEL_PREFIX + name: _plain_array(array) for name, array in state.model_arrays.items()
    }
    arrays["y"], arrays["facts"] = state.y, np.frombuffer(facts, dtype=np.uint8)
    write_arrays(Path(path), arrays)


def _plain_array(array: Any) -> npt.NDArray[Any]:
    values = np.asarray(array)
    if values.dtype.hasobject:  # NumPy would pickle it, and could not read it back without
        raise invalid("model state", "save", "arrays of numbers or text", values.dtype)
    return values


def read_state(path: str | os.PathLike[str]) -> SavedState:
    """Read what ``write_state`` wrote.

    Raises
    ------
    SourceError : there is no such file, or it is not one of these
    """
    arrays = read_arrays(Path(path), "a saved learner")
    try:
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["format"] == FORMAT:
            return _state(facts, arrays.pop("y"), arrays)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise SourceError(f"{path} is not a saved learner, or it is damaged.") from error
    raise SourceError(f"{path} was saved in format {facts['format']}; this version reads {FORMAT}.")


def _facts(state: SavedState) -> dict[str, Any]:
    """Return what JSON can hold; the arrays go beside it."""
    facts: dict[str, Any] = {name: getattr(state, name) for name in PLAIN_FIELDS}
    facts["format"] = FORMAT
    facts["classes"] = [to_plain(value) for value in state.classes.values]
    facts["alias"] = state.classes.alias
    if state.labels is not None:
        facts["labels"] = [to_plain(value) for value in state.labels]
    facts["rng"] = state.rng.bit_generator.state
    return facts


def _state(facts: dict[str, Any], y: IntArray, arrays: dict[str, npt.NDArray[Any]]) -> SavedState:
    rng = np.random.default_rng()
    rng.bit_generator.state = facts["rng"]
    values = tuple(from_plain(value) for value in facts["classes"])
    labels = facts.get("labels")  # not there before items could have several
    if not all(0 <= code < len(values) for code in facts["alias"]):
        raise ValueError("an alias of no class")
    return SavedState(
        y=y,
        classes=ClassTable(values, tuple(facts["alias"])),
        rng=rng,
        labels=None if labels is None else tuple(from_plain(value) for value in labels),
        model_arrays={name.removeprefix(MODEL_PREFIX): a for name, a in arrays.items()},
        **{name: facts[name] for name in PLAIN_FIELDS},
    )


def pool_digest(X: Features) -> str:
    """Return a hash of shape, type and values; the features are read in blocks.

    Examples
    --------
    >>> pool_digest(np.eye(2)) == pool_digest(np.eye(2, order="F"))
    True
    """
    digest = blake2b(f"{X.shape} {X.dtype}".encode(), digest_size=16)
    for rows in blocks_of(X):
        for part in _parts(X[rows]):
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _parts(block: Features) -> tuple[npt.NDArray[Any], ...]:
    if not isinstance(block, np.ndarray):
        rows = sparse.csr_array(block).sorted_indices()
        return (rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data)
    return (block,)


def to_plain(value: Any) -> Any:
    """Return ``value`` as JSON holds it; a tuple as a list with a mark.

    Raises
    ------
    InvalidInputError : the value is not a str, int, float, bool, None or a tuple of these

    Examples
    --------
    >>> to_plain(("a", 1)), from_plain(to_plain(("a", 1)))
    ({'tuple': ['a', 1]}, ('a', 1))
    """
    if type(value) in PLAIN_TYPES or value is None:
        return value
    if type(value) is tuple:
        return {"tuple": [to_plain(part) for part in value]}
    raise invalid("labels", "save", "str, int, float, bool or tuples of these", value)


def from_plain(value: Any) -> Any:
    """Return what ``to_plain`` was given.

    Examples
    --------
    >>> from_plain({"tuple": ["a", {"tuple": []}]})
    ('a', ())
    """
    if isinstance(value, dict):
        return tuple(from_plain(part) for part in value["tuple"])
    return value


def plain_strategy(strategy: QueryStrategy | str) -> tuple[str, dict[str, Any] | None]:
    """Return name and parameters of a strategy; None for parameters that no file can hold.

    Examples
    --------
    >>> plain_strategy(get_strategy("margin"))
    ('margin', {})
    """
    if isinstance(strategy, str):
        return strategy, {}
    name, params = strategy.name, strategy.get_params(deep=False)
    registered = name in strategy_names() and type(get_strategy(name)) is type(strategy)
    try:
        return name, {key: to_plain(value) for key, value in params.items()} if registered else None
    except InvalidInputError:
        return name, None


def saved_strategy(state: SavedState) -> QueryStrategy | str:
    """Return the strategy that ``state`` names.

    Raises
    ------
    InvalidInputError : it was an instance that no file can hold, so it has to be given again
    """
    if state.strategy_params is None:
        expected = f"given: the '{state.strategy}' that was saved has parameters of its own"
        raise invalid("strategy", "load", expected, None)
    params = {key: from_plain(value) for key, value in state.strategy_params.items()}
    return get_strategy(state.strategy, **params) if params else state.strategy
