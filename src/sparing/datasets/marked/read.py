"""Which format a file of marked texts is in, and its documents."""

import json
from pathlib import Path

from sparing._validate import invalid
from sparing.datasets.decoding import beginning, decode, read_bytes
from sparing.datasets.marked.brat import read_brat
from sparing.datasets.marked.checking import POINTS, UTF16
from sparing.datasets.marked.conll import read_conll
from sparing.datasets.marked.document import Documents
from sparing.datasets.marked.jsonl import has_spans, read_jsonl_spans
from sparing.datasets.marked.label_studio import read_label_studio
from sparing.datasets.marked.lines import read_lines
from sparing.errors import SourceError

TABLE = ".tsv"  # of columns, or of anything else
COLUMNS = (".conll", ".conll03", TABLE, ".iob", ".iob2", ".bio")
ANNOTATIONS = "*.ann"


def read_documents(
    path: str | Path, *, offsets: str = POINTS, encoding: str | None = None
) -> Documents:
    """Read texts with spans: CoNLL columns, JSON lines, Label Studio's JSON, a folder of brat's.

    Of a plain text each line is one in which nobody has marked anything yet.

    Parameters
    ----------
    path : which format it is in is told by its name: ``.conll``, ``.tsv``, ``.iob``, ``.bio``;
        ``.jsonl``; ``.json``; ``.txt``; a folder
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
    if suffix == ".txt":
        return read_lines(path, encoding)
    raise SourceError(f"{path} is no .conll, .tsv, .jsonl, .json, .txt or folder of marked texts.")


def is_marked(path: Path) -> bool:
    """Tell whether a source is plainly one of texts with spans: by its name, or its first line.

    Examples
    --------
    >>> is_marked(Path("train.conll")), is_marked(Path("photos"))
    (True, False)
    """
    if path.is_dir():
        return any(path.glob(ANNOTATIONS))
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return has_spans(first_object(path))
    return suffix in COLUMNS and suffix != TABLE


def holds_texts(path: Path) -> bool:
    """Tell whether :func:`read_documents` is what reads a source of texts to be marked.

    Other tables are read as tables: somebody may have to say which column has the text.
    """
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in (TABLE, ".jsonl", ".json"):
        return is_marked(path) or suffix == ".txt"
    if suffix == TABLE:  # sentences are parted by empty lines, rows are not
        return any(not line.strip() for line in beginning(path).strip().split("\n"))
    first = first_object(path)
    return '"data"' in beginning(path) if suffix == ".json" else isinstance(first.get("text"), str)


def first_object(path: Path) -> dict[str, object]:
    """Return the first JSON object of a file of one a line; an empty one where there is none.

    Raises
    ------
    SourceError : the file is no text
    """
    lines = (line for line in _with_a_line(path).split("\n") if line.strip())
    try:
        found = json.loads(next(lines, "{}"))
    except (ValueError, RecursionError):  # no JSON: whoever reads the whole file says so
        return {}
    return found if isinstance(found, dict) else {}


def _with_a_line(path: Path) -> str:
    """Return the beginning of a file; all of it where its first line is longer than that."""
    text = beginning(path)
    return text if text.strip() or not path.exists() else decode(read_bytes(path))[0]
