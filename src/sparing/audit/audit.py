"""The audit: items drawn at random to check a model that is frozen, and nothing else.

The guarantee of a certificate is a probability over this draw alone. So everything that could
depend on the draw is fixed before it: the predictions, the claim, the set drawn from. An
:class:`Audit` holds them by hash, and cannot be changed.
"""

import hashlib
import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from sparing._validate import check_fraction, invalid
from sparing.errors import InvalidInputError, VoidAuditError
from sparing.pool.predictions import Predictions, frozen
from sparing.stats.hypergeometric import spend, spend_first
from sparing.types import BoolArray, IntArray

VERSION = 3  # of audits and certificates
MISREAD = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""What reading an audit or a certificate may raise that somebody has forged or damaged."""
WHOLE = "whole"
AUTO = "auto"
UNIFORM = "uniform"
BY_CLASS = "class"
BY_CONFIDENCE = "confidence"


class Phase(StrEnum):
    """Where a job stands; each phase leads to the next, and only a new audit leads back.

    Until ``CERTIFIED`` the labels of the audit stay out of training.

    Examples
    --------
    >>> Phase.AUDIT.next
    <Phase.CERTIFIED: 'certified'>
    >>> [phase.value for phase in Phase if phase.audit_may_train]
    ['certified', 'hand-back', 'done']
    """

    LABEL = "label"
    AUDIT = "audit"
    CERTIFIED = "certified"
    HANDBACK = "hand-back"
    DONE = "done"

    @property
    def next(self) -> "Phase":
        """The phase that follows; ``DONE`` stays."""
        phases = list(Phase)
        return phases[min(phases.index(self) + 1, len(phases) - 1)]

    @property
    def audit_may_train(self) -> bool:
        """Whether answers of the audit may train a model."""
        return self not in (Phase.LABEL, Phase.AUDIT)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be certified; fixed before the audit is drawn.

    Parameters
    ----------
    epsilon : share of wrong labels that is tolerated, in (0, 1)
    delta : probability with which the claim may be false, in (0, 1), for all attempts together
    kind : ``"whole"``, the error of the finished data set, labels by people included; or
        ``"auto"``, the error among the labels that only the model gave
    per_class : with ``"auto"``: hold it for each predicted class, delta shared among them

    Examples
    --------
    >>> Claim(0.02).kind
    'whole'
    >>> Claim(1.5)
    Traceback (most recent call last):
    sparing.errors.InvalidInputError: The 'epsilon' parameter of Claim must be a number strictly
    between 0 and 1. Got 1.5 instead.
    """

    epsilon: float
    delta: float = 0.05
    kind: str = WHOLE
    per_class: bool = False

    def __post_init__(self) -> None:
        check_fraction("epsilon", "Claim", self.epsilon)
        check_fraction("delta", "Claim", self.delta)
        if self.kind not in (WHOLE, AUTO):
            raise invalid("kind", "Claim", f"'{WHOLE}' or '{AUTO}'", self.kind)
        if self.per_class and self.kind != AUTO:
            raise invalid("per_class", "Claim", f"False unless kind is '{AUTO}'", True)


@dataclass(frozen=True, eq=False, slots=True)
class Audit:
    """A draw that has been made: who, from what, for which claim. Immutable, with a hash.

    Parameters
    ----------
    predictions : digest of the frozen :class:`Predictions`
    eligible : (n_items,) True where a row could be drawn
    drawn : (n_drawn,) the rows, in the random order in which they are to be asked
    design : ``"uniform"``, ``"class"`` (so many per predicted class) or ``"confidence"``
    edges : confidence boundaries of the strata, ascending; only for ``"confidence"``
    claim : what the audit is to certify; None if it only estimates
    cut : no item less confident than this was eligible
    key : the draw is a function of it and of the attempt: fresh randomness, in hexadecimal digits;
        or ``""``, where it is a function of the predictions
    previous : hashes of all audits drawn before for this data set, failed or not
    looks : how many answers, ascending, may be enough; the last is all that were drawn
    version : of audits of old 2, where a draw without a key went by the names of classes, too; or
        1, where the key is a seed and less was spent on the first attempt

    Notes
    -----
    Looks are fixed with the draw, and the risk is that of all of them together; so the person may
    stop at any of them, for any reason.
    """

    predictions: str
    eligible: BoolArray
    drawn: IntArray
    design: str
    edges: tuple[float, ...]
    claim: Claim | None
    cut: float
    key: str
    previous: tuple[str, ...] = ()
    looks: tuple[int, ...] = ()
    version: int = VERSION
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.looks:
            object.__setattr__(self, "looks", (len(self.drawn),))
        for name, dtype in (("eligible", "?"), ("drawn", "<i8")):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))
        text = json.dumps(self._content(), sort_keys=True)
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())

    @property
    def attempt(self) -> int:
        """1 for the first draw, 2 for the second: each later one may risk less."""
        return len(self.previous) + 1

    @property
    def delta(self) -> float:
        """The risk that this attempt may take."""
        if self.claim is None:
            raise InvalidInputError("This audit was drawn without a claim: it certifies nothing.")
        return share_of(self.claim.delta, self.attempt, self.version)

    def check(self, predictions: Predictions) -> None:
        """Raise VoidAuditError if ``predictions`` are not those that the audit froze."""
        if predictions.digest != self.predictions:
            raise VoidAuditError(
                "The model, its predictions or the labels changed after the audit was drawn, so"
                f" a certificate would be void. Draw a new audit (attempt {self.attempt + 1})."
            )

    def strata(self, predictions: Predictions, rows: IntArray) -> IntArray:
        """Return (n_rows,) the stratum of each of ``rows``."""
        if self.design == BY_CLASS:
            return predictions.codes[rows].astype(np.int64)
        edges = np.asarray(self.edges, dtype=np.float32)
        return np.searchsorted(edges, predictions.confidence[rows], side="right").astype(np.int64)

    def to_json(self) -> str:
        """Return the whole audit as JSON text."""
        return json.dumps({**self._content(), "digest": self.digest}, indent=1)

    def _content(self) -> dict[str, Any]:
        c = self.claim
        drawn_by = {"seed": int(self.key)} if self.version == 1 else {"key": self.key}
        return {
            **({} if self.version == 1 else {"version": self.version}),
            "predictions": self.predictions,
            "n_items": len(self.eligible),
            "eligible": b64encode(zlib.compress(np.packbits(self.eligible).tobytes(), 1)).decode(),
            "drawn": self.drawn.tolist(),
            "design": self.design,
            "edges": list(self.edges),
            "claim": None if c is None else [c.epsilon, c.delta, c.kind, c.per_class],
            "cut": self.cut,
            **drawn_by,
            "previous": list(self.previous),
            "looks": list(self.looks),
        }

    @classmethod
    def from_json(cls, text: str) -> "Audit":
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        VoidAuditError : the text is no audit, or was changed: the hash does not fit
        """
        try:
            d = json.loads(text, object_pairs_hook=each_once)
            n_bytes = -(-d["n_items"] // 8)  # what unpacks to more is none of ours
            packed = zlib.decompressobj().decompress(b64decode(d["eligible"]), max(1, n_bytes))
            if len(packed) != n_bytes:
                raise ValueError(f"n_items is {d['n_items']}")
            bits = np.frombuffer(packed, dtype=np.uint8)
            audit = cls(
                d["predictions"], np.unpackbits(bits, count=d["n_items"]).astype(bool),
                np.array(d["drawn"], dtype=np.int64), d["design"], tuple(d["edges"]),
                None if d["claim"] is None else Claim(*d["claim"]), d["cut"], _key_of(d),
                tuple(d["previous"]), tuple(d["looks"]), d.get("version", 1),
            )  # fmt: skip
            written = d["digest"]
        except (*MISREAD, zlib.error) as error:
            raise VoidAuditError(f"This is not an audit: {error!r}.") from error
        if audit.digest != written:
            raise VoidAuditError("The audit was changed after it was drawn: its hash does not fit.")
        return audit


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that stands twice: a person may read the first, and a program the last."""
    twice = [name for name, n in Counter(name for name, _ in pairs).items() if n > 1]
    if twice:
        raise ValueError(f"it says '{twice[0]}' twice")
    return dict(pairs)


def _key_of(d: dict[str, Any]) -> str:
    key = d["key"] if "version" in d else str(int(d["seed"]))
    if not isinstance(key, str) or d.get("version", 1) not in (1, 2, VERSION):
        raise ValueError("another version")
    return key


def share_of(delta: float, attempt: int, version: int = VERSION) -> float:
    """Return what an attempt may risk of the delta of all; what version 1 spent is less.

    Attempts of version 1 may be followed by others: the shares of both sum to less than delta.

    Examples
    --------
    >>> round(share_of(0.05, 1), 4), round(share_of(0.05, 1, version=1), 4)
    (0.045, 0.0304)
    """
    return spend(delta, attempt) if version == 1 else spend_first(delta, attempt)
