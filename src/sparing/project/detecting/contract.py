"""The files between a project and a detector's command: a round as COCO, and its results.

References
----------
https://cocodataset.org/#format-data, https://cocodataset.org/#format-results
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparing.datasets.boxes.coco import write_coco
from sparing.datasets.boxes.framed import Framed
from sparing.datasets.decoding import read_text, whole_text
from sparing.errors import SourceError
from sparing.files import write_atomically
from sparing.project.detecting.round import DetectorRound
from sparing.project.source.items import Item

TRAIN, ASKED, RESULTS = "train.json", "predict.json", "results.json"
MOST_BYTES = 1 << 28  # of results: a hundred boxes of ten thousand pictures are a third of it


def write_round(folder: Path, begun: DetectorRound) -> None:
    """Write what a detector learns from and what it is asked about; results of before go.

    Raises
    ------
    SourceError : the folder cannot be written
    """
    (folder / RESULTS).unlink(missing_ok=True)
    known = begun.known
    taught = [
        (number, replace(one, name=_file(folder, number, item)))
        for number, one, item in zip(known.numbers, known.pictures, known.items, strict=True)
    ]
    asked = [
        (number, Framed(_file(folder, number, item), size, ()))
        for number, item, size in zip(begun.numbers, begun.asked, begun.sizes, strict=True)
        if size is not None
    ]
    write_atomically(folder / TRAIN, write_coco(taught, known.classes))
    write_atomically(folder / ASKED, write_coco(asked, known.classes))


def _file(folder: Path, number: int, item: Item) -> str:
    """Return where a picture is; one that is no file of a name in text is put into the folder."""
    there = str(item.path.resolve()) if item.path is not None else ""
    if there and whole_text(there) == there:
        return there
    from PIL import Image

    path = folder / "pictures" / f"{number}{item.path.suffix if item.path else '.png'}"
    path.parent.mkdir(exist_ok=True)
    if item.path is not None:
        shutil.copyfile(item.path, path)
    elif not path.exists():
        Image.fromarray(item.pixels).save(path)
    return str(path)


def read_results(folder: Path) -> list[Any]:
    """Return what a detector has written.

    Raises
    ------
    SourceError : it has written nothing, half of it, too much, or something else; the message says
        nothing of where
    """
    path = folder / RESULTS
    if path.is_symlink() or not path.is_file():
        raise SourceError(f"The detector wrote no {RESULTS}")
    if path.stat().st_size > MOST_BYTES:
        raise SourceError(f"The detector wrote more than {MOST_BYTES >> 20} MB to {RESULTS}")
    try:
        told = json.loads(read_text(path)[0])
    except (SourceError, ValueError, RecursionError):
        raise SourceError(
            f"What the detector wrote to {RESULTS} is not JSON, or half of it"
        ) from None
    if not isinstance(told, list):
        raise SourceError(f"What the detector wrote to {RESULTS} is no list of COCO's results")
    return told
