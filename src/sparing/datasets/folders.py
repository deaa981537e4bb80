"""A folder of images or of text files; with labels, one folder a class."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sparing.datasets.decoding import decode, decode_as, read_bytes
from sparing.datasets.images import image_faults
from sparing.datasets.items import ItemKind, Items, Labeled, Skipped, rows_where, shown_names
from sparing.datasets.pictures import SUFFIXES
from sparing.errors import SourceError
from sparing.files import file_fault
from sparing.pool.class_names import one_spelling, said_of

TEXT_SUFFIXES = (".txt", ".md", ".markdown")  # the first of which there are any
HOW_TO_FOLLOW = "--follow-links reads them"
UNICODE = ("UTF-8", "UTF-16")
SHOWN_KINDS = 5  # of files that are not read
MAX_TEXT_BYTES = 64 << 20  # of one item
LINK_OUT = "a symbolic link out of the folder, which --follow-links reads"
LINK_AGAIN = "a symbolic link to a folder that is read already"
LINK_LOOP = "a symbolic link in a circle"


@dataclass(frozen=True, slots=True)
class _Found:
    """The files of a folder that may be items, and what is left out so far."""

    kind: ItemKind
    paths: list[Path]
    skipped: list[Skipped]


def read_folder(root: Path, *, follow_links: bool = False, encoding: str | None = None) -> Items:
    """Read all images, or all .txt files, in a folder and the folders inside it.

    What there are more of decides the kind. Files that cannot be read are skipped and named;
    so are symbolic links that leave the folder, unless they are to be followed. Hidden files are
    passed over.

    Raises
    ------
    SourceError : no folder, or nothing in it that can be read
    """
    found = _find(root, follow_links=follow_links)
    is_images = found.kind == "images"
    items = _read_images(root, found) if is_images else _read_texts(root, found, encoding)
    if not len(items):
        raise SourceError(f"{root} has no readable {items.kind}. {' '.join(items.said())}")
    return items


def read_class_folders(
    root: Path, *, follow_links: bool = False, encoding: str | None = None
) -> Labeled:
    """Read a folder that has one folder a class; what is deeper belongs to the top one.

    Raises
    ------
    SourceError : no folder, nothing in it that can be read, or no folders in it
    """
    items = read_folder(root, follow_links=follow_links, encoding=encoding)
    in_class = np.array(["/" in name for name in items.names])
    if not in_class.any():
        raise SourceError(f"{root} has {items.kind} but no folder a class: put each in one.")
    rows = rows_where(in_class)
    names = [items.names[row] for row in rows]
    loose = [Skipped(items.names[i], "in no class folder") for i in rows_where(~in_class)]
    kept = Items(
        items.kind,
        items.take(np.array(rows)),
        names,
        items.source,
        (*items.skipped, *loose),
        items.notes,
    )
    written = [name.split("/", 1)[0] for name in names]
    taken = one_spelling(written)
    notes = (*kept.notes, *said_of(taken))
    return Labeled(replace(kept, notes=notes), [taken[name] for name in written])


def find_files(
    root: Path, *, follow_links: bool = False
) -> tuple[ItemKind, list[Path], list[Skipped]]:
    """Find the images, or the .txt files, of a folder by their names alone; none is opened.

    Parameters
    ----------
    root : the folder
    follow_links : whether links that lead out of it are followed

    Returns
    -------
    what they are, their paths in a stable order, and what was left out

    Raises
    ------
    SourceError : no folder, or nothing in it that looks like either
    """
    found = _find(root, follow_links=follow_links)
    return found.kind, found.paths, found.skipped


def _find(root: Path, *, follow_links: bool) -> _Found:
    if not root.is_dir():
        raise SourceError(f"{root} is not a folder.")
    skipped: list[Skipped] = []
    files = sorted(_walk(root, skipped, follow_links=follow_links))
    suffixes = Counter(path.suffix.lower() for path in files)
    text_suffix = next((suffix for suffix in TEXT_SUFFIXES if suffixes[suffix]), TEXT_SUFFIXES[0])
    n_images = sum(suffixes[suffix] for suffix in SUFFIXES)
    kind: ItemKind = "images" if n_images >= suffixes[text_suffix] else "texts"
    wanted = SUFFIXES if kind == "images" else {text_suffix}
    paths = [path for path in files if path.suffix.lower() in wanted]
    if not paths:
        raise SourceError(
            f"{root} has no images and no .txt files. {' '.join(_instead(files, skipped))}".rstrip()
        )
    others = [path for path in files if path.suffix.lower() not in wanted]
    what = "not an image" if kind == "images" else f"not a {text_suffix} file"
    common = [one for one, _ in Counter(_ending(path) for path in others).most_common(SHOWN_KINDS)]
    unread = [
        Skipped(
            _name(root, path), f"{_ending(path)} is {what}" if _ending(path) in common else what
        )
        for path in others
    ]
    return _Found(kind, paths, skipped + unread)


def _ending(path: Path) -> str:
    return path.suffix.lower() or "without an ending"


def _instead(files: Sequence[Path], skipped: Sequence[Skipped]) -> list[str]:
    """Say what a folder has in which there is nothing to label, and what to do about it."""
    n_out = sum(one.reason == LINK_OUT for one in skipped)
    counts = Counter(_ending(path) for path in files)
    kinds = ", ".join(f"{n:,} {ending}" for ending, n in counts.most_common(SHOWN_KINDS))
    more = f"It has {n_out:,} links to files outside it: {HOW_TO_FOLLOW}."
    return ([f"Not read: {kinds}."] if kinds else []) + ([more] if n_out else [])


def _walk(root: Path, skipped: list[Skipped], *, follow_links: bool) -> Iterator[Path]:
    """Yield the files below ``root``; links out of it, and to folders, only if they are followed.

    A folder that several links lead to is read once.
    """
    inside, seen = root.resolve(), {root.resolve()}

    def unreadable(error: OSError) -> None:
        skipped.append(Skipped(_name(root, Path(error.filename)), "a folder that cannot be read"))

    walk = os.walk(root, onerror=unreadable, followlinks=follow_links)
    for folder, subfolders, files in walk:
        subfolders.sort()
        for name in (*subfolders, *files):
            path = Path(folder, name)
            if name.startswith("."):
                continue
            fault = _link_fault(path, None if follow_links else inside)
            if fault:
                skipped.append(Skipped(_name(root, path), fault))
            elif path.is_file():
                yield path
            elif not path.is_dir():
                skipped.append(Skipped(_name(root, path), _no_file(path)))
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        if follow_links:
            for path in _met_before([Path(folder, name) for name in subfolders], seen):
                subfolders.remove(path.name)
                skipped.append(Skipped(_name(root, path), LINK_AGAIN))


def _met_before(folders: Sequence[Path], seen: set[Path]) -> list[Path]:
    """Return the links to folders that hold, or lie in, one that is read already; note the rest."""
    again = []
    for path in folders:
        if path.is_symlink():
            there = path.resolve()
            if any(there.is_relative_to(one) or one.is_relative_to(there) for one in seen):
                again.append(path)
            seen.add(there)
    return again


def _link_fault(path: Path, inside: Path | None) -> str | None:
    """Return why a link is not followed; ``inside``: the folder that it must not lead out of."""
    if not path.is_symlink():
        return None
    try:
        target = path.resolve()
    except (OSError, RuntimeError):  # RuntimeError: before Python 3.13
        return LINK_LOOP
    if inside is not None and not target.is_relative_to(inside):
        return LINK_OUT
    if inside is not None and path.is_dir():
        return "a symbolic link to a folder"
    return LINK_LOOP if target.is_symlink() else None


def _no_file(path: Path) -> str:
    return "a link to nothing" if path.is_symlink() and not path.exists() else "no regular file"


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _read_images(root: Path, found: _Found) -> Items:
    faults = image_faults(found.paths)
    names = [_name(root, path) for path in found.paths]
    good = [i for i, fault in enumerate(faults) if fault is None]
    bad = [Skipped(n, fault) for n, fault in zip(names, faults, strict=True) if fault]
    return Items(
        "images",
        [found.paths[i] for i in good],
        [names[i] for i in good],
        str(root),
        (*found.skipped, *bad),
    )


def _read_texts(root: Path, found: _Found, told: str | None) -> Items:
    texts, names, skipped = [], [], found.skipped
    others: dict[str, list[str]] = {}
    for path in found.paths:
        name = _name(root, path)
        try:
            text, encoding = _text_of(path, told)
        except SourceError as error:
            skipped.append(Skipped(name, str(error)))
            continue
        if text.strip():
            texts.append(text)
            names.append(name)
            if told is None and encoding not in UNICODE:
                others.setdefault(encoding, []).append(name)
        else:
            skipped.append(Skipped(name, "empty"))
    return Items("texts", texts, names, str(root), tuple(skipped), _encoding_notes(others))


def _text_of(path: Path, told: str | None) -> tuple[str, str]:
    if (fault := file_fault(path, MAX_TEXT_BYTES)) and fault != "empty":
        raise SourceError(fault)
    content = read_bytes(path)
    return decode_as(content, told) if told else decode(content)


def _encoding_notes(others: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    one, many = "file is not UTF-8 and was", "files are not UTF-8 and were"
    return tuple(
        f"{len(names):,} {one if len(names) == 1 else many} read as {encoding}:"
        f" {shown_names(names)}. --encoding says otherwise."
        for encoding, names in others.items()
    )
