"""DropoutClassifier: a torch network whose dropout, left on, draws from its posterior."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from sparing._validate import invalid
from sparing.errors import MissingExtraError
from sparing.models.answers import with_sum_one
from sparing.types import Features, FloatArray


class DropoutClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A skorch network with dropout: ``bald``, ``batch_bald``, ``epig`` and ``qbc`` hear its draws.

    It predicts with dropout off. On a GPU it runs where ``net.device`` says.

    Parameters
    ----------
    net : an unfitted ``skorch.NeuralNetClassifier`` whose module has dropout layers
    n_members : draws from the posterior
    random_state : of the weights' start and of the training; None: given by the learner's seed

    Attributes
    ----------
    classes_ : (n_classes,) label values
    net_ : the fitted network

    Raises
    ------
    InvalidInputError : no skorch classifier, or its module has no dropout
    MissingExtraError : torch is not installed

    References
    ----------
    Gal & Ghahramani (2016), Dropout as a Bayesian approximation; Gal, Islam & Ghahramani (2017),
    Deep Bayesian active learning with image data
    """

    def __init__(self, net: Any, n_members: int = 10, random_state: int | None = None) -> None:
        self.net = net
        self.n_members = n_members
        self.random_state = random_state

    def fit(self, X: Features, y: Any) -> Self:
        """Fit a copy of the network; torch's global random state is left as it was."""
        torch = _torch()
        if not hasattr(self.net, "module") or not hasattr(self.net, "predict_proba"):
            raise invalid("net", "DropoutClassifier", "a skorch.NeuralNetClassifier", self.net)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        with torch.random.fork_rng():
            torch.manual_seed(0 if self.random_state is None else self.random_state)
            self.net_ = clone(self.net).fit(_float32(X), codes.astype(np.int64))
        if not self._dropouts():
            raise invalid("net", "DropoutClassifier", "a network with dropout layers", self.net)
        return self

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n_items, n_classes) with dropout off."""
        with _torch().random.fork_rng():  # reading in blocks draws a number too
            return self._of_seen_classes(self.net_.predict_proba(_float32(X)))

    def predict(self, X: Features) -> Any:
        """Return (n_items,) label values."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def sample_proba(self, X: Features, seed: int) -> FloatArray:
        """Return (n_members, n_items, n_classes), each with other units dropped."""
        torch = _torch()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.net_.module_.eval()
            for layer in self._dropouts():
                layer.train()
            inputs = _float32(X)
            drawn = [self._drawn(inputs) for _ in range(self.n_members)]
            self.net_.module_.eval()
        return np.stack(drawn)

    def _drawn(self, X: FloatArray) -> FloatArray:
        torch = _torch()
        blocks = self.net_.get_iterator(self.net_.get_dataset(X), training=False)
        with torch.no_grad():
            answers = [self.net_.infer(block[0]) for block in blocks]
        # skorch applies the softmax where the loss says that the module gives none
        nonlinear = self.net_._get_predict_nonlinearity()
        return self._of_seen_classes(nonlinear(torch.cat(answers)).cpu().numpy())

    def _of_seen_classes(self, proba: FloatArray) -> FloatArray:
        """A network's outputs are fixed; those of classes that no label had are left out."""
        return with_sum_one(np.asarray(proba, dtype=np.float64)[:, : len(self.classes_)])

    def _dropouts(self) -> list[Any]:
        kind = _torch().nn.modules.dropout._DropoutNd
        return [layer for layer in self.net_.module_.modules() if isinstance(layer, kind)]


def _float32(X: Features) -> FloatArray:
    return np.array(X, dtype=np.float32)  # a copy: torch takes no read-only array


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "torch", "Networks with dropout") from error
    return torch
