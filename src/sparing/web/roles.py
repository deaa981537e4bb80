"""What somebody is to a project: one who answers, one who also settles, or an owner."""

from enum import StrEnum

from sparing.errors import SparingError


class NotAllowedError(SparingError):
    """Somebody else has to do it."""


class Role(StrEnum):
    """Each may do what those before it may."""

    ANNOTATOR = "annotator"
    SETTLER = "settler"
    OWNER = "owner"

    def covers(self, other: "Role") -> bool:
        """Tell whether this role may do what another may.

        Examples
        --------
        >>> Role.OWNER.covers(Role.SETTLER), Role.ANNOTATOR.covers(Role.SETTLER)
        (True, False)
        """
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)
