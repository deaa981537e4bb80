"""Which format a file or folder of boxes is in, and its pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparing.datasets.boxes.coco import read_coco, read_results
from sparing.datasets.boxes.framed import FramedPictures, Sizes
from sparing.datasets.boxes.label_studio import read_rectangles
from sparing.datasets.boxes.xml import OF_CVAT, read_cvat, read_voc, root_of
from sparing.datasets.boxes.yolo import names_file, read_yolo
from sparing.datasets.decoding import read_text
from sparing.errors import InvalidInputError, SourceError


def is_of_boxes(path: Path) -> bool:
    """Tell whether :func:`read_framed` is what reads a file or folder; else it is a table."""
    return path.is_dir() or path.suffix.lower() in (".json", ".xml")


def read_framed(
    path: Path,
    sizes: Sizes,
    names: Mapping[int, str],
    pictures: Mapping[int, str],
    *,
    predictions: bool = False,
) -> FramedPictures:
    """Read boxes of pictures: COCO, YOLO, Pascal VOC, CVAT or Label Studio.

    Parameters
    ----------
    path : a ``.json`` or ``.xml`` file, or a folder of YOLO's text or VOC's XML
    sizes : gives the size of a picture where the file does not
    names, pictures : of the categories and the pictures of COCO results, by their ids
    predictions : whether they are of a model

    Raises
    ------
    SourceError : it is missing, unreadable, or in none of these formats
    InvalidInputError : results of a model that are to be a person's word
    """
    if path.is_dir():
        is_voc = names_file(path) is None and any(path.rglob("*.xml"))
        return read_voc(path, sizes) if is_voc else read_yolo(path, sizes)
    if path.suffix.lower() == ".xml":
        root = root_of(path)
        return read_cvat(root, sizes) if root.tag == OF_CVAT else read_voc(path, sizes)
    told = _json(path)
    if isinstance(told, Mapping):
        return read_coco(told, path, sizes)
    if not isinstance(told, list):
        raise SourceError(f"{path} is no COCO file, nor an array of Label Studio's tasks.")
    if all(isinstance(one, Mapping) and "data" in one for one in told):
        return read_rectangles(told, sizes, predictions=predictions)
    if not predictions:
        raise InvalidInputError(
            f"{path.name} is of results of a model, no person's word: --predictions shows them."
        )
    return read_results(told, names, sizes, pictures)


def _json(path: Path) -> Any:
    try:
        return json.loads(read_text(path)[0])
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not JSON: {error}.") from None
