"""Vectors on the disk, found again by the content of the items and the encoder's parameters."""

import hashlib
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from sparing.encoders.base import BlockEncoder
from sparing.errors import SourceError
from sparing.files import atomic_stream, read_arrays, write_arrays
from sparing.types import FloatArray, Tick

VERSION = 2  # of what encoders compute; raise it when one of them changes its numbers
BLOCK_BYTES = 1 << 20


def encode(
    encoder: BlockEncoder,
    items: Any,
    *,
    folder: str | PathLike[str] | None = None,
    progress: Tick | None = None,
) -> FloatArray:
    """Fit the encoder on items and return their vectors, from the disk if they were made before.

    The encoder is left fitted either way, so that new items can be encoded.

    Parameters
    ----------
    encoder : its class, its parameters and the content of the items name the cache file
    items : what the encoder takes; files are read for their content, not their name
    folder : where the cache is; the user's cache folder if not given
    progress : told (items done, items in all); not called if the vectors were there

    Returns
    -------
    (n_items, n_features) float32; a read-only memory map if they were there

    Raises
    ------
    SourceError : the cache cannot be written, or an item cannot be read

    Examples
    --------
    >>> import tempfile
    >>> from sparing.encoders import PixelEncoder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     encode(PixelEncoder(), np.full((1, 1, 2), 255, np.uint8), folder=folder)
    array([[1., 1.]], dtype=float32)
    """
    place = Path(folder) if folder else user_cache_path("sparing") / "vectors"
    stem = place / f"{encoder.name}-{content_key(encoder, items)}"
    found = _read(stem, len(items))
    if found is not None:
        encoder.set_state(found[1])
        return found[0]
    vectors = encoder.fit_transform(items, progress=progress)
    state = encoder.get_state()
    write_arrays(stem.with_suffix(".npz"), state)
    with atomic_stream(stem.with_suffix(".npy")) as stream:  # last: where it is, all is there
        np.save(stream, vectors)
    return vectors


def content_key(encoder: BlockEncoder, items: Any) -> str:
    """Return 32 hex digits that change with the encoder, its parameters or any item's content.

    Examples
    --------
    >>> from sparing.encoders import TextEncoder
    >>> one, other = (content_key(TextEncoder(), [text, "b"]) for text in ("a", "A"))
    >>> one == other
    False
    """
    digest = hashlib.sha256()
    parameters = sorted(encoder.get_params().items())
    maker = (VERSION, type(encoder).__qualname__, parameters, encoder.fingerprint())
    digest.update(repr(maker).encode())
    for piece in _content(items):
        digest.update(piece)
    return digest.hexdigest()[:32]


def _content(items: Any) -> Iterator[bytes]:
    """Yield the bytes that make up the items, with what tells one from the next."""
    if isinstance(items, np.ndarray) and items.dtype != object:
        yield f"{items.shape}{items.dtype.str}".encode()
        step = max(1, BLOCK_BYTES // max(1, items[:1].nbytes))
        for start in range(0, len(items), step):
            yield np.ascontiguousarray(items[start : start + step]).tobytes()
        return
    for item in items:
        yield from content_of_one(item)


def content_of_one(item: Any) -> Iterator[bytes]:
    """Yield the bytes of one item; of a file, its content.

    Raises
    ------
    SourceError : the file cannot be read
    """
    if isinstance(item, PathLike):
        path = Path(item)
        try:
            size = path.stat().st_size
            yield f"file {size}:".encode()
            with path.open("rb") as stream:
                yield from iter(lambda: stream.read(BLOCK_BYTES), b"")
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
        return
    raw = (
        item.encode("utf-8", "surrogatepass") if isinstance(item, str) else _bytes(np.asarray(item))
    )
    yield f"{type(item).__name__} {np.shape(item)} {len(raw)}:".encode()
    yield raw


def _bytes(array: npt.NDArray[Any]) -> bytes:
    """Return the content of an array; of objects their text, since their bytes are addresses."""
    return repr(array.tolist()).encode() if array.dtype == object else array.tobytes()


def _read(stem: Path, n_items: int) -> tuple[FloatArray, dict[str, npt.NDArray[Any]]] | None:
    """Return vectors and state; None if they are not there, or damaged and to be made anew."""
    try:
        vectors = np.load(stem.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        state = read_arrays(stem.with_suffix(".npz"), "what an encoder has learned")
    except (SourceError, OSError, ValueError, EOFError):
        return None
    return (vectors, state) if vectors.shape[0] == n_items else None
