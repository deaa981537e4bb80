"""Where the source of a project is found, what lists it there, and whether its encoder is read."""

import os
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from sparing.datasets.rows import Reading
from sparing.errors import SourceError
from sparing.project.folder import ProjectFolder
from sparing.project.settings import BOXES, SPANS, Settings
from sparing.project.source.encoding import EncoderChoice, files_in
from sparing.project.source.framed import framed
from sparing.project.source.items import MNIST, Listing
from sparing.project.source.listing import list_source
from sparing.project.source.passages import list_passages
from sparing.project.trust import is_beside, is_encoder_named, is_inside, is_named


def lister(folder: ProjectFolder, settings: Settings) -> Callable[[], Listing]:
    """Return what lists the source of a project, wherever it is found now."""
    source = found_source(folder, settings)

    def found() -> Listing:
        if source is None:
            raise _no_source(folder, settings)
        return listed(source, settings, follow_links=follows_links(folder, settings))

    return found


def chosen(folder: ProjectFolder, settings: Settings) -> EncoderChoice:
    """Return the encoder of a project, and what refuses to read files of it that are not its own.

    These lie in the project, or in its source; or somebody has named them on this machine.
    """

    def check() -> None:
        own = (str(folder.path), found_source(folder, settings) or str(folder.path))
        files = files_in(settings.encoder)
        if all(is_inside(file, own) for file in files) or is_encoder_named(folder, settings):
            return
        raise SourceError(
            f"The encoder of {folder.name} is not read, as nobody has named it on this machine:"
            f" {settings.encoder}. 'sparing label {_called(folder)} --encoder {settings.encoder}'"
            " does, if you want its files to be read."
        )

    return EncoderChoice(settings.encoder, check)


def listed(source: str, settings: Settings, *, follow_links: bool) -> Listing:
    """Return the items of a source, read as it was when the project was made."""
    reading = Reading(follow_links=follow_links, encoding=settings.encoding)

    def found(columns: Sequence[str]) -> Listing:
        return list_source(source, columns, settings.left_out, settings.layout, reading=reading)

    if settings.kind == BOXES:
        return framed(found(()), source)
    if settings.kind != SPANS:
        return found(settings.columns)
    return list_passages(Path(source), found, settings.columns, settings.encoding)


def follows_links(folder: ProjectFolder, settings: Settings) -> bool:
    """Tell whether links may lead out of the source: not because a foreign folder says so."""
    return settings.follow_links and is_named(folder, settings)


def _no_source(folder: ProjectFolder, settings: Settings) -> SourceError:
    place = _called(folder)
    if _is_there(settings.source):
        return SourceError(
            f"The source of {folder.name} is not read, as nobody has named it on this machine:"
            f" {settings.source}. 'sparing label {place} --source {settings.source}' does, if you"
            " want its files to be read."
        )
    return SourceError(
        f"The source of {folder.name} is not there: {settings.source}."
        f" 'sparing label {place} --source PLACE' says where it is now."
    )


def _called(folder: ProjectFolder) -> str:
    return folder.name if folder.is_shared else str(folder.path)


def full_source(source: str | PathLike[str]) -> str:
    """Return where a source is, from whatever folder it is looked for."""
    is_word = str(source) == MNIST and not Path(source).exists()
    return MNIST if is_word else str(Path(source).resolve())


def found_source(folder: ProjectFolder, settings: Settings) -> str | None:
    """Return where the source is: where it was, or beside a project that has moved with it.

    None: at neither place, or it is not for this project to say what is read.
    """
    source = settings.source
    is_own = is_beside(folder, source) or is_named(folder, settings)
    if source == MNIST or (is_own and _is_there(source)):
        return source
    beside = str(folder.path.resolve().parent / Path(source).name)
    return beside if is_beside(folder, beside) and _is_there(beside) else None


def _is_there(source: str) -> bool:
    # os.path.exists: a name that is too long for any file, or has a zero byte, is not there.
    return os.path.exists(source)  # noqa: PTH110
