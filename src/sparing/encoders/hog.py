"""Images by their edges: histograms of oriented gradients, and the same for drawings."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from sparing._validate import check_int, invalid
from sparing.encoders.base import BlockEncoder
from sparing.encoders.deskew import deskew
from sparing.encoders.gradients import oriented_histograms
from sparing.encoders.images import (
    Images,
    border_mean,
    check_images,
    full_scale,
    gray_block,
)
from sparing.numeric.principal import principal_components
from sparing.types import FloatArray, Tick

BLOCK_VALUES = 1 << 22  # of the direction maps: 16 MB, several of which live at once
LEARN_FROM = 20_000  # images; more change the leading directions by nothing that matters


class HogEncoder(BlockEncoder):
    """Images by their edges: where brightness grows in which direction.

    Histograms of oriented gradients on one grid after another, their square roots, then the
    leading principal components. Shapes and textures count, colors do not.

    Parameters
    ----------
    grids : cells along a side of each grid
    n_bins : directions in a full turn
    n_components : length of the vectors; None keeps the whole descriptor
    size : (height, width) that files are brought to, with a border if their shape differs;
        arrays keep the size they have

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> HogEncoder(n_components=16).fit_transform(load_digits().images).shape
    (1797, 16)

    References
    ----------
    Dalal & Triggs (2005); the square root is Arandjelovic & Zisserman's (2012) Hellinger kernel
    """

    name: ClassVar[str] = "hog"
    learned: ClassVar[tuple[str, ...]] = ("scale_", "mean_", "directions_")

    def __init__(
        self,
        grids: tuple[int, ...] = (4, 7),
        n_bins: int = 8,
        n_components: int | None = 64,
        size: tuple[int, int] = (64, 64),
    ) -> None:
        self.grids = grids
        self.n_bins = n_bins
        self.n_components = n_components
        self.size = size

    def _checked(self, X: Any) -> Images:
        where = type(self).__name__
        check_int("n_bins", where, self.n_bins, 2)
        if not self.grids or any(g < 1 for g in self.grids):
            raise invalid("grids", where, "numbers of cells >= 1", self.grids)
        return check_images(X, where)

    def _learn(self, items: Images, tell: Tick) -> None:
        self.scale_ = full_scale(items)
        if self.n_components is None:
            self.mean_, self.directions_ = np.zeros(0, np.float32), np.zeros((0, 0), np.float32)
            return
        n_components = check_int("n_components", type(self).__name__, self.n_components, 1)
        sample = items[:: 1 + (len(items) - 1) // LEARN_FROM]

        def described() -> Iterator[FloatArray]:
            for span in self._spans(sample):
                yield self._describe(sample[span])
                tell(span.stop, len(sample))

        self.mean_, self.directions_ = principal_components(described(), n_components)

    def _block_items(self, items: Images) -> int:
        height, width = items.shape[1:3] if isinstance(items, np.ndarray) else self.size
        return max(1, BLOCK_VALUES // int(self.n_bins * height * width))

    def _encode(self, block: Images) -> FloatArray:
        described = self._describe(block)
        return described if not self.mean_.size else (described - self.mean_) @ self.directions_

    def _describe(self, block: Images) -> FloatArray:
        histograms = oriented_histograms(self._prepared(block), self.grids, self.n_bins)
        return np.sqrt(histograms, out=histograms)

    def _prepared(self, block: Images) -> FloatArray:
        return gray_block(block, self.scale_, self.size)


class GlyphEncoder(HogEncoder):
    """Small drawings in one color (digits, letters, symbols): straightened, then their edges.

    The slant of the strokes is taken out and the drawing is centered before the histograms;
    dark strokes on a bright ground are inverted first. The parameters of this encoder were
    chosen on MNIST's training digits 4,000 to 59,999.

    Parameters
    ----------
    grids, n_bins, n_components, size : as in ``HogEncoder``; on 28 x 28 pixels the grids mean
        cells of 7 and 4 pixels

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> GlyphEncoder().fit_transform(load_digits().images).shape
    (1797, 64)

    References
    ----------
    LeCun et al. (1998) for the slant; Dalal & Triggs (2005) for the histograms
    """

    name: ClassVar[str] = "glyph"
    learned: ClassVar[tuple[str, ...]] = ("scale_", "inverted_", "mean_", "directions_")

    def __init__(
        self,
        grids: tuple[int, ...] = (4, 7),
        n_bins: int = 8,
        n_components: int | None = 64,
        size: tuple[int, int] = (28, 28),
    ) -> None:
        super().__init__(grids, n_bins, n_components, size)

    def _learn(self, items: Images, tell: Tick) -> None:
        scale = full_scale(items)
        sample = items[:: 1 + (len(items) - 1) // LEARN_FROM]
        blocks = (gray_block(sample[span], scale, self.size) for span in self._spans(sample))
        self.inverted_ = border_mean(blocks) > 0.5
        super()._learn(items, tell)

    def _prepared(self, block: Images) -> FloatArray:
        gray = super()._prepared(block)
        return deskew(1 - gray if self.inverted_ else gray)
