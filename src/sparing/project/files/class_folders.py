"""A folder for each class, with a copy of every item that is labeled."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sparing.errors import InvalidInputError, SourceError
from sparing.files import staging, write_atomically
from sparing.project.files.export_rows import ExportRow
from sparing.project.files.forms import FORMS, ExportTable
from sparing.project.locked_state import Guarded
from sparing.project.settings import CLASS
from sparing.project.source.items import Item

if TYPE_CHECKING:
    pass


FORBIDDEN = '<>:"/\\|?*'  # in file names, somewhere
MAX_FOLDER_NAME = 100


def write_folders(
    guarded: Guarded, path: Path, rows: list[ExportRow], table: ExportTable
) -> tuple[str, ...]:
    """Copy each labeled file to PATH/provenance/class/, and write PATH/labels.csv beside them.

    The folder is there whole or not at all. Returned are sentences on what could not be copied.

    Raises
    ------
    InvalidInputError : the items have several labels, or are no files or texts
    SourceError : the folder is not empty, or cannot be written
    """
    with guarded.held() as state:
        kind, is_of_one = state.listing.kind, state.settings.kind == CLASS
    if not is_of_one:
        raise InvalidInputError(
            "A folder per class is made where an item has one class; the items of this project have"
            " several labels: export them as csv, jsonl, parquet or label-studio."
        )
    if kind not in ("images", "texts"):
        raise InvalidInputError("A folder per class is made of files or texts, not of table rows.")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SourceError(f"{path} is there already: name a new or an empty folder.")
    labeled = [row for row in rows if row.label is not None]
    names = _folder_names({row.label for row in labeled if row.label is not None})
    target = path.resolve()
    with staging(target) as here:
        whole = here / "folders"
        whole.mkdir()
        for row in rows:
            if row.label is not None and row.present:
                _copy(guarded.item(row.item_id), whole / row.provenance / names[row.label])
        write_atomically(whole / "labels.csv", FORMS["csv"].write(table))
        whole.rename(target)
    n = sum(not row.present for row in labeled)
    told = f"Without a file, as they are not in the source: {n:,}. labels.csv has their labels."
    return (told,) if n else ()


def _folder_names(labels: set[str]) -> dict[str, str]:
    """Return a name for the folder of each class, all different on any file system."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(labels):
        plain = name = safe_name(label)
        n = 1
        while name.casefold() in taken:
            n += 1
            name = f"{plain}-{n}"
        taken.add(name.casefold())
        names[label] = name
    return names


def safe_name(name: str) -> str:
    """Return a name that is one folder or file, wherever it is written.

    Examples
    --------
    >>> safe_name("cat"), safe_name("../etc"), safe_name("a/b"), safe_name("..")
    ('cat', '_etc', 'a_b', '_')
    """
    plain = "".join("_" if c in FORBIDDEN or not c.isprintable() else c for c in name)
    return plain.strip(" .")[:MAX_FOLDER_NAME] or "_"


def _copy(item: Item, folder: Path) -> None:
    suffix = {"text": ".txt", "image": ".png"}[item.kind]
    called = Path(item.name).name if item.path is None else item.path.name
    name = f"{item.item_id}-{safe_name(called)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if item.path is not None:
            shutil.copyfile(item.path, folder / name)
        elif item.text is not None:
            (folder / name).with_suffix(suffix).write_text(item.text, "utf-8", newline="")
        elif item.pixels is not None:
            from PIL import Image

            Image.fromarray(item.pixels).save((folder / name).with_suffix(suffix))
    except OSError as error:
        raise SourceError(f"{folder / name} cannot be written: {error.strerror}.") from error
