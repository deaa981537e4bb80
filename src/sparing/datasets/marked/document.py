"""Document: a text with the spans that somebody marked in it, as a file has them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparing.annotations.sentences import Sentences
from sparing.annotations.spans import Span, SpanSet
from sparing.annotations.values import Value
from sparing.datasets.items import Skipped
from sparing.pool.classes import ClassTable
from sparing.types import IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Document:
    """A text and its spans.

    Parameters
    ----------
    text : as it is in the file, never normalised
    spans : start, end (exclusive) in code points, and label; None where nobody looked yet
    tokens : (n_tokens, 2) offsets, where the file says what its tokens are
    name : what a person finds it by: ``"line 7"``
    """

    text: str
    spans: tuple[Span, ...] | None
    tokens: IntArray | None = None
    name: str = ""

    @property
    def edges(self) -> IntArray:
        """(n_tokens, 2) offsets of the tokens: those of the file, or those of Unicode's rules."""
        from sparing.annotations.tokens import tokenize

        return tokenize(self.text) if self.tokens is None else self.tokens


@dataclass(frozen=True, eq=False, slots=True)
class Documents:
    """What a reader gives.

    Parameters
    ----------
    documents : in the order of the file
    skipped : what was left out and why
    notes : what the person should know, such as which scheme the tags were in
    """

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def labels(self) -> list[str]:
        """The labels of all spans, in the order of appearance."""
        spans = (span for document in self.documents for span in document.spans or ())
        return list(dict.fromkeys(label for _, _, label in spans))

    @property
    def sentences(self) -> Sentences:
        """The texts with their tokens."""
        texts = tuple(document.text for document in self.documents)
        return Sentences.of_tokens(texts, [document.edges for document in self.documents])

    def values(self, classes: Sequence[str] | None = None) -> list[Value | None]:
        """Return the spans of each text as the value of an answer; None: nobody looked."""
        kind, table = SpanSet(), ClassTable(tuple(self.labels if classes is None else classes))
        return [
            None if d.spans is None else kind.parse(d.spans, table, d.text) for d in self.documents
        ]
