"""Text of others on a terminal: it is shown, and never obeyed."""

# What files and people are called must not move the cursor, or speak in our name.
_COMMANDS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) != "\n"}


def plain(text: str) -> str:
    r"""Return a text without what a terminal would obey, such as escape sequences in names.

    Examples
    --------
    >>> plain("a.png\n\x1b]0;b.png\x07")
    'a.png\n\\x1b]0;b.png\\x07'
    """
    return text.translate(_COMMANDS)
