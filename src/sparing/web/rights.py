"""Who may do what: owners all, settlers and annotators what the routes let them."""

from hashlib import sha256

from fastapi import Depends, Request, params

from sparing.store import Kind
from sparing.store.records import CHANGES_A_CLASS
from sparing.web.roles import NotAllowedError, Role
from sparing.web.sessions import Session

OF_A_SETTLER = frozenset({Kind.SETTLED})
OF_AN_OWNER = CHANGES_A_CLASS


async def session(request: Request) -> Session:
    """Return who is in front of the browser: the session says it, never the request itself."""
    found: Session = request.state.session
    return found


def holder_of(who: str, holder: str) -> str:
    """Return under which name a page of a person holds leases: all of one person count together.

    Examples
    --------
    >>> holder_of("Ada", "tab-1").partition(".")[2]
    'tab-1'
    >>> holder_of("Ada", "tab-1") == holder_of("Ben", "tab-1")
    False
    """
    return f"{sha256(who.encode()).hexdigest()[:12]}.{holder}"


def only(role: Role, what: str) -> params.Depends:
    """Return a dependency that lets in those who have a role, or one that covers it.

    Parameters
    ----------
    role : at least
    what : they do, for the message: "Exporting"
    """

    async def check(request: Request) -> None:
        if not request.state.session.role.covers(role):
            raise NotAllowedError(not_allowed(role, what))

    found: params.Depends = Depends(check)
    return found


def not_allowed(role: Role, what: str) -> str:
    """Return the sentence for somebody who may not.

    Examples
    --------
    >>> not_allowed(Role.OWNER, "Exporting")
    'Exporting is for an owner of the project.'
    >>> not_allowed(Role.SETTLER, "Settling")
    'Settling is for an owner of the project, or a settler.'
    """
    also = "" if role is Role.OWNER else f", or a {role}"
    return f"{what} is for an owner of the project{also}."


def may_say(role: Role, *, may_add: bool = True) -> frozenset[Kind]:
    """Return the kinds of events that somebody with a role may say.

    Parameters
    ----------
    role : of the person
    may_add : whether annotators may add classes

    Examples
    --------
    >>> Kind.LABEL in may_say(Role.ANNOTATOR), Kind.SETTLED in may_say(Role.ANNOTATOR)
    (True, False)
    """
    return frozenset(kind for kind in Kind if role.covers(role_for(kind, may_add=may_add)))


def role_for(kind: Kind, *, may_add: bool = True) -> Role:
    """Return the role that it takes to say something.

    Parameters
    ----------
    kind : of the event
    may_add : whether annotators may add classes

    Examples
    --------
    >>> [role_for(k).value for k in (Kind.LABEL, Kind.SETTLED, Kind.MERGE_CLASS)]
    ['annotator', 'settler', 'owner']
    >>> role_for(Kind.ADD_CLASS, may_add=False).value
    'owner'
    """
    if kind in OF_AN_OWNER or (kind is Kind.ADD_CLASS and not may_add):
        return Role.OWNER
    return Role.SETTLER if kind in OF_A_SETTLER else Role.ANNOTATOR
