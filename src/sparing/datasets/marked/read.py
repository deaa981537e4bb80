"""Which format a file of marked texts is in, and its documents."""

from pathlib import Path

from sparing._validate import invalid
from sparing.datasets.marked.brat import read_brat
from sparing.datasets.marked.checking import POINTS, UTF16
from sparing.datasets.marked.conll import read_conll
from sparing.datasets.marked.document import Documents
from sparing.datasets.marked.jsonl import read_jsonl_spans
from sparing.datasets.marked.label_studio import read_label_studio
from sparing.errors import SourceError

COLUMNS = (".conll", ".conll03", ".tsv", ".iob", ".iob2", ".bio")


def read_documents(
    path: str | Path, *, offsets: str = POINTS, encoding: str | None = None
) -> Documents:
    """Read texts with spans: CoNLL columns, JSON lines, Label Studio's JSON, a folder of brat's.

    Parameters
    ----------
    path : which format it is in is told by its name: ``.conll``, ``.tsv``, ``.iob``, ``.bio``;
        ``.jsonl``; ``.json``; a folder
    offsets : ``"points"``, or ``"utf16"`` for files whose offsets count UTF-16 units
    encoding : by a name that Python knows; None: found out

    Raises
    ------
    SourceError : it is missing, unreadable, or in none of these formats
    InvalidInputError : there is no such way to count offsets
    """
    path = Path(path)
    if offsets not in (POINTS, UTF16):
        raise invalid("offsets", "read_documents", f"'{POINTS}' or '{UTF16}'", offsets)
    if path.is_dir():
        return read_brat(path, offsets, encoding)
    suffix = path.suffix.lower()
    if suffix in COLUMNS:
        return read_conll(path, encoding)
    if suffix == ".jsonl":
        return read_jsonl_spans(path, offsets, encoding)
    if suffix == ".json":
        return read_label_studio(path, offsets, encoding)
    raise SourceError(f"{path} is no .conll, .tsv, .jsonl, .json or folder of marked texts.")
