"""From a pool of shards to the page: a shortlist becomes a project, and later ones come into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparing.datasets.items import Items
    from sparing.project.folder import ProjectFolder
    from sparing.sharded.engine import Engine
    from sparing.sharded.places import ShardPlace
    from sparing.sharded.selecting import ShardedChoice
    from sparing.sharded.shortlist import Shortlist

RANDOM = "random"


@dataclass(frozen=True, slots=True)
class ShardSource:
    """The pool, and what people see of its items.

    Parameters
    ----------
    vectors : folder of the shards, or its URL
    items : folder or table that they were encoded from; None: only the ids are seen
    engine : who reads the shards
    """

    vectors: "ShardPlace"
    items: Path | None
    engine: "Engine"


def begin(wanted: ShardSource, n: int, project: str | None) -> dict[str, Any]:
    """Draw a shortlist at random and write it; return what makes a project of it.

    Raises
    ------
    ConflictError : there is a project already
    InvalidInputError : the project is to lie in a database, the folder holds no shards, or what a
        killed run has drawn shows something else of its items
    """
    from sparing.errors import ConflictError
    from sparing.project import opening
    from sparing.sharded.selecting import WantedRows, select_rows
    from sparing.sharded.shardpool import open_shards
    from sparing.sharded.shortlist import Shortlist

    place = project_of(wanted.vectors, project)
    if opening.exists(place):
        raise ConflictError(
            f"{place.name} is a project already: 'sparing select {wanted.vectors} --into"
            f" {place.name}' brings the next items into it."
        )
    manifest = open_shards(wanted.vectors)
    shortlist = Shortlist.of(_folder_of(place))
    items = items_shown(shortlist, wanted)
    if not shortlist.exists():  # else a run was killed before its project was made
        drawn = WantedRows(RANDOM, min(n, manifest.rows))
        chosen = select_rows(wanted.vectors, manifest, drawn, engine=wanted.engine)
        _put(shortlist, wanted, chosen, items)
    return made_of(shortlist, place.path)


def project_of(vectors: "ShardPlace", project: str | None) -> "ProjectFolder":
    """Return where the project of a pool lies: beside the folder, of one at a URL here."""
    from sparing.project import opening
    from sparing.sharded.places import RemotePath

    named = vectors.called if isinstance(vectors, RemotePath) else vectors
    return opening.place_of(named, project)


def made_of(shortlist: "Shortlist", folder: Path) -> dict[str, Any]:
    """Return what makes, or opens, the project of a shortlist."""
    from sparing.datasets.rows import Reading
    from sparing.sharded.shortlist import ID, IMAGE, TEXT

    columns = [name for name in shortlist.rows()[0] if name != ID]
    if columns == [TEXT]:
        columns = [f"{TEXT}:text"]  # an id may look like anything
    return {
        "source": str(shortlist.table),
        "folder": str(folder),
        "columns": tuple(columns),
        "encoder": f"vectors:{shortlist.vectors.resolve()}",
        "reading": Reading(follow_links=columns == [IMAGE]),  # pictures stay where they are
    }


def items_shown(shortlist: "Shortlist", wanted: ShardSource) -> "Items | None":
    """Read what people see of the items; it has to be what they see of those that are there.

    Raises
    ------
    InvalidInputError : it is not: the project would pass over the new items, or show them blank
    SourceError : it cannot be read
    """
    from sparing.datasets.read import read_items
    from sparing.errors import InvalidInputError
    from sparing.sharded.shortlist import shown_of

    items = None if wanted.items is None else read_items(wanted.items, opened=False)
    now = shown_of(items)
    before = shortlist.shown() if shortlist.exists() else now
    if sorted(before) == sorted(now):
        return items
    given = "without --items" if items is None else f"with --items {wanted.items}"
    mend = "name by --items what the first were shown from" if before else "leave --items out"
    raise InvalidInputError(
        f"{shortlist.folder} shows {_in_words(before)} of its items, and {given} the next would"
        f" show {_in_words(now)}: {mend}, or begin another project with 'sparing label"
        f" {wanted.vectors} --shortlist N --project NAME'."
    )


def _in_words(columns: tuple[str, ...]) -> str:
    return ", ".join(columns) or "the id alone"


def bring_in(
    shortlist: "Shortlist",
    folder: Path,
    wanted: ShardSource,
    chosen: "ShardedChoice",
    items: "Items | None",
) -> None:
    """Put what was chosen into the shortlist, and bring its project up to it.

    Parameters
    ----------
    shortlist, folder : of the project
    wanted : the pool
    chosen : from it
    items : as of :func:`items_shown`

    Raises
    ------
    SourceError : the shortlist cannot be written, or an item is not in the source
    """
    from sparing.cli.progress import say
    from sparing.project import Project

    _put(shortlist, wanted, chosen, items)
    made = made_of(shortlist, folder)
    with Project.at(made.pop("source"), folder=folder, encoder=made["encoder"]) as project:
        for note in project.status().notes:
            say(note)
        there = {item.name for item in project.items.values()}
        came = sum(row.item_id in there for row in chosen.rows)
        say(f"{came:,} items came into {folder}; it has {len(project.items):,}.")


@contextmanager
def model_of(folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give the model of all answers of a project as a file, and the answers by name of the item.

    The file is there for as long as the block lasts.

    Raises
    ------
    ConflictError : a page is open on it, which would not see what comes into it
    TrainingError : fewer than two classes have answers
    """
    from tempfile import TemporaryDirectory

    from sparing.cli.progress import stages
    from sparing.models.saved import save_model
    from sparing.project import Project

    with TemporaryDirectory() as where:
        path = Path(where, "model.npz")
        with Project.open(folder) as project, stages() as progress:
            save_model(path, project.learning.trainee(progress).model())
            project.files.export(answers := Path(where, "answers.csv"))
        yield path, {name: label for name, label in labels_of(answers).items() if label}


def labels_of(table: Path) -> dict[str, str]:
    """Return the ids that a table names, each with its label, "" where it has none of a person."""
    from sparing.datasets.read import read_table
    from sparing.datasets.vectorfile import ID_COLUMNS
    from sparing.errors import SourceError
    from sparing.project.files.export_rows import AUTOMATIC

    columns = read_table(table).columns
    # In what a project exports, 'item_id' is a key of its own, and 'item' the id of the shards.
    named = [name for name in ("id", "item", *ID_COLUMNS) if name in columns]
    if not named:
        raise SourceError(f"{table} must name the items in a column {', '.join(ID_COLUMNS)}.")
    ids = [str(value) for value in columns[named[0]]]
    labels = columns.get("label", [None] * len(ids))
    origins = columns.get("provenance", [""] * len(ids))
    return {
        one: "" if label is None or origin == AUTOMATIC else str(label)
        for one, label, origin in zip(ids, labels, origins, strict=True)
    }


def shortlist_in(project: str) -> "tuple[Shortlist, Path]":
    """Return the shortlist that a project is made of, and the project's folder.

    Raises
    ------
    NotFoundError : there is no such project
    InvalidInputError : it is not made of a shortlist
    """
    from sparing.errors import InvalidInputError
    from sparing.project import opening
    from sparing.sharded.shortlist import Shortlist

    folder = _folder_of(opening.existing(project))
    shortlist = Shortlist.of(folder)
    if not shortlist.exists():
        raise InvalidInputError(
            f"{folder} is not made of a shortlist: 'sparing label VECTORS --shortlist N' makes one."
        )
    return shortlist, folder


def _folder_of(place: Any) -> Path:
    from sparing.errors import InvalidInputError

    if place.is_shared:
        raise InvalidInputError("The project of a shortlist is a folder, not a database.")
    return Path(place.path)


def _put(
    shortlist: "Shortlist", wanted: ShardSource, chosen: "ShardedChoice", items: "Items | None"
) -> None:
    from sparing.cli.progress import stages
    from sparing.sharded.gathering import gathered
    from sparing.sharded.shardpool import open_shards
    from sparing.sharded.shortlist import seen_of

    rows = seen_of([row.item_id for row in chosen.rows], items)
    places = [(row.shard, row.row) for row in chosen.rows]
    with stages() as tick:
        X = gathered(
            wanted.vectors, open_shards(wanted.vectors), places, engine=wanted.engine,
            progress=lambda *now: tick("reading", *now),
        )  # fmt: skip
    shortlist.extend(rows, X)
