"""The map as people look at it: where the items lie, what color each has, which one that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sparing._validate import check_indices
from sparing.audit.audit import Phase
from sparing.errors import NotFoundError, SourceError
from sparing.project.asking import looked_up
from sparing.project.folder import NEIGHBORS, PRINCIPAL, ProjectFolder
from sparing.project.locked_state import Guarded
from sparing.project.options import check_one_class
from sparing.project.state import State
from sparing.project.views import Asked
from sparing.store import Event, Kind
from sparing.types import ByteArray, FloatArray

FOR_PROJECTS = "The map is for projects"

NOBODY = 0  # the code of an item that there is nothing to say of
ABSENT = 255  # of one that is not on the map
MOST_NAMES = 253
SURE = (0.5, 0.7, 0.9, 0.99)  # where one step of confidence ends and the next begins
SURE_NAMES = ("under 50 %", "50 % to 70 %", "70 % to 90 %", "90 % to 99 %", "99 % and more")
SOURCE_NAMES = ("picked by the model", "drawn at random", "picked by a person",
                "confirmed guess", "check", "left by the certificate")  # fmt: skip
TOLD = (
    "Picked by the model.",
    "Drawn at random.",
    "Picked by a person.",
    "The model's guess, confirmed.",
    "Drawn for the check.",
    "Left by the certificate.",
)
FURTHEST = 65_534  # of a coordinate on the wire; the number above is no place


@dataclass(frozen=True, eq=False, slots=True)
class Coloring:
    """A color an item, as a number.

    Parameters
    ----------
    names : what the numbers from 1 on mean
    codes : (n_rows,) uint8; 0: nothing to say, 255: not on the map
    """

    names: tuple[str, ...]
    codes: ByteArray


class Map:
    """The map of a project, of one kind or another.

    Parameters
    ----------
    guarded : the state of the project

    Attributes
    ----------
    progress : of the map of the neighbours: what is being done, how much, of how much; None
        before it has begun
    trouble : why it cannot be made, or ``""``
    """

    def __init__(self, guarded: Guarded) -> None:
        self._folder = guarded.folder
        self._guarded = guarded
        self.progress: tuple[str, int, int] | None = None
        self.trouble = ""

    def is_due(self) -> bool:
        """Tell whether there is something to be done for the map of the neighbours."""
        mark = self.mark
        return bool(mark) and not self.trouble and not self._is_there(NEIGHBORS)

    def take(self, told: Sequence[str | int] | str) -> None:
        """Take note of how far the map is, or why it cannot be made."""
        if isinstance(told, str):
            self.trouble = told
        else:
            what, done, total = told
            self.progress = (str(what), int(done), int(total))

    def kinds(self) -> list[str]:
        """Return the maps that are there, the best one last."""
        return [kind for kind in (PRINCIPAL, NEIGHBORS) if self._is_there(kind)]

    @property
    def mark(self) -> str:
        """Changes when the items do; ``""`` before they are encoded."""
        with self._guarded.held() as state:
            return state.mark

    def stamp(self) -> str:
        """Return what changes whenever a color may have changed."""
        with self._guarded.held() as state:
            return f"{state.mark}-{state.replay.n_events}-{state.version}"

    def places(self, kind: str, mark: str) -> npt.NDArray[np.uint16]:
        """Return (n_rows, 2) places on a square of 65,535; 65,535 where an item has none.

        Raises
        ------
        NotFoundError : there is no such map
        """
        if kind not in (PRINCIPAL, NEIGHBORS) or mark != self.mark or not self._is_there(kind):
            raise NotFoundError("There is no such map.")
        return quantized(read_map(self._folder, kind, mark))

    def coloring(self, by: str, annotator: str = "") -> Coloring:
        """Return what colors the items: ``"label"``, ``"guess"``, ``"confidence"``, ``"source"``
        or ``"annotator"``.

        While an audit is open its items have no color, and nothing is told of guesses. Nor has an
        item that this annotator is to answer without knowing what another one said.
        """
        make: dict[str, Callable[[State, str], Coloring]] = {
            "label": _by_label,
            "guess": _by_guess,
            "confidence": _by_confidence,
            "source": _by_source,
            "annotator": _by_annotator,
        }
        with self._guarded.held() as state:
            check_one_class(state.settings, FOR_PROJECTS)
            if by in ("guess", "confidence") and state.phase is Phase.AUDIT:
                return _finished(state, annotator, np.zeros(len(state.rows), np.uint8), ())
            return make[by](state, annotator)

    def items(
        self, rows: Sequence[int], annotator: str = "", *, guesses: bool = False
    ) -> list[Asked]:
        """Return some items as a person who picked them sees them; blind while an audit is open.

        Parameters
        ----------
        rows : distinct
        annotator : who picked them
        guesses : tell the model's guess, where that may be told

        Raises
        ------
        InvalidInputError : there is no such row
        CapabilityError : items have several labels
        """
        with self._guarded.held() as state:
            check_one_class(state.settings, FOR_PROJECTS)
            checked = check_indices(rows, "items", len(state.rows))
            found = [_shown(state, row, annotator) for row in checked.tolist()]
            told = guesses and state.phase is not Phase.AUDIT
        return found if told else [replace(one, guess=None) for one in found]

    def _is_there(self, kind: str) -> bool:
        mark = self.mark
        return bool(mark) and self._folder.map(kind, mark).is_file()


def read_map(folder: ProjectFolder, kind: str, mark: str) -> FloatArray:
    """Return (n_rows, 2) float32; NaN where an item has no vector.

    Parameters
    ----------
    folder : of the project
    kind : ``PRINCIPAL`` or ``NEIGHBORS``
    mark : fingerprint of the vectors

    Raises
    ------
    SourceError : there is no such map, or it is damaged
    """
    path = folder.map(kind, mark)
    try:
        # Mapped: the file has to be as long as it says, before memory is taken for it.
        positions: FloatArray = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(f"{path} is not there or damaged.") from error
    return positions


def quantized(positions: FloatArray) -> npt.NDArray[np.uint16]:
    """Return places in 16 bits a coordinate, both in one scale, the smaller side in the middle.

    Examples
    --------
    >>> quantized(np.array([[0.0, 0.0], [2.0, 1.0], [np.nan, np.nan]], np.float32)).tolist()
    [[0, 16384], [65534, 49150], [65535, 65535]]
    """
    there = np.isfinite(positions).all(axis=1)
    places = np.full(positions.shape, FURTHEST + 1, np.uint16)
    if not there.any():
        return places
    low, high = positions[there].min(axis=0), positions[there].max(axis=0)
    width = float((high - low).max()) or 1.0
    middle = (positions[there] - (low + high) / 2) / width + 0.5
    places[there] = np.rint(middle * FURTHEST).clip(0, FURTHEST).astype(np.uint16)
    return places


def _shown(state: State, row: int, annotator: str) -> Asked:
    item_id = state.rows[row].item_id
    found = looked_up(state, item_id, annotator)
    if row in state.drawn_rows or state.hides(row, annotator):
        return replace(found, guess=None, answer=None)
    return replace(found, why=_why(state, row, state.replay.of(item_id).answer))


def _why(state: State, row: int, answer: Event | None) -> str:
    if answer is not None:
        return TOLD[_source_of(answer) - 1]
    if state.scores is None:
        return ""
    place = np.flatnonzero(state.scores.rows == row)
    return f"To be asked soon: {state.scores.why[place[0]]}." if len(place) else ""


def _by_label(state: State, annotator: str) -> Coloring:
    classes = state.replay.all_classes
    place = {c.class_id: min(i, MOST_NAMES - 1) + 1 for i, c in enumerate(classes)}
    names = [c.name for c in classes[:MOST_NAMES]]
    if len(classes) > MOST_NAMES:
        names[-1] = "other classes"
    skipped = len(names) + 1

    def code(answer: Event) -> int:
        if answer.kind is Kind.SKIP or answer.content is None:
            return skipped
        return place[state.replay.resolve(answer.content)]

    return _finished(state, annotator, _answered(state, code), (*names, "skipped"))


def _by_guess(state: State, annotator: str) -> Coloring:
    classes = state.replay.all_classes
    names = tuple(c.name for c in classes[:MOST_NAMES])
    codes = np.zeros(len(state.rows), np.uint8)
    proba = _proba(state)
    if proba is not None and state.scores is not None:
        place = {c.class_id: min(i, MOST_NAMES - 1) + 1 for i, c in enumerate(classes)}
        ids = [state.replay.resolve(str(class_id)) for class_id in state.scores.class_ids]
        told = np.array([place[class_id] for class_id in ids], np.uint8)
        codes[: len(proba)] = np.where(proba.any(axis=1), told[proba.argmax(axis=1)], NOBODY)
    return _finished(state, annotator, codes, names)


def _by_confidence(state: State, annotator: str) -> Coloring:
    codes = np.zeros(len(state.rows), np.uint8)
    proba = _proba(state)
    if proba is not None:
        best = proba.max(axis=1)
        codes[: len(proba)] = np.where(best > 0, np.searchsorted(SURE, best, side="right") + 1, 0)
    return _finished(state, annotator, codes, SURE_NAMES)


def _proba(state: State) -> FloatArray | None:
    if state.scores is None or not state.scores.proba.shape[1]:
        return None
    return state.scores.proba[: len(state.rows)]


def _by_source(state: State, annotator: str) -> Coloring:
    return _finished(state, annotator, _answered(state, _source_of), SOURCE_NAMES)


def _source_of(answer: Event) -> int:
    if answer.purpose == "audit":
        return 5
    if answer.purpose == "handback":
        return 6
    if answer.confirmed:
        return 4
    return {"strategy": 1, "uniform": 2}.get(answer.source or "", 3)


def _by_annotator(state: State, annotator: str) -> Coloring:
    found = sorted({answer.annotator for answer in state.answers()})
    place = {name: min(i, MOST_NAMES - 1) + 1 for i, name in enumerate(found)}
    names = tuple(name or "no name" for name in found[:MOST_NAMES])
    codes = _answered(state, lambda answer: place[answer.annotator])
    return _finished(state, annotator, codes, names)


def _answered(state: State, code: Callable[[Event], int]) -> ByteArray:
    codes = np.zeros(len(state.rows), np.uint8)
    for answer in state.answers():
        codes[state.row_of[answer.item_id or ""]] = code(answer)
    return codes


def _finished(state: State, annotator: str, codes: ByteArray, names: tuple[str, ...]) -> Coloring:
    """Leave out what is not there, and what the person is asked without any sign of it."""
    codes[list(state.blind_rows(annotator))] = NOBODY
    codes[~state.present] = ABSENT
    return Coloring(names, codes)
