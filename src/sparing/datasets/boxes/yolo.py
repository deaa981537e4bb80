"""YOLO's text: a line a box, class and normalised center and size; names in data.yaml, in order.

References
----------
https://docs.ultralytics.com/datasets/detect (the format; the library itself is not used)
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sparing.annotations.boxes import MOST_OUT, Size
from sparing.datasets.boxes.framed import (
    Framed,
    FramedPictures,
    Raw,
    Sizes,
    gathered,
    numbers,
)
from sparing.datasets.decoding import read_text
from sparing.datasets.items import Skipped
from sparing.errors import InvalidInputError, SourceError

NAMES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt", "obj.names")
NUMBER = re.compile("[0-9]{1,9}")
NO_NAMES = (
    "{path} has numbers for classes, and no {names} that says their names in order: put one there."
    " They are not guessed, as another order would name every box wrong."
)
NOT_SEEN = "its picture is not there or cannot be read, and its boxes are shares of its size"


def names_file(folder: Path) -> Path | None:
    """Return the file that names the classes of a folder, in it or in the one above."""
    places = (at / name for at in (folder, folder.parent) for name in NAMES)
    return next((place for place in places if place.is_file()), None)


def read_yolo(folder: Path, sizes: Sizes) -> FramedPictures:
    """Read a folder of text files; one that is empty says that there is no object.

    Parameters
    ----------
    folder : with ``labels/`` or the files themselves, and the names of the classes
    sizes : gives the size of a picture by the path of its text

    Raises
    ------
    SourceError : nobody says what the classes are called
    """
    there = names_file(folder)
    if there is None:
        raise SourceError(NO_NAMES.format(path=folder, names=" or ".join(NAMES[:1] + NAMES[3:4])))
    names = read_names(there)
    root = folder / "labels" if (folder / "labels").is_dir() else folder
    files = [file for file in sorted(root.rglob("*.txt")) if file != there]
    raws = (_raw(file, root, names, sizes) for file in files)
    return gathered((raw for raw in raws if raw is not None), sizes)


def read_names(path: Path) -> dict[int, str]:
    """Return the names of classes by their numbers.

    Raises
    ------
    SourceError : it has none
    """
    text = read_text(path)[0]
    if path.suffix not in (".yaml", ".yml"):
        lines = [line.strip() for line in text.strip().split("\n")]
        return dict(enumerate(lines))
    try:
        told = yaml.load(text, yaml.BaseLoader)  # noqa: S506  # all is text: no is a name, no False
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"{path} is no YAML: {str(error).splitlines()[0]}.") from None
    names = told.get("names") if isinstance(told, Mapping) else None
    pairs = names.items() if isinstance(names, Mapping) else enumerate(names or ())
    if not isinstance(names, Mapping | list) or not names:
        raise SourceError(f"{path} has no 'names', a list of the classes in order.")
    return {int(key): str(name) for key, name in pairs if NUMBER.fullmatch(str(key))}


def write_yolo(pictures: Sequence[Framed], classes: Sequence[str]) -> tuple[str, Iterator[str]]:
    """Return data.yaml, and the text of each picture."""
    told = {
        "path": ".",
        "train": "images",
        "val": "images",
        "nc": len(classes),
        "names": dict(enumerate(classes)),
    }
    code = {name: i for i, name in enumerate(classes)}
    texts = (_lines(one, code) for one in pictures)
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True), texts


def _lines(one: Framed, code: Mapping[str, int]) -> str:
    width, height = one.size or (1, 1)
    lines = []
    for part in one.boxes:
        x0, y0, x1, y1 = part["box"]
        center = (x0 + x1) / 2 / width, (y0 + y1) / 2 / height
        size = (x1 - x0) / width, (y1 - y0) / height
        shares = " ".join(f"{x:.8f}" for x in (*center, *size))
        lines.append(f"{code[part['label']]} {shares}\n")
    return "".join(lines)


def _raw(file: Path, root: Path, names: Mapping[int, str], sizes: Sizes) -> Raw | Skipped | None:
    where = file.relative_to(root).as_posix()  # its picture is called so, with another suffix
    try:
        text = read_text(file)[0] if file.stat().st_size else ""
        lines = [line.split() for line in text.split("\n") if line.strip()]
        size = sizes(where)
        if size is None:  # a file of names is none of boxes, unless a picture is called so
            return None if file.name in NAMES else Skipped(where, NOT_SEEN)
        return Raw(where, None, [_box(line, names, size) for line in lines], where)
    except (InvalidInputError, SourceError) as error:
        return Skipped(where, str(error))


def _box(line: Sequence[str], names: Mapping[int, str], size: Size) -> dict[str, Any]:
    if len(line) not in (5, 6):
        raise InvalidInputError(f"A line has 5 numbers, or 6 with a score. Got {len(line)}.")
    code, x, y, w, h, *score = numbers(line, "A line")
    if code != int(code) or int(code) not in names:
        raise InvalidInputError(f"There is no class {line[0]} among the {len(names)} names.")
    slack = 2 * MOST_OUT / min(size)  # what reaches out by a pixel on two sides is cut later
    if max(x, y, w, h) > 1 + slack or min(x, y, w, h) < -slack:
        raise InvalidInputError(f"A box is of shares in [0, 1]. Got {' '.join(line[1:5])}.")
    box = [
        (x - w / 2) * size[0],
        (y - h / 2) * size[1],
        (x + w / 2) * size[0],
        (y + h / 2) * size[1],
    ]
    return {"box": box, "label": names[int(code)], "score": score[0] if score else None}
