"""What is too long for a page: its beginning, and how much more there is."""

MOST_CHARACTERS = 100_000  # of a text; a browser lays out many more for seconds
MOST_FIELDS = 200  # of a row


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
