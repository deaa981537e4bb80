"""brat's standoff: a folder with a .txt and an .ann of the same name for each document."""

import re
from collections.abc import Sequence
from pathlib import Path

from sparing.datasets.decoding import NotTextError, decode, decode_as, read_bytes, read_text
from sparing.datasets.items import Skipped
from sparing.datasets.marked.checking import POINTS, checked
from sparing.datasets.marked.document import Document, Documents
from sparing.errors import SourceError
from sparing.files import write_atomically

PLACE = re.compile(r"[0-9]{1,18}")


def read_brat(folder: Path, offsets: str = POINTS, encoding: str | None = None) -> Documents:
    """Read a folder; a text without an .ann is one that nobody looked at.

    Lines other than entities (relations, events, notes) are passed over and counted. A span in
    several pieces is refused with its document.

    Raises
    ------
    SourceError : there is no such folder, or no text in it
    """
    texts = sorted(folder.glob("*.txt"))
    if not texts:
        raise SourceError(f"{folder} has no .txt file beside which an .ann may lie.")
    found, others = [], 0
    for path in texts:
        text, lines = read_text(path, encoding)[0], _lines(path.with_suffix(".ann"), encoding)
        entities = None if lines is None else [line for line in lines if line.startswith("T")]
        others += len(lines or ()) - len(entities or ())
        found.append(_document(text, entities, path.name, offsets))
    documents = tuple(each for each in found if isinstance(each, Document))
    skipped = tuple(each for each in found if isinstance(each, Skipped))
    notes = (f"{others} lines that are no entities were passed over.",) if others else ()
    return Documents(documents, skipped, notes)


def write_brat(folder: Path, documents: Sequence[Document]) -> None:
    """Write each document as a .txt and, where somebody looked, an .ann.

    Raises
    ------
    SourceError : the folder cannot be written, or a label has white space, which parts the fields
    """
    labels = Documents(tuple(documents)).labels
    if apart := next((label for label in labels if len(label.split()) > 1), None):
        raise SourceError(
            f"brat's types have no white space: rename the class '{apart}', or choose another"
            " format."
        )
    width = len(str(len(documents)))
    for i, document in enumerate(documents, start=1):
        path = folder / f"{i:0{width}}.txt"
        write_atomically(path, document.text.encode())
        if document.spans is not None:
            write_atomically(path.with_suffix(".ann"), annotations(document).encode())


def annotations(document: Document) -> str:
    r"""Return the lines of an .ann; a break of line within a span is a space there.

    Examples
    --------
    >>> annotations(Document("Ada", ((0, 3, "x"),)))
    'T1\tx 0 3\tAda\n'
    """
    return "".join(
        f"T{i}\t{label} {start} {end}\t{_on_one_line(document.text[start:end])}\n"
        for i, (start, end, label) in enumerate(document.spans or (), start=1)
    )


def _on_one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").replace("\t", " ")  # a tab parts columns


def _lines(path: Path, encoding: str | None) -> list[str] | None:
    if not path.exists():
        return None
    content = read_bytes(path)
    try:
        text, _ = decode_as(content, encoding) if encoding else decode(content)
    except NotTextError as error:
        raise SourceError(f"{path} is {error}.") from None
    return [line for line in text.split("\n") if line.strip()]


def _document(text: str, entities: list[str] | None, name: str, offsets: str) -> Document | Skipped:
    if entities is None:
        return checked(text, None, name)
    spans, quoted = [], []
    for line in entities:
        parts = line.rstrip("\r").split("\t", 2)
        words = parts[1].split() if len(parts) > 1 else []
        if len(words) != 3 or not all(map(PLACE.fullmatch, words[1:])):
            return Skipped(name, f"no span of one piece: {line.strip()!r}")
        start, end = int(words[1]), int(words[2])
        spans.append((start, end, words[0]))
        same = len(parts) > 2 and _on_one_line(text[start:end]) == _on_one_line(parts[2])
        quoted.append(text[start:end] if same or len(parts) < 3 else parts[2])
    return checked(text, spans, name, offsets, quoted)
