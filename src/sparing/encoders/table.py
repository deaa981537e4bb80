"""Rows of a table: numbers, dates and categories, with gaps, as one vector a row."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

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
    has_state: ClassVar[bool] = False

    def __init__(self) -> None:
        pass

    def _checked(self, X: Any) -> npt.NDArray[Any]:
        return _as_cells(X, type(self).__name__)

    def _learn(self, items: npt.NDArray[Any], tell: Progress) -> None:
        self.kinds_ = tuple(_kind(column) for column in items.T)
        self._columns = ColumnTransformer(
            [
                (kind, _transformer(kind), [i for i, k in enumerate(self.kinds_) if k == kind])
                for kind in sorted(set(self.kinds_))
            ],
            sparse_threshold=0,
        ).fit(items)
        tell(len(items), len(items))

    def _encode(self, block: npt.NDArray[Any]) -> FloatArray:
        n_columns = len(self.kinds_)
        if block.shape[1] != n_columns:
            raise invalid("X", "TableEncoder", f"of {n_columns} columns", block.shape[1])
        return np.asarray(self._columns.transform(block), np.float32)


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


def _transformer(kind: str) -> Any:
    if kind == CATEGORIES:
        indicators = OneHotEncoder(
            max_categories=MAX_CATEGORIES,
            handle_unknown="infrequent_if_exist",
            sparse_output=False,
        )
        return make_pipeline(FunctionTransformer(_as_texts), indicators)
    read = _read_dates if kind == DATES else _read_numbers
    gaps = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(FunctionTransformer(read), gaps, StandardScaler())


def _read_numbers(cells: npt.NDArray[Any]) -> FloatArray:
    return _mapped(cells, _number)


def _read_dates(cells: npt.NDArray[Any]) -> FloatArray:
    return _mapped(cells, _date)


def _mapped(cells: npt.NDArray[Any], read: Any) -> FloatArray:
    values: Iterable[float] = (read(value) for value in cells.ravel())
    return np.fromiter(values, np.float64, cells.size).reshape(cells.shape)


def _as_texts(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    texts = ["" if is_missing(value) else str(value).strip() for value in cells.ravel()]
    return np.array(texts, dtype=object).reshape(cells.shape)


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
