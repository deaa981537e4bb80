"""Passwords of people: a file with a line for each, ``name:hash:role``; no password is in it.

The hash is scrypt's (RFC 7914), as the standard library computes it, with a salt of its own.
"""

import base64
import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from sparing.errors import InvalidInputError, SourceError
from sparing.system import is_open_to_others
from sparing.web.roles import Role

N, R, P = 1 << 15, 8, 1  # 32 MB and a tenth of a second for each guess
MEMORY = 64 << 20
SALT_BYTES, KEY_BYTES = 16, 32
LEAST_LENGTH, MOST_LENGTH = 8, 200
MAX_NAME = 60
MOST_NAMED = 5
_SCHEME = "scrypt"
_AT_ONCE = threading.BoundedSemaphore(2)  # guesses from everywhere take 64 MB at most


def hashed(password: str, salt: bytes | None = None) -> str:
    """Return what the file keeps of a password.

    Raises
    ------
    InvalidInputError : it is too short or too long

    Examples
    --------
    >>> hashed("correct horse", b"a salt of 16 byt").split("$")[:5]
    ['scrypt', '32768', '8', '1', 'YSBzYWx0IG9mIDE2IGJ5dA==']
    """
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise InvalidInputError(f"A password has {LEAST_LENGTH} to {MOST_LENGTH} characters.")
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    key = _scrypt(password, salt, (N, R, P))
    parts = (_SCHEME, str(N), str(R), str(P), _text(salt), _text(key))
    return "$".join(parts)


def fits(password: str, kept: str) -> bool:
    """Tell whether a password is the one that was hashed; takes as long for any.

    Examples
    --------
    >>> kept = hashed("correct horse")
    >>> fits("correct horse", kept), fits("battery staple", kept)
    (True, False)
    """
    costs, salt, key = _parsed(kept)
    found = _scrypt(password[: MOST_LENGTH + 1], salt, costs)
    return hmac.compare_digest(found, key)


def checked_name(name: str) -> str:
    """Return the name of a person without blanks around it.

    Raises
    ------
    InvalidInputError : it is empty, too long, or has a colon or what cannot be printed
    """
    clean = " ".join(name.split())
    if not 0 < len(clean) <= MAX_NAME or ":" in clean or not clean.isprintable():
        raise InvalidInputError(
            f"A name has 1 to {MAX_NAME} printable characters and no colon. Got {name!r}."
        )
    return clean


def checked_role(word: str) -> Role:
    """Return the role that a word names.

    Raises
    ------
    InvalidInputError : there is none
    """
    try:
        return Role(word)
    except ValueError:
        names = ", ".join(Role)
        raise InvalidInputError(f"A role is one of {names}. Got {word!r}.") from None


class Passwords:
    """Who may come in, and with which password.

    Parameters
    ----------
    kept : hash by name
    roles : by name; who has none is an owner, as everybody was before there were roles

    Examples
    --------
    >>> doors = Passwords({"Ada": hashed("correct horse")})
    >>> doors.admit("Ada", "correct horse"), doors.admit("Ben", "correct horse")
    (True, False)
    """

    def __init__(self, kept: Mapping[str, str], roles: Mapping[str, Role] | None = None) -> None:
        self._kept = dict(kept)
        self._roles = dict(roles or {})
        self._nobody = hashed(secrets.token_urlsafe())

    def admit(self, name: str, password: str) -> bool:
        """Tell whether the password is this person's; a name that nobody has takes as long."""
        kept = self._kept.get(name)
        with _AT_ONCE:
            same = fits(password, self._nobody if kept is None else kept)
        return same and kept is not None

    def role(self, name: str) -> Role:
        """Return what a person may do."""
        return self._roles.get(name, Role.OWNER)

    def notes(self) -> list[str]:
        """Return what whoever starts the server should know of the roles."""
        without = [name for name in self._kept if name not in self._roles]
        if without:
            names = ", ".join(without[:MOST_NAMED]) + (", ..." if without[MOST_NAMED:] else "")
            return [f"No role is given to {names}: owners, who may do everything."]
        if Role.OWNER not in self._roles.values():
            return ["Nobody is an owner: on the page nobody can rename classes, check or export."]
        return []

    def __len__(self) -> int:
        return len(self._kept)


def read_passwords(path: Path) -> Passwords:
    """Read a file of passwords; empty lines and lines that begin with ``#`` say nothing.

    Raises
    ------
    SourceError : it cannot be read, is open to others, or a line is no ``name:hash`` or
        ``name:hash:role``
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_mode(path, os.fstat(file.fileno()))
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}.") from None
    kept: dict[str, str] = {}
    roles: dict[str, Role] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(":")
            word, _, role = rest.partition(":")
            try:
                _parsed(word.strip())
                clean = checked_name(name)
                if role.strip():
                    roles[clean] = checked_role(role.strip())
            except InvalidInputError as error:
                raise SourceError(f"{path}, line {number}: {error}") from None
            if clean in kept:
                raise SourceError(f"{path}, line {number}: '{clean}' has a line already.")
            kept[clean] = word.strip()
    if not kept:
        raise SourceError(f"{path} names nobody: 'sparing password NAME' makes a line for it.")
    return Passwords(kept, roles)


def _check_mode(path: Path, found: os.stat_result) -> None:
    if is_open_to_others(found):
        raise SourceError(f"{path} can be read or changed by others: chmod 600 {path}")


def _parsed(kept: str) -> tuple[tuple[int, int, int], bytes, bytes]:
    try:
        scheme, n, r, p, salt, key = kept.split("$")
        costs = (int(n), int(r), int(p))
        parts = base64.b64decode(salt, validate=True), base64.b64decode(key, validate=True)
    except ValueError:
        scheme, costs, parts = "", (0, 0, 0), (b"", b"")
    is_sound = scheme == _SCHEME and len(parts[0]) >= SALT_BYTES and len(parts[1]) == KEY_BYTES
    # Costs are bounded: a line that asks for gigabytes must not stop the server.
    if not is_sound or costs != (N, R, P):
        raise InvalidInputError("this is no hash that 'sparing password NAME' made.")
    return costs, *parts


def _scrypt(password: str, salt: bytes, costs: tuple[int, int, int]) -> bytes:
    n, r, p = costs
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=MEMORY, dklen=KEY_BYTES
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
