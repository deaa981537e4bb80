"""SavedModel: encoder and head in one file of plain arrays and JSON, to label new items with."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sparing.datasets.items import ItemKind
from sparing.encoders import get_encoder
from sparing.encoders.base import BlockEncoder
from sparing.errors import SourceError, SparingError, TrainingError
from sparing.files import read_arrays, write_arrays
from sparing.models.alignment import align_proba
from sparing.models.fitting import FittedModel, blocks_of
from sparing.models.heads import HEADS, Head, head_of
from sparing.types import FloatArray, IntArray, Tick

FORMAT = 1


@dataclass(frozen=True, eq=False, slots=True)
class SavedModel:
    """All that is needed to label new items: how they become vectors, and vectors classes.

    Parameters
    ----------
    kind : of the items: ``"images"``, ``"texts"``, ``"table"`` or ``"vectors"``
    columns : of a table file: those that make an item
    encoder : fitted
    head : from vectors to the classes it has seen
    seen : (n_seen,) positions of these in ``classes``
    classes : the label values
    n_labeled : how many labels the model was fitted on
    """

    kind: ItemKind
    columns: tuple[str, ...]
    encoder: BlockEncoder
    head: Head
    seen: IntArray
    classes: tuple[str, ...]
    n_labeled: int

    @classmethod
    def of(
        cls,
        fitted: FittedModel,
        encoder: BlockEncoder,
        *,
        classes: Sequence[Any],
        n_labeled: int,
        kind: ItemKind,
        columns: Sequence[str] = (),
    ) -> Self:
        """Return what of a fitted model is saved; ``fitted`` is ``learner.version.fitted``.

        Raises
        ------
        TrainingError : fewer than two classes are labeled, so there is no model
        CapabilityError : the model is none that fits into plain arrays
        """
        if fitted.model is None:
            raise TrainingError("There is no model to save: label items of two classes first.")
        values = tuple(str(value) for value in classes)
        head, seen = head_of(fitted.model), np.asarray(fitted.seen, np.int64)
        return cls(kind, tuple(columns), encoder, head, seen, values, n_labeled)

    def predict_proba(self, values: Any, *, progress: Tick | None = None) -> FloatArray:
        """Return (n, n_classes) probabilities of new items.

        Parameters
        ----------
        values : what the encoder takes, of this model's kind
        progress : told how many items are encoded
        """
        return self.proba_of(self.encoder.transform(values, progress=progress))

    def proba_of(self, X: FloatArray) -> FloatArray:
        """Return (n, n_classes) probabilities of items that are encoded already.

        Parameters
        ----------
        X : (n, n_features) vectors by this model's encoder
        """
        proba = np.empty((len(X), len(self.classes)))
        for block in blocks_of(X):
            part = self.head.predict_proba(X[block])
            proba[block] = align_proba(part, self.seen, len(self.classes))
        return proba


def save_model(path: str | os.PathLike[str], model: SavedModel) -> None:
    """Write a model; whoever reads sees the old file or the new one, never a half.

    Raises
    ------
    SourceError : the file cannot be written
    """
    facts = {
        "format": FORMAT,
        "kind": model.kind,
        "columns": model.columns,
        "encoder": model.encoder.name,
        "encoder_params": model.encoder.get_params(deep=False),
        "fingerprint": model.encoder.fingerprint(),
        "head": model.head.kind,
        "classes": model.classes,
        "n_labeled": model.n_labeled,
    }
    arrays: dict[str, Any] = {"facts": np.frombuffer(json.dumps(facts).encode(), np.uint8)}
    arrays["seen"] = model.seen
    arrays |= {f"encoder/{name}": a for name, a in model.encoder.get_state().items()}
    arrays |= {f"head/{name}": a for name, a in model.head.get_state().items()}
    write_arrays(Path(path), arrays)


def load_model(path: str | os.PathLike[str]) -> SavedModel:
    """Read what ``save_model`` wrote; no pickle is ever read.

    Raises
    ------
    SourceError : there is no such file, or it is damaged, of another version, or no model
    """
    arrays = read_arrays(Path(path), "a saved model")
    try:
        facts = json.loads(arrays["facts"].tobytes())
        if facts["format"] == FORMAT:
            return _model(facts, arrays)
    except SparingError:
        raise
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise SourceError(f"{path} is not a saved model, or it is damaged.") from error
    raise SourceError(f"{path} was saved in format {facts['format']}; this version reads {FORMAT}.")


def _model(facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> SavedModel:
    encoder = get_encoder(facts["encoder"], **_unasked(facts["encoder_params"])).set_state(
        _part(arrays, "encoder/")
    )
    if encoder.fingerprint() != facts["fingerprint"]:
        raise SourceError(f"Encoder '{encoder.name}' is not the one that the model was made with.")
    return SavedModel(
        facts["kind"],
        tuple(facts["columns"]),
        encoder,
        HEADS[facts["head"]].from_state(_part(arrays, "head/")),
        arrays["seen"],
        tuple(facts["classes"]),
        facts["n_labeled"],
    )


def _unasked(params: Any) -> Any:
    """Return parameters of encoders as they were, but that nothing is fetched because of them.

    The file may be from somebody else, and only a command says what leaves the machine.
    """
    if isinstance(params, list):
        return tuple(map(_unasked, params))
    if not isinstance(params, dict):
        return params
    return {name: name != "download" and _unasked(value) for name, value in params.items()}


def _part(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
