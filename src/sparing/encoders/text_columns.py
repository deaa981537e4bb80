"""The texts of a table's rows by an encoder of texts: what stands in other columns is not seen."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from sparing._validate import _Phrase, invalid
from sparing.datasets.columns import LEAST_WORDS, TEXT, column_of
from sparing.datasets.scripts import n_words
from sparing.encoders.base import BlockEncoder
from sparing.encoders.table import as_cells, row_texts
from sparing.types import Arrays, FloatArray, IntArray, Tick

GLANCED_AT = 20  # cells of a column; most columns are no texts, and there may be thousands


class TextColumnsEncoder(BlockEncoder):
    """Rows of a table by the texts in them, joined, as an encoder of texts sees these.

    Beside ``TableEncoder`` it is a second view: that one sees the words and all other columns,
    this one what the texts mean.

    Parameters
    ----------
    reader : name of the encoder of texts
    params : its parameters; None: as they are by default

    Attributes
    ----------
    columns_ : (n_texts,) the columns that hold texts

    Raises
    ------
    InvalidInputError : no column holds texts

    Examples
    --------
    >>> rows = [["the cat sat down", 3], ["a cat ran away", 4], ["all the stocks fell", 1]]
    >>> encoder = TextColumnsEncoder().fit(rows)
    >>> encoder.columns_, encoder.transform(rows).shape
    (array([0]), (3, 1))
    """

    name: ClassVar[str] = "text-columns"
    learned: ClassVar[tuple[str, ...]] = ("columns_",)

    def __init__(self, reader: str = "text", params: Mapping[str, Any] | None = None) -> None:
        self.reader = reader
        self.params = params

    def members(self) -> Sequence[BlockEncoder]:
        """Return the encoder of texts, unfitted."""
        return (self._made(),)

    def look(self, X: Any, *, progress: Tick | None = None) -> None:
        """Let the texts go through the network, if there is one."""
        self._made().look(self._learned_texts(X), progress=progress)

    def fit(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> Self:
        """Find the columns of texts, and fit the encoder on what stands in them."""
        self._encoder = self._made().fit(self._learned_texts(X), progress=progress)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, progress: Tick | None = None) -> FloatArray:
        """Fit and encode; every text goes through a network once."""
        self._encoder = self._made()
        return self._encoder.fit_transform(self._learned_texts(X), progress=progress)

    def transform(self, X: Any, *, progress: Tick | None = None) -> FloatArray:
        """Return one vector a row, (n_rows, n_features) float32."""
        check_is_fitted(self)
        cells = as_cells(X, type(self).__name__)
        if cells.shape[1] <= self.columns_.max():
            more = f"of more than {self.columns_.max()} columns"
            raise invalid("X", type(self).__name__, more, cells.shape[1])
        return self._encoder.transform(row_texts(cells, self.columns_), progress=progress)

    def fingerprint(self) -> str:
        """Return what the vectors of the encoder of texts depend on."""
        return self._made().fingerprint()

    def model_hashes(self) -> dict[str, str]:
        """Return those of the encoder of texts."""
        return self._made().model_hashes()

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """Return which columns hold texts, and what the encoder of texts has learned."""
        return super().get_state() | self._encoder.get_state()

    def set_state(self, state: Arrays) -> Self:
        """Take over what another one of the same reader has learned."""
        self.columns_ = np.asarray(state["columns_"])
        rest = {name: array for name, array in state.items() if name != "columns_"}
        self._encoder = self._made().set_state(rest)
        self.n_items_seen_ = 0
        return self

    def _made(self) -> BlockEncoder:
        from sparing.encoders.registry import get_encoder

        return get_encoder(self.reader, **(self.params or {}))

    def _learned_texts(self, X: Any) -> list[str]:
        cells = as_cells(X, type(self).__name__)
        self.columns_ = text_columns(cells)
        if not len(self.columns_):
            raise invalid("X", type(self).__name__, "rows with a column of texts", _Phrase("none"))
        self.n_items_seen_ = len(cells)
        return row_texts(cells, self.columns_)

    def _encode(self, block: Any) -> FloatArray:
        return self.transform(block)


def text_columns(cells: npt.NDArray[Any]) -> IntArray:
    """Return which columns of (n_rows, n_columns) cells hold texts that people wrote.

    Examples
    --------
    >>> text_columns(np.array([["the cat sat", "3"], ["a dog ran off", "4"]], object))
    array([0])
    """
    step = 1 + len(cells) // GLANCED_AT
    found = [
        j
        for j, column in enumerate(cells.T)
        if _may_be_text(column[::step]) and column_of(column.tolist()).kind == TEXT
    ]
    return np.array(found, dtype=np.int64)


def _may_be_text(cells: npt.NDArray[Any]) -> bool:
    """Tell whether one of a few cells has several words, or all are empty, or it was told."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    return not texts or any(hasattr(t, "kind") or n_words(t) >= LEAST_WORDS for t in texts)
