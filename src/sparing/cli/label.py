"""``sparing label``: a page in the browser that asks what is worth asking."""

import gc
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparing.cli.detector import (
    AFTER,
    MINUTES,
    AfterOption,
    CommandOption,
    MinutesOption,
    command_of,
    detecting,
)
from sparing.cli.network import HOST, Network
from sparing.cli.opener import closed, handed_over
from sparing.cli.reading import (
    EncodingOption,
    FollowLinks,
    Header,
    Sheet,
    asked_labels,
    asked_reading,
    reading,
)
from sparing.cli.stopping import CtrlC, ctrl_c_noted
from sparing.system import bind_alone, has_screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from sparing.project import Project
    from sparing.web.gate import Gate

LOCAL = Network()
FIRST_PORT, N_PORTS = 20_000, 12_000  # below those that systems hand out by themselves
TRIES = 20
MNIST_CLASSES = "0,1,2,3,4,5,6,7,8,9"


def label(
    source: Annotated[
        str, typer.Argument(help="Folder, CSV, TSV, JSONL, Parquet, a project, or mnist.")
    ],
    classes: Annotated[
        str, typer.Option(metavar="A,B,C", help="Classes to begin with; more come as you go.")
    ] = "",
    shortlist: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of shards, a folder or URL: how many items, drawn.", show_default=False
        ),
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(help="Of shards: what they were encoded from.", show_default=False),
    ] = None,
    seeds_of: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="CLASS WORDS",
            help="Begin with items that have these words, or show them.",
            show_default=False,
        ),
    ] = None,
    columns: Annotated[
        str, typer.Option(metavar="A,B:KIND", help="Of a table: the columns that make an item.")
    ] = "",
    project: Annotated[
        str | None,
        typer.Option(help="Folder, or postgresql:// URL.", show_default="SOURCE.sparing"),
    ] = None,
    moved_to: Annotated[
        str | None,
        typer.Option("--source", help="Where a project's source is now.", show_default=False),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="What turns items into numbers; see 'sparing encoders'.", show_default="auto"
        ),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Vectors that you have: .npy or Parquet.", show_default=False),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="An answer is a class (one an item), labels (several), spans, boxes; stays so.",
            show_default="told from the source",
        ),
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option(help="Of a table: has labels already, to import.", show_default=False),
    ] = None,
    header: Header = None,
    encoding: EncodingOption = None,
    sheet: Sheet = None,
    follow_links: FollowLinks = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, show_default="always the same")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the link.")] = False,
    overlap: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of items for two people.", show_default="as it was"),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0: all.")] = HOST,
    passwords: Annotated[
        Path | None, typer.Option(help="File of people, by 'sparing password'.", show_default=False)
    ] = None,
    names: Annotated[
        list[str] | None, typer.Option("--name", help="Name of this host.", show_default=False)
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate, for https.", show_default=False)
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.", show_default=False)] = None,
    backend: Annotated[
        bool, typer.Option("--backend", help="Be a backend of Label Studio, too.")
    ] = False,
    detector: CommandOption = None,
    detector_after: AfterOption = AFTER,
    detector_minutes: MinutesOption = MINUTES,
) -> None:
    """Label in the browser: the page asks, you answer by keyboard, a model learns beside it.

    Nothing leaves this machine. Run the same command again to go on where you stopped. For people
    on other machines: --host, --passwords, and --tls-cert with --tls-key.

    Example: sparing label photos/ --classes cat,dog
    """
    from sparing.cli.progress import say
    from sparing.datasets.marked.read import is_marked
    from sparing.project import Project, opening

    network = Network(host, passwords, tuple(names or ()), tls_cert, tls_key)
    network.check_tls()
    command = command_of(detector, detector_minutes)
    drawn = _shortlisted(source, shortlist, items, project)
    if moved_to is not None:
        there = opening.existing(project or source)
        Project.open(there.url or there.path, source=moved_to).close()
    named = classes or (MNIST_CLASSES if source == "mnist" else "")
    read_as = reading(header, encoding, sheet, follow_links=follow_links)
    parts = tuple(_split(columns))
    is_new = not opening.exists(opening.place_of(source, project))
    if is_new and not drawn and kind != "spans" and not is_marked(Path(source)):
        read_as = asked_reading(Path(source), read_as)
        if not parts and label_column is None:
            label_column, parts = asked_labels(Path(source), read_as)
    said = {
        "source": source,
        "folder": project,
        "columns": parts,
        "encoder": _encoder(encoder, vectors),
        "reading": read_as,
    }
    opened = Project.at(
        **(said | drawn),
        label_column=label_column,
        kind=kind,
        fetch=True,  # it was typed just now
    )
    with opened:
        imported = opened.files.last.said() if opened.files.last else ()
        for note in (*imported, *opened.add_classes(_split(named))):
            say(note)
        if seeds_of is not None:
            _look_for(opened, seeds_of[0], _split(seeds_of[1]))
        _offer_labels(opened)
        if overlap is not None:
            opened.team.set_overlap(overlap)
        gate = network.gate(opened.where.secret)
        with (
            detecting(opened, command, detector_after),
            listening(opened.where.secret, port, network) as listener,
            ctrl_c_noted() as ctrl_c,
        ):
            _serve(
                opened, listener, network, gate, ctrl_c, browse=not no_browser, is_backend=backend
            )


def _shortlisted(
    source: str, n: int | None, items: Path | None, project: str | None
) -> dict[str, Any]:
    """Return what makes the project of a shortlist; nothing, if the source is no pool of shards."""
    from sparing.cli.shards import is_url
    from sparing.project import opening
    from sparing.sharded.manifest import has_manifest
    from sparing.sharded.places import place_of

    vectors = place_of(source) if is_url(source) else Path(source)
    if n is None and items is not None:
        raise typer.BadParameter("--items goes with --shortlist.")
    if n is None and isinstance(vectors, Path) and not has_manifest(vectors):
        return {}
    from sparing.cli.shortlist import ShardSource, begin, project_of  # loads what encodes: a second
    from sparing.sharded.engine import Local

    if n is not None:
        return begin(ShardSource(vectors, items, Local()), n, project)
    there = project_of(vectors, project)
    if not opening.exists(there):
        raise typer.BadParameter(f"{vectors} is a pool of shards: say --shortlist 100000.")
    return {} if isinstance(vectors, Path) else {"source": str(there.path)}


def _look_for(project: "Project", name: str, words: list[str]) -> None:
    from sparing.cli.progress import say

    n_found = project.look_for(name, words)
    if n_found:
        say(f"{n_found:,} items point at '{name}': what is like them is asked first.")
    else:
        say(f"What the network finds most like the words for '{name}' is asked first.")


def _offer_labels(project: "Project") -> None:
    """Ask whether labels that are there already are to be imported, where somebody can answer."""
    from sparing.cli.progress import say

    column = project.files.offered_labels
    if column is None or not sys.stdin.isatty():
        return
    if typer.confirm(f"Column '{column}' looks like labels that are there already. Import them?"):
        for line in project.files.import_source_labels(column).said():
            say(line)
    else:
        project.files.leave_labels(column)


def _encoder(encoder: str | None, vectors: Path | None) -> str | None:
    """Return the encoder that was asked for, loaded if it has a model; None: none was."""
    if vectors is None:
        return encoder
    if encoder is not None:
        raise typer.BadParameter("--vectors are there already: leave out --encoder.")
    return f"vectors:{vectors.resolve()}"


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def listening(secret: str, port: int | None, network: Network = LOCAL) -> socket.socket:
    """Listen on the port that was asked for, or on the one that is always this project's."""
    from sparing.errors import SourceError
    from sparing.web.connections import Listener

    ports = [port] if port else _ports(secret)
    for one in ports:
        # Named TCP, or asyncio does not know that it may send at once: each answer of two parts
        # would wait some 40 ms for the other side to acknowledge the first.
        listener = Listener(network.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            bind_alone(listener, (network.host, one))
            listener.listen()
        except OSError:
            listener.close()
        else:
            return listener
    raise SourceError(f"Port {ports[0]} is in use: pass another one with --port.")


def _ports(secret: str) -> list[int]:
    from hashlib import sha256

    first = int.from_bytes(sha256(secret.encode()).digest()[:4])
    return [FIRST_PORT + (first + step) % N_PORTS for step in range(TRIES)]


def _serve(
    project: "Project",
    listener: socket.socket,
    network: Network,
    gate: "Gate | None",
    ctrl_c: CtrlC,
    *,
    browse: bool,
    is_backend: bool,
) -> None:
    from sparing.cli.backend import connecting
    from sparing.cli.progress import say
    from sparing.project.learning.process import Trainer
    from sparing.web.app import create_app
    from sparing.web.door import Door
    from sparing.web.studio import StudioEntry

    url = f"{network.scheme}://{network.shown}:{listener.getsockname()[1]}/"
    project.where.announce(url)
    door = gate or Door(
        project.where.secret,
        lambda token: _used(project, say, f"{url}#{token}"),
        network.address,
        project.folder,
    )
    entry = StudioEntry(project.where.secret, network.address) if is_backend else None
    app = create_app(project, Trainer(project.learning, project.map, note=say), door, entry)
    for note in (*network.warnings(), *(gate.notes() if gate else ()), *project.status().notes):
        say(note)
    link = f"{url}#{door.token}" if isinstance(door, Door) else url
    typer.echo(link)
    if isinstance(door, Door):
        say("Who opens it is an owner and may do everything; People makes links for others.")
    for line in connecting(url, entry) if entry else ():
        say(line)
    say("Ctrl-C stops; every answer is saved at once.")
    if browse:
        _browse(link, project.folder)
    gc.freeze()  # what was made so far stays: no answer waits while it is searched for garbage
    try:
        run(app, listener, network, ctrl_c)
    finally:
        closed(project.folder)
    say(f"Stopped. {_left(project)}")


def _left(project: "Project") -> str:
    """Return where the answers are, as far as that is known."""
    from sparing.errors import SparingError

    try:
        project.log.check_presence()
    except SparingError as error:  # the folder was moved or deleted meanwhile
        return str(error)
    return f"All answers are in {project.where.place}."


def _used(project: "Project", say: "Callable[[str], None]", next_link: str) -> None:
    closed(project.folder)
    say(f"For another browser of an owner: {next_link}")


def _browse(link: str, folder: Path) -> None:
    """Open the link, but never in a browser that takes over the terminal."""
    import webbrowser

    if has_screen():
        webbrowser.open(handed_over(link, folder))


def run(app: "FastAPI", listener: socket.socket, network: Network, ctrl_c: CtrlC) -> None:
    """Serve an application until Ctrl-C."""
    from sparing.web.serving import server

    serving = server(app, network.certificate, network.key)
    ctrl_c.stops(serving.stop)
    serving.run([listener])
