"""Boxes of a project in the formats that detectors take, and boxes that others have drawn."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sparing.annotations.boxes import Size
from sparing.datasets.boxes.coco import write_coco
from sparing.datasets.boxes.framed import Framed
from sparing.datasets.boxes.read import read_framed
from sparing.datasets.boxes.xml import write_cvat, write_voc
from sparing.datasets.boxes.yolo import write_yolo
from sparing.errors import InvalidInputError, SourceError
from sparing.files import staging, write_atomically
from sparing.project.files.export import BOX_FORMS
from sparing.project.files.export_columns import is_as_drawn, said_of_changed
from sparing.project.files.export_rows import ExportRow
from sparing.project.files.finding import Finder
from sparing.project.files.readings import Found, Readings, RowReport, found_row
from sparing.project.files.stems import Stems, own_stems
from sparing.project.log.meaning import as_said
from sparing.project.source.items import Item
from sparing.project.state import State
from sparing.store.records import FROM_FILE

COCO, YOLO, VOC, CVAT = BOX_FORMS


@dataclass(frozen=True, eq=False, slots=True)
class Finished:
    """What goes out: pictures that have an answer, with the items that they are of.

    Parameters
    ----------
    pictures : with their boxes
    items : that they are of
    numbers : of the pictures
    stems : of the files that are written of each
    classes : number and name of each
    n_lost : pictures that are not there
    changed : names of pictures that had another size when their boxes were drawn
    """

    pictures: tuple[Framed, ...]
    items: tuple[Item, ...]
    numbers: tuple[int, ...]
    stems: tuple[str, ...]
    classes: tuple[tuple[int, str], ...]
    n_lost: int = 0
    changed: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out."""
        n, changed = self.n_lost, self.changed
        lost = f"Left out, as their pictures are not there: {n:,}."
        return (*[lost] * bool(n), *[said_of_changed(changed)] * bool(changed))


def finished(state: State, rows: Sequence[ExportRow]) -> Finished:
    """Return the pictures that have an answer, with what a file says of them.

    The number of a picture is its place in the project and that of a class is its place among
    them, from 1 on: neither ever moves.
    """
    answered = [row for row in rows if row.boxes is not None]
    items = [state.item(row.item_id) for row in answered]
    there = [(row, item) for row, item in zip(answered, items, strict=True) if item.size]
    whole = [(row, item) for row, item in there if is_as_drawn(state, item)]
    pictures = tuple(
        Framed(
            row.item,
            item.size,
            tuple({"box": list(box.box), "label": box.label} for box in row.boxes or ()),
        )
        for row, item in whole
    )
    live = ((i + 1, c.name) for i, c in enumerate(state.replay.all_classes) if c.is_live)
    stems = own_stems({*state.listing.names, *(one.name for one in pictures)})
    return Finished(
        pictures,
        tuple(item for _, item in whole),
        tuple(state.row_of[row.item_id] + 1 for row, _ in whole),
        tuple(stems[one.name] for one in pictures),
        tuple(live),
        len(answered) - len(there),
        tuple(row.item for row, item in there if not is_as_drawn(state, item)),
    )


def write_framed(path: Path, form: str, done: Finished) -> None:
    """Write pictures with their boxes as a file, or as a folder that is not there yet.

    Raises
    ------
    SourceError : the path cannot be written, or is a folder with something in it
    """
    names = [name for _, name in done.classes]
    if form == COCO:
        write_atomically(
            path, write_coco([*zip(done.numbers, done.pictures, strict=True)], done.classes)
        )
    elif form == CVAT:
        write_atomically(path, write_cvat(done.pictures, names))
    else:
        _write_folder(path, form, done, names)


def _write_folder(path: Path, form: str, done: Finished, names: Sequence[str]) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SourceError(f"{path} is there already: name a new or an empty folder.")
    target = path.resolve()
    with staging(target) as here:
        whole = here / form
        whole.mkdir()
        if form == VOC:
            for stem, one in zip(done.stems, done.pictures, strict=True):
                _write(whole / f"{stem}.xml", write_voc(one))
        else:
            _write_yolo(whole, done, names)
        whole.rename(target)


def _write_yolo(folder: Path, done: Finished, names: Sequence[str]) -> None:
    told, texts = write_yolo(done.pictures, names)
    _write(folder / "data.yaml", told.encode())
    for stem, text, item in zip(done.stems, texts, done.items, strict=True):
        _write(folder / "labels" / f"{stem}.txt", text.encode())
        _copy(item, folder / "images" / stem)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _copy(item: Item, to: Path) -> None:
    """Copy a picture; one that EXIF turns is written upright, as its boxes are."""
    from PIL import Image

    from sparing.datasets.pictures import decoded, is_turned, open_picture, shown

    to.parent.mkdir(parents=True, exist_ok=True)
    if item.path is None:
        Image.fromarray(item.pixels).save(f"{to}.png")
        return
    with open_picture(item.path) as image:
        if is_turned(image):
            side = max(image.size)
            with decoded(image, side):
                shown(image, side).save(f"{to}.png")
            return
    shutil.copyfile(item.path, f"{to}{item.path.suffix}")


def read_boxes(state: State, path: Path, *, predictions: bool = False) -> Readings:
    """Read boxes in a format of others; each picture is an item.

    Parameters
    ----------
    state : of the project
    path : of the file or folder
    predictions : whether they are of a model

    Raises
    ------
    SourceError, InvalidInputError : as of :func:`sparing.datasets.boxes.read.read_framed`
    """
    pictures = _Pictures(state)
    names = {i + 1: c.name for i, c in enumerate(state.replay.all_classes) if c.is_live}
    keys = {i + 1: row.item_id for i, row in enumerate(state.rows)}
    told = read_framed(path, pictures.size, names, keys, predictions=predictions)
    problems = [RowReport(one.name, "", one.reason) for one in told.skipped]
    found: list[Found] = []
    for one in told.pictures:
        try:
            item_id = pictures.find(one.name)
        except InvalidInputError as error:
            problems.append(RowReport(one.where, one.name, str(error)))
            continue
        said: dict[str, object] = {"class_name": as_said(one.boxes), "asked_for": FROM_FILE}
        if one.size is not None:
            said["text"] = "{} x {}".format(*one.size)
        found.append(found_row(state, one.where, one.name, item_id, said))
    return Readings(found, problems, told.notes)


class _Pictures:
    """Finds the items that a file of boxes calls by a path, a name, or one without its suffix."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._finder = Finder(state)
        self._stems = Stems(state)

    def find(self, name: str) -> str:
        """Return the key of an item.

        Raises
        ------
        InvalidInputError : there is none, or two are called so
        """
        try:
            return self._finder.find(self._state, name).item_id
        except InvalidInputError:
            known = self._stems.find(name)
            if known is not None:
                return known
            many = self._stems.is_shared(name)
            why = "several pictures are called so" if many else "no such picture"
            raise InvalidInputError(why) from None

    def size(self, name: str) -> Size | None:
        """Return the size of the upright picture that is called so."""
        try:
            return self._state.item(self.find(name)).size
        except InvalidInputError:
            return None
