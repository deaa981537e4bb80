"""Listing a source: what a folder, a table or an array holds now."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sparing.datasets.folders import find_files
from sparing.datasets.hugging_face import is_saved
from sparing.datasets.items import Items, summarize_skipped
from sparing.datasets.read import FOUND_OUT, PAIR, folder_options, read_items
from sparing.datasets.rows import Reading
from sparing.errors import SourceError
from sparing.project.source.fingerprints import anchors, content_hashes, key_of
from sparing.project.source.items import MNIST, Listing, numbered, shown
from sparing.project.source.layout import Layout, read_again

MNIST_ITEMS = 4000  # the founding article's pool
PART = (
    "It is a part of each item, as when this project was made, and may mislead the model: 'sparing"
    " export' the labels, label with another --project, and 'sparing import' them there."
)


def list_source(
    source: str,
    columns: Sequence[str] = (),
    left_out: Sequence[str] | None = None,
    layout: Layout | None = None,
    *,
    label_column: str | None = None,
    reading: Reading = FOUND_OUT,
) -> Listing:
    """List what a source holds: a folder, a table, a .npy file, or the word ``mnist``.

    Of image files only names, sizes and times are read, so that thousands take a moment; those
    that cannot be decoded are found out when they are encoded.

    Parameters
    ----------
    source : the folder or file
    columns : of a table: those that make an item; none: all but ``left_out``
    left_out : of a table: those that identify rows, as the project found when it was made, so that
        no later row changes what an item is; None: find them
    layout : of a table: as it was settled, in place of the two above; None: settle it
    label_column : of a table: the column with labels that are there already, if it was named
    reading : of a table that is not settled: how it is to be read, where somebody said it; and
        whether links that lead out of the source are followed

    Raises
    ------
    SourceError : nothing there, or nothing that can be an item
    UnknownNameError, MissingExtraError : as of :func:`sparing.datasets.read.read_items`
    """
    path = Path(source)
    if source == MNIST and not path.exists():
        return _list_mnist()
    if path.is_dir() and not (path / PAIR).is_file() and not is_saved(path):
        kind, paths, skipped = find_files(
            path, follow_links=folder_options(reading)["follow_links"]
        )
        if kind == "images":
            return _list_images(path, paths, summarize_skipped(skipped))
    if layout is None:
        items = read_items(
            path,
            columns=columns,
            reading=reading,
            opened=False,
            left_out=left_out,
            label_column=label_column,
        )
        layout = Layout.of(items, is_old=left_out is not None)
    else:
        items = read_again(path, layout)
    listing = _list_read(items, path, layout, follow_links=reading.follow_links)
    if items.named_by and left_out == () and not columns:
        return replace(listing, said=(*listing.said, PART))
    return listing


def _list_images(root: Path, paths: list[Path], said: list[str]) -> Listing:
    names = [path.relative_to(root).as_posix() for path in paths]
    ids = [key_of(os.fsencode(name)) for name in names]
    return Listing(
        "images",
        ids,
        [shown(name) for name in names],
        [_stamp(path) for path in paths],
        [None] * len(paths),
        [*ids],
        paths,
        is_files=True,
        root=root.resolve(),
        said=tuple(said),
    )


def _list_read(items: Items, path: Path, layout: Layout | None, *, follow_links: bool) -> Listing:
    if items.kind == "images" and not isinstance(items.values, np.ndarray):
        unpacked = {} if items.table is None else items.table.unpacked
        root = unpacked.get(items.columns[0] if items.columns else "", path.parent)
        return _list_named_images(items, root, layout, follow_links=follow_links)
    hashes: list[str | None] = [*content_hashes(items)]
    names, said = [shown(name) for name in items.names], tuple(items.said())
    if path.is_dir() and items.kind == "texts" and items.table is None:
        ids = [key_of(os.fsencode(name)) for name in items.names]
        stamps = [_stamp(path / name) for name in items.names]
        return Listing(
            items.kind,
            ids,
            names,
            stamps,
            hashes,
            [*ids],
            items.values,
            is_files=True,
            root=path.resolve(),
            said=said,
        )
    stamps, ids = [(0, 0)] * len(hashes), numbered(hashes)
    told_by = _anchors(items, layout)
    return Listing(
        items.kind,
        ids,
        names,
        stamps,
        hashes,
        told_by,
        items.values,
        layout=layout,
        table=items.table,
        said=said,
    )


def _anchors(items: Items, layout: Layout | None) -> list[str | None]:
    there = items.table.columns if items.table is not None else ()
    if items.table is None or layout is None or not {*layout.told_by} <= {*there}:
        return [None] * len(items)
    if not layout.told_by:
        return [None] * len(items)
    return anchors(items.table, layout.told_by)


def _list_named_images(
    items: Items, root: Path, layout: Layout | None, *, follow_links: bool
) -> Listing:
    """List the images that a table names; those outside its folder are left out."""

    def is_inside(path: Path) -> bool:
        if follow_links:
            return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(root))
        return path.resolve().is_relative_to(root.resolve())

    first = {path: i for i, path in reversed([*enumerate(items.values)])}
    kept = [path for path in dict.fromkeys(items.values) if is_inside(path)]
    n_out = len(items.values) - len(kept)
    said = [*items.said()]
    if n_out:
        said.append(f"{n_out:,} skipped, outside the folder of the table or named twice.")
    if not kept:
        raise SourceError(f"{items.source} names no image inside its folder.")
    rows = [first[path] for path in kept]
    table = None if items.table is None else items.table.take(rows)
    listing = replace(_list_images(root, kept, said), layout=layout, table=table)
    has_names = items.named_by or (table is not None and table.unpacked)
    return replace(listing, names=[items.names[i] for i in rows]) if has_names else listing


def _list_mnist() -> Listing:
    from sparing.datasets.mnist import load_mnist

    digits = load_mnist()
    images = digits.train_images[:MNIST_ITEMS]
    hashes: list[str | None] = [key_of(image.tobytes()) for image in images]
    names = [f"digit {i + 1}" for i in range(len(images))]
    ids = [key_of(name.encode()) for name in names]
    stamps = [(0, 0)] * len(ids)
    anchors_: list[str | None] = [None] * len(ids)
    return Listing("images", ids, names, stamps, hashes, anchors_, images, said=(digits.source,))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_size, found.st_mtime_ns
