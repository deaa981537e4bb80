"""The public mirrors of MNIST, the two that torchvision uses."""

from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from sparing.datasets.mnist._cache import missing, open_cache, save
from sparing.datasets.mnist._files import MnistFile, NotHere
from sparing.errors import SourceError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
TIMEOUT_SECONDS = 3.0  # to connect, and for each wait for more bytes


def fetch_from_mirrors(
    say: Callable[[str], None], progress: Callable[[str, int, int], None]
) -> str:
    """Download the files that the cache lacks; return in words where they came from.

    What one mirror delivered stays when the next one has to take over.

    Raises
    ------
    NotHere : no mirror delivered
    """
    folder, failures = open_cache(), []
    for mirror in MIRRORS:
        files = missing()
        size = sum(file.packed_size for file in files) / 1e6
        say(f"Downloading {size:.1f} MB of MNIST from {mirror} to {folder}")
        try:
            for file in files:
                _fetch(mirror, file, folder, progress)
        except (OSError, HTTPException, SourceError) as error:
            failures.append(f"{urlsplit(mirror).netloc}: {_reason(error)}")
            say(f"The download failed. {failures[-1]}")
        else:
            return f"downloaded from {mirror}"
    raise NotHere(f"no mirror delivered ({'; '.join(failures)})")


def _fetch(
    mirror: str, file: MnistFile, folder: Path, progress: Callable[[str, int, int], None]
) -> None:
    url = f"{mirror}{file.name}.gz"
    with urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # the mirrors are fixed
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else file.packed_size
        save(
            response,
            file,
            folder / f"{file.name}.gz",
            url,
            lambda done: progress(file.name, done, total),
        )


def _reason(error: Exception) -> str:
    cause = error.reason if type(error) is URLError else error  # not HTTPError: it has the code
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__).rstrip(".")
