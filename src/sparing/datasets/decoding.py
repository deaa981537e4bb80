"""Bytes to text: UTF-8, UTF-16 with a mark, else a good guess, said aloud, or what is told."""

import codecs
from pathlib import Path

from sparing.errors import SourceError
from sparing.files import file_fault, open_regular
from sparing.memory import check_memory

OTHER_SCRIPT = 0.3  # share of bytes beyond ASCII among letters: less is accents
OTHERS = [
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r", "cp1253", "cp1255",
    "cp1256", "cp874",
]  # fmt: skip
GUESSED_BY = 1 << 17  # bytes
_LETTERS = bytes(b for b in range(256) if b >= 128 or chr(b).isalpha())
BYTES_A_BYTE = 6  # in memory, of a file that becomes text and cells
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotTextError(SourceError):
    """The bytes are no text in any of the encodings."""


def decode(content: bytes, *, as_before: bool = False) -> tuple[str, str]:
    r"""Return the text and the encoding it was read with.

    What is no Unicode is guessed by charset-normalizer where letters of other scripts are likely;
    else it is taken for Western European.

    Raises
    ------
    NotTextError : there are zero bytes in it, as only binary files have

    Examples
    --------
    >>> decode(b"\xef\xbb\xbfna\xc3\xafve")
    ('naïve', 'UTF-8')
    >>> decode(b"na\xefve")
    ('naïve', 'Latin-1')
    >>> decode("это не латиница, а кириллица".encode("cp1251"))[1]
    'cp1251'
    """
    if content.startswith(_UTF16):
        return _as_utf16(content), "UTF-16"
    if b"\0" in content:
        raise NotTextError(f"not text but binary{_wide(content)}")
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        return (content.decode("latin-1"), "Latin-1") if as_before else _guessed(content)


def _guessed(content: bytes) -> tuple[str, str]:
    foreign = content.translate(None, bytes(range(128)))
    share = len(foreign) / max(len(content) - len(content.translate(None, _LETTERS)), 1)
    if share >= OTHER_SCRIPT:
        from charset_normalizer import from_bytes

        best = from_bytes(content[:GUESSED_BY], cp_isolation=OTHERS).best()
        if best is not None:
            try:
                return content.decode(best.encoding), best.encoding
            except UnicodeDecodeError:
                pass
    if foreign.translate(None, bytes(range(0xA0, 256))):  # Latin-1 has nothing there
        try:
            return content.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            pass
    return content.decode("latin-1"), "Latin-1"


def _wide(content: bytes) -> str:
    """Say how it may be UTF-16 without a mark: then letters of Europe have a zero as one byte."""
    head = content[:GUESSED_BY]
    zeros = head[0::2].count(0), head[1::2].count(0)
    if max(zeros) < max(2, len(head) // 4) or 10 * min(zeros) > max(zeros):
        return ""
    name = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return f", or UTF-16 without a mark, which --encoding {name} reads"


def _as_utf16(content: bytes) -> str:
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError:
        raise NotTextError("not text but binary") from None


def read_text(
    path: Path, encoding: str | None = None, *, as_before: bool = False
) -> tuple[str, tuple[str, ...], str]:
    """Return the text of a file, what to tell the person of its encoding, and the encoding.

    Parameters
    ----------
    path : the file
    encoding : by a name that Python knows; None: found out
    as_before : whether it is found out as by older versions, which knew Unicode and Latin-1

    Raises
    ------
    SourceError : the file is not there, unreadable, empty, no text, or not of this encoding
    """
    content = read_bytes(path)
    try:
        text, found = (
            decode_as(content, encoding) if encoding else decode(content, as_before=as_before)
        )
    except NotTextError as error:
        raise SourceError(f"{path} is {error}.") from None
    if not text.strip():
        raise SourceError(f"{path} is empty.")
    if encoding or found == "UTF-8":
        return text, (), found
    more = "" if found in ("UTF-16", "Latin-1") else " --encoding says otherwise."
    return text, (f"{path.name} was read as {found}.{more}",), found


def beginning(path: Path, encoding: str | None = None) -> str:
    """Return the first lines of a file; what is cut in the middle of a line is left out.

    Raises
    ------
    SourceError : the file is not there, unreadable or no text
    """
    try:
        with open_regular(path) as stream:
            content = stream.read(GUESSED_BY)
    except SourceError as error:
        raise SourceError(f"{path} is {error}.") from None
    is_cut = len(content) == GUESSED_BY and not content.startswith(_UTF16)
    whole = content[: content.rfind(b"\n") + 1] if is_cut else content
    return (decode_as(whole, encoding) if encoding else decode(whole))[0]


def decode_as(content: bytes, encoding: str) -> tuple[str, str]:
    """Return the text and its encoding, which somebody has said.

    Raises
    ------
    NotTextError : there is no such encoding, or this is none of its texts
    """
    try:
        return content.decode(encoding).removeprefix("\ufeff"), encoding
    except LookupError:
        raise NotTextError(f"to be read as {encoding}, an encoding that Python lacks") from None
    except UnicodeDecodeError as error:
        raise NotTextError(f"not {encoding}: byte {error.start + 1:,} is none of it") from None


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
