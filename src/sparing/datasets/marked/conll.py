"""CoNLL columns: a token and its tag a line, an empty line after each sentence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from sparing.annotations.sentences import Sentences
from sparing.datasets.decoding import read_text
from sparing.datasets.marked.document import Document, Documents
from sparing.errors import SourceError
from sparing.types import IntArray

OPENS, CLOSES = frozenset("BSU"), frozenset("ELSU")  # E and S are for BIOES what L and U are here
HELD, HOLDS = frozenset("BI"), frozenset("IEL")  # after one of these comes one of those
PREFIXED = re.compile(r"([BIELSU])-(.+)", re.DOTALL)
OUTSIDE = ("O", "_")
DOCUMENT_START = "-DOCSTART-"
COMMENT = re.compile(r"# \S+ = ")  # as CoNLL-U has them; "# O" is a token


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as a file has it: ``"B-person"`` is B and person, ``"person"`` has no prefix."""

    prefix: str
    label: str

    @classmethod
    def of(cls, text: str) -> "Tag":
        """Read a tag; outside of all spans both are empty."""
        if text in OUTSIDE:
            return cls("", "")
        found = PREFIXED.fullmatch(text)
        return cls(found[1], found[2]) if found else cls("", text)

    def opens_after(self, before: "Tag | None") -> bool:
        """Tell whether a span begins here, in whichever scheme."""
        if not self.label:
            return False
        goes_on = before is not None and before.label == self.label
        return (
            not goes_on or self.prefix in OPENS or (before is not None and before.prefix in CLOSES)
        )


def read_conll(path: Path, encoding: str | None = None) -> Documents:
    """Read a file of CoNLL columns: the first is the token, the last its tag.

    Which scheme the tags are in is found out and said: bare labels (IO), B- at the start of every
    span (IOB2) or only between two of one class (IOB1), or the ends marked too (BILOU, BIOES). A
    text is its tokens with a space between each two.

    Raises
    ------
    SourceError : the file is missing, is no text, has a line without a tag, or its tags keep to no
        scheme
    """
    text, notes, _ = read_text(path, encoding)
    found = list(_sentences(text, str(path)))
    seen = [(line, [cells for cells in lines if cells[0].strip()]) for line, lines in found]
    n_empty = sum(len(lines) for _, lines in found) - sum(len(lines) for _, lines in seen)
    blocks = [(line, lines) for line, lines in seen if lines]
    if not blocks:
        raise SourceError(f"{path} has no sentence: a token and its tag a line are wanted.")
    tags = [[Tag.of(tag) for _, tag in lines] for _, lines in blocks]
    told = [f"The tags are read as {scheme_of(tags, str(path))}."]
    told += [f"{n_empty} tokens that are empty were left out."] if n_empty else []
    sentences = Sentences.of_words([[word for word, _ in lines] for _, lines in blocks])
    tokens = np.split(sentences.offsets, sentences.starts[1:-1])
    documents = (
        Document(text, tuple(_spans(row, at)), at, f"line {line}")
        for text, row, at, (line, _) in zip(sentences.texts, tags, tokens, blocks, strict=True)
    )
    return Documents(tuple(documents), (), (*notes, *told))


def scheme_of(tags: Sequence[Sequence[Tag]], source: str = "The file") -> str:
    """Return the name of the scheme that tags keep to.

    Raises
    ------
    SourceError : some spans begin with I-, and others with B- where no span was before; or ends
        are marked, but not of all spans

    Examples
    --------
    >>> scheme_of([[Tag.of("B-x"), Tag.of("I-x")]]), scheme_of([[Tag.of("x"), Tag.of("O")]])
    ('IOB2', 'IO')
    """
    pairs = [pair for row in tags for pair in zip([None, *row], row, strict=False)]
    prefixes = {tag.prefix for _, tag in pairs if tag.label}
    if prefixes <= {""}:
        return "IO"
    if "" in prefixes:
        bare = next(tag.label for _, tag in pairs if tag.label and not tag.prefix)
        raise SourceError(f"{source}: some tags have a prefix such as B-, and '{bare}' has none.")
    if prefixes & set("ELSU"):
        if n_broken := sum(_is_broken(row) for row in tags):
            raise SourceError(
                f"{source}: in {n_broken} sentences a span is not begun or not ended as its tags"
                " say: neither BILOU nor BIOES."
            )
        return "BIOES" if prefixes & set("ES") else "BILOU"
    bare_starts = sum(tag.prefix == "I" and tag.opens_after(before) for before, tag in pairs)
    if not bare_starts:
        return "IOB2"
    apart = sum(
        tag.prefix == "B" and (before is None or before.label != tag.label) for before, tag in pairs
    )
    if not apart:
        return "IOB1"
    raise SourceError(
        f"{source}: {bare_starts} spans begin with I- and {apart} with B-: neither IOB1 nor IOB2."
    )


def _is_broken(row: Sequence[Tag]) -> bool:
    """Tell whether, where ends are marked too, a tag goes on with nothing or ends nothing."""
    around = pairwise([Tag("", ""), *row, Tag("", "")])
    return any(
        (before.prefix in HELD or after.prefix in HOLDS)
        and not (before.prefix in HELD and after.prefix in HOLDS and before.label == after.label)
        for before, after in around
    )


def write_conll(sentences: Sentences, tags: IntArray, classes: Sequence[str]) -> str:
    r"""Return sentences as CoNLL columns in IOB2, a tab between token and tag.

    Parameters
    ----------
    sentences : with n_tokens tokens
    tags : (n_tokens,) as of :mod:`sparing.annotations.tagging`
    classes : the labels in their order

    Examples
    --------
    >>> write_conll(Sentences.of_texts(["Ada met"]), np.array([1, 0]), ["person"])
    'Ada\tB-person\nmet\tO\n\n'
    """
    names = ["O", *(f"{prefix}-{label}" for label in classes for prefix in "BI")]
    lines = iter([names[tag] for tag in tags])
    return "".join(
        "".join(f"{word}\t{next(lines)}\n" for word in words) + "\n" for words in sentences
    )


def _spans(row: Sequence[Tag], at: IntArray) -> Iterator[tuple[int, int, str]]:
    opens = [i for i, tag in enumerate(row) if tag.opens_after(row[i - 1] if i else None)]
    for first in opens:
        after = first + 1
        while after < len(row) and row[after].label and not row[after].opens_after(row[after - 1]):
            after += 1
        yield int(at[first, 0]), int(at[after - 1, 1]), row[first].label


def _sentences(text: str, source: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Yield the line where each sentence begins, and its tokens with their tags."""
    first, lines = 0, list[tuple[str, str]]()
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        cells = line.strip("\r").split("\t") if "\t" in line else line.split()
        if not line.strip() or cells[0] == DOCUMENT_START:
            if lines:
                yield first, lines
            lines = []
        elif COMMENT.match(line):
            continue
        elif len(cells) > 1:
            first = first if lines else number
            lines.append((cells[0], cells[-1].strip()))
        else:
            raise SourceError(f"{source}, line {number}: a token without a tag: {line.strip()!r}.")
