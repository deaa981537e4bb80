"""Hands a link to the browser by a file: every user of a machine can read command lines."""

import html
from pathlib import Path

from sparing.errors import SourceError

NAME = "open.html"
PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>sparing</title>
<a href="{link}">To the page</a>
"""


def handed_over(link: str, folder: Path) -> str:
    """Return what to open in place of a link: a file in ``folder`` that leads there.

    Only this user can read it. Where it cannot be written, the link without its token is returned:
    the page then says what to do.
    """
    from sparing.files import write_atomically

    path = folder / NAME
    page = PAGE.format(link=html.escape(link))
    try:
        write_atomically(path, page.encode(), private=True)
    except SourceError:
        return link.partition("#")[0]
    return path.resolve().as_uri()


def closed(folder: Path) -> None:
    """Take the file away, once its link was used."""
    (folder / NAME).unlink(missing_ok=True)
