"""What is known of the vectors of a project's items: kept beside them, and read again.

What stands there may have come with a folder from elsewhere: it says nothing of what is read.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

import numpy as np

from sparing.errors import SourceError
from sparing.files import read_arrays, write_arrays
from sparing.pool.views import Views
from sparing.project.folder import ProjectFolder
from sparing.project.source.encoding import AUTO, files_in
from sparing.project.source.items import GONE
from sparing.store import ItemRow
from sparing.system import MAPPED
from sparing.types import BoolArray, FloatArray, StrArray

VERSION = 2  # that of encoders.cache, whose import takes seconds; older vectors are made anew
DESCRIBED = {
    "hog": "shapes",
    "glyph": "strokes of drawings",
    "efficientnet": "a network trained on photographs (EfficientNet-Lite0)",
    "text": "words",
    "minilm": "a network trained on English sentences (MiniLM)",
    "table": "the columns",
    "text-columns": "the texts in the columns",
    "vectors": "the vectors as they are",
}
HASHED_AT_ONCE = 10_000


@dataclass(frozen=True, eq=False, slots=True)
class Contents:
    """What encoding found out.

    Parameters
    ----------
    fingerprint : of the items and the encoder; other items need other vectors
    encoder : its name, of several views joined by ``+``
    good : (n_rows,) True where a row has a vector
    hashes : (n_rows,) of the content; ``""`` where it is unknown
    faults : (n_rows,) why a row could not be read; ``""`` where it could
    asked : the encoder that was asked for: ``"auto"``, or its name
    made_at : when the vectors were made, UTC in ISO 8601; ``""`` by older versions
    views : which columns of the vectors see the items in which way; None: all in the same
    models : (name, hash) of each pretrained model's files
    notes : sentences that people should know
    trouble : what is wrong with these files now; ``""``: nothing
    digest : of the vectors; ``""`` by older versions
    """

    fingerprint: str
    encoder: str
    good: BoolArray
    hashes: StrArray
    faults: StrArray
    asked: str = AUTO
    made_at: str = ""
    views: Views | None = None
    models: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str = ""
    digest: str = ""

    @property
    def mark(self) -> str:
        """Names what is made of just these vectors of these items, such as maps of them."""
        if not self.digest:
            return self.fingerprint
        return blake2b((self.fingerprint + self.digest).encode(), digest_size=16).hexdigest()

    def said(self) -> tuple[str, ...]:
        """Return sentences on what made the vectors and when, and what people should know of it."""
        names = " and ".join(DESCRIBED.get(name, name) for name in self.encoder.split("+"))
        when = f", {self.made_at[:16].replace('T', ' ')} UTC" if self.made_at else ""
        trouble = (self.trouble,) if self.trouble else ()
        return (f"What the model sees: {names}{when}.", *self.notes, *trouble)


def fingerprint(items: Sequence[ItemRow], encoder: str) -> str:
    """Return a hash that changes when an item comes, goes or changes, or with the encoder."""
    digest = blake2b(f"{encoder} {VERSION}".encode(), digest_size=16)
    there = (f"{item.row} {item.item_id} {_stamp(item)}\n" for item in items if item.state != GONE)
    while block := "".join(islice(there, HASHED_AT_ONCE)):
        digest.update(block.encode())
    return digest.hexdigest()


def _stamp(item: ItemRow) -> str:
    """Return what changes with what an item holds: of a file it is not read for this."""
    return f"{item.size}:{item.mtime_ns}" if item.size or item.mtime_ns else f"{item.content_hash}"


def read_contents(folder: ProjectFolder, items: Sequence[ItemRow], encoder: str) -> Contents | None:
    """Return what is known of just these items; None if they are to be encoded (again)."""
    found = made_before(folder)
    if found is None or found.fingerprint != fingerprint(items, encoder):
        return None
    if not is_of(found.asked, encoder):
        return None
    return found if folder.vectors.is_file() else None


def made_before(folder: ProjectFolder) -> Contents | None:
    """Return what is known of the vectors that are there, for whatever items they were made."""
    found = _stored_contents(folder)
    return found if found is not None and is_of(found.encoder, found.asked) else None


def is_of(encoder: str, asked: str) -> bool:
    """Tell whether an encoder has no other files than what was asked for has.

    Contents that came with a folder from elsewhere do not say what is read.
    """
    return {*files_in(encoder)} <= {*files_in(asked)}


def _stored_contents(folder: ProjectFolder) -> Contents | None:
    """Return what stands there, whoever has written it."""
    try:
        stored = read_arrays(folder.contents, "what is known of the items")
        told = json.loads(str(stored["told"])) if "told" in stored else {}
        names, widths = told.get("views", ()), told.get("widths", ())
        return Contents(
            str(stored["fingerprint"]),
            str(stored["encoder"]),
            stored["good"],
            stored["hashes"],
            stored["faults"],
            told.get("asked", AUTO),
            told.get("made_at", ""),
            Views(tuple(names), tuple(widths)) if names else None,
            tuple((name, told_hash) for name, told_hash in told.get("models", ())),
            tuple(told.get("notes", ())),
            told.get("trouble", ""),
            told.get("digest", ""),
        )
    except (SourceError, LookupError, TypeError, ValueError, AttributeError):
        return None


def mapped_vectors(folder: ProjectFolder) -> FloatArray:
    """Return (n_rows, n_features) float32, a read-only memory map."""
    try:
        vectors: FloatArray = np.load(folder.vectors, mmap_mode=MAPPED, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SourceError(f"{folder.vectors} is not there or damaged.") from error
    return vectors


def write_contents(folder: ProjectFolder, contents: Contents) -> None:
    """Write down what encoding found out.

    Raises
    ------
    SourceError : the folder cannot be written
    """
    views = contents.views
    told = {
        "asked": contents.asked,
        "made_at": contents.made_at,
        "views": views.names if views else (),
        "widths": views.widths if views else (),
        "models": contents.models,
        "notes": contents.notes,
        "trouble": contents.trouble,
        "digest": contents.digest,
    }
    arrays = {
        "fingerprint": np.array(contents.fingerprint),
        "encoder": np.array(contents.encoder),
        "good": contents.good,
        "hashes": contents.hashes,
        "faults": contents.faults,
        "told": np.array(json.dumps(told)),
    }
    write_arrays(folder.contents, arrays)
