"""Drawing an audit: which items, from a key that nobody chose, as anyone can repeat."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from sparing._validate import check_int, invalid
from sparing.audit.audit import BY_CLASS, BY_CONFIDENCE, UNIFORM, WHOLE, Audit, Claim
from sparing.errors import PoolExhaustedError
from sparing.pool.predictions import Predictions
from sparing.types import FloatArray, IntArray

BLOCK = 1 << 20  # rows whose keys are made at a time
MOST = np.uint64(np.iinfo(np.uint64).max)


def draw_audit(
    predictions: Predictions,
    n_audit: int | Sequence[int] | Mapping[int, int],
    *,
    claim: Claim | None = None,
    cut: float = 0.0,
    key: str = "",
    previous: Sequence[Audit | str] = (),
    rng: np.random.Generator | None = None,
) -> Audit:
    """Draw the items that a person checks, uniformly without replacement.

    The draw is a fixed function of a key and the attempt, so that anyone can repeat it. Neither
    the claim nor any other option has a part in it: there is nothing to choose that would choose
    the draw. Without a key it follows from the items, what the model says of them, and the labels:
    altering one of these draws again, which the certificate says.

    Parameters
    ----------
    predictions : the frozen model; what it trained on is never drawn
    n_audit : how many items; several, ascending: sizes at which the audit of a whole data set may
        end; for a claim per class, how many of each predicted class id
    claim : what is to be certified
    cut : items less confident than this are left to the person, and not drawn
    key : fresh randomness in hexadecimal digits, made when the model is frozen, where that moment
        and its key are written down; ``""``: the key follows from the predictions
    previous : all audits drawn before for this data set, or their hashes; each has spent its share
        of delta
    rng : for simulations alone: gives the key

    Raises
    ------
    PoolExhaustedError : fewer eligible items than ``n_audit``

    Examples
    --------
    >>> from sparing.pool.classes import ClassTable
    >>> p = Predictions(np.zeros(9), np.full(9, 0.9), np.full(9, -1), ClassTable(("cat",)))
    >>> audit = draw_audit(p, 3, claim=Claim(0.1))
    >>> len(audit.drawn), audit.attempt
    (3, 1)
    >>> Audit.from_json(audit.to_json()).digest == audit.digest
    True
    >>> draw_audit(p, (3, 5), claim=Claim(0.1)).looks
    (3, 5)
    """
    per_class = claim is not None and claim.per_class
    if per_class != isinstance(n_audit, Mapping):
        raise invalid("n_audit", "draw_audit", "a mapping just for a claim per class", n_audit)
    eligible = predictions.eligible & (predictions.confidence >= np.float32(cut))
    blank = Audit(
        predictions.digest, eligible, np.zeros(0), BY_CLASS if per_class else UNIFORM, (),  # type: ignore[arg-type]
        claim, float(np.float32(cut)), _key(key, rng),
        tuple(one if isinstance(one, str) else one.digest for one in previous),
    )  # fmt: skip
    if isinstance(n_audit, Mapping):
        return replace(blank, drawn=_drawn(blank, predictions, n_audit), looks=())
    looks = _checked_looks(n_audit, claim)
    return replace(blank, drawn=_drawn(blank, predictions, {0: looks[-1]}), looks=looks)


def _key(key: str, rng: np.random.Generator | None) -> str:
    return key if rng is None else rng.bytes(32).hex()


def _checked_looks(n_audit: int | Sequence[int], claim: Claim | None) -> tuple[int, ...]:
    looks = tuple(n_audit) if isinstance(n_audit, Sequence) else (n_audit,)
    for size in looks:
        check_int("n_audit", "draw_audit", size, 1)
    if not looks or any(a >= b for a, b in pairwise(looks)):
        raise invalid("n_audit", "draw_audit", "an int, or ints in ascending order", n_audit)
    if len(looks) > 1 and (claim is None or claim.kind != WHOLE):
        raise invalid("n_audit", "draw_audit", f"one int unless the claim is '{WHOLE}'", n_audit)
    return looks


def draw_stratified(
    predictions: Predictions,
    n_audit: int,
    *,
    n_strata: int = 4,
    key: str = "",
    previous: Sequence[Audit] = (),
    rng: np.random.Generator | None = None,
) -> Audit:
    """Draw an audit for :mod:`sparing.audit.evaluation` that looks where errors are likely.

    Strata of equal size by confidence; the share of each grows with the error expected in it
    (Neyman's allocation), half of the audit being spread evenly whatever the confidence says.
    It estimates accuracy with a narrower interval; only a uniform audit can certify.

    Parameters
    ----------
    predictions, key, previous, rng : as for :func:`draw_audit`
    n_audit : how many items
    n_strata : how many strata of equal size, at least 2

    Examples
    --------
    >>> from sparing.pool.classes import ClassTable
    >>> sure = np.linspace(0.5, 1, 400)
    >>> p = Predictions(np.zeros(400), sure, np.full(400, -1), ClassTable(("cat",)))
    >>> audit = draw_stratified(p, 40)
    >>> np.bincount(audit.strata(p, audit.drawn))
    array([11, 11, 10,  8])
    """
    check_int("n_strata", "draw_stratified", n_strata, 2)
    confidence = predictions.confidence[predictions.eligible]
    _check_enough(check_int("n_audit", "draw_stratified", n_audit, 2 * n_strata), len(confidence))
    shares = np.arange(1, n_strata) / n_strata
    edges = np.unique(np.quantile(confidence, shares, method="higher"))
    blank = Audit(
        predictions.digest, predictions.eligible, np.zeros(0), BY_CONFIDENCE,  # type: ignore[arg-type]
        tuple(float(e) for e in edges), None, 0.0, _key(key, rng),
        tuple(audit.digest for audit in previous),
    )  # fmt: skip
    stratum = blank.strata(predictions, np.flatnonzero(predictions.eligible))
    counts = _allocate(confidence, stratum, n_audit)
    wanted = {which: c for which, c in enumerate(counts.tolist()) if c}
    return replace(blank, drawn=_drawn(blank, predictions, wanted), looks=())


def _allocate(confidence: FloatArray, stratum: IntArray, n_audit: int) -> IntArray:
    size = np.bincount(stratum)
    error = np.bincount(stratum, weights=1.0 - confidence) / np.maximum(size, 1)
    need = size * np.sqrt(np.clip(error * (1 - error), 1e-12, None))
    ideal = n_audit * (0.5 * size / size.sum() + 0.5 * need / need.sum())
    # Cumulative rounding keeps the total; no stratum gives more than it has, nor fewer than 2.
    counts = np.diff(np.round(np.cumsum(ideal)), prepend=0).astype(np.int64)
    counts = np.minimum(np.maximum(counts, 2), size)
    for _ in range(abs(int(counts.sum()) - n_audit)):
        step = 1 if counts.sum() < n_audit else -1
        room = np.where(counts < size, ideal - counts, -np.inf)
        spare = np.where(counts > 2, counts - ideal, -np.inf)
        counts[np.argmax(room if step > 0 else spare)] += step
    return counts


def _check_enough(wanted: int, there: int) -> None:
    if wanted > there:
        raise PoolExhaustedError(
            f"An audit of {wanted} items was asked for and {there} may be drawn."
        )


def is_repeatable(audit: Audit, predictions: Predictions) -> bool:
    """Say whether drawing again, by the audit's own key, gives the audit's own rows.

    Examples
    --------
    >>> from sparing.pool.classes import ClassTable
    >>> p = Predictions(np.zeros(9), np.full(9, 0.9), np.full(9, -1), ClassTable(("cat",)))
    >>> is_repeatable(draw_audit(p, 3), p)
    True
    """
    eligible = predictions.eligible & (predictions.confidence >= np.float32(audit.cut))
    if not np.array_equal(eligible, audit.eligible) or not eligible[audit.drawn].all():
        return False
    counts = {0: len(audit.drawn)}
    if audit.design != UNIFORM:
        strata = np.bincount(audit.strata(predictions, audit.drawn))
        counts = {which: count for which, count in enumerate(strata.tolist()) if count}
    return np.array_equal(_drawn(audit, predictions, counts), audit.drawn)


def _drawn(blank: Audit, predictions: Predictions, wanted: Mapping[int, int]) -> IntArray:
    """Return the rows with the smallest keys of each stratum, in the order of the keys.

    Keys are made and passed over a block at a time: of a hundred million there are never many.
    """
    counts = np.zeros(max(wanted) + 1, dtype=np.int64)
    for which, count in wanted.items():
        counts[which] = check_int("n_audit", "draw_audit", count, 1)
    best = _Smallest.none(counts)
    for rows, keys in _keyed(blank, predictions):
        if blank.design == UNIFORM:
            stratum = np.zeros(len(rows), dtype=np.int64)
        else:
            stratum = blank.strata(predictions, rows)
        best = best.joined(rows, keys, stratum)
    for count, there in zip(counts.tolist(), best.n_found.tolist(), strict=True):
        _check_enough(count, there)
    return best.rows[np.argsort(best.keys)]


@dataclass(frozen=True, eq=False, slots=True)
class _Smallest:
    """The rows with the smallest keys of each stratum, of those that were seen so far."""

    counts: IntArray  # how many of each stratum are wanted
    rows: IntArray
    keys: npt.NDArray[np.uint64]
    stratum: IntArray

    @classmethod
    def none(cls, counts: IntArray) -> Self:
        nothing = np.zeros(0, dtype=np.int64)
        return cls(counts, nothing, np.zeros(0, dtype=np.uint64), nothing)

    @property
    def n_found(self) -> IntArray:
        return np.bincount(self.stratum, minlength=len(self.counts))

    def joined(
        self, rows: IntArray, keys: npt.NDArray[np.uint64], stratum: IntArray
    ) -> "_Smallest":
        inside = stratum < len(self.counts)
        inside[inside] = keys[inside] <= self._most()[stratum[inside]]
        rows = np.concatenate([self.rows, rows[inside]])
        keys = np.concatenate([self.keys, keys[inside]])
        stratum = np.concatenate([self.stratum, stratum[inside]])
        order = np.lexsort((keys, stratum))
        of = stratum[order]
        rank = np.arange(len(of)) - np.searchsorted(of, of)
        kept = order[rank < self.counts[of]]
        return _Smallest(self.counts, rows[kept], keys[kept], stratum[kept])

    def _most(self) -> npt.NDArray[np.uint64]:
        """Return the key above which nothing more of a stratum is wanted."""
        most = np.where(self.counts > 0, MOST, np.uint64(0))
        full = (self.n_found >= self.counts) & (self.counts > 0)
        last = np.cumsum(self.n_found) - 1  # kept in the order of stratum and key
        most[full] = self.keys[last[full]]
        return most


def _own_key(audit: Audit, predictions: Predictions) -> str:
    return predictions.draw_key_by_names if audit.version == 2 else predictions.draw_key


def _keyed(
    audit: Audit, predictions: Predictions
) -> Iterator[tuple[IntArray, npt.NDArray[np.uint64]]]:
    """Yield rows that may be drawn, and a random 64-bit key for each.

    Raw output of Philox, the same in every NumPy version. The claim decides what may be drawn, and
    must not decide what is drawn of it: so every row has a key. In audits of version 1 only rows
    that could be drawn had one.
    """
    if audit.version == 1:
        words = [int(audit.predictions[i : i + 8], 16) for i in range(0, 64, 8)]
        seeds = np.random.SeedSequence([int(audit.key), audit.attempt, *words])
    else:
        text = f"{audit.key or _own_key(audit, predictions)} {audit.attempt}"
        told = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype=">u4").tolist()
        seeds = np.random.SeedSequence(told)
    bits = np.random.Philox(seeds)
    for first in range(0, len(predictions), BLOCK):
        eligible = audit.eligible[first : first + BLOCK]
        inside = np.flatnonzero(eligible)
        if audit.version == 1:
            yield first + inside, bits.random_raw(len(inside))
        else:
            yield first + inside, bits.random_raw(len(eligible))[inside]
