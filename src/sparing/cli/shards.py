"""``sparing shards``: read a folder of vectors once, check it, and write its manifest."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparing.sharded.engine import Engine
    from sparing.sharded.manifest import ShardManifest

Workers = Annotated[int, typer.Option(min=1, help="Processes, of one core each.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Go on without shards that cannot be read.")
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(help="Of a Ray cluster; without it one is started here.", show_default=False),
]


class EngineName(StrEnum):
    """Where the workers are."""

    LOCAL = "local"
    RAY = "ray"


Engines = Annotated[EngineName, typer.Option("--engine", help="Where the workers are.")]


def local_folder(path: Path | None) -> None:
    """Refuse a URL where something is written.

    Raises
    ------
    SourceError : it is one
    """
    from sparing.errors import SourceError

    # What made a path of a URL has made one slash of two.
    if path is not None and re.fullmatch(r"[a-z][a-z0-9+.-]+:", str(path).partition("/")[0]):
        raise SourceError(f"{path} is a URL: what is written has to be on this machine.")


def not_over(out: Path | None, *read: str | Path | None) -> None:
    """Refuse to write over a file that a command reads.

    Raises
    ------
    InvalidInputError : ``out`` is one of them
    """
    from sparing.errors import InvalidInputError
    from sparing.files import is_one_of

    if out is not None and is_one_of(out, [Path(one) for one in read if one is not None]):
        raise InvalidInputError(f"{out} is what is read here: name another file by --out.")


def is_url(named: str | Path) -> bool:
    """Tell whether a text is the URL of a folder, not of a project's database."""
    from sparing.sharded.places import URL

    # A list of databases stands in what loads their library, which shards do without.
    return isinstance(named, str) and bool(URL.match(named)) and not named.startswith("postgres")


@contextmanager
def working(name: EngineName, workers: int, address: str | None) -> Iterator["Engine"]:
    """Give the workers that were asked for, for as long as the block lasts."""
    from sparing.sharded.engine import Local

    if name is EngineName.LOCAL:
        if address is not None:
            raise typer.BadParameter("--address goes with --engine ray.")
        yield Local(workers)
        return
    from sparing.cli.progress import say
    from sparing.sharded.ray_engine import on_ray

    if address is None:
        say("Ray is started on this machine, for this command alone.")
    with on_ray(workers, address) as engine:
        yield engine


def shards(
    folder: Annotated[Path, typer.Argument(help="Folder of .npy or Parquet shards.")],
) -> None:
    """Check shards of vectors and write their manifest, which 'select' and 'predict' go by.

    Ids stand in NAME.ids.txt beside NAME.npy, one a line, or in a column id of Parquet; scales of
    int8 in NAME.scales.npy or a column scale.

    Example: sparing shards vectors/
    """
    from sparing.cli.progress import stages
    from sparing.sharded.shardpool import index_shards

    local_folder(folder)
    with stages() as tick:
        found = index_shards(folder, lambda *n: tick("reading", *n))
    typer.echo(in_words(found))


def in_words(found: "ShardManifest") -> str:
    """Return what a pool of shards is, in a sentence."""
    n = len(found.shards)
    return (
        f"{found.rows:,} vectors of {found.columns} {found.dtype} in {n:,} shard{'s'[: n != 1]};"
        f" manifest {found.digest[:16]}."
    )


def say_waiting(out: Path) -> None:
    """Say that another run writes there."""
    from sparing.cli.progress import say

    say(f"Another run writes to {out}: this one goes on when that has ended.")


def say_bad(bad: Sequence[str]) -> None:
    """Say which shards were skipped, and how many."""
    from sparing.cli.progress import say

    for sentence in bad:
        say(f"Skipped: {sentence}")
    if bad:
        were = "shard was" if len(bad) == 1 else "shards were"
        say(f"{len(bad):,} {were} skipped: what is said is of the others alone.")
