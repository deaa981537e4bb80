"""What is too long for a page: its beginning, and how much more there is."""

from typing import Protocol, TypeVar

MOST_CHARACTERS = 100_000  # of a text; a browser lays out many more for seconds
MOST_FIELDS = 200  # of a row


class Placed(Protocol):
    """Something that ends at a place of a text."""

    end: int


_Part = TypeVar("_Part", bound=Placed)


def shortened(text: str | None) -> str | None:
    """Return a text, or where it is too long for a page its beginning, said so.

    Examples
    --------
    >>> shortened("a" * 200_000).splitlines()[-1]
    '… The first 100,000 of 200,000 characters are shown; the model reads all.'
    """
    if text is None or len(text) <= MOST_CHARACTERS:
        return text
    shown, whole = f"{MOST_CHARACTERS:,}", f"{len(text):,}"
    more = f"… The first {shown} of {whole} characters are shown; the model reads all."
    return f"{text[:MOST_CHARACTERS]}\n\n{more}"


def shown_tokens(tokens: list[int] | None) -> list[int] | None:
    """Return the tokens, start and end one after the other, of what a page shows of their text.

    Examples
    --------
    >>> shown_tokens([0, 3, 4, 9, 99_998, 100_002, 100_003, 100_005])
    [0, 3, 4, 9]
    """
    if tokens is None:
        return None
    pairs = zip(tokens[::2], tokens[1::2], strict=True)
    return [edge for pair in pairs if pair[1] <= MOST_CHARACTERS for edge in pair]


def shown_spans(spans: list[_Part] | None) -> list[_Part] | None:
    """Return the suggested spans that lie in what a page shows: nobody accepts others unseen."""
    return None if spans is None else [one for one in spans if one.end <= MOST_CHARACTERS]


def first_fields(fields: dict[str, str] | None) -> dict[str, str] | None:
    """Return the fields of a row, or where it has too many for a page the first of them, said so.

    Examples
    --------
    >>> list(first_fields({str(i): "" for i in range(1000)}).items())[-1]
    ('…', '800 more columns, which the model reads')
    """
    if fields is None:
        return None
    kept = dict([*fields.items()][:MOST_FIELDS])
    shown = {name: shortened(cell) or "" for name, cell in kept.items()}
    more = len(fields) - len(shown)
    return shown | ({"…": f"{more:,} more columns, which the model reads"} if more else {})
