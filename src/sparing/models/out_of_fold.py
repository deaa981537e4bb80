"""Out-of-fold probabilities: what a model says of a labeled row that it has not seen."""

import numpy as np

from sparing.models.fitting import fit_classifier, rows_of
from sparing.types import Classifier, Features, FloatArray, IntArray

N_FOLDS = 5


def out_of_fold_proba(
    classifier: Classifier, X: Features, codes: IntArray, n_classes: int, seed: int
) -> FloatArray:
    """Return, for each labeled row, the probabilities by a model fitted without it.

    The only row of a class is predicted by models that never met the class: its own class then
    gets probability 0, which is the truth about such a model.

    Parameters
    ----------
    classifier : any scikit-learn classifier
    X : (n_labeled, n_features)
    codes : (n_labeled,) class ids
    n_classes : classes known to the pool
    seed : of the folds and the fits

    Returns
    -------
    (n_labeled, n_classes)

    Raises
    ------
    TrainingError : a fit failed
    CapabilityError : the classifier gives neither probabilities nor scores

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = np.array([[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]])
    >>> codes = np.array([0, 0, 0, 1, 1, 1])
    >>> out_of_fold_proba(LogisticRegression(), X, codes, 2, seed=0).argmax(axis=1)
    array([0, 0, 0, 1, 1, 1])
    """
    folds = stratified_folds(codes, N_FOLDS, seed)
    proba = np.empty((len(codes), n_classes))
    for fold in np.unique(folds):
        held = np.flatnonzero(folds == fold)
        rest = np.flatnonzero(folds != fold)
        model = fit_classifier(classifier, rows_of(X, rest), codes[rest], n_classes, seed)
        proba[held] = model.predict_proba(rows_of(X, held))
    return proba


def stratified_folds(codes: IntArray, n_folds: int, seed: int) -> IntArray:
    """Deal the rows of each class in turn to at most ``n_folds`` folds.

    Folds differ by at most one row in size and in each class, however small a class is.

    Examples
    --------
    >>> np.bincount(stratified_folds(np.array([0, 0, 0, 0, 0, 1]), 3, seed=0))
    array([2, 2, 2])
    """
    shuffled = np.random.default_rng(seed).permutation(len(codes))
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    folds = np.empty(len(codes), dtype=np.int64)
    folds[by_class] = np.arange(len(codes)) % n_folds
    return folds
