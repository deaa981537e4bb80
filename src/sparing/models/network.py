"""NetworkClassifier: a torch network in the loop, fitted anew or on from where it was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from sparing._validate import check_int, check_share, invalid
from sparing.errors import MissingExtraError
from sparing.models.answers import with_sum_one
from sparing.types import Features, FloatArray

WEIGHTS = "weights/"


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn untyped
    """A skorch network: seeded, of any labels, with the outputs of classes that have one.

    It runs where ``net.device`` says, and leaves torch's random state as it was. A module that is
    given as an object begins each fit at the weights that it has, such as pretrained ones; one
    that is given as a class begins at random.

    Parameters
    ----------
    net : an unfitted ``skorch.NeuralNetClassifier``
    warm_start : how much of the weights of the fit before the next one begins with, in [0, 1],
        if the classes are the same. 0: each fit is anew; 1 (True): on from where it was; between:
        that share of them, the rest of a new start (shrink and perturb)
    warm_epochs : passes over the labels of a fit that goes on; None: ``net.max_epochs``
    random_state : of the weights' start and of the training; None: given by the learner's seed

    Attributes
    ----------
    classes_ : (n_classes,) label values
    net_ : the fitted network

    Raises
    ------
    InvalidInputError : no skorch classifier, or a parameter is not as above
    MissingExtraError : torch is not installed

    References
    ----------
    Ash & Adams (2020), On warm-starting neural network training
    """

    def __init__(
        self,
        net: Any,
        *,
        warm_start: float = 0.0,
        warm_epochs: int | None = None,
        random_state: int | None = None,
    ) -> None:
        self.net = net
        self.warm_start = warm_start
        self.warm_epochs = warm_epochs
        self.random_state = random_state

    def fit(self, X: Features, y: Any) -> Self:
        """Fit a copy of the network, from the weights of the fit before as ``warm_start`` says."""
        where = type(self).__name__
        share = check_share("warm_start", where, self.warm_start)
        classes: npt.NDArray[Any] = np.unique(np.asarray(y))
        before = getattr(self, "net_", None) if share else None
        if before is not None and not np.array_equal(classes, self.classes_):
            before = None  # an output would stand for another class
        with drawing(0 if self.random_state is None else self.random_state):
            self.net_ = clone(self._checked_net()).initialize()
            self.classes_: npt.NDArray[Any] = classes
            if before is not None:
                _move_towards(self.net_.module_, before.module_, share)
                if self.warm_epochs is not None:
                    epochs = check_int("warm_epochs", where, self.warm_epochs, 1)
                    self.net_.set_params(max_epochs=epochs)
            return self._learn(X, y)

    def partial_fit(self, X: Features, y: Any, classes: Any = None) -> Self:
        """Learn on from the weights as they are, by these labels alone."""
        if not hasattr(self, "net_"):
            return self.fit(X, y)
        with drawing(0 if self.random_state is None else self.random_state):
            return self._learn(X, y)

    def _learn(self, X: Features, y: Any) -> Self:
        codes = np.searchsorted(self.classes_, np.asarray(y))
        self.net_.partial_fit(float32(X), codes.astype(np.int64))
        return self

    def predict_proba(self, X: Features) -> FloatArray:
        """Return (n_items, n_classes) with dropout off."""
        with drawing(0):  # reading in blocks draws a number too
            return self._of_seen_classes(self.net_.predict_proba(float32(X)))

    def predict(self, X: Features) -> Any:
        """Return (n_items,) label values."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the classes and all weights as plain arrays."""
        weights = self.net_.module_.state_dict()
        told = {WEIGHTS + name: tensor.cpu().numpy() for name, tensor in weights.items()}
        return {"classes": self.classes_, **told}

    def set_state(self, state: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Take over what ``get_state`` of a copy returned."""
        torch = torch_module()
        self.classes_ = np.asarray(state["classes"])
        with drawing(0):
            self.net_ = clone(self._checked_net()).initialize()
        weights = {
            name.removeprefix(WEIGHTS): torch.as_tensor(array)
            for name, array in state.items()
            if name.startswith(WEIGHTS)
        }
        self.net_.module_.load_state_dict(weights)
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # skorch copies a fitted network by pickle, which a module made in a function cannot be.
        copy: Self = clone(self)
        return copy.set_state(self.get_state()) if hasattr(self, "net_") else copy

    def _checked_net(self) -> Any:
        torch_module()
        if not hasattr(self.net, "module") or not hasattr(self.net, "predict_proba"):
            expected = "a skorch.NeuralNetClassifier"
            raise invalid("net", type(self).__name__, expected, self.net)
        return self.net

    def _of_seen_classes(self, proba: FloatArray) -> FloatArray:
        """A network's outputs are fixed; those of classes that no label had are left out."""
        return with_sum_one(np.asarray(proba, dtype=np.float64)[:, : len(self.classes_)])


def _move_towards(module: Any, before: Any, share: float) -> None:
    """Set the weights of ``module`` to that share of those before, and its own for the rest."""
    torch = torch_module()
    fresh, old = module.state_dict(), before.state_dict()
    module.load_state_dict(
        {
            name: torch.lerp(fresh[name], old[name], share)
            if torch.is_floating_point(old[name])
            else old[name]  # a count of batches
            for name in old
        }
    )


@contextmanager
def drawing(seed: int) -> Iterator[None]:
    """Let torch draw by a seed, on every device, and leave its random state as it was."""
    torch = torch_module()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def float32(X: Features) -> FloatArray:
    """Return a copy as torch reads it: it takes no read-only array."""
    return np.array(X, dtype=np.float32)


def torch_module() -> Any:
    """Return torch.

    Raises
    ------
    MissingExtraError : it is not installed
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "torch", "Networks of one's own") from error
    return torch
