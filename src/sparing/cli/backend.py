"""``sparing backend``: what Label Studio asks next, and a model that learns from its answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparing.web.studio import StudioEntry


def backend(
    project: Annotated[str, typer.Argument(help="Folder of a project, or its URL.")],
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, show_default="always the same")
    ] = None,
) -> None:
    """Be the backend of a Label Studio project that shows the same items, on this machine.

    It says what to ask next, and learns from what is annotated there. With the page beside it:
    sparing label PROJECT --backend.

    Example: sparing backend photos.sparing
    """
    from sparing.cli.label import listening, run
    from sparing.cli.network import Network
    from sparing.cli.progress import say
    from sparing.cli.projects import open_project
    from sparing.cli.stopping import ctrl_c_noted
    from sparing.project.learning.process import Trainer
    from sparing.web.studio import StudioEntry, create_backend

    network = Network()
    with (
        open_project(project, must_write=True) as opened,
        listening(opened.where.secret, port, network) as listener,
        ctrl_c_noted() as ctrl_c,
    ):
        url = f"http://{network.shown}:{listener.getsockname()[1]}/"
        opened.where.announce(url)
        entry = StudioEntry(opened.where.secret)
        for line in connecting(url, entry):
            typer.echo(line)
        say("Ctrl-C stops; every answer is saved at once.")
        trainer = Trainer(opened.learning, opened.map, note=say)
        run(create_backend(opened, trainer, entry), listener, network, ctrl_c)
        told = opened.files.studio.counts
        for outcome, n in sorted(told.items()):
            say(f"{n:,} {outcome}.")


def connecting(url: str, entry: "StudioEntry") -> Iterator[str]:
    """Yield what somebody types into Label Studio to connect it."""
    from sparing.web.studio import TOKEN, USER

    yield f"Label Studio, Settings, Model: {url} with user {USER} and password {entry.password}"
    yield f"Settings, Webhooks: {url}webhook with the header {TOKEN}: {entry.password}"
