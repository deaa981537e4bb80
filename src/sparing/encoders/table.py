"""Rows of a table: numbers, dates and categories, with gaps, as one vector a row."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import StandardScaler

from sparing._validate import _Phrase, invalid
from sparing.datasets.rows import is_missing
from sparing.encoders.base import BlockEncoder, Progress
from sparing.types import FloatArray

MOSTLY = 0.95  # share of a column's values that have to read as numbers or dates
MAX_CATEGORIES = 30  # rarer ones share a column
SECONDS_A_YEAR = 365.25 * 86400
DATES, NUMBERS, CATEGORIES = "dates", "numbers", "categories"


class TableEncoder(BlockEncoder):
    """Rows of a table: numbers scaled, categories as indicators, dates as numbers, gaps marked.

    What a column holds is read from its values: numbers if nearly all of them read as numbers,
    dates if they read as ISO 8601, else categories. A gap (empty, NA, NaN, null, ?) becomes the
    column's median and sets an indicator; among categories it is one of them. Values of a
    column's wrong kind count as gaps, categories never seen as the rare ones.

    Attributes
    ----------
    kinds_ : for each column ``"numbers"``, ``"dates"`` or ``"categories"``
    medians_, has_gap_ : (n_quantities,) of the columns of dates and numbers
    means_, spreads_ : of these and of the indicators of their gaps
    categories_, category_columns_ : (n_categories,) values with an indicator, and their columns
    rare_columns_ : columns whose rare values share an indicator

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
        "medians_",
        "has_gap_",
        "means_",
        "spreads_",
        "categories_",
        "category_columns_",
        "rare_columns_",
    )

    def __init__(self) -> None:
        pass

    @property
    def kinds_(self) -> tuple[str, ...]:
        """For each column what it holds."""
        return tuple(self.kind_names_.tolist())

    def _checked(self, X: Any) -> npt.NDArray[Any]:
        return _as_cells(X, type(self).__name__)

    def _learn(self, items: npt.NDArray[Any], tell: Progress) -> None:
        self.kind_names_ = np.array([_kind(column) for column in items.T])
        quantities = self._quantities(items)
        self.has_gap_ = np.isnan(quantities).any(axis=0)
        self.medians_ = np.array([_median(column) for column in quantities.T])
        filled = self._filled(quantities)
        # A column more, of zeros, for a table that has no quantities at all.
        scaler = StandardScaler().fit(np.pad(filled, ((0, 0), (0, 1))))
        self.means_, self.spreads_ = scaler.mean_[:-1], scaler.scale_[:-1]
        self._learn_categories(items)
        tell(len(items), len(items))

    def _learn_categories(self, items: npt.NDArray[Any]) -> None:
        pairs: list[tuple[int, str]] = []
        rare: list[int] = []
        for j in self._columns_of_categories():
            counts = Counter(map(_text, items[:, j]))
            kept = sorted(counts)
            if len(counts) > MAX_CATEGORIES:
                kept = sorted(sorted(kept, key=lambda value: -counts[value])[: MAX_CATEGORIES - 1])
                rare.append(j)
            pairs += [(j, value) for value in kept]
        self.categories_ = np.array([value for _, value in pairs], dtype=np.str_)
        self.category_columns_ = np.array([j for j, _ in pairs], dtype=np.int64)
        self.rare_columns_ = np.array(rare, dtype=np.int64)

    def _encode(self, block: npt.NDArray[Any]) -> FloatArray:
        n_columns = len(self.kind_names_)
        if block.shape[1] != n_columns:
            raise invalid("X", "TableEncoder", f"of {n_columns} columns", block.shape[1])
        scaled = (self._filled(self._quantities(block)) - self.means_) / self.spreads_
        return np.hstack([self._indicators(block), scaled]).astype(np.float32)

    def _quantities(self, cells: npt.NDArray[Any]) -> FloatArray:
        """Return (n, n_quantities) the columns of dates and numbers, NaN in the gaps."""
        readers = ((DATES, _date), (NUMBERS, _number))
        return np.hstack([_mapped(cells[:, self.kind_names_ == k], read) for k, read in readers])

    def _filled(self, quantities: FloatArray) -> FloatArray:
        """Fill the gaps by medians, and append an indicator for each column that had some."""
        gaps = np.isnan(quantities)
        return np.hstack([np.where(gaps, self.medians_, quantities), gaps[:, self.has_gap_]])

    def _columns_of_categories(self) -> list[int]:
        return np.flatnonzero(self.kind_names_ == CATEGORIES).tolist()

    def _indicators(self, cells: npt.NDArray[Any]) -> FloatArray:
        """Return (n, n_categories + n_rare) ones where a cell has the value."""
        pairs = zip(self.category_columns_.tolist(), self.categories_.tolist(), strict=True)
        places = {pair: i for i, pair in enumerate(pairs)}
        rare = {j: len(places) + i for i, j in enumerate(self.rare_columns_.tolist())}
        out = np.zeros((len(cells), len(places) + len(rare)))
        for j in self._columns_of_categories():
            at = [places.get((j, _text(cell)), rare.get(j, -1)) for cell in cells[:, j]]
            known = np.flatnonzero(np.array(at) >= 0)
            out[known, np.array(at)[known]] = 1
        return out


def _as_cells(X: Any, where: str) -> npt.NDArray[Any]:
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


def _kind(column: npt.NDArray[Any]) -> str:
    """Return what a column holds; one that is empty throughout counts as numbers."""
    present = [value for value in column if not is_missing(value)]
    for kind, read in ((NUMBERS, _number), (DATES, _date)):
        n_read = sum(not np.isnan(read(value)) for value in present)
        if n_read >= MOSTLY * len(present):
            return kind
    return CATEGORIES


def _median(column: FloatArray) -> float:
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


def _mapped(cells: npt.NDArray[Any], read: Any) -> FloatArray:
    values: Iterable[float] = (read(value) for value in cells.ravel())
    return np.fromiter(values, np.float64, cells.size).reshape(cells.shape)


def _text(cell: Any) -> str:
    # NumPy's texts end at the last character that is not a zero byte.
    return "" if is_missing(cell) else str(cell).strip().rstrip("\0")


def _number(value: Any) -> float:
    """Read a number; NaN where there is none, or no finite one.

    Examples
    --------
    >>> _number(" 3.5"), _number("red")
    (3.5, nan)
    """
    try:
        number = np.nan if is_missing(value) else float(value)
    except (TypeError, ValueError):
        return float("nan")
    return number if np.isfinite(number) else float("nan")


def _date(value: Any) -> float:
    """Read an ISO date or time as years since 1970; NaN where there is none.

    Examples
    --------
    >>> round(_date("1971-01-01"), 2)
    1.0
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return float("nan")
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp() / SECONDS_A_YEAR
