"""The file of a saved learner of spans or boxes: one .npz of plain arrays and JSON, no pickle."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sparing._validate import _Phrase, invalid
from sparing.annotations.values import dump, load
from sparing.errors import InvalidInputError, SourceError
from sparing.files import read_arrays, write_arrays
from sparing.learner.saving import from_plain, to_plain
from sparing.learner.unit_answers import UnitAnswers
from sparing.pool.classes import ClassTable
from sparing.types import FloatArray

PREFIX = "tagger/"
PLAIN = ("seed", "round", "model_version", "fitted_at", "strategy", "digest")


@dataclass(frozen=True, slots=True)
class SavedAs:
    """Which learner a file is of.

    Parameters
    ----------
    form : of the file, with the number of its version
    learner : name of the class
    items : what it learns from, by the name of the parameter
    """

    form: str
    learner: str
    items: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SavedUnits:
    """All that such a learner is, beside its items and the code of its model.

    Parameters
    ----------
    answers : what was taught
    seed, round, model_version, rng : as of the learner
    strategy : name of what asks
    digest : hash of the items
    fitted_at : the model version of ``weights``; -1 if there are none
    weights : of the model, if it has any
    """

    answers: UnitAnswers
    seed: int
    round: int
    model_version: int
    rng: np.random.Generator
    strategy: str
    digest: str
    fitted_at: int = -1
    weights: Mapping[str, FloatArray] = field(default_factory=dict)


def write_units(path: str | PathLike[str], saved: SavedUnits, way: SavedAs) -> None:
    """Write a learner; whoever reads sees the old file or the new one, never a half.

    Raises
    ------
    InvalidInputError : a label is not a str, int, float, bool or a tuple of these
    SourceError : the file cannot be written
    """
    facts: dict[str, Any] = {name: getattr(saved, name) for name in PLAIN}
    facts |= {
        "format": way.form,
        "classes_are_fixed": saved.answers.classes_are_fixed,
        "classes": [to_plain(value) for value in saved.answers.classes.values],
        "values": {row: dump(value) for row, value in saved.answers.values.items()},
        "rng": saved.rng.bit_generator.state,
    }
    arrays: dict[str, Any] = {PREFIX + name: array for name, array in saved.weights.items()}
    arrays["state"] = saved.answers.state
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    write_arrays(Path(path), arrays)


def read_units(path: str | PathLike[str], digest: str, way: SavedAs) -> SavedUnits:
    """Read what ``write_units`` wrote, for the same items.

    Raises
    ------
    SourceError : there is no such file, or it is not one of these
    InvalidInputError : other items
    """
    arrays = read_arrays(Path(path), f"a saved {way.learner}")
    try:
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["format"] != way.form:
            raise SourceError(f"{path} is no saved {way.learner} of this version.")
        if facts["digest"] != digest:
            wanted = f"the {way.items} that the learner was saved with"
            raise invalid(way.items, "load", wanted, _Phrase("others"))
        return _saved(facts, arrays)
    except InvalidInputError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(f"{path} is not a saved {way.learner}, or it is damaged.") from error


def _saved(facts: dict[str, Any], arrays: dict[str, Any]) -> SavedUnits:
    rng = np.random.default_rng()
    rng.bit_generator.state = facts["rng"]
    answers = UnitAnswers(
        arrays.pop("state"),
        ClassTable(tuple(from_plain(value) for value in facts["classes"])),
        facts["classes_are_fixed"],
        {int(row): load(text) for row, text in facts["values"].items()},
    )
    return SavedUnits(
        answers=answers,
        rng=rng,
        weights={name.removeprefix(PREFIX): array for name, array in arrays.items()},
        **{name: facts[name] for name in PLAIN},
    )


def own_strategy(saved: SavedUnits, known: Iterable[str], given: Any) -> Any:
    """Return the strategy that was given, else the name of the one that the file was saved with.

    Raises
    ------
    InvalidInputError : it is not of this package and has to be given
    """
    if given is None and saved.strategy not in known:
        raise invalid("strategy", "load", f"given: '{saved.strategy}' is none of ours", None)
    return given or saved.strategy


def digest_of(parts: Iterable[bytes]) -> str:
    """Return a hash of parts in their order.

    Examples
    --------
    >>> digest_of([b"a", b"b"]) == digest_of([b"ab", b""])
    False
    """
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
