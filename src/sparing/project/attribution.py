"""Handed: by what each item was asked, so that its answer is credited rightly."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sparing.project.state import State
from sparing.system import open_itself

# As in sparing.strategies.base, which loads scikit-learn: the first item must not wait for it.
FROM_STRATEGY = "strategy"
FROM_UNIFORM = "uniform"
PERSON = "person"
RANDOM = "random"  # the strategy by its name


class Source(NamedTuple):
    """By what an item was asked.

    Parameters
    ----------
    by : ``"strategy"``, ``"uniform"`` or ``"person"``, or at a glance
    propensity : probability of the draw, where it is one
    strategy : name of the rule that asked; None where a person chose, or it is not known
    """

    by: str
    propensity: float | None = None
    strategy: str | None = None


def drawn_with(propensity: float | None) -> Source:
    """Return the source of an item that was drawn uniformly."""
    return Source(FROM_UNIFORM, propensity, RANDOM)


OF_REMAINDER = Source(FROM_STRATEGY, None, "least_confidence")
"""Of what a certificate leaves to people: its least sure items first."""


class Handed:
    """Remembers by what each item was asked, also over a restart.

    What a model version asks stands in the store; random draws beyond that stand in a file of the
    project. One that is forgotten, as when the disk is full, counts as the person's choice, never
    as random.

    Parameters
    ----------
    file : where draws are kept; None: for as long as the process lives
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._drawn: dict[tuple[int, str], float] = {} if file is None else dict(_kept(file))
        self._asked: dict[int, dict[int, Source]] = {}
        self._last: dict[int, int] = {}

    def source_of(self, state: State, version: int | None, row: int) -> Source:
        """Return who chose a row when this model version was the newest."""
        if version is None:
            return Source(PERSON)
        propensity = self._drawn.get((version, state.rows[row].item_id))
        if propensity is not None:
            return drawn_with(propensity)
        return self._by(state, version).get(row, Source(PERSON))

    def version_of(self, row: int) -> int | None:
        """Return the model version by which a row was asked last; None if it was not."""
        return self._last.get(row)

    def note(self, rows: Iterable[int], version: int) -> None:
        """Remember that rows are asked."""
        self._last |= dict.fromkeys(rows, version)

    def note_draws(self, state: State, version: int, drawn: Mapping[int, float]) -> None:
        """Remember that rows are asked that were drawn at random, each with its probability."""
        self.note(drawn, version)
        told = {(version, state.rows[row].item_id): p for row, p in drawn.items()}
        new = {place: p for place, p in told.items() if self._drawn.get(place) != p}
        self._drawn |= new
        if new and self._file is not None:
            _append(self._file, "".join(json.dumps([*place, p]) + "\n" for place, p in new.items()))

    def _by(self, state: State, version: int) -> dict[int, Source]:
        if version not in self._asked:
            found = [v for v in state.versions if v.version == version]
            asked = found[0].facts.asked if found else ()
            self._asked[version] = {row: Source(by, p, name) for row, by, p, name in asked}
        return self._asked[version]


def _append(file: Path, lines: str) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    with suppress(OSError), os.fdopen(open_itself(file, flags), "ab") as stream:
        stream.write(lines.encode())


def _kept(file: Path) -> Iterator[tuple[tuple[int, str], float]]:
    """Yield the draws of a file; a line that a kill has cut short is none."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError, TypeError):
            version, item_id, propensity = json.loads(line)
            if isinstance(version, int) and isinstance(item_id, str) and 0 < propensity <= 1:
                yield (version, item_id), float(propensity)
