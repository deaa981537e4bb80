"""The file of a saved SequenceLearner: one .npz of plain arrays and JSON, without pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sparing._validate import _Phrase, invalid
from sparing.annotations.values import Value, dump, load
from sparing.errors import InvalidInputError, SourceError
from sparing.files import read_arrays, write_arrays
from sparing.learner.saving import from_plain, to_plain
from sparing.pool.classes import ClassTable
from sparing.strategies.sequences import (
    SEQUENCE_STRATEGIES,
    SequenceStrategy,
    get_sequence_strategy,
)
from sparing.types import FloatArray, IntArray

FORMAT = "spans 1"
PREFIX = "tagger/"
PLAIN = ("classes_are_fixed", "seed", "round", "model_version", "fitted_at")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SavedSpans:
    """All that a SequenceLearner is, beside its texts and its tagger's code.

    Parameters
    ----------
    state : (n,) UNLABELED, SKIPPED or labeled
    values : what was taught, by row
    classes, classes_are_fixed : the labels, and whether others are refused
    seed, round, model_version, rng : as of the learner
    fitted_at : the model version of ``weights``; -1 if there are none
    strategy : which asks
    texts : of which the file keeps a hash
    weights : of the tagger, if it has any
    """

    state: IntArray
    values: Mapping[int, Value]
    classes: ClassTable
    classes_are_fixed: bool
    seed: int
    round: int
    model_version: int
    fitted_at: int
    strategy: SequenceStrategy
    rng: np.random.Generator
    texts: tuple[str, ...]
    weights: Mapping[str, FloatArray] = field(default_factory=dict)


def write_spans(path: str | PathLike[str], saved: SavedSpans) -> None:
    """Write a learner; whoever reads sees the old file or the new one, never a half."""
    facts: dict[str, Any] = {name: getattr(saved, name) for name in PLAIN}
    facts |= {
        "format": FORMAT,
        "classes": [to_plain(value) for value in saved.classes.values],
        "values": {row: dump(value) for row, value in saved.values.items()},
        "rng": saved.rng.bit_generator.state,
        "strategy": saved.strategy.name,
        "digest": texts_digest(saved.texts),
    }
    arrays: dict[str, Any] = {PREFIX + name: array for name, array in saved.weights.items()}
    arrays["state"] = saved.state
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    write_arrays(Path(path), arrays)


def read_spans(
    path: str | PathLike[str], texts: tuple[str, ...], strategy: SequenceStrategy | None
) -> SavedSpans:
    """Read what ``write_spans`` wrote, for the same texts.

    Raises
    ------
    SourceError : there is no such file, or it is not one of these
    InvalidInputError : other texts, or a strategy that is not of this package and has to be given
    """
    arrays = read_arrays(Path(path), "a saved SequenceLearner")
    try:
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["format"] != FORMAT:
            raise SourceError(f"{path} is no saved SequenceLearner of this version.")
        if facts["digest"] != texts_digest(texts):
            got = _Phrase(f"{len(texts)} others")
            raise invalid("texts", "load", "the texts that the learner was saved with", got)
        return _saved(facts, arrays, texts, strategy)
    except InvalidInputError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SourceError(f"{path} is not a saved SequenceLearner, or it is damaged.") from error


def _saved(
    facts: dict[str, Any],
    arrays: dict[str, Any],
    texts: tuple[str, ...],
    strategy: SequenceStrategy | None,
) -> SavedSpans:
    if strategy is None and facts["strategy"] not in SEQUENCE_STRATEGIES:
        raise invalid("strategy", "load", f"given: '{facts['strategy']}' is none of ours", None)
    rng = np.random.default_rng()
    rng.bit_generator.state = facts["rng"]
    return SavedSpans(
        state=arrays.pop("state"),
        values={int(row): load(text) for row, text in facts["values"].items()},
        classes=ClassTable(tuple(from_plain(value) for value in facts["classes"])),
        strategy=get_sequence_strategy(strategy or facts["strategy"]),
        rng=rng,
        texts=texts,
        weights={name.removeprefix(PREFIX): array for name, array in arrays.items()},
        **{name: facts[name] for name in PLAIN},
    )


def texts_digest(texts: tuple[str, ...]) -> str:
    """Return a hash of texts in their order.

    Examples
    --------
    >>> texts_digest(("a", "b")) == texts_digest(("ab", ""))
    False
    """
    digest = blake2b(digest_size=16)
    for text in texts:
        part = text.encode("utf-8", "surrogatepass")
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
