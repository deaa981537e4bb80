"""Bytes to text: UTF-8 with or without a mark, UTF-16 with one, else Latin-1, said aloud."""

import codecs
from pathlib import Path

from sparing.errors import SourceError
from sparing.files import file_fault, open_regular
from sparing.memory import check_memory

BYTES_A_BYTE = 6  # in memory, of a file that becomes text and cells
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


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    path : the file
    most : bytes that it may have; None: as many as there is memory for

    Raises
    ------
    SourceError : the file is not there, unreadable, no regular file or too big
    MemoryBudgetError : it would not fit into memory
    """
    fault = file_fault(path, most)
    if fault == "empty":
        return b""
    if fault == "not there":
        raise SourceError(f"There is no file {path}.")
    if fault:
        raise SourceError(f"{path} cannot be read: {fault}.")
    check_memory(BYTES_A_BYTE * path.stat().st_size, path.name, "read a part of it")
    with open_regular(path) as stream:
        return stream.read()


def whole_text(text: str) -> str:
    r"""Return a text without broken halves of characters, which JSON may have: they become �.

    Examples
    --------
    >>> whole_text("dogs \ud83d"), whole_text("dogs \ud83d\ude00")
    ('dogs �', 'dogs 😀')
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
