"""UnitLearner: the loop where an answer is a set of units, whatever these are and find them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from sparing._validate import check_indices, check_int, invalid
from sparing.annotations.base import AnnotationKind
from sparing.annotations.values import Value
from sparing.errors import TrainingError
from sparing.learner.query import SHOWN_ITEMS, Query
from sparing.learner.saving_units import SavedAs, SavedUnits, write_units
from sparing.learner.unit_answers import LABELED, UnitAnswers, read_values
from sparing.pool.classes import ClassTable
from sparing.pool.labels import label_values, one_a_row
from sparing.strategies.base import Chooser, choose
from sparing.types import BoolArray, FloatArray, IntArray, Label


class UnitLearner(ABC):
    """What learners of spans and of boxes have in common: all but the items and the model.

    Parameters
    ----------
    n_items : of the pool
    classes : all labels; then any other is refused. None: whatever is taught becomes a class
    strategy : chooses what is asked once there is something to choose by
    seed : an int >= 0

    Attributes
    ----------
    model_version : how often the labels have changed
    round : how many queries were made
    """

    _kind: ClassVar[AnnotationKind]
    _saved_as: ClassVar[SavedAs]
    _first: ClassVar[Chooser]
    """Asks as long as the strategy has no model to go by."""
    _why_first: ClassVar[str]

    def __init__(
        self, n_items: int, classes: Iterable[Label] | None, strategy: Chooser, seed: int
    ) -> None:
        where = self._saved_as.learner
        self.seed = check_int("seed", where, seed, 0)
        given = None if classes is None else label_values(classes, "classes", where)
        self._answers = UnitAnswers.of(n_items, given)
        self._strategy = strategy
        self.model_version = 0
        self.round = 0
        self._rng = np.random.default_rng(self.seed)

    @property
    def classes(self) -> list[Label]:
        """The labels in their order."""
        return list(self._answers.classes.values)

    @property
    def classes_are_fixed(self) -> bool:
        """Whether any other label is refused."""
        return self._answers.classes_are_fixed

    @property
    def labeled(self) -> IntArray:
        """Rows that were taught, ascending; one that has nothing to mark is labeled too."""
        return self._answers.labeled

    @property
    def eligible(self) -> BoolArray:
        """(n_items,) True where an item may be asked."""
        return self._answers.eligible

    def query(self, batch_size: int = 1) -> Query:
        """Choose the items to label next; nothing is marked as asked.

        Raises
        ------
        InvalidInputError : ``batch_size`` is no int >= 1
        PoolExhaustedError : fewer items than that may still be asked
        SourceError : a picture cannot be read
        TrainingError : the model could not be fitted
        """
        is_first = bool(self._strategy.requires) and not self._can_learn
        strategy = self._first if is_first else self._strategy
        picked = choose(strategy, self._snapshot(strategy, batch_size), batch_size, self._rng)
        self.round += 1
        why = self._why_first if is_first else strategy.reason
        shown = [self._shown(row) for row in picked.rows[:SHOWN_ITEMS].tolist()]
        return Query.of(picked, strategy.name, why, self.model_version, shown)

    def skip(self, indices: npt.ArrayLike) -> None:
        """Take items out: they are not asked again, and what was taught of them is dropped."""
        self._move_to(self._answers.with_skips(self._rows(indices, "skip")))

    def forget(self, indices: npt.ArrayLike) -> None:
        """Drop answers and skips: the items may be asked again, as if never answered."""
        self._move_to(self._answers.without_values(self._rows(indices, "forget")))

    def save(self, path: str | PathLike[str]) -> None:
        """Write what was taught and where the random numbers are to a file; no pickle.

        The items and the model's code are not in it: ``load`` is given both again.

        Raises
        ------
        InvalidInputError : a label is not a str, int, float, bool or a tuple of these
        SourceError : the file cannot be written, or a picture is not there any more
        """
        fitted_at, weights = self._weights()
        saved = SavedUnits(
            answers=self._answers,
            seed=self.seed,
            round=self.round,
            model_version=self.model_version,
            rng=self._rng,
            strategy=self._strategy.name,
            digest=self._digest(),
            fitted_at=fitted_at,
            weights=weights,
        )
        write_units(path, saved, self._saved_as)

    def _continue_from(self, saved: SavedUnits) -> None:
        self._answers, self._rng = saved.answers, saved.rng
        self.round, self.model_version = saved.round, saved.model_version

    def _rows(self, indices: npt.ArrayLike, where: str) -> IntArray:
        return check_indices(indices, where, len(self._answers.state))

    def _raws(self, rows: IntArray, answers: Any, where: str) -> list[Any]:
        """Return the answer of each row, of a list or a dict."""
        name = self._kind.name
        return one_a_row(rows, answers, name, where, one=f"a list of {name}", many="lists")

    def _read(self, rows: IntArray, raws: list[Any], classes: ClassTable) -> list[Value]:
        return read_values(self._kind, rows, raws, classes, self._to_fit)

    def _teach(self, indices: npt.ArrayLike, answers: Any) -> None:
        rows = self._rows(indices, "teach")
        raws = self._raws(rows, answers, "teach")
        answers = self._answers.with_classes_in(self._kind, raws)
        self._move_to(answers.with_values(rows, self._read(rows, raws, answers.classes)))

    def _untaught(self, indices: npt.ArrayLike) -> IntArray:
        """Return rows by which the model may be audited: it has not learned from them."""
        rows = self._rows(indices, "audit")
        taught = rows[self._answers.state[rows] == LABELED]
        if len(taught):
            raise invalid("indices", "audit", "rows that were not taught", int(taught[0]))
        return rows

    def _move_to(self, answers: UnitAnswers) -> None:
        if answers.values != self._answers.values:
            self.model_version += 1
        self._answers = answers

    @property
    @abstractmethod
    def _can_learn(self) -> bool:
        """Whether anything was taught that a model can be fitted on."""

    @abstractmethod
    def _shown(self, row: int) -> Any:
        """Return what a notebook shows of an item."""

    @abstractmethod
    def _to_fit(self, row: int) -> Any:
        """Return what an answer has to fit."""

    @abstractmethod
    def _snapshot(self, strategy: Any, batch_size: int) -> Any:
        """Return what a strategy sees of the pool."""

    @abstractmethod
    def _digest(self) -> str:
        """Return a hash of the items."""

    @abstractmethod
    def _weights(self) -> tuple[int, Mapping[str, FloatArray]]:
        """Return what a file keeps of the model, and as of which version; -1: of none."""


@contextmanager
def faults_named(model: Any) -> Iterator[None]:
    """Say what foreign code finds wrong in the words of this project.

    Raises
    ------
    TrainingError : the model could not be fitted

    Examples
    --------
    >>> with faults_named("abc"):
    ...     raise ValueError("too short")
    Traceback (most recent call last):
    sparing.errors.TrainingError: str could not be fitted: too short
    """
    try:
        yield
    except (ValueError, RuntimeError, ArithmeticError) as error:
        raise TrainingError(f"{type(model).__name__} could not be fitted: {error}") from error
