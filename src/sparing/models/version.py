"""ModelVersion: what one classifier says of a pool with these labels, and the Snapshot of it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing._validate import invalid
from sparing.errors import CapabilityError
from sparing.models.alignment import align_proba
from sparing.models.answers import check_can_be_judged
from sparing.models.committee import PosteriorCommittee, bootstrap_committee
from sparing.models.fitting import FittedModel, fit_on_pool, rows_of, seeded_copy, starts_warm
from sparing.models.others import NOT_HEARD, Hearing, Others, hear
from sparing.models.out_of_fold import out_of_fold_proba
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Committee, Predict, Snapshot, Spectrum
from sparing.types import (
    Classifier,
    Features,
    FloatArray,
    IntArray,
    PosteriorClassifier,
    TransductiveClassifier,
)

FROM_MODEL = frozenset({"proba", "oof_proba", "committee", "predict", "refit"})
FROM_VECTORS = frozenset({"predict", "refit"})
FROM_FEATURES = frozenset({"spectrum"})
ALWAYS_THERE = frozenset({"X", "eligible", "labeled", "codes", "n_classes"})


class ModelVersion:
    """One state of the labels and all that a classifier says of it, each part made once.

    Nothing is fitted before it is asked for. Equal arguments give equal answers: each part has a
    random stream of its own, so the order of asking does not matter.

    Parameters
    ----------
    classifier : any scikit-learn classifier; copies of it are fitted
    pool : the labels of this version
    seed : of all that is drawn
    inputs : (n_items, ...) what the classifier sees of the items; the pool's features if None
    before : what was fitted on other labels of this pool; a classifier with ``warm_start`` goes on
        from it, save where it must not have seen a label (out of fold) or has to differ
    others : what others say of the items of the pool, heard as far as the labels show that they
        know; of other items nothing is said
    """

    def __init__(
        self,
        classifier: Classifier,
        pool: Pool,
        seed: int,
        inputs: Any = None,
        before: FittedModel | None = None,
        others: Others | None = None,
    ) -> None:
        self.classifier = classifier
        self.pool = pool
        self.others = others
        self.inputs = pool.X if inputs is None else inputs
        self.seed, self.before = seed, before
        self._seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4)]

    def after(self, pool: Pool) -> "ModelVersion":
        """Return the version of other labels; it goes on from what this one has fitted."""
        before = self.__dict__.get("fitted", self.before) if starts_warm(self.classifier) else None
        return ModelVersion(self.classifier, pool, self.seed, self.inputs, before, self.others)

    @property
    def n_classes(self) -> int:
        """How many classes there are: those known, at least two.

        Before two are known, another one is still to be found; strategies need no special case.
        """
        return max(2, len(self.pool.classes))

    @cached_property
    def fitted(self) -> FittedModel:
        """The classifier, fitted on all labeled rows."""
        labeled = self.pool.labeled
        codes, seed = self.pool.y[labeled], self._seeds[0]
        inputs, n_classes = self.inputs, self.n_classes
        return fit_on_pool(self.classifier, inputs, labeled, codes, n_classes, seed, self.before)

    @cached_property
    def proba(self) -> FloatArray:
        """(n_items, n_classes) probabilities of the whole pool, read-only."""
        told = self._told("label_distributions_")
        proba = self.predict(self.inputs) if told is None else told
        proba = self._beside_others(proba, slice(None))
        proba.flags.writeable = False
        return proba

    @property
    def codes(self) -> IntArray:
        """(n_items,) likeliest class ids of the whole pool."""
        if self.others is None and self._told("label_distributions_") is None:
            return self.fitted.predict(self.inputs)
        return np.asarray(self.proba.argmax(axis=1))

    @cached_property
    def oof_proba(self) -> FloatArray:
        """(n_labeled, n_classes) out of fold."""
        return self._beside_others(self._own_oof, self.pool.labeled)

    @cached_property
    def hearing(self) -> Hearing:
        """How far others are heard."""
        labeled = self.pool.labeled
        codes = self.pool.y[labeled]
        if self.others is None or len(np.unique(codes)) < 2:
            return NOT_HEARD
        same = self.others.as_classes(self.pool.classes, self.n_classes)
        return hear(self.others, labeled, codes, self._own_oof, same)

    def _beside_others(self, proba: FloatArray, rows: Any) -> FloatArray:
        """Return what the model says together with what others do of these rows of the pool."""
        if self.others is None:
            return proba
        return self.hearing.beside(proba, self.others.codes[rows])

    @cached_property
    def _own_oof(self) -> FloatArray:
        """(n_labeled, n_classes) out of fold, of the model alone."""
        told = self._told("oof_proba_")
        if told is not None:
            return told
        labeled = self.pool.labeled
        X, codes = rows_of(self.inputs, labeled), self.pool.y[labeled]
        return out_of_fold_proba(self.classifier, X, codes, self.n_classes, self._seeds[1])

    @cached_property
    def committee(self) -> Committee:
        """Draws from the classifier's own posterior where it has one, else bootstrap copies."""
        seed = self._seeds[2]
        if isinstance(self.classifier, PosteriorClassifier) and self.fitted.model is not None:
            return PosteriorCommittee(self.fitted, self.inputs, seed)
        return bootstrap_committee(
            self.classifier, self.pool, self.n_classes, seed, inputs=self.inputs
        )

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over the state of a classifier that was fitted on these labels, not fit again."""
        model = seeded_copy(self.classifier, self._seeds[0])
        model.set_state(state)
        told = FittedModel.of(model, self.pool.y[self.pool.labeled], self.n_classes)
        labels = getattr(model, "classes_", None)
        # One that was fitted on other numbers than 0 to k - 1, as once they were, is fitted anew.
        if labels is None or set(np.asarray(labels).tolist()) >= set(range(len(told.seen))):
            self.fitted = told

    def predict(self, X: Features) -> FloatArray:
        """Return (n, n_classes) probabilities by the fitted classifier."""
        return self.fitted.predict_proba(X)

    def refit(self, rows: IntArray, codes: IntArray) -> Predict:
        """Return the ``predict`` of a copy fitted on just these rows and class ids."""
        seed, n_classes = self._seeds[3], self.n_classes
        return fit_on_pool(self.classifier, self.inputs, rows, codes, n_classes, seed).predict_proba

    def _told(self, attribute: str) -> FloatArray | None:
        """Return what a transductive classifier found out in its fit, for all known classes."""
        if not isinstance(self.classifier, TransductiveClassifier) or self.fitted.model is None:
            return None
        return align_proba(getattr(self.fitted.model, attribute), self.fitted.seen, self.n_classes)


def take_snapshot(
    pool: Pool,
    version: ModelVersion,
    requires: frozenset[str],
    spectrum: Callable[[], Spectrum],
) -> Snapshot:
    """Return a Snapshot with exactly the fields that a strategy requires.

    Parameters
    ----------
    pool : which rows may be asked now; its labels are those of ``version``
    version : the model's answers
    requires : names of Snapshot fields
    spectrum : gives the spectrum of the pool; called only if it is required

    Raises
    ------
    CapabilityError : the classifier gives no probabilities, and a required field needs them; or it
        reads no vectors, and the strategy asks it of some
    InvalidInputError : a required field is none that a Snapshot has
    """
    unknown = sorted(requires - FROM_MODEL - FROM_FEATURES - ALWAYS_THERE)
    if unknown:
        raise invalid("requires", "a strategy", "names of Snapshot fields", unknown)
    if requires & FROM_MODEL:
        check_can_be_judged(version.classifier)
    check_reads_vectors(requires, version.inputs is pool.X)
    parts = {name: getattr(version, name) for name in requires & FROM_MODEL}
    if "spectrum" in requires:
        parts["spectrum"] = spectrum()
    labeled = pool.labeled
    codes = pool.y[labeled]
    return Snapshot(pool.X, pool.eligible, labeled, codes, version.n_classes, **parts)


def check_reads_vectors(requires: frozenset[str], reads_vectors: bool) -> None:
    """Refuse a strategy that asks the model of vectors where it reads the items themselves.

    Raises
    ------
    CapabilityError : it does not know them
    """
    asked = requires & FROM_VECTORS
    if asked and not reads_vectors:
        raise CapabilityError(
            f"The strategy requires {sorted(asked)} of vectors, and the model reads the items "
            "themselves: take another strategy."
        )
