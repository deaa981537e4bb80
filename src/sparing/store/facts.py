"""What is remembered of a model version, and how it is written down."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

AskedRow = tuple[int, str, float | None, str | None]
ModelShare = tuple[str, float]
LabelAccuracy = tuple[str, float, float, float, int]


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """Plain values; the big arrays are in the file that bears the version's number.

    Parameters
    ----------
    n_labels : from which it has learned
    accuracy : how often it is right about what is not labeled: estimate, limits, and the number of
        random answers behind them; None without any
    advice : whether to stop, and why
    asked : (row, source, propensity, strategy) of all that it asks: answers name the version alone
    mark : of its file, so that what two processes make is kept apart
    has_skill : whether it foretells labels that it has not seen; None: not looked at
    is_draft : a better one is to follow, though no answer has come in
    shares : (name, share) of each model inside it; none where it is a single one
    by_label : of several labels, the key of each, and what ``accuracy`` is of it alone
    pace : how fast it has learned, see :mod:`sparing.audit.outlook`; None where nothing is known
    belief : the share of what is not labeled that it expects to be right about
    seen : of labeled items that were drawn at random, (doubt, items, wrong ones) out of fold
    heard : how far predictions of others are heard, from 0 to 1; None where that is not one number
    suggests : where boxes are drawn, whether any are suggested, and why, as a person reads it

    Examples
    --------
    >>> VersionFacts.parse(VersionFacts(4, asked=((7, "uniform", 0.5, "random"),)).dump()).asked
    ((7, 'uniform', 0.5, 'random'),)
    """

    n_labels: int = 0
    accuracy: tuple[float, float, float, int] | None = None
    advice: tuple[bool, str] | None = None
    asked: tuple[AskedRow, ...] = ()
    mark: str = ""
    has_skill: bool | None = None
    is_draft: bool = False
    shares: tuple[ModelShare, ...] = ()
    by_label: tuple[LabelAccuracy, ...] = ()
    pace: float | None = None
    belief: float | None = None
    seen: tuple[tuple[float, int, int], ...] = ()
    heard: float | None = None
    suggests: str = ""

    def dump(self) -> str:
        """Return it as JSON; what says nothing is left out."""
        told = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return json.dumps({"accuracy": None, **told})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what this or an older version has written.

        Raises
        ------
        ValueError, TypeError, KeyError : no version has written this
        """
        told = json.loads(text)
        if not isinstance(told, dict):
            raise TypeError("a model version has no facts")
        has_skill = told.get("has_skill")
        return cls(
            int(told.get("n_labels", 0)),
            _accuracy(told.get("accuracy")),
            _advice(told.get("advice")),
            tuple(_asked(one) for one in told.get("asked", ())),
            str(told.get("mark", "")),
            None if has_skill is None else bool(has_skill),
            bool(told.get("is_draft", False)),
            tuple((str(name), float(share)) for name, share in told.get("shares", ())),
            tuple(_of_label(*one) for one in told.get("by_label", ())),
            _number(told.get("pace")),
            _number(told.get("belief")),
            tuple((float(d), int(n), int(wrong)) for d, n, wrong in told.get("seen", ())),
            _number(told.get("heard")),
            str(told.get("suggests", "")),
        )


def _number(told: Any) -> float | None:
    return None if told is None else float(told)


def _accuracy(told: Any) -> tuple[float, float, float, int] | None:
    if told is None:
        return None
    value, low, high, n = told
    return float(value), float(low), float(high), int(n)


def _of_label(key: Any, value: Any, low: Any, high: Any, n: Any) -> LabelAccuracy:
    return str(key), float(value), float(low), float(high), int(n)


def _advice(told: Any) -> tuple[bool, str] | None:
    if told is None:
        return None
    stop, sentence = told
    return bool(stop), str(sentence)


def _asked(told: Any) -> AskedRow:
    row, source, propensity, *strategy = told  # versions of before did not name it
    name = str(strategy[0]) if strategy else None
    return int(row), str(source), _number(propensity), name
