"""What the trainer does differently for each kind of annotation; the rest is the same."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import cast

import numpy as np

from sparing.annotations.labels import LabelSet
from sparing.learner.labels import LabelsLearner
from sparing.learner.learner import ActiveLearner
from sparing.learner.policy_evidence import COLD_LABELS, PolicyEvidence
from sparing.models.labels import f1_thresholds, uncertainty
from sparing.pool.views import Views
from sparing.project.learning.scores import NOTHING_LESS_LIKELY
from sparing.project.learning.shares import shares_of
from sparing.store.contents import classes_in
from sparing.store.facts import ModelShare
from sparing.strategies.measures import margin
from sparing.types import BoolArray, FloatArray, IntArray

Taught = str | frozenset[str]
"""What a learner is taught of an item: the key of a class, or a set of them."""
NOT_SEEN = np.nan  # in the place of a probability, where an item has no vector


class KindOfTraining(ABC):
    """What a learner of one kind is taught, and what is read off it."""

    unseen: float = 0.0
    """What stands for the probabilities of items without a vector."""

    @abstractmethod
    def learner(self, X: FloatArray, seed: int, views: Views | None) -> ActiveLearner:
        """Return a learner that knows nothing yet."""

    @abstractmethod
    def as_taught(self, content: str) -> Taught:
        """Return what a content teaches."""

    @abstractmethod
    def known(self, learner: ActiveLearner) -> Sequence[Taught]:
        """Return what each code of the learner's labels stands for."""

    @abstractmethod
    def can_be_held_out(self, learner: ActiveLearner) -> bool:
        """Tell whether the labels are of two sorts at least."""

    @abstractmethod
    def out_of_fold(self, learner: ActiveLearner) -> FloatArray:
        """Return (n_labeled, n_classes) what models say that did not see the item."""

    @abstractmethod
    def right(self, learner: ActiveLearner, told: FloatArray) -> BoolArray:
        """Return (n_labeled,) whether that is what the person said, all of it."""

    @abstractmethod
    def confidence(self, proba: FloatArray) -> FloatArray:
        """Return (n,) how sure a model is of its answers, each as a whole."""

    @abstractmethod
    def belief(self, learner: ActiveLearner, told: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (n_labeled,) how likely the person's answer is, and the likeliest one."""

    @abstractmethod
    def predicted(self, learner: ActiveLearner, rows: IntArray) -> IntArray:
        """Return small numbers that stand for what is predicted of some rows, to compare later."""

    @abstractmethod
    def belief_in(self, learner: ActiveLearner, rows: IntArray, predicted: IntArray) -> FloatArray:
        """Return (n,) how likely what an older model predicted of some rows is, all of it."""

    @abstractmethod
    def is_cold(self, learner: ActiveLearner) -> bool:
        """Tell whether there is too little to judge a model by."""

    @abstractmethod
    def uncertainty(self, learner: ActiveLearner, rows: IntArray) -> FloatArray:
        """Return (n,) how unsure the model is of some rows: higher is less sure."""

    def right_by_label(self, learner: ActiveLearner, told: FloatArray) -> dict[str, BoolArray]:
        """Return for each label (n_labeled,) whether it alone is right; nothing of one class."""
        return {}

    def sure_by_label(self, learner: ActiveLearner, proba: FloatArray) -> dict[str, FloatArray]:
        """Return for each label (n,) how sure a model is of it alone; nothing of one class."""
        return {}

    def worth_a_look(self, proba: FloatArray) -> FloatArray:
        """Return from which probability on each label is named to a person; nothing of one class.

        Parameters
        ----------
        proba : (n_items, n_classes) what the model says
        """
        return NOTHING_LESS_LIKELY

    def shares(self, learner: ActiveLearner) -> tuple[ModelShare, ...]:
        """Return how much each model inside the model is believed; nothing where it is one."""
        return shares_of(learner)


class OneClass(KindOfTraining):
    """One class an item."""

    def learner(self, X: FloatArray, seed: int, views: Views | None) -> ActiveLearner:
        """Return a learner of classes."""
        return ActiveLearner(X, seed=seed, views=views)

    def as_taught(self, content: str) -> Taught:
        """Return the key of the class."""
        return content

    def known(self, learner: ActiveLearner) -> Sequence[Taught]:
        """Return the classes."""
        return [str(one) for one in learner.classes]

    def can_be_held_out(self, learner: ActiveLearner) -> bool:
        """Tell whether there are two classes."""
        return len(np.unique(learner.pool.y[learner.pool.labeled])) > 1

    def out_of_fold(self, learner: ActiveLearner) -> FloatArray:
        """Return a distribution an item."""
        return learner.version.oof_proba

    def right(self, learner: ActiveLearner, told: FloatArray) -> BoolArray:
        """Return whether the likeliest class is the person's."""
        return np.asarray(told.argmax(axis=1) == learner.pool.y[learner.pool.labeled])

    def confidence(self, proba: FloatArray) -> FloatArray:
        """Return the highest probability."""
        return np.asarray(proba.max(axis=1))

    def belief(self, learner: ActiveLearner, told: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probability of the person's class, and the highest one."""
        codes = learner.pool.y[learner.pool.labeled]
        return told[np.arange(len(codes)), codes], self.confidence(told)

    def predicted(self, learner: ActiveLearner, rows: IntArray) -> IntArray:
        """Return the codes of the likeliest classes."""
        return np.asarray(learner.predict_proba()[rows].argmax(axis=1))

    def belief_in(self, learner: ActiveLearner, rows: IntArray, predicted: IntArray) -> FloatArray:
        """Return the probabilities of these classes."""
        return learner.predict_proba()[rows, predicted]

    def is_cold(self, learner: ActiveLearner) -> bool:
        """Tell by the labels and their classes."""
        codes = learner.pool.y[learner.pool.labeled]
        return PolicyEvidence(len(codes), len(np.unique(codes))).is_cold

    def uncertainty(self, learner: ActiveLearner, rows: IntArray) -> FloatArray:
        """Return the margin between the two likeliest classes, turned round."""
        return np.asarray(margin(learner.version.proba[rows]))


class SeveralLabels(KindOfTraining):
    """Several labels an item: an answer is right if all of its labels are."""

    unseen = NOT_SEEN

    def learner(self, X: FloatArray, seed: int, views: Views | None) -> ActiveLearner:
        """Return a learner of sets of labels."""
        return ActiveLearner(X, seed=seed, views=views, kind=LabelSet.name)

    def as_taught(self, content: str) -> Taught:
        """Return the set of the labels' keys."""
        return frozenset(classes_in(content))

    def known(self, learner: ActiveLearner) -> Sequence[Taught]:
        """Return the sets that were taught."""
        sets = cast("Sequence[Collection[str]]", learner.pool.classes.values)
        return [frozenset(one) for one in sets]

    def can_be_held_out(self, learner: ActiveLearner) -> bool:
        """Tell whether some label is both given and not given."""
        present = _of_labels(learner).indicator()
        return bool((present.any(axis=0) & ~present.all(axis=0)).any())

    def out_of_fold(self, learner: ActiveLearner) -> FloatArray:
        """Return a probability a label."""
        return _of_labels(learner).oof_proba

    def right(self, learner: ActiveLearner, told: FloatArray) -> BoolArray:
        """Return whether all labels that are likelier than not are the person's."""
        return np.asarray(((told > 0.5) == _of_labels(learner).indicator()).all(axis=1))

    def right_by_label(self, learner: ActiveLearner, told: FloatArray) -> dict[str, BoolArray]:
        """Return the columns of what is right."""
        right = (told > 0.5) == _of_labels(learner).indicator()
        return {str(key): right[:, i] for i, key in enumerate(learner.classes)}

    def sure_by_label(self, learner: ActiveLearner, proba: FloatArray) -> dict[str, FloatArray]:
        """Return how likely each label's yes or no is."""
        sure = np.maximum(proba, 1 - proba)
        return {str(key): sure[:, i] for i, key in enumerate(learner.classes)}

    def confidence(self, proba: FloatArray) -> FloatArray:
        """Return the probability of the likeliest set."""
        return np.asarray(np.maximum(proba, 1 - proba).prod(axis=1))

    def belief(self, learner: ActiveLearner, told: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probability of the person's set, and of the likeliest one."""
        own = np.where(_of_labels(learner).indicator(), told, 1 - told).prod(axis=1)
        return own, self.confidence(told)

    def predicted(self, learner: ActiveLearner, rows: IntArray) -> IntArray:
        """Return yes or no for each row and label, one after the other."""
        return np.asarray((learner.predict_proba()[rows] > 0.5).astype(np.int64).ravel())

    def belief_in(self, learner: ActiveLearner, rows: IntArray, predicted: IntArray) -> FloatArray:
        """Return the probability of all these labels together, taken one by one."""
        told = learner.predict_proba()[rows]
        given = predicted.reshape(told.shape) > 0
        return np.asarray(np.where(given, told, 1 - told).prod(axis=1))

    def is_cold(self, learner: ActiveLearner) -> bool:
        """Tell by the number of labeled items, and whether any has a label."""
        return len(learner.pool.labeled) < COLD_LABELS or not len(learner.classes)

    def uncertainty(self, learner: ActiveLearner, rows: IntArray) -> FloatArray:
        """Return how open the answer to all labels of an item is."""
        return uncertainty(learner.predict_proba()[rows])

    def worth_a_look(self, proba: FloatArray) -> FloatArray:
        """Return the thresholds with which F1 is best by what the model expects."""
        return f1_thresholds(proba, together=True)

    def shares(self, learner: ActiveLearner) -> tuple[ModelShare, ...]:
        """Return the mean over the labels."""
        return tuple(learner.explain().items()) if self.can_be_held_out(learner) else ()


def _of_labels(learner: ActiveLearner) -> LabelsLearner:
    assert isinstance(learner, LabelsLearner)  # noqa: S101  # learner() made it
    return learner


TRAININGS: dict[str, KindOfTraining] = {"class": OneClass(), LabelSet.name: SeveralLabels()}
"""What a project can be of."""
