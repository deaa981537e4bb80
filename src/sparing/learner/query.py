"""Query: which items to label next, and why; shows itself in a notebook."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.strategies.base import FROM_UNIFORM, SOME_AT_RANDOM, Selection
from sparing.types import FloatArray, IntArray, StrArray

RANDOM = "random"  # the strategy that a uniform draw is
SHOWN_ITEMS = 50  # rows of the table; more would bury the notebook
SHOWN_CHARACTERS = 300
SHOWN_VALUES = 8
LEAST_SIDE = 8  # a shorter row is hardly an image
IMAGE_PIXELS = 64  # what a thumbnail measures on the page

# In each cell, since notebooks align the cells of any table right and narrow.
CELL = "vertical-align:middle;padding:4px 16px 4px 0;max-width:36em;white-space:normal"
STYLES = (
    f"{CELL};text-align:right;opacity:.6",
    f"{CELL};text-align:left",
    f"{CELL};text-align:left;min-width:14em",
    f"{CELL};text-align:right;opacity:.6",
)
HEAD = ("row", "item", "why", "utility")


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Query:
    """What is asked, and why.

    Parameters
    ----------
    indices : (batch_size,) rows of the pool, in the order they were picked
    utilities : (batch_size,) utility, or for greedy strategies the gain at that pick
    source : (batch_size,) ``"strategy"``, or ``"uniform"`` for a draw that no score influenced
    propensity : (batch_size,) probability with which the row was drawn; NaN where it is not one
    strategy : name of the strategy that chose
    reason : why it chose these, in words
    model_version : which state of the labels it chose by
    items : what a notebook shows for the first rows: texts, images or rows of features
    """

    indices: IntArray
    utilities: FloatArray
    source: StrArray
    propensity: FloatArray
    strategy: str
    reason: str
    model_version: int
    items: Sequence[Any] = ()

    @classmethod
    def of(
        cls,
        picked: Selection,
        strategy: str,
        reason: str,
        model_version: int,
        items: Sequence[Any] = (),
    ) -> "Query":
        """Return what a strategy picked as a query."""
        chosen = picked.rows, picked.gains, picked.source, picked.propensity
        return cls(*chosen, strategy, reason, model_version, items)

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        rows = np.array2string(self.indices, separator=", ", threshold=20)
        return f"<Query of {len(self)} by {self.strategy}: {rows}; {self.reason}>"

    def why(self, position: int) -> str:
        """Return in words why the item at this position of the batch is asked."""
        if self.source[position] == FROM_UNIFORM:
            return "drawn at random, whatever the model says"
        return self.reason.replace(SOME_AT_RANDOM, "")  # that is said of the batch, not of a row

    def asked_by(self, position: int) -> str:
        """Return the name of what asks the item at this position: its strategy, or a draw."""
        return RANDOM if self.source[position] == FROM_UNIFORM else self.strategy

    def _repr_html_(self) -> str:
        shown = range(min(len(self), SHOWN_ITEMS))
        title = escape(f"{len(self)} to label, chosen by {self.strategy}")
        version = f'<span style="opacity:.6">(model version {self.model_version})</span>'
        rows = [_table_row("th", HEAD), *(_table_row("td", self._cells(i)) for i in shown)]
        more = f"<p>and {len(self) - SHOWN_ITEMS} more</p>" if len(self) > SHOWN_ITEMS else ""
        table = f'<table style="margin:0">{"".join(rows)}</table>'
        return f"<p><b>{title}</b> {version}</p>{table}{more}"

    def _cells(self, i: int) -> tuple[str, ...]:
        item = item_html(self.items[i]) if i < len(self.items) else ""
        return str(self.indices[i]), item, escape(self.why(i)), f"{self.utilities[i]:.4g}"


def _table_row(tag: str, cells: tuple[str, ...]) -> str:
    styled = zip(cells, STYLES, strict=True)
    inner = "".join(f'<{tag} style="{style}">{cell}</{tag}>' for cell, style in styled)
    return f"<tr>{inner}</tr>"


def item_html(item: Any) -> str:
    """Return HTML that shows one item: an inline PNG, or escaped text.

    Images are Pillow images, arrays of shape (h, w), (h, w, 3) or (h, w, 4), and rows of
    non-negative features whose number is a square of at least 8 x 8.

    Examples
    --------
    >>> item_html("<b>fish & chips</b>")
    '&lt;b&gt;fish &amp; chips&lt;/b&gt;'
    >>> item_html(np.eye(8).ravel())[:31]
    '<img src="data:image/png;base64'
    """
    if isinstance(item, str):
        return escape(_shortened(item))
    if hasattr(item, "save") and hasattr(item, "convert"):
        return _png_html(item)
    if isinstance(item, np.ndarray):
        pixels = _pixels(item)
        return escape(_row_text(item)) if pixels is None else _pixels_html(pixels)
    return escape(_shortened(repr(item)))


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _row_text(row: npt.NDArray[Any]) -> str:
    values = np.array2string(row.ravel()[:SHOWN_VALUES], precision=3, separator=", ")
    rest = row.size - SHOWN_VALUES
    return _shortened(values) + (f" and {rest} more" if rest > 0 else "")


def _pixels(array: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Return the array as (h, w) or (h, w, channels) if it looks like an image."""
    if not np.issubdtype(array.dtype, np.number) or array.size == 0:
        return None
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)):
        return array
    side = isqrt(array.size)
    square = array.ndim == 1 and side >= LEAST_SIDE and side * side == array.size
    return array.reshape(side, side) if square and array.min() >= 0 else None


def _pixels_html(pixels: npt.NDArray[Any]) -> str:
    from PIL import Image

    if pixels.dtype != np.uint8:
        pixels = np.nan_to_num(pixels.astype(np.float64))
        low, high = pixels.min(), pixels.max()
        pixels = ((pixels - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
    return _png_html(Image.fromarray(pixels))


def _png_html(image: Any) -> str:
    small = image.convert("RGBA" if image.mode in ("RGBA", "LA", "P") else "RGB")
    small.thumbnail((2 * IMAGE_PIXELS, 2 * IMAGE_PIXELS))
    png = BytesIO()
    small.save(png, format="PNG")
    source = b64encode(png.getvalue()).decode("ascii")
    style = f"height:{IMAGE_PIXELS}px;image-rendering:pixelated"
    return f'<img src="data:image/png;base64,{source}" alt="item" style="{style}">'
