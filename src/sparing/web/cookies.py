"""Cookies as they come: many local programs share them, as cookies know no ports."""

import hashlib
import hmac


def mark_of(secret: str) -> str:
    """Return what tells a project from others in a browser; no secret itself."""
    return f"sparing-{derived(secret, 'cookie name')[:12]}"


def derived(secret: str, purpose: str) -> str:
    """Return a secret of its own for each purpose."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def cookie_of(cookies: str, name: str) -> str | None:
    """Return the first value of a cookie in a Cookie header; None if it is not there."""
    return next(iter(cookies_named(cookies, name)), None)


def cookies_named(cookies: str, name: str) -> list[str]:
    """Return all values of a cookie in a Cookie header.

    By hand: http.cookies drops all of them when another local program has set an odd one.

    Examples
    --------
    >>> cookies_named('a[]="; mine=1; {"x":1}; mine=2', "mine")
    ['1', '2']
    """
    parts = (part.strip().partition("=") for part in cookies.split(";"))
    return [value for found, _, value in parts if found == name]
