"""Rows of a table, with gaps, as vectors: numbers, dates, categories, texts, vectors in cells."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import StandardScaler

from sparing._validate import _Phrase, invalid
from sparing.datasets.columns import (
    CATEGORIES,
    DATES,
    NUMBERS,
    TEXT,
    VECTORS,
    Column,
    column_of,
    vector_of,
)
from sparing.datasets.quantities import date_of, is_gap, number_of
from sparing.encoders.base import BlockEncoder
from sparing.encoders.text import TextEncoder
from sparing.errors import InvalidInputError
from sparing.types import FloatArray, IntArray, Tick

MAX_CATEGORIES = 30  # rarer ones share a column
TEXT_WEIGHT = 4.0  # of the texts of a row beside a single other column; of more it is their number
TEXT_STATE = ("words_", "rarity_", "directions_", "by_pairs_")


class TableEncoder(BlockEncoder):
    """Rows of a table: numbers scaled, categories as indicators, texts by their words, gaps marked.

    What a column holds is read from its values, as :func:`sparing.datasets.columns.column_of`
    says. A gap becomes the column's median and sets an indicator; among categories it is one of
    them. Values of a column's wrong kind count as gaps, categories never seen as the rare ones.
    The texts of a row, joined, count as much as all other columns together, four at least.

    Attributes
    ----------
    kinds_ : for each column one of ``sparing.datasets.columns.KINDS``
    hows_ : for each column its decimal mark, order of dates, or width of vectors
    medians_, has_gap_ : (n_quantities,) of the columns of dates, numbers and parts of vectors
    means_, spreads_ : of these and of the indicators of their gaps
    categories_, category_columns_ : (n_categories,) values with an indicator, and their columns
    rare_columns_ : columns whose rare values share an indicator
    text_weight_ : length of the part of a vector that is of texts; 0: there are none
    words_, rarity_, directions_, by_pairs_ : as of ``TextEncoder``

    Examples
    --------
    >>> rows = [["1.5", "red"], ["", "blue"], ["2.5", "red"]]
    >>> encoder = TableEncoder().fit(rows)
    >>> encoder.kinds_
    ('numbers', 'categories')
    >>> encoder.transform(rows).shape  # the number, its gap, red, blue
    (3, 4)
    """

    name: ClassVar[str] = "table"
    learned: ClassVar[tuple[str, ...]] = (
        "kind_names_",
        "how_names_",
        "medians_",
        "has_gap_",
        "means_",
        "spreads_",
        "categories_",
        "category_columns_",
        "rare_columns_",
        "text_weight_",
        *TEXT_STATE,
    )

    def __init__(self) -> None:
        pass

    @property
    def kinds_(self) -> tuple[str, ...]:
        """For each column what it holds."""
        return tuple(self.kind_names_.tolist())

    @property
    def hows_(self) -> tuple[str, ...]:
        """For each column how it is written."""
        return tuple(self.how_names_.tolist())

    def _checked(self, X: Any) -> npt.NDArray[Any]:
        return as_cells(X, type(self).__name__)

    def _learn(self, items: npt.NDArray[Any], tell: Tick) -> None:
        columns = [column_of(cells.tolist()) for cells in items.T]
        self.kind_names_ = np.array([column.kind for column in columns])
        self.how_names_ = np.array([column.how for column in columns])
        quantities = self._quantities(items)
        self.has_gap_ = np.isnan(quantities).any(axis=0)
        self.medians_ = np.array([_median(column) for column in quantities.T])
        filled = self._filled(quantities)
        # A column more, of zeros, for a table that has no quantities at all.
        scaler = StandardScaler().fit(np.pad(filled, ((0, 0), (0, 1))))
        self.means_, self.spreads_ = scaler.mean_[:-1], scaler.scale_[:-1]
        self._learn_categories(items)
        self._learn_texts(items)
        tell(len(items), len(items))

    def _learn_categories(self, items: npt.NDArray[Any]) -> None:
        pairs: list[tuple[int, str]] = []
        rare: list[int] = []
        for j in self._columns_of(CATEGORIES):
            counts = Counter(map(_text, items[:, j]))
            kept = sorted(counts)
            if len(counts) > MAX_CATEGORIES:
                kept = sorted(sorted(kept, key=lambda value: -counts[value])[: MAX_CATEGORIES - 1])
                rare.append(j)
            pairs += [(j, value) for value in kept]
        self.categories_ = np.array([value for _, value in pairs], dtype=np.str_)
        self.category_columns_ = np.array([j for j, _ in pairs], dtype=np.int64)
        self.rare_columns_ = np.array(rare, dtype=np.int64)

    def _learn_texts(self, items: npt.NDArray[Any]) -> None:
        encoder = TextEncoder()
        n_others = len(self.kind_names_) - len(self._columns_of(TEXT))
        self.text_weight_ = np.array(np.sqrt(max(TEXT_WEIGHT, n_others)))
        try:
            encoder.fit(self._texts(items))
        except InvalidInputError:  # there are none, or they have no letters
            self.text_weight_ = np.array(0.0)
            self.words_, self.rarity_ = np.zeros(0, np.str_), np.zeros(0)
            self.directions_, self.by_pairs_ = np.zeros((0, 0), np.float32), np.array(False)
            return
        for name, learned in encoder.get_state().items():
            setattr(self, name, learned)

    def _encode(self, block: npt.NDArray[Any]) -> FloatArray:
        n_columns = len(self.kind_names_)
        if block.shape[1] != n_columns:
            raise invalid("X", "TableEncoder", f"of {n_columns} columns", block.shape[1])
        scaled = (self._filled(self._quantities(block)) - self.means_) / self.spreads_
        parts = [self._indicators(block), scaled, *self._text_vectors(block)]
        return np.hstack(parts).astype(np.float32)

    def _text_vectors(self, block: npt.NDArray[Any]) -> list[FloatArray]:
        if not self.text_weight_:
            return []
        encoder = TextEncoder().set_state(
            {name: np.asarray(getattr(self, name)) for name in TEXT_STATE}
        )
        return [self.text_weight_ * encoder.transform(self._texts(block))]

    def _texts(self, cells: npt.NDArray[Any]) -> list[str]:
        """Return the texts of each row as one."""
        return row_texts(cells, self._columns_of(TEXT))

    def _quantities(self, cells: npt.NDArray[Any]) -> FloatArray:
        """Return (n, n_quantities) the columns of dates, numbers and vectors, NaN in the gaps."""
        kinds = (DATES, NUMBERS, VECTORS)
        blocks = [
            _read(cells[:, j], Column(kind, str(self.how_names_[j])))
            for kind in kinds
            for j in self._columns_of(kind)
        ]
        return np.hstack([np.zeros((len(cells), 0)), *blocks])

    def _filled(self, quantities: FloatArray) -> FloatArray:
        """Fill the gaps by medians, and append an indicator for each column that had some."""
        gaps = np.isnan(quantities)
        return np.hstack([np.where(gaps, self.medians_, quantities), gaps[:, self.has_gap_]])

    def _columns_of(self, kind: str) -> list[int]:
        return np.flatnonzero(self.kind_names_ == kind).tolist()

    def _indicators(self, cells: npt.NDArray[Any]) -> FloatArray:
        """Return (n, n_categories + n_rare) ones where a cell has the value."""
        pairs = zip(self.category_columns_.tolist(), self.categories_.tolist(), strict=True)
        places = {pair: i for i, pair in enumerate(pairs)}
        rare = {j: len(places) + i for i, j in enumerate(self.rare_columns_.tolist())}
        out = np.zeros((len(cells), len(places) + len(rare)))
        for j in self._columns_of(CATEGORIES):
            at = [places.get((j, _text(cell)), rare.get(j, -1)) for cell in cells[:, j]]
            known = np.flatnonzero(np.array(at) >= 0)
            out[known, np.array(at)[known]] = 1
        return out


def as_cells(X: Any, where: str) -> npt.NDArray[Any]:
    """Return the table as an object array (n_rows, n_columns)."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    rows = X if isinstance(X, np.ndarray) else list(X)
    widths = {len(row) if isinstance(row, list | tuple | np.ndarray) else 0 for row in rows}
    if len(widths) > 1 or 0 in widths:
        got = _Phrase(f"rows of {', '.join(map(str, sorted(widths)))} values")
        raise invalid("X", where, "rows of equally many values", got)
    cells = np.empty((len(rows), widths.pop() if widths else 0), dtype=object)
    cells[:] = rows
    return cells


def row_texts(cells: npt.NDArray[Any], columns: Sequence[int] | IntArray) -> list[str]:
    """Return the texts of some columns of each row as one."""
    return ["\n".join(map(_text, row)) for row in cells[:, columns]]


def _median(column: FloatArray) -> float:
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


def _read(cells: npt.NDArray[Any], column: Column) -> FloatArray:
    """Return (n, 1) numbers of a column, or (n, width) of one of vectors; NaN in the gaps."""
    if column.kind == VECTORS:
        width = int(column.how)
        gap = [np.nan] * width
        found = (vector_of(cell) for cell in cells)
        rows = [vector if vector and len(vector) == width else gap for vector in found]
        return np.array(rows, float).reshape(len(cells), width)
    read = date_of if column.kind == DATES else number_of
    values = (read(cell, column.how) for cell in cells)
    return np.fromiter(values, np.float64, len(cells))[:, None]


def _text(cell: Any) -> str:
    # NumPy's texts end at the last character that is not a zero byte.
    return "" if is_gap(cell) else str(cell).strip().rstrip("\0")
