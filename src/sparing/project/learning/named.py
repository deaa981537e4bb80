"""What the names of the classes say of pictures that nobody has labeled: an order, no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sparing.errors import SparingError
from sparing.project.folder import ProjectFolder
from sparing.project.learning.scores import Scores
from sparing.project.log.classes import ClassState
from sparing.project.log.replay import Replay
from sparing.project.source.contents import Contents
from sparing.project.source.items import Listing
from sparing.project.source.sights import Reader
from sparing.types import FloatArray, IntArray, StrArray


@dataclass(frozen=True, eq=False, slots=True)
class Named:
    """How like pictures are to the names of classes.

    Parameters
    ----------
    names : of the classes
    class_ids : (n_classes,) their keys
    cosines : (n_rows, n_classes) float32; NaN where a row has no vector
    """

    names: list[str]
    class_ids: StrArray
    cosines: FloatArray


def named(
    folder: ProjectFolder,
    contents: Contents,
    listing: Callable[[], Listing],
    classes: Sequence[ClassState],
) -> Named | None:
    """Compare the names of classes with the pictures; None where words are not compared.

    Parameters
    ----------
    folder, contents : of the project, and of its vectors
    listing : gives the source; asked only where it is needed
    classes : that can be given
    """
    if not folder.sights(contents.mark).is_file():
        return None
    from sparing.encoders.pretrained.words import OF_A_CLASS

    names = [c.name for c in classes]
    try:
        reader = Reader(folder, contents.mark, contents.encoder, listing())
        cosines = reader.likeness(names, OF_A_CLASS)
    except SparingError:  # the half that reads is gone: the pool is covered as it is without
        return None
    if cosines is None:
        return None
    return Named(names, np.array([c.class_id for c in classes], np.str_), cosines)


def likest(cosines: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the class that each picture is likest to, and by how much: 0 where nothing is known.

    Parameters
    ----------
    cosines : (n, n_classes) of pictures and the captions of the classes; NaN where a picture has
        no vector, ``-inf`` for a class without a caption

    Returns
    -------
    codes : (n,) of the classes
    lead : (n,) > 0, more where the likest class is further ahead of the next one; of a single
        class, more where a picture is liker to it

    Examples
    --------
    >>> likest(np.array([[0.3, 0.1], [0.1, 0.15], [np.nan, np.nan]]))
    (array([0, 1, 0]), array([2.2 , 2.05, 0. ]))
    """
    known = np.isfinite(cosines).any(axis=1)
    shown = np.where(np.isnan(cosines), -np.inf, cosines)
    codes = shown.argmax(axis=1)
    ranked = np.sort(shown, axis=1)
    best = np.where(known, ranked[:, -1], 0.0)
    second = ranked[:, -2] if shown.shape[1] > 1 else np.full(len(shown), -np.inf)
    ahead = best - np.where(np.isfinite(second), second, 0.0)
    return codes, np.where(known, 2 + ahead, 0.0)


def named_of(replay: Replay, scores: Scores, classes: Sequence[str]) -> FloatArray:
    """Return (n_rows, n_classes) of the classes of today: of merged ones the likest name counts."""
    found = np.full((len(scores.named), len(classes)), -np.inf, np.float32)
    place = {class_id: i for i, class_id in enumerate(classes)}
    for column, class_id in enumerate(scores.named_ids.tolist()):
        if (root := replay.resolve(class_id)) in place:
            at = place[root]
            found[:, at] = np.maximum(found[:, at], scores.named[:, column])
    return found


def in_turn(codes: IntArray, lead: FloatArray, n: int) -> IntArray:
    """Return up to ``n`` rows, one for each class in turn, those furthest ahead first.

    Examples
    --------
    >>> in_turn(np.array([0, 0, 1, 0]), np.array([2.1, 2.3, 2.2, 0.0]), 3)
    array([1, 2, 0])
    """
    rows = np.flatnonzero(lead > 0)
    order = rows[np.lexsort((-lead[rows], codes[rows]))]
    starts = np.searchsorted(codes[order], codes[order])
    turn = np.arange(len(order)) - starts
    return order[np.argsort(turn, kind="stable")][:n]
