"""Bytes to text: UTF-8 with or without a mark, UTF-16 with one, else Latin-1, said aloud."""

import codecs
from pathlib import Path

from sparing.errors import SourceError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotTextError(SourceError):
    """The bytes are no text in any of the encodings."""


def decode(content: bytes) -> tuple[str, str]:
    r"""Return the text and the encoding it was read with.

    Raises
    ------
    NotTextError : there are zero bytes in it, as only binary files have

    Examples
    --------
    >>> decode(b"\xef\xbb\xbfna\xc3\xafve")
    ('naïve', 'UTF-8')
    >>> decode(b"na\xefve")
    ('naïve', 'Latin-1')
    """
    if content.startswith(_UTF16):
        return _as_utf16(content), "UTF-16"
    if b"\0" in content:
        raise NotTextError("not text but binary")
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "Latin-1"


def _as_utf16(content: bytes) -> str:
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError:
        raise NotTextError("not text but binary") from None


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, and what to tell the person of its encoding.

    Raises
    ------
    SourceError : the file is not there, unreadable, empty or no text
    """
    content = read_bytes(path)
    try:
        text, encoding = decode(content)
    except NotTextError as error:
        raise SourceError(f"{path} is {error}.") from None
    if not text.strip():
        raise SourceError(f"{path} is empty.")
    return text, () if encoding == "UTF-8" else (f"{path.name} was read as {encoding}.",)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    SourceError : the file is not there or unreadable
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
