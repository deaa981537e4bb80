"""CommitteeClassifier: classifiers of one's own choice, whose disagreement counts."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from sparing._validate import invalid
from sparing.models.answers import check_classifies
from sparing.models.fitting import fit_classifier
from sparing.types import Classifier, Features, FloatArray


class CommitteeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Several classifiers of any kinds; it predicts their mean, and ``qbc`` and ``bald`` hear all.

    Parameters
    ----------
    members : classifiers, unfitted; copies of them are fitted, each on all labels
    seed : given to each member's ``random_state`` that is None, a different one each: members of
        one kind that start at random, such as networks, differ by it (a deep ensemble)

    Attributes
    ----------
    classes_ : (n_classes,) label values
    members_ : the fitted members, in their order

    Raises
    ------
    InvalidInputError : no members, or one that is no classifier

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> model = CommitteeClassifier([LogisticRegression(), GaussianNB()])
    >>> model.fit(np.array([[0.0], [0.2], [1.8], [2.0]]), [0, 0, 1, 1]).predict([[0.1], [1.9]])
    array([0, 1])
    >>> model.sample_proba(np.array([[0.1], [1.0], [1.9]]), seed=0).shape
    (2, 3, 2)

    References
    ----------
    Seung, Opper & Sompolinsky (1992), Query by committee; Lakshminarayanan, Pritzel & Blundell
    (2017), Simple and scalable predictive uncertainty estimation using deep ensembles
    """

    def __init__(self, members: Sequence[Classifier], seed: int = 0) -> None:
        self.members = members
        self.seed = seed

    def fit(self, X: Features, y: Any) -> Self:
        """Fit a copy of each member."""
        if not len(self.members):
            raise invalid("members", "CommitteeClassifier", "at least one classifier", self.members)
        for member in self.members:
            check_classifies(member, "CommitteeClassifier")
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        seeds = np.random.SeedSequence(self.seed).generate_state(len(self.members))
        n_classes = len(self.classes_)
        self.members_ = [
            fit_classifier(member, X, codes, n_classes, int(seed))
            for member, seed in zip(self.members, seeds, strict=True)
        ]
        return self

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n_items, n_classes), the mean of the members."""
        return self._each(X).mean(axis=0)  # type: ignore[no-any-return]

    def predict(self, X: Features) -> Any:
        """Return (n_items,) label values by the mean of the members."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    @property
    def n_members(self) -> int:
        """How many members there are."""
        return len(self.members)

    def sample_proba(self, X: Features, seed: int) -> FloatArray:
        """Return (n_members, n_items, n_classes); nothing is drawn: the members are the draws."""
        return self._each(X)

    def _each(self, X: Features) -> FloatArray:
        X = np.asarray(X) if isinstance(X, list) else X
        return np.stack([member.predict_proba(X) for member in self.members_])
