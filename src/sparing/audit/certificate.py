"""The certificate as a JSON file: what ``error_bounds`` has proven, with the evidence for it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from types import UnionType
from typing import Any, get_args, get_origin

from sparing.audit.audit import MISREAD, VERSION, Claim, each_once
from sparing.audit.error_bounds import Evidence
from sparing.audit.wording import ASSUMPTIONS, HOW_TO_CHECK, SHARES, not_checked
from sparing.errors import InvalidInputError

NEW_IN_2 = frozenset({"items", "answers", "labels", "taught", "left_out", "log", "event",
                      "by_label", "sameness", "units", "version"})  # fmt: skip
MAY_LACK = ("log", "event", "by_label", "sameness", "units")  # where they say nothing
MOST = 2**53  # of any number: what is larger is none that was counted, and no float is exact there


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """How many single units are wrong at most, in all items that could be drawn.

    Parameters
    ----------
    noun : what they are called
    n_units, n_seen : given by the model, and those of them in items that were drawn
    n_wrong : of those seen
    most_wrong : of all, those seen included
    """

    noun: str
    n_units: int
    n_seen: int
    n_wrong: int
    most_wrong: int

    @property
    def least_right(self) -> float:
        """The share of all units that is right at least; 1 where there are none."""
        return 1 - self.most_wrong / max(1, self.n_units)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is certified, the numbers it rests on, and how to check it.

    Parameters
    ----------
    statement : the claim in one sentence
    claim : epsilon, delta and kind, fixed before the draw
    attempt, key : of the audit
    n_total, n_by_people, n_auto, n_handback : the labels of the finished data set: given by
        people so far, by the model, and still to be given by people
    n_audited, n_wrong, n_unanswered, n_disputed : the audit, down to the look that was taken; the
        last two count as wrong
    evidence : the tests
    majority : share of all labels that is wrong at most, by the same audit, where the commonest
        class is the label of all that no person has labeled; None where the audit was drawn per
        class
    recall : for each class, a lower limit on the share of its items that are labeled so; all
        limits together hold with probability 1 - delta of this attempt
    notes : what the reader has to know beside the statement
    model_version, predictions, audit, previous : what was certified, by hash
    items : the keys and contents of the items, by hash; ``""`` where nobody said what they are
    answers : what people said of the audited items, by hash: as far as somebody kept track also
        who, when and how each came
    labels : the labels that it covers, by hash: those by people so far, and by the model
    taught : how many labels came by each way that the model was taught, as far as it is known
    left_out : how many items are no part of ``n_total``, by the reason
    log : all that was said in a project before, by hash; ``""`` where there is no log, and in
        certificates of old
    event : key of what the log says of it; ``""`` as ``log``
    by_label : of answers that say several things, on how many items of the finished data set each
        label is wrong at most, whatever is said of the others; all limits together hold with
        probability 1 - delta of this attempt
    sameness : when two answers count as the same, in words; ``""`` where all of them has to be
    units : of answers that say several things, how many of the units that the model gives are wrong
        at most, by themselves, with probability 1 - delta of this attempt; None of others
    version : of the audit; certificates of version 1 lack the last ten
    """

    statement: str
    claim: Claim
    attempt: int
    key: str
    n_total: int
    n_by_people: int
    n_auto: int
    n_handback: int
    n_audited: int
    n_wrong: int
    n_unanswered: int
    n_disputed: int
    evidence: tuple[Evidence, ...]
    majority: float | None
    recall: dict[str, float]
    notes: tuple[str, ...]
    model_version: int
    predictions: str
    audit: str
    previous: tuple[str, ...]
    items: str = ""
    answers: str = ""
    labels: str = ""
    taught: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    log: str = ""
    event: str = ""
    by_label: dict[str, int] = field(default_factory=dict)
    sameness: str = ""
    units: UnitLimit | None = None
    version: int = VERSION

    @property
    def digest(self) -> str:
        """Names the certificate on every label that it covers."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """Return the certificate as JSON text."""
        head = {"sparing_certificate": self.version}
        tail = {
            "assumptions": ASSUMPTIONS,
            "not_checked": not_checked(self),
            "how_to_check": HOW_TO_CHECK.format(share=SHARES[self.version]),
            "digest": self.digest,
        }
        return json.dumps({**head, **self._content(), **tail}, indent=1, ensure_ascii=False)

    def _content(self) -> dict[str, Any]:
        told = asdict(self).items()
        content = {name: value for name, value in told if value or name not in MAY_LACK}
        if self.version > 1:
            return content
        content["seed"] = int(content.pop("key"))
        return {name: value for name, value in content.items() if name not in NEW_IN_2}

    @classmethod
    def from_json(cls, text: str) -> "Certificate":
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        InvalidInputError : the text is no certificate, or was changed: the hash does not fit
        """
        try:
            d = json.loads(text, object_pairs_hook=each_once)
            d = _of_version(d.pop("sparing_certificate"), d)
            written = d.pop("digest")
            d["claim"] = Claim(**d["claim"])
            _check_types(d["claim"])
            d["evidence"] = tuple(_evidence(e) for e in d["evidence"])
            if d.get("units") is not None:
                d["units"] = UnitLimit(**d["units"])
                _check_types(d["units"])
            certificate = cls(**{**d, **{k: tuple(d[k]) for k in ("notes", "previous")}})
            _check_types(certificate)
        except MISREAD as error:
            raise InvalidInputError(f"This is not a certificate: {error!r}.") from error
        is_whole = certificate.version == 1 or json.loads(certificate.to_json()) == json.loads(text)
        if certificate.digest != written or not is_whole:
            raise InvalidInputError("The certificate was changed: its hash does not fit.")
        return certificate


def _of_version(version: Any, d: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a certificate, without what is said in every one."""
    said = {"how_to_check", "assumption", "assumptions", "not_checked"}
    d = {name: value for name, value in d.items() if name not in said}
    if version == 1:
        key = str(int(d.pop("seed")))
        return {**d, "key": key, "version": 1}
    if version not in (2, VERSION) or d["version"] != version:
        raise ValueError("another version")
    return d


def _evidence(parts: dict[str, Any]) -> Evidence:
    evidence = Evidence(**{**parts, "looks": tuple((size, k) for size, k in parts["looks"])})
    _check_types(evidence)
    return evidence


def _check_types(part: Certificate | Claim | Evidence | UnitLimit) -> None:
    for f in fields(part):
        value = getattr(part, f.name)
        if not _is_of(value, f.type) or (f.name == "attempt" and value < 1):
            raise TypeError(f"{f.name} is {value!r}")


def _is_of(value: Any, kind: Any) -> bool:
    """Tell whether a value that was read is of the type of its field, down to its parts."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return any(_is_of(value, one) for one in parts)
    if origin is dict:
        return type(value) is dict and all(_is_of(v, parts[1]) for v in value.values())
    if origin is tuple:
        one = parts[:1] * len(value) if parts[1:] == (...,) else parts
        return len(value) == len(one) and all(map(_is_of, value, one))
    if kind is float:
        # Compared, not converted: an int may be too large for a float; and NaN is below nothing.
        return type(value) in (int, float) and abs(value) <= MOST
    return type(value) is kind and (kind is not int or abs(value) <= MOST)


@dataclass(frozen=True, slots=True)
class Origins:
    """How that came about on which a certificate rests, as far as somebody kept track.

    Parameters
    ----------
    said : pairs of a drawn row and a line of text for each answer: what, by whom, when, how
    taught : how many labels that the model was taught came by each way
    left_out : how many items are no part of the total, by the reason
    log : all that was said in the project before, by hash
    event : key of what the log says of the certificate
    """

    said: Sequence[tuple[int, str]] = ()
    taught: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    log: str = ""
    event: str = ""


UNKNOWN = Origins()
