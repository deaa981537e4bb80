"""How a network wants its pictures: their size, and what its numbers count from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.errors import SourceError
from sparing.types import FloatArray

SAID_IN = ("sparing.json", "preprocessor_config.json")
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """The way from a picture to a network's input.

    Parameters
    ----------
    size : (height, width) of what goes in
    mean, std : of each channel, where full brightness is 1
    is_bgr : whether blue comes first
    is_cropped : whether the middle is cut out, after the shorter side was brought to ``shorter``;
        else the whole picture is squeezed into the size
    shorter : see there
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    is_bgr: bool = False
    is_cropped: bool = False
    shorter: int = 0

    def network_input(self, pixels: Pixels) -> FloatArray:
        """Return (n, 3, height, width) float32 of pictures (n, height, width, 3) in 0..255.

        Examples
        --------
        >>> frame = Frame((1, 1), (0.5,) * 3, (0.5,) * 3, is_bgr=True)
        >>> frame.network_input(np.array([[[[255, 0, 0]]]], np.uint8)).ravel()
        array([-1., -1.,  1.], dtype=float32)
        """
        scale = (1 / (255 * np.array(self.std))).astype(np.float32)
        shift = (np.array(self.mean) / np.array(self.std)).astype(np.float32)
        channels = pixels[..., ::-1] if self.is_bgr else pixels
        # A plane a channel first: whole planes are scaled three times as fast as single pixels.
        values = np.ascontiguousarray(channels.transpose(0, 3, 1, 2)).astype(np.float32)
        values *= scale[:, None, None]
        values -= shift[:, None, None]
        return values


def frame_of(folder: Path) -> Frame:
    """Return what a folder says of its pictures.

    Read is ``sparing.json``, ``{"size": 224, "mean": [...], "std": [...], "channels": "RGB"}``
    with brightness from 0 to 1, or else the ``preprocessor_config.json`` of the transformers
    library.

    Raises
    ------
    SourceError : neither is there, or it does not say the size
    """
    for name in SAID_IN:
        path = folder / name
        if path.is_file():
            try:
                return _frame(json.loads(path.read_text("utf-8")))
            except (
                OSError,
                ValueError,
                TypeError,
                LookupError,
                AttributeError,
                RecursionError,
            ) as error:
                raise SourceError(f"{path} does not say how pictures go in: {error!r}.") from error
    raise SourceError(
        f"{folder} must say how pictures go in, in a {SAID_IN[1]} or a {SAID_IN[0]} such as"
        ' {"size": 224, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "channels": "RGB"}.'
    )


def _frame(said: Mapping[str, Any]) -> Frame:
    resized, cropped = said.get("size"), said.get("crop_size")
    is_cropped = bool(cropped) and bool(said.get("do_center_crop", True))
    size = _size(cropped if is_cropped else resized)
    shorter = min(_size(resized)) if is_cropped and resized else min(size)
    mean, std = _colors(said)
    is_bgr = said.get("channels", "RGB") == "BGR" or bool(said.get("do_flip_channel_order"))
    return Frame(size, mean, std, is_bgr, is_cropped, shorter)


def _size(said: Any) -> tuple[int, int]:
    if isinstance(said, Mapping):
        both = "height" in said
        said = (said["height"], said["width"]) if both else said["shortest_edge"]
    height, width = said if isinstance(said, Sequence) else (said, said)
    if not (1 <= int(height) <= 4096 and 1 <= int(width) <= 4096):
        raise ValueError(f"a size of {said}")
    return int(height), int(width)


def _colors(said: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and spread on the scale where full brightness is 1, whatever scale is said."""
    whole = (
        255 * float(said.get("rescale_factor", 1 / 255)) if said.get("do_rescale", True) else 255
    )
    mean = said.get("mean", said.get("image_mean", IMAGENET[0]))
    std = said.get("std", said.get("image_std", IMAGENET[1]))
    if not said.get("do_normalize", True):
        mean, std = (0, 0, 0), (1, 1, 1)
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise ValueError(f"mean {mean} and std {std}, not three numbers each")
    return tuple(float(m) / whole for m in mean), tuple(float(s) / whole for s in std)
