"""The four original files of MNIST: their names, sizes and checksums, and how they are read."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from sparing.datasets.idx import Bytes, parse_idx, unpack
from sparing.errors import SourceError


class NotHere(Exception):  # noqa: N818  # not an error: the next source is asked
    """A source does not have MNIST; the text says why."""


@dataclass(frozen=True, slots=True)
class MnistFile:
    """One of the four files.

    Parameters
    ----------
    name : its original name, without .gz
    shape : of the array in it; the values are bytes
    packed_size : bytes of the .gz that the mirrors serve
    sha256 : of the IDX bytes after gunzip
    """

    name: str
    shape: tuple[int, ...]
    packed_size: int
    sha256: str

    @property
    def size(self) -> int:
        """Bytes after gunzip."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)

    @property
    def spellings(self) -> tuple[str, ...]:
        """File names under which it is found in the wild, the original first."""
        dotted = self.name.replace("-idx", ".idx")
        return (self.name, f"{self.name}.gz", dotted, f"{dotted}.gz")


FILES = (
    MnistFile(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        9912422,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    MnistFile(
        "train-labels-idx1-ubyte",
        (60000,),
        28881,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    MnistFile(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        1648877,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte",
        (10000,),
        4542,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


def find(folders: Sequence[Path], file: MnistFile) -> Path | None:
    """Return where ``file`` lies in the first of ``folders`` that has it, or None."""
    paths = [folder / spelling for folder in folders for spelling in file.spellings]
    try:
        return next((path for path in paths if path.is_file()), None)
    except OSError as error:
        raise SourceError(f"{folders[0]} cannot be read: {error.strerror}.") from None


def read(path: Path, file: MnistFile, shown: str = "") -> npt.NDArray[Any]:
    """Return the array in ``path`` after its checksum was found right.

    Parameters
    ----------
    path : plain or gzip
    file : what it has to be
    shown : what to call it in an error; ``path`` if empty

    Raises
    ------
    SourceError : the file is truncated, corrupt or another one; names both checksums
    """
    shown = shown or str(path)
    return parse_idx(read_checked(path, file.size, file.sha256, f"{shown} ({file.name})"), shown)


def read_checked(path: Path, size: int, sha256: str, shown: str) -> Bytes:
    """Return the unpacked bytes of ``path`` after their checksum was found right.

    Raises
    ------
    SourceError : they are not the original ones; names both checksums
    """
    unpacked = unpack(path, size)
    found = hashlib.sha256(unpacked.raw.data).hexdigest()
    if found != sha256 or unpacked.flaw:
        flaw = unpacked.flaw or f"{unpacked.raw.size} of {size} bytes"
        raise SourceError(
            f"{shown} is not the original file: the SHA-256 of its unpacked bytes must be "
            f"{sha256}, found {found} ({flaw})."
        )
    return unpacked.raw


def read_four_files(folder: Path) -> list[npt.NDArray[Any]]:
    """Return the arrays of the four files that lie in ``folder``/mnist or in ``folder``.

    Raises
    ------
    NotHere : none of the files is there
    SourceError : some of the files are missing, or one is not the original
    """
    paths = [find((folder / "mnist", folder), file) for file in FILES]
    absent = [file.name for file, path in zip(FILES, paths, strict=True) if path is None]
    if not folder.is_dir():
        raise NotHere(f"{folder} is not a folder")
    if len(absent) == len(FILES):
        raise NotHere(
            f"{folder} holds no MNIST (looked for {', '.join(absent)}, "
            f"plain or .gz, in {folder / 'mnist'} and in {folder})"
        )
    if absent:
        raise SourceError(f"{folder} holds MNIST only in part: {', '.join(absent)} missing.")
    return [read(path, file) for path, file in zip(paths, FILES, strict=True) if path]
