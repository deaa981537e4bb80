"""Plain texts, one a line, in which nobody has marked anything yet."""

from pathlib import Path

from sparing.datasets.decoding import read_text
from sparing.datasets.marked.document import Document, Documents


def read_lines(path: Path, encoding: str | None = None) -> Documents:
    """Read a file of texts; lines without anything in them are passed over.

    Raises
    ------
    SourceError : the file is missing, unreadable, empty or no text
    """
    text, notes, _ = read_text(path, encoding)
    lines = ((n, line.removesuffix("\r")) for n, line in enumerate(text.split("\n"), 1))
    documents = [Document(line, None, None, f"line {n}") for n, line in lines if line.strip()]
    return Documents(tuple(documents), (), notes)
