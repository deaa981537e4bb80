"""Pictures as maps of features at three scales, by a frozen network, and cells that see them."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.datasets.pictures import open_picture, upright_size
from sparing.encoders.pretrained.efficientnet import MAPS, feature_maps_graph
from sparing.encoders.pretrained.frame import Frame
from sparing.encoders.pretrained.photos import EXTRA, MEAN, SPREAD, packaged_graph
from sparing.encoders.pretrained.pictures import rgb
from sparing.encoders.pretrained.session import open_session
from sparing.errors import SourceError
from sparing.types import FloatArray

STRIDE = 16  # pixels of the network's input that one cell stands for
MULTIPLE = 32  # of the sides of what goes in
SIDES = (192, 416)  # least and most pixels of the longer side of what goes in
ENLARGED = 2.0  # small pictures, at most
MEASURED = 64  # pictures whose size is looked at
KEPT_BYTES = 400 << 20
Halves = npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False, slots=True)
class FeatureMaps:
    """What the network makes of one picture: half a megabyte of half precision.

    Parameters
    ----------
    fine, middle, coarse : (height, width, channels) at strides of 8, 16 and 32
    size : width and height of the upright picture in its own pixels
    scale : pixels of the network's input for one of the picture
    """

    fine: Halves
    middle: Halves
    coarse: Halves
    size: tuple[int, int]
    scale: float

    @property
    def n_bytes(self) -> int:
        """How much memory it takes."""
        return self.fine.nbytes + self.middle.nbytes + self.coarse.nbytes

    def cells(self) -> FloatArray:
        """Return what each cell sees, (height * width, n_features), row by row.

        A cell has the four fine pieces in it, its own features, and the coarse ones around it.
        """
        height, width = self.middle.shape[:2]
        fine = self.fine.reshape(height, 2, width, 2, -1).transpose(0, 2, 1, 3, 4)
        coarse = self.coarse.repeat(2, axis=0).repeat(2, axis=1)
        parts = (fine.reshape(height, width, -1), self.middle, coarse)
        joined = np.concatenate(parts, axis=2, dtype=np.float32)
        return joined.reshape(height * width, -1)

    def centers(self) -> FloatArray:
        """Return the middle of each cell in pixels of the picture, (height * width, 2) x and y."""
        height, width = self.middle.shape[:2]
        y, x = np.mgrid[:height, :width]
        return (np.column_stack([x.ravel(), y.ravel()]) + 0.5) * (STRIDE / self.scale)

    def pooled(self) -> FloatArray:
        """Return the mean of what the cells see at the two larger scales, (432,)."""
        maps = (self.middle, self.coarse)
        return np.concatenate([m.mean(axis=(0, 1), dtype=np.float32) for m in maps])


class MapReader:
    """Reads pictures into feature maps, and keeps those of the pictures that it has read.

    The network is loaded with the first of them. Copies are the same reader: what it keeps of a
    picture holds for everybody.

    Raises
    ------
    MissingExtraError : the extra ``photos`` is not installed
    """

    def __init__(self) -> None:
        self.side = 0
        self._session: Any = None
        self._kept: dict[Hashable, tuple[Any, FeatureMaps]] = {}
        self._n_bytes = 0

    def __deepcopy__(self, memo: Any) -> "MapReader":
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of what is sent to others what they make again."""
        return {"side": self.side, "_session": None, "_kept": {}, "_n_bytes": 0}

    def read(self, pictures: Sequence[Any]) -> list[FeatureMaps]:
        """Return the maps of files, Pillow images or arrays (height, width, 3) of uint8.

        Raises
        ------
        SourceError : one is no picture that can be read; it is named
        """
        if not self.side:
            self.side = side_of(pictures)
        return [self._known(picture) for picture in pictures]

    def pooled(self, pictures: Sequence[Any]) -> FloatArray:
        """Return what each picture is like as a whole, (n, 432)."""
        return np.stack([maps.pooled() for maps in self.read(pictures)])

    def _known(self, picture: Any) -> FeatureMaps:
        key = _name_of(picture)
        if key in self._kept:
            return self._kept[key][1]
        maps = self._through(picture)
        if self._n_bytes < KEPT_BYTES:
            self._kept[key] = (picture, maps)  # that it is kept makes sure no other has its name
            self._n_bytes += maps.n_bytes
        return maps

    def _through(self, picture: Any) -> FeatureMaps:
        if self._session is None:
            name = "efficientnet-maps"
            self._session = open_session(packaged_graph(name, feature_maps_graph), EXTRA)
        size = picture_size(picture)
        scale = self.side / max(size)
        inner = [max(1, round(side * scale)) for side in size]
        pixels = _padded(rgb(picture, -(-self.side // 2)), inner)
        frame = Frame(pixels.shape[:2], (MEAN,) * 3, (SPREAD,) * 3)
        told = self._session.run(list(MAPS), {"pictures": frame.network_input(pixels[None])})
        fine, middle, coarse = (m[0].transpose(1, 2, 0).astype(np.float16) for m in told)
        return FeatureMaps(fine, middle, coarse, size, scale)


def side_of(pictures: Sequence[Any]) -> int:
    """Return the longer side that suits pictures: small ones are enlarged to twice theirs.

    Examples
    --------
    >>> side_of([np.zeros((120, 160, 3), np.uint8)]), side_of([np.zeros((3000, 4000, 3), np.uint8)])
    (320, 416)
    """
    some = pictures[:: max(1, len(pictures) // MEASURED)]
    middle = float(np.median([max(picture_size(picture)) for picture in some]))
    return int(np.clip(round(ENLARGED * middle), *SIDES))


def _name_of(picture: Any) -> Hashable:
    """Return what a picture is known by: of a file its path, time and size too."""
    if not isinstance(picture, str | PathLike):
        return id(picture)
    try:
        status = Path(picture).stat()
    except OSError as error:
        raise SourceError(f"{picture} cannot be read: {error.strerror or error}.") from error
    return str(picture), status.st_mtime_ns, status.st_size


def picture_size(picture: Any) -> tuple[int, int]:
    """Return width and height of a file, a Pillow image or an array, upright.

    Examples
    --------
    >>> picture_size(np.zeros((20, 30, 3), np.uint8))
    (30, 20)

    Raises
    ------
    SourceError : it is no picture that can be read; it is named
    """
    if isinstance(picture, np.ndarray):
        return picture.shape[1], picture.shape[0]
    if not isinstance(picture, str | PathLike):
        return upright_size(picture)
    try:
        with open_picture(Path(picture)) as image:
            return upright_size(image)
    except (SourceError, OSError) as error:
        raise SourceError(f"{picture} is no image that can be read: {error}.") from error


def _padded(image: Any, inner: list[int]) -> npt.NDArray[np.uint8]:
    """Return a picture at its size, filled up to whole cells with gray at the right and below."""
    from PIL.Image import Resampling

    width, height = (-(-side // MULTIPLE) * MULTIPLE for side in inner)
    pixels = np.full((height, width, 3), round(255 * MEAN), np.uint8)
    pixels[: inner[1], : inner[0]] = image.resize(inner, Resampling.BILINEAR, reducing_gap=2.0)
    return pixels
