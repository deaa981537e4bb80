"""The file of one model version: what it says of every item, and whom to ask next."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from sparing.errors import SourceError
from sparing.files import read_arrays, write_arrays
from sparing.types import FloatArray, IntArray, StrArray

NOT_NAMED, NO_IDS = np.zeros((0, 0), np.float32), np.zeros(0, np.str_)


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """What one model version says; arrays alone, without pickle.

    Parameters
    ----------
    proba : (n_rows, n_classes) float32; (n_rows, 0) before anything is labeled
    class_ids : (n_classes,) keys of the classes
    rows : (n_asked,) whom to ask next, in this order
    source, propensity, why : (n_asked,) as in :class:`sparing.learner.query.Query`
    doubted : (n_doubted,) labeled rows that are likely mistakes, the likeliest first
    doubt : (n_doubted,) probability that a model which did not see it gives its label
    named : (n_rows, n_named) float32: as long as there is no label, how like each picture is to
        the name of each class, where words are compared with pictures; else (n_rows, 0)
    named_ids : (n_named,) keys of these classes
    """

    proba: FloatArray
    class_ids: StrArray
    rows: IntArray
    source: StrArray
    propensity: FloatArray
    why: StrArray
    doubted: IntArray
    doubt: FloatArray
    named: FloatArray
    named_ids: StrArray


def within(scores: Scores, n_rows: int) -> Scores:
    """Return what is said of the first rows: another process may know items that came later."""
    if len(scores.proba) <= n_rows:
        return scores
    asked, doubted = scores.rows < n_rows, scores.doubted < n_rows
    return Scores(
        scores.proba[:n_rows],
        scores.class_ids,
        scores.rows[asked],
        scores.source[asked],
        scores.propensity[asked],
        scores.why[asked],
        scores.doubted[doubted],
        scores.doubt[doubted],
        scores.named[:n_rows],
        scores.named_ids,
    )


def write_scores(path: Path, scores: Scores) -> None:
    """Write a model version; whoever reads sees all of it or nothing."""
    write_arrays(path, {f.name: getattr(scores, f.name) for f in fields(Scores)})


def read_scores(path: Path) -> Scores:
    """Read what :func:`write_scores` wrote.

    Raises
    ------
    SourceError : there is no such file, or it is damaged
    """
    try:
        stored = read_arrays(path, "a model version")
        newer = {"named": NOT_NAMED, "named_ids": NO_IDS} | stored  # files of before have neither
        return Scores(**{f.name: newer[f.name] for f in fields(Scores)})
    except (SourceError, KeyError) as error:
        raise SourceError(f"{path} is not there or damaged: it will be made again.") from error
