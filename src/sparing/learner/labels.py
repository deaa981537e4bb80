"""LabelsLearner: active learning where an item has several labels, or none of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sparing._validate import _Phrase, check_indices, invalid
from sparing.annotations.base import labels_of_all
from sparing.annotations.labels import LabelSet
from sparing.errors import CapabilityError, TrainingError
from sparing.learner.cold_start import covering
from sparing.learner.freezing import frozen_answers
from sparing.learner.label_scores import LabelScores, label_scores
from sparing.learner.learner import AUTO, ActiveLearner
from sparing.learner.policy import UNIFORM_SHARE, Auto
from sparing.learner.policy_evidence import COLD_LABELS, COVERED_LABELS
from sparing.learner.saving import SavedState
from sparing.models.answers import check_can_be_judged, gives_proba
from sparing.models.labels import LabelsVersion, f1_thresholds, uncertainty
from sparing.models.others import Others
from sparing.pool.classes import ClassTable
from sparing.pool.labels import label_values, one_a_row
from sparing.pool.pool import SKIPPED
from sparing.pool.predictions import Predictions
from sparing.pool.snapshot import Snapshot
from sparing.pool.views import Views
from sparing.strategies.base import QueryStrategy
from sparing.strategies.coverage import UHerding
from sparing.strategies.mixed import Mix
from sparing.strategies.registry import get_strategy
from sparing.strategies.uncertainty import MarginSampling
from sparing.types import BoolArray, Classifier, Features, FloatArray, IntArray, Label

KIND = LabelSet()
THRESHOLDS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "micro": partial(f1_thresholds, together=True),
    "macro": f1_thresholds,
}
FROM_VERSION = frozenset({"proba", "oof_proba"})


class LabelsLearner(ActiveLearner):
    """What ``ActiveLearner(kind="labels")`` makes: an item has a set of labels, which may be empty.

    One model a label says how likely it is. Strategies see two classes, that all is as the model
    says and that something is not, so that any of them asks where the answer as a whole is open.

    Parameters
    ----------
    X, model, strategy, seed, items, views : as of ``ActiveLearner``
    classes : all labels; then any other is refused, and an indicator matrix has their columns

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] * 5)
    >>> learner = ActiveLearner(X, ["wide", "tall"], kind="labels")
    >>> learner.teach([0, 1, 2, 3, 7], [[], ["tall"], {"wide"}, ["wide", "tall"], ["wide", "tall"]])
    >>> learner.predict()[:4]
    [(), ('tall',), ('wide',), ('wide', 'tall')]
    """

    def __init__(
        self,
        X: Features,
        classes: Iterable[Label] | None = None,
        model: Classifier | str = AUTO,
        strategy: QueryStrategy | str = AUTO,
        *,
        seed: int = 0,
        items: Sequence[Any] | None = None,
        views: Views | None = None,
        kind: str = "labels",
    ) -> None:
        super().__init__(X, None, model, strategy, seed=seed, items=items, views=views, kind=kind)
        given = () if classes is None else label_values(classes, "classes", "ActiveLearner")
        self._labels, self.classes_are_fixed = ClassTable(tuple(given)), classes is not None
        self._versions: LabelsVersion | None = None
        self._told_at = -1

    @property
    def kind(self) -> str:
        """``"labels"``."""
        return KIND.name

    @property
    def classes(self) -> list[Label]:
        """The labels in the order of the columns of ``predict_proba``."""
        return list(self._labels.values)

    def teach(
        self,
        indices: npt.ArrayLike,
        labels: Sequence[Any] | Mapping[int, Any] | npt.NDArray[Any],
    ) -> None:
        """Set all labels of some items.

        Parameters
        ----------
        indices : (k,) rows of the pool
        labels : (k,) sets or lists of labels, an empty one for an item that has none of them; a
            dict from row to such a set; or, where ``classes`` was given, an indicator matrix
            (k, n_labels) of 0 and 1, dense, sparse, or a table whose columns are the labels

        Raises
        ------
        InvalidInputError : not one set an index; a text where a set of texts is wanted; a matrix of
            another shape
        UnknownNameError : ``classes`` was given and does not have a label
        """
        rows = check_indices(indices, "teach", len(self.pool))
        raws = self._sets(rows, labels, "teach")
        table = self._labels
        if not self.classes_are_fixed:
            table = table.with_values(labels_of_all(KIND, raws))
        values = [tuple(KIND.plain(KIND.parse(raw, table), table)) for raw in raws]
        self._labels = table
        self._move_to(lambda pool: pool.with_labels(rows, values))

    def consult(
        self,
        indices: npt.ArrayLike,
        labels: Sequence[Any] | Mapping[int, Any] | npt.NDArray[Any],
    ) -> None:
        """Listen to what others say of all labels of some items, as ``ActiveLearner.consult`` does.

        Each label is heard by itself.

        Parameters
        ----------
        indices, labels : as of ``teach``

        Raises
        ------
        InvalidInputError : as of ``teach``
        """
        rows = check_indices(indices, "consult", len(self.pool))
        self._listen(rows, [frozenset(one) for one in self._sets(rows, labels, "consult")])

    def look_for(self, label: Label, indices: npt.ArrayLike) -> None:
        """Refuse: which items are likely to have one label of several is not used.

        Raises
        ------
        CapabilityError : always
        """
        raise CapabilityError(
            "look_for is for learners of one class an item; teach a few items that have the label."
        )

    @property
    def heard(self) -> float:
        """How far those who were consulted are heard, over all labels: from 0 to 1.

        Raises
        ------
        TrainingError : the model could not be fitted
        """
        if not len(self.pool.labeled) or not self.classes:
            return 0.0
        return float(np.mean([version.hearing.weight for version in self._told().versions]))

    def predict(  # type: ignore[override]
        self, X: Features | None = None, *, for_f1: Literal["micro", "macro"] | None = None
    ) -> list[tuple[Label, ...]]:
        """Return the labels of each row that are likelier than not; of the pool without ``X``.

        Parameters
        ----------
        X : rows; those of the pool if not given
        for_f1 : give less likely labels, too, as many as make F1 best by what the model expects of
            the pool, over all labels together (``"micro"``) or in the mean over the labels
            (``"macro"``); fewer items are right in all labels then

        Raises
        ------
        InvalidInputError : ``for_f1`` is something else; and as in ``ActiveLearner.predict``
        TrainingError : as in ``ActiveLearner.predict``
        """
        if for_f1 is not None and not (isinstance(for_f1, str) and for_f1 in THRESHOLDS):
            raise invalid("for_f1", "predict", "'micro', 'macro' or None", for_f1)
        proba = self._proba(X, "predict")
        if for_f1 is None:
            given = proba > 0.5
        else:
            given = proba >= THRESHOLDS[for_f1](self._proba(None, "predict"))
        return [tuple(self.classes[i] for i in np.flatnonzero(row)) for row in given]

    def predict_proba(self, X: Features | None = None) -> FloatArray:
        """Return (n_items, n_labels) how likely each label is; columns in the order of ``classes``.

        Rows do not sum to 1: an item may have several labels or none.

        Raises
        ------
        CapabilityError : the model has no ``predict_proba``
        InvalidInputError, TrainingError : as in ``predict``
        """
        if not gives_proba(self._model.classifier):
            name = type(self._model.classifier).__name__
            raise CapabilityError(f"{name} gives no probabilities (it has no predict_proba).")
        return self._proba(X, "predict_proba")

    def score(self, X: Features, labels: Any) -> float:
        """Return the share of items, not chosen by this learner, whose labels are all right.

        Raises
        ------
        InvalidInputError : labels as in ``teach``
        TrainingError : as in ``predict``
        """
        said = self.predict(X)
        truth = self._sets(np.arange(len(said)), labels, "score")
        return float(np.mean([set(a) == set(b) for a, b in zip(said, truth, strict=True)]))

    @property
    def fitted_model(self) -> dict[Label, Any]:
        """The model of each label, fitted; None of a label that is everywhere or nowhere.

        Each knows an item without the label as 0, one with it as 1.
        """
        models = [version.fitted.model for version in self._told().versions]
        return dict(zip(self.classes, models, strict=True))

    @property
    def oof_proba(self) -> FloatArray:
        """(n_labeled, n_labels) how likely each label is, by models that did not see the item.

        Raises
        ------
        TrainingError : nothing is labeled yet
        """
        self._proba(None, "oof_proba")
        return self._told().oof_proba

    def audit(self, indices: npt.ArrayLike, labels: Any) -> LabelScores:
        """Return how good the labels are, with intervals, from items drawn at random.

        Draw them by chance, and score them before they are taught: of items that were chosen, or
        learned, nothing follows for the others.

        Parameters
        ----------
        indices : (k,) rows that were not taught, in the order of the draw
        labels : as of ``teach``, of the labels that are known

        Raises
        ------
        InvalidInputError : a row was taught; fewer than two rows; labels as in ``teach``
        UnknownNameError : a label that nobody has taught
        TrainingError : nothing is labeled yet
        """
        rows = check_indices(indices, "audit", len(self.pool))
        taught = rows[self.pool.y[rows] >= 0]
        if len(taught) or len(rows) < 2:
            got = int(taught[0]) if len(taught) else _Phrase(f"{len(rows)} rows")
            raise invalid("indices", "audit", "two rows at least that were not taught", got)
        values = [KIND.parse(raw, self._labels) for raw in self._sets(rows, labels, "audit")]
        truth = np.zeros((len(rows), len(self.classes)), dtype=bool)
        for row, value in enumerate(values):
            truth[row, [unit.class_id for unit in value]] = True
        proba = self._proba(None, "audit")
        others = np.flatnonzero(self.pool.y < 0)
        return label_scores(proba, rows, truth, others, self.classes)

    def frozen(self) -> Predictions:
        """Return what the model says of every item, for an audit and its certificate.

        An item is right if all of its labels are; an answer is a tuple of labels in the order of
        ``classes``. For one label alone take its column of ``predict_proba``.

        Raises
        ------
        TrainingError : nothing is labeled yet
        """
        proba = self._proba(None, "frozen")
        names = self.pool.classes
        taught = {int(row): names.values[self.pool.y[row]] for row in self.pool.labeled}
        sure, skipped = np.maximum(proba, 1 - proba).prod(axis=1), self.pool.y == SKIPPED
        return frozen_answers(
            self.predict(), sure, taught, np.flatnonzero(skipped), self.model_version
        )

    def explain(self, *, new_items: bool = False) -> dict[str, float]:
        """Return how much each model inside ``"auto"`` is believed, over all labels.

        Parameters
        ----------
        new_items : of items that are not of the pool

        Raises
        ------
        TrainingError : nothing is labeled yet, or every label is everywhere or nowhere
        CapabilityError : the model is one that somebody gave
        """
        models = [v.fitted.model for v in self._told().versions]
        fitted = [model for model in models if model is not None]
        if not fitted:
            raise TrainingError("No label is both present and absent: nothing to explain yet.")
        which = "new_shares_" if new_items else "shares_"
        if not all(hasattr(model, which) for model in fitted):
            name = type(self.model).__name__
            raise CapabilityError(f"A {name} is one model: only 'auto' weighs several.")
        shares: list[dict[str, float]] = [getattr(model, which) for model in fitted]
        names = dict.fromkeys(name for share in shares for name in share)
        return {name: float(np.mean([s.get(name, 0.0) for s in shares])) for name in names}

    def indicator(self, rows: IntArray | None = None) -> BoolArray:
        """Return (n_rows, n_labels) which labels were taught; rows default to the labeled ones."""
        rows = self.pool.labeled if rows is None else rows
        sets = [self.pool.classes.values[code] for code in self.pool.y[rows]]
        found = np.array([[c in s for c in self.classes] for s in sets], dtype=bool)
        return found.reshape(len(rows), len(self.classes))

    def _sets(self, rows: IntArray, labels: Any, where: str) -> list[Any]:
        """Return the set of each row, in whichever form they came."""
        if sparse.issparse(labels) or getattr(labels, "ndim", 1) == 2:
            return self._from_indicator(rows, labels, where)
        return one_a_row(rows, labels, "labels", where, one="a set of labels", many="sets")

    def _from_indicator(self, rows: IntArray, labels: Any, where: str) -> list[list[Label]]:
        labels = self._in_order(labels, where)
        matrix = np.asarray(labels.toarray() if sparse.issparse(labels) else labels)
        shape = (len(rows), len(self.classes))
        if not self.classes_are_fixed or matrix.shape != shape:
            expected = f"an indicator matrix of shape {shape}, with 'classes' given for its columns"
            raise invalid("labels", where, expected, _Phrase(f"one of shape {matrix.shape}"))
        if not _is_binary(matrix):
            got = _Phrase("one with other values")
            raise invalid("labels", where, "an indicator matrix of 0 and 1", got)
        return [[self.classes[i] for i in np.flatnonzero(row)] for row in matrix]

    def _in_order(self, labels: Any, where: str) -> Any:
        """Return a table with its columns in the order of the labels; one without names as it is.

        Raises
        ------
        InvalidInputError : its columns are named, and not as the labels
        """
        names = list(getattr(labels, "columns", ()))
        if not names or names == list(range(len(names))):
            return labels
        if set(names) != set(self.classes) or len(names) != len(self.classes):
            wanted = f"a table whose columns are {self.classes}, or a matrix"
            raise invalid("labels", where, wanted, _Phrase(f"one with columns {names}"))
        return labels[self.classes]

    def _told(self) -> LabelsVersion:
        """Return what the models say for the labels as they are now."""
        if self._versions is None or self._told_at != self.model_version:
            model, present = self._model, self.indicator()
            parts = model.classifier, self.pool, present, self.seed, model.seen
            self._versions = LabelsVersion(*parts, self._others_by_label())
            self._told_at = self.model_version
        return self._versions

    def _others_by_label(self) -> list[Others]:
        """Return what others say of each label; nothing where nobody is consulted."""
        others = self._others
        if others is None:
            return []
        return [others.whether(partial(_has, label)) for label in self.classes]

    def _proba(self, X: Any, where: str) -> FloatArray:
        if not len(self.pool.labeled):
            raise TrainingError("Nothing is labeled yet: teach some labels first.")
        told = self._told()
        return told.proba if X is None else told.predict(self._model.features(X, where))

    def _prepared_query(self, batch_size: int) -> tuple[QueryStrategy, Snapshot]:
        strategy = self._auto() if self._strategy == AUTO else get_strategy(self._strategy)
        requires = strategy.requires
        pool, labeled = self.pool, self.pool.labeled
        parts: dict[str, Any] = {}
        codes = np.zeros(len(labeled), dtype=np.int64)
        if requires & FROM_VERSION:
            check_can_be_judged(self._model.classifier, self._model.seen)
            told = self._told()
            parts["proba"] = as_two_classes(uncertainty(told.proba))
            if "oof_proba" in requires:
                parts["oof_proba"] = as_two_classes(uncertainty(told.oof_proba))
                wrong = (told.oof_proba > 0.5) != told.present
                codes = wrong.any(axis=1).astype(np.int64)
        if "spectrum" in requires:
            parts["spectrum"] = self.spectrum
        return strategy, Snapshot(pool.X, pool.eligible, labeled, codes, 2, **parts)

    def _auto(self) -> QueryStrategy:
        """Return the strategy for the labels as they are now: cover, then weigh, then doubt."""
        n = len(self.pool.labeled)
        if n < COLD_LABELS:
            chosen = covering(self.pool, partial(self._model.glimpse, COLD_LABELS + 1))
            return Auto(
                chosen, f"{n} items with labels are too few to tell: items of every kind first"
            )
        said = f"{n} items with labels"
        if n < COVERED_LABELS:
            return Auto(
                Mix(UHerding(), UNIFORM_SHARE),
                f"{said}: doubtful ones, and those that stand for many",
            )
        return Auto(Mix(MarginSampling(), UNIFORM_SHARE), f"{said}: the model's doubt is a guide")

    def _state(self) -> SavedState:
        return replace(super()._state(), labels=self._labels.values, model_arrays={})

    def _continue_from(self, state: SavedState) -> None:
        if state.labels is None:
            raise invalid("path", "load", "a learner of several labels an item", _Phrase("another"))
        super()._continue_from(state)
        self._labels = ClassTable(state.labels)


def _is_binary(matrix: npt.NDArray[Any]) -> bool:
    try:
        return bool(np.isin(matrix, (0, 1)).all())
    except TypeError:  # of a table's missing values, which equal nothing
        return False


def _has(label: Label, labels: frozenset[Label]) -> bool:
    return label in labels


def as_two_classes(uncertain: FloatArray) -> FloatArray:
    """Return (n, 2): all is as the model says, or something is not.

    The margin between the two is what is not in doubt.

    Examples
    --------
    >>> as_two_classes(np.array([0.0, 1.0]))
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    return np.column_stack([1 - uncertain / 2, uncertain / 2])
