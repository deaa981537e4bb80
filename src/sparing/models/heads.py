"""Heads: what of a fitted classifier is needed to answer for new vectors, as plain arrays."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import singledispatch
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sparing.errors import CapabilityError
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.forest import Forest
from sparing.models.graph_classifier import GraphClassifier
from sparing.models.landmarks import Landmarks
from sparing.models.multinomial import Logits
from sparing.models.ridge import LinearVotes
from sparing.models.softmax import SoftmaxRegression, softmax
from sparing.models.structure import PoolStructure
from sparing.models.views import ViewsClassifier
from sparing.types import Arrays, FloatArray


class Head(ABC):
    """Turns vectors into class probabilities by arrays alone."""

    kind: ClassVar[str]
    """What a file calls it."""

    @abstractmethod
    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities of vectors (n, n_features)."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """How long the vectors are; of one that looks at some columns alone, at least."""

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that it is, as arrays by name."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]  # all are dataclasses

    @classmethod
    def from_state(cls, state: Arrays) -> Self:
        """Return the head that gave this state."""
        return cls(**{name: array if array.ndim else array.item() for name, array in state.items()})


@dataclass(frozen=True, eq=False, slots=True)
class LinearHead(Head):
    """Softmax of a linear map: logistic and softmax regression, scaling folded in.

    Parameters
    ----------
    weights : (n_features, n_classes)
    bias : (n_classes,)
    """

    kind: ClassVar[str] = "linear"
    weights: FloatArray
    bias: FloatArray

    @property
    def n_features(self) -> int:
        """How long the vectors are."""
        return len(self.weights)

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities."""
        return softmax(np.asarray(X) @ self.weights + self.bias)


@dataclass(frozen=True, eq=False, slots=True)
class VotesHead(Head):
    """A linear map whose outputs are read as shares of the classes.

    Parameters
    ----------
    coefficients : (n_features, n_classes)
    bias : (n_classes,)
    temperature : of the probabilities
    """

    kind: ClassVar[str] = "votes"
    coefficients: FloatArray
    bias: FloatArray
    temperature: float

    @property
    def n_features(self) -> int:
        """How long the vectors are."""
        return len(self.coefficients)

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities."""
        return LinearVotes(self.coefficients, self.bias, self.temperature).predict_proba(
            np.asarray(X)
        )


@dataclass(frozen=True, eq=False, slots=True)
class LandmarkHead(Head):
    """The same on Gaussian similarities to landmarks: what graph and kernel models say.

    Parameters
    ----------
    scale : (n_features,) what columns are multiplied by
    centers, gamma, whitening : of the landmarks
    coefficients, bias, temperature : as in ``VotesHead``, on the landmark features
    """

    kind: ClassVar[str] = "landmarks"
    scale: FloatArray
    centers: FloatArray
    gamma: float
    whitening: FloatArray
    coefficients: FloatArray
    bias: FloatArray
    temperature: float

    @property
    def n_features(self) -> int:
        """How long the vectors are."""
        return len(self.scale)

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities.

        The whitening is multiplied by the few columns of the coefficients first: features of
        every row would be a hundred times as much work.
        """
        landmarks = Landmarks(self.centers, self.gamma, self.whitening)
        on_similarities = self.whitening.astype(np.float64) @ self.coefficients
        votes = LinearVotes(on_similarities, self.bias, self.temperature)
        out = np.empty((len(X), on_similarities.shape[1]))
        scaled = (np.asarray(X) * self.scale).astype(np.float32)
        for span, similarities in landmarks.similarities(scaled):
            out[span] = votes.predict_proba(similarities)
        return out

    @classmethod
    def of(cls, structure: PoolStructure, votes: LinearVotes) -> Self:
        """Return the head of votes on the landmark features of a pool."""
        landmarks, scale = structure.landmarks, structure.scale
        return cls(
            np.ones(structure.X.shape[1], np.float32) if scale is None else scale,
            landmarks.centers,
            landmarks.gamma,
            landmarks.whitening,
            votes.coefficients,
            votes.bias,
            votes.temperature,
        )


@dataclass(frozen=True, eq=False, slots=True)
class MixtureHead(Head):
    """Several heads, each believed by its weight.

    Parameters
    ----------
    parts : the heads
    weights : (n_parts,) that sum to 1
    """

    kind: ClassVar[str] = "mixture"
    parts: Sequence[Head]
    weights: FloatArray

    @property
    def n_features(self) -> int:
        """How long the vectors are."""
        return max(part.n_features for part in self.parts)

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities."""
        said = (w * head.predict_proba(X) for w, head in zip(self.weights, self.parts, strict=True))
        return np.asarray(sum(said))

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the weights, and each part's kind and state under its number."""
        state = {"weights": self.weights, "kinds": np.array([part.kind for part in self.parts])}
        for i, part in enumerate(self.parts):
            state |= {f"{i}.{name}": array for name, array in part.get_state().items()}
        return state

    @classmethod
    def from_state(cls, state: Arrays) -> Self:
        """Return the head that gave this state."""
        parts = [
            HEADS[str(kind)].from_state(
                {n.split(".", 1)[1]: a for n, a in state.items() if n.startswith(f"{i}.")}
            )
            for i, kind in enumerate(state["kinds"])
        ]
        return cls(parts, state["weights"])


@dataclass(frozen=True, eq=False, slots=True)
class ForestHead(Forest, Head):
    """Trees as plain arrays."""

    kind: ClassVar[str] = "forest"

    @property
    def n_features(self) -> int:
        """How many columns the trees look at, at least."""
        return int(self.feature.max()) + 1


@dataclass(frozen=True, eq=False, slots=True)
class ColumnsHead(Head):
    """A head that reads some of the columns: one of several views.

    Parameters
    ----------
    head : of these columns
    start, stop : the columns
    """

    kind: ClassVar[str] = "columns"
    head: Head
    start: int
    stop: int

    @property
    def n_features(self) -> int:
        """How long the vectors are."""
        return self.stop

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities."""
        return self.head.predict_proba(np.asarray(X)[:, self.start : self.stop])

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns, and the kind and state of the head under a prefix."""
        inner = {f"head.{name}": array for name, array in self.head.get_state().items()}
        columns = {"start": np.array(self.start), "stop": np.array(self.stop)}
        return inner | columns | {"kind": np.array(self.head.kind)}

    @classmethod
    def from_state(cls, state: Arrays) -> Self:
        """Return the head that gave this state."""
        inner = {n.removeprefix("head."): a for n, a in state.items() if n.startswith("head.")}
        head = HEADS[str(state["kind"])].from_state(inner)
        return cls(head, int(state["start"]), int(state["stop"]))


HEADS: Mapping[str, type[Head]] = {
    c.kind: c for c in (ColumnsHead, ForestHead, LandmarkHead, LinearHead, MixtureHead, VotesHead)
}


@singledispatch
def head_of(model: Any) -> Head:
    """Return the head of a fitted classifier.

    Raises
    ------
    CapabilityError : it is none whose answers fit into plain arrays

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> model = LogisticRegression().fit(X, y)
    >>> np.allclose(head_of(model).predict_proba(X), model.predict_proba(X))
    True
    """
    raise CapabilityError(
        f"A {type(model).__name__} cannot be saved without pickle: models that can are 'auto', "
        "GraphClassifier, SoftmaxRegression, LogisticRegression, and it after a StandardScaler."
    )


@head_of.register
def _(model: SoftmaxRegression) -> Head:
    return LinearHead(model.coef_, model.intercept_)


@head_of.register
def _(model: LogisticRegression) -> Head:
    if len(model.classes_) > 2 and model.solver == "liblinear":  # one against the rest
        return head_of.dispatch(object)(model)
    W, b = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:
        W, b = np.hstack([np.zeros_like(W), W]), np.append(0.0, b)
    return LinearHead(W, b)


@head_of.register
def _(model: Pipeline) -> Head:
    steps = [step for _, step in model.steps if step not in (None, "passthrough")]
    if len(steps) != 2 or not isinstance(steps[0], StandardScaler):
        return head_of.dispatch(object)(model)
    scaler, head = steps[0], head_of(steps[1])
    if not isinstance(head, LinearHead):
        return head_of.dispatch(object)(model)
    weights = head.weights / (1.0 if scaler.scale_ is None else scaler.scale_[:, None])
    shift = 0.0 if scaler.mean_ is None or not scaler.with_mean else scaler.mean_ @ weights
    return LinearHead(weights, head.bias - shift)


@head_of.register
def _(model: GraphClassifier) -> Head:
    bias = np.zeros(len(model.classes_))
    votes = LinearVotes(model.coefficients_, bias, model.head_temperature_)
    return LandmarkHead.of(model.structure_, votes)


@head_of.register
def _(model: EnsembleClassifier) -> Head:
    structure = model.graph_.structure_
    parts = [
        LandmarkHead.of(structure, member.votes)  # type: ignore[arg-type]  # the kernel's are Votes
        if member.on_landmarks
        else head_of(member.votes)
        for member in model.members_
    ]
    return MixtureHead([head_of(model.graph_), *parts], model.new_weights_)


@head_of.register
def _(votes: LinearVotes) -> Head:
    return VotesHead(votes.coefficients, votes.bias, votes.temperature)


@head_of.register
def _(logits: Logits) -> Head:
    return LinearHead(logits.coefficients, logits.bias)


@head_of.register
def _(forest: Forest) -> Head:
    return ForestHead(**{f.name: getattr(forest, f.name) for f in fields(forest)})


@head_of.register
def _(model: ViewsClassifier) -> Head:
    parts = [
        ColumnsHead(head_of(part), at.start, at.stop)
        for part, at in zip(model.parts_, model.spans, strict=True)
    ]
    return MixtureHead(parts, model.new_weights_)
