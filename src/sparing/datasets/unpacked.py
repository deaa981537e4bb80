"""Pictures that lie inside a table file, as files in the user's cache.

So they are opened in the same bounds, and one at a time, as any picture. A file is called by the
hash of what it holds: equal pictures are one file, and a second run finds what is there.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from sparing.datasets.pictures import SUFFIXES
from sparing.errors import SourceError
from sparing.files import make_folder

JPEG = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class UnpackedPictures:
    """Pictures of a column, as files.

    Parameters
    ----------
    folder : where they are
    files : (n,) the name of each file in it; None where there is no picture
    names : (n,) what each picture was called before it went into the table; ``""``: nothing
    """

    folder: Path
    files: list[str | None]
    names: list[str]

    @property
    def are_named(self) -> bool:
        """Whether the names tell the pictures apart."""
        return all(self.names) and len({*self.names}) == len(self.names)


def unpack(cells: Iterable[Any], called: str) -> UnpackedPictures:
    """Write pictures to files, as far as they are not there yet.

    Parameters
    ----------
    cells : of each picture its ``bytes`` and its ``path``, as Hugging Face's ``datasets`` keeps
        them; those without bytes are none
    called : what the folder is called, beside others'

    Raises
    ------
    SourceError : the cache cannot be written
    """
    folder = user_cache_path("sparing") / "pictures" / re.sub(r"[^\w.-]", "_", called)[:100]
    make_folder(folder)
    files: list[str | None] = []
    names = []
    for cell in cells:
        content = cell.get("bytes") if isinstance(cell, dict) else None
        told = Path(str((cell.get("path") if isinstance(cell, dict) else "") or "")).name
        names.append(told)
        try:
            files.append(_written(folder, content, told) if content else None)
        except OSError as error:
            raise SourceError(f"{folder} cannot be written: {error.strerror}.") from error
    return UnpackedPictures(folder, files, names)


def _written(folder: Path, content: bytes, told: str) -> str:
    suffix = Path(told).suffix.lower()
    if suffix not in SUFFIXES:
        suffix = ".jpg" if content.startswith(JPEG) else ".png"
    path = folder / f"{blake2b(content, digest_size=12).hexdigest()}{suffix}"
    # Nothing is forced onto the disk: what a crash leaves has another size, and is written again.
    if not path.is_file() or path.stat().st_size != len(content):
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(path)
    return path.name
