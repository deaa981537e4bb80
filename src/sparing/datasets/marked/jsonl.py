"""JSON lines of doccano, Prodigy and spaCy: a text and its spans a line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparing.datasets.decoding import read_text
from sparing.datasets.items import Skipped
from sparing.datasets.marked.checking import POINTS, checked
from sparing.datasets.marked.document import Document, Documents
from sparing.errors import SourceError

KEYS = ("spans", "entities", "label", "labels")  # of Prodigy, of spaCy, of doccano
STARTS, ENDS = ("start", "start_offset"), ("end", "end_offset")


def read_jsonl_spans(path: Path, offsets: str = POINTS, encoding: str | None = None) -> Documents:
    """Read texts with spans, one JSON object a line.

    The spans are under ``spans``, ``entities``, ``label`` or ``labels``, as triples or as objects
    with start and end. A line that Prodigy's user rejected or ignored is no answer, and left out.

    Raises
    ------
    SourceError : the file is missing, unreadable, empty, no text, or has no such line
    """
    text, notes, _ = read_text(path, encoding)
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    found = [_document(line, f"line {number}", offsets) for number, line in lines]
    documents = tuple(each for each in found if isinstance(each, Document))
    skipped = tuple(each for each in found if isinstance(each, Skipped))
    if not documents:
        raise SourceError(f"{path} has no line with a text and spans: {skipped[0].reason}")
    return Documents(documents, skipped, notes)


def has_spans(row: Mapping[str, Any]) -> bool:
    """Tell whether an object has a text, and spans in one of the known forms.

    Examples
    --------
    >>> has_spans({"text": "Ada", "label": [[0, 3, "x"]]}), has_spans({"text": "a", "label": "b"})
    (True, False)
    """
    raws = next((row[key] for key in KEYS if isinstance(row.get(key), list)), None)
    return isinstance(row.get("text"), str) and bool(raws) and None not in map(_triple, raws or ())


def write_jsonl_spans(documents: Sequence[Document], form: str = "doccano") -> str:
    r"""Return documents as JSON lines, in the form of ``"doccano"`` or of ``"prodigy"``.

    Examples
    --------
    >>> write_jsonl_spans([Document("Ada", ((0, 3, "x"),))])
    '{"text": "Ada", "label": [[0, 3, "x"]]}\n'
    """
    return "".join(json.dumps(_plain(d, form), ensure_ascii=False) + "\n" for d in documents)


def _plain(document: Document, form: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"text": document.text}
    if document.spans is None:
        return plain
    if form == "doccano":
        return plain | {"label": [list(span) for span in document.spans]}
    keys = ("start", "end", "label")
    spans = [dict(zip(keys, span, strict=True)) for span in document.spans]
    return plain | {"spans": spans, "answer": "accept"}


def _document(line: str, name: str, offsets: str) -> Document | Skipped:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Skipped(name, "not JSON")
    if not isinstance(row, Mapping):
        return Skipped(name, "not a JSON object")
    if row.get("answer", "accept") != "accept":
        return Skipped(name, f"its answer is '{row['answer']}'")
    raws = next((row[key] for key in KEYS if isinstance(row.get(key), list)), None)
    spans = None if raws is None else [_triple(raw) for raw in raws]
    if spans is not None and None in spans:
        return Skipped(name, "a span without start, end and label")
    quoted = [raw.get("text") if isinstance(raw, Mapping) else None for raw in raws or ()]
    return checked(row.get("text"), spans, name, offsets, quoted)


def _triple(raw: Any) -> tuple[Any, Any, Any] | None:
    if isinstance(raw, list) and len(raw) == 3:
        return raw[0], raw[1], raw[2]
    if not isinstance(raw, Mapping):
        return None
    start, end = (next((raw[k] for k in keys if k in raw), None) for keys in (STARTS, ENDS))
    return (
        None if start is None or end is None or "label" not in raw else (start, end, raw["label"])
    )
