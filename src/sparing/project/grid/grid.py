"""Grids: pages of items that are looked at together; what an audit has drawn is on none of them."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sparing.audit.audit import Phase
from sparing.errors import ConflictError, NotFoundError
from sparing.project.asking import asked
from sparing.project.audits.draws import by_class
from sparing.project.grid.clusters import ItemClusters, open_members, read_clusters
from sparing.project.grid.ordering import Nearness, least, likeliest, merged
from sparing.project.grid.purity import N_TESTED, estimated
from sparing.project.grid.views import (
    ClusterCheck,
    ClusterLine,
    GridPage,
    GridStep,
    Overview,
    Said,
)
from sparing.project.source.keywords import Keywords
from sparing.project.source.vectors import read_vectors
from sparing.store.records import AT_A_GLANCE, FROM_CLUSTER, FROM_GRID
from sparing.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from sparing.project.state import State

N_EXAMPLES = 30  # the newest positives that neighbours are looked for of
NOT_READ = "The items are still being read: there are no neighbours yet."
NO_CLUSTERS = "The clusters are not found yet."
BLIND = "drawn at random from this cluster"


class Grid:
    """The grids of a project; thread-safe, and nobody who labels waits for it.

    Parameters
    ----------
    state : of the project
    """

    def __init__(self, state: "State") -> None:
        self._state = state
        self._seed = state.settings.seed
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._drawn: dict[int, IntArray] = {}

    def overview(self) -> Overview:
        """Return what there are grids of."""
        clusters = self._clusters()
        with self._state.lock:
            free = self._free()
            codes, confidence, names = self._guesses()
            known = free[: len(codes)] & (confidence > 0)
            counts = np.bincount(codes[known], minlength=len(names)).tolist()
            lines = None if clusters is None else self._lines(clusters, free)
        return Overview(dict(zip(names, counts, strict=True)), lines)

    def likely(self, class_name: str, n: int, exclude: Iterable[str] = ()) -> GridPage:
        """Return what the model takes for one class, the surest first.

        Raises
        ------
        UnknownNameError : there is no such class
        """
        with self._state.lock:
            name = self._name(class_name)
            codes, confidence, names = self._guesses()
            free = self._free(exclude)[: len(codes)]
            rows = likeliest(codes, confidence, names.index(name), free)
            about = f"what the model takes for {name}, the surest first"
            return self._page(about, name, len(rows), rows[:n], guessed=True)

    def cluster(
        self, number: int, n: int, exclude: Iterable[str] = (), annotator: str = ""
    ) -> GridPage:
        """Return the open items of a cluster, the nearest to its medoid first.

        Raises
        ------
        NotFoundError : there is no such cluster
        """
        clusters = self._cluster_of(number)
        with self._state.lock:
            rows = open_members(clusters, number, self._free(exclude))
            about = f"cluster {number + 1}, the most typical first"
            usual = self._usual(clusters.members(number), annotator)
            return self._page(about, usual, len(rows), rows[:n])

    def like(
        self, item_id: str, n: int, exclude: Iterable[str] = (), annotator: str = ""
    ) -> GridPage:
        """Return the open items nearest to one item in the encoder's vectors.

        Who is to give a second opinion on that item is not told what the first one was.

        Raises
        ------
        NotFoundError : there is no such item
        ConflictError : it was drawn to check the model, or nothing is encoded yet
        """
        with self._state.lock:
            self._state.item(item_id)  # says so if there is none
            row = self._state.row_of[item_id]
            if row in self._state.drawn_rows:
                raise ConflictError("This item checks the model: it is asked alone.")
            free = self._free(exclude)
            name = self._state.rows[row].name
            class_name = None if self._state.hides(row, annotator) else self._label(row)
        free[row] = False
        rows = least(self._distances(np.array([row])), free, n)
        with self._state.lock:
            return self._page(f"what is nearest to {name}", class_name, int(free.sum()), rows)

    def rare(
        self, class_name: str, n: int, exclude: Iterable[str] = (), annotator: str = ""
    ) -> GridPage:
        """Return what may be of a class that is hard to find.

        Two orders are merged, each item at the better of its two ranks: how probable the model
        finds the class, and how near an item is to one of the newest examples.

        Raises
        ------
        UnknownNameError : there is no such class
        """
        with self._state.lock:
            name = self._name(class_name)
            free = self._free(exclude)
            found = self._examples(name, annotator)
            by_model = self._by_model(name, free, n)
        rows = by_model
        if len(found):
            rows = merged(by_model, least(self._distances(found), free, n))[:n]
        examples = f"what is nearest to the {len(found)} newest of it"
        about = f"what the model finds most like {name} and {examples}, in turn"
        if not len(found):
            about = f"{name} has no example yet: search for one, or look for it in a cluster"
        with self._state.lock:
            return self._page(about, name, int(free.sum()) if len(rows) else 0, rows)

    def holding(self, text: str, n: int, exclude: Iterable[str] = ()) -> GridPage:
        """Return the open items that have a text in their name or content, in any case."""
        rows = self.search(text)
        with self._state.lock:
            rows = rows[self._free(exclude)[rows]]
            return self._page(f"what has “{text}” in it", None, len(rows), rows[:n])

    def listed(self, rows: Iterable[int], n: int, exclude: Iterable[str] = ()) -> GridPage:
        """Return those of some rows whose items are open, in the same order."""
        wanted = np.fromiter(dict.fromkeys(rows), np.int64)
        with self._state.lock:
            free = self._free(exclude)
            known = wanted[wanted < len(free)]
            found = known[free[known]]
            return self._page("what was chosen", None, len(found), found[:n])

    def search(self, text: str) -> IntArray:
        """Return all rows that have a text in their name or content, in any case."""
        with self._lock:
            words = self._once("words", self._state.listing, self._keywords)
            found: IntArray = self._once("found", text, lambda: words.rows(text))
        return found

    def visible(self, text: str) -> IntArray:
        """Return the rows of :meth:`search` that anybody may see, with an answer or without."""
        rows = self.search(text)
        with self._state.lock:
            seen = self._state.present.copy()
            seen[list(self._state.drawn_rows)] = False
        found: IntArray = rows[seen[rows]]
        return found

    def latest(self, annotator: str) -> GridStep:
        """Return the page or cluster that a person confirmed last, so that it can be taken back.

        Nothing where they have said something else since, or while a model is checked.
        """
        with self._state.lock:
            replay = self._state.replay
            step = replay.latest_step(annotator) if self._state.phase is Phase.LABEL else []
            step = [e for e in step if e.source in AT_A_GLANCE and e.class_id is not None]
            said = [
                Said(event.key, event.item_id or "", replay.class_name(event.class_id or ""))
                for event in step
            ]
            rows = [self._state.row_of[e.item_id or ""] for e in step if e.source == FROM_GRID]
            page = self._page("what you confirmed last", None, len(rows), rows)
        return GridStep(said, [replace(one, answer=None) for one in page.items])

    def check(self, number: int) -> ClusterCheck:
        """Return how far the blind check of a cluster has come; the first call draws it.

        The items are drawn uniformly from the open ones of the cluster and come without a guess.

        Raises
        ------
        NotFoundError : there is no such cluster
        """
        clusters = self._cluster_of(number)
        with self._state.lock:
            free = self._free()
            members = open_members(clusters, number, free)
            drawn = self._draw_of(number, members, free)
            left = [row for row in drawn.tolist() if self._state.is_open(row)]
            if left:
                shown = (asked(self._state, row, BLIND, ("person", None)) for row in left)
                blind = [replace(one, guess=None, model_version=None) for one in shown]
                return ClusterCheck(len(drawn), blind)
            purity = estimated([self._label(row) for row in drawn.tolist()])
            ids = [self._state.rows[row].item_id for row in members.tolist()]
            return ClusterCheck(len(drawn), [], purity, ids)

    def _draw_of(self, number: int, members: IntArray, free: BoolArray) -> IntArray:
        """Return the draw of a cluster; a new one where the old one can no more be answered."""
        drawn = self._drawn.get(number)
        is_open = self._state.is_open
        if drawn is None or any(is_open(row) and not free[row] for row in drawn.tolist()):
            rng = np.random.default_rng([self._seed, number, len(members)])
            drawn = rng.choice(members, min(N_TESTED + 1, len(members)), replace=False)
            self._drawn[number] = drawn
        return drawn

    def _free(self, exclude: Iterable[str] = ()) -> BoolArray:
        """(n_rows,) True where a row may be on a grid: open, and asked alone by nobody."""
        free = self._state.askable().copy()
        free[list(self._state.handback_rows)] = False
        rows = [self._state.row_of[i] for i in exclude if i in self._state.row_of]
        free[rows] = False
        return free

    def _page(
        self, about: str, class_name: str | None, n_open: int, rows: Any, *, guessed: bool = False
    ) -> GridPage:
        whole = [asked(self._state, int(row), about, (FROM_GRID, None)) for row in rows]
        items = whole if guessed else [replace(one, guess=None) for one in whole]
        return GridPage(about, class_name, n_open, items)

    def _name(self, class_name: str) -> str:
        replay = self._state.replay
        return replay.class_name(replay.class_id(class_name))

    def _label(self, row: int) -> str | None:
        answer = self._state.replay.of(self._state.rows[row].item_id).answer
        if answer is None or answer.class_id is None:
            return None
        return self._state.replay.class_name(answer.class_id)

    def _usual(self, rows: IntArray, annotator: str) -> str | None:
        """Return the class that most of some rows have, of those whose label may be seen."""
        shown = set(rows.tolist()) - self._state.blind_rows(annotator)
        labels = [label for row in shown if (label := self._label(row)) is not None]
        return max(set(labels), key=labels.count) if labels else None

    def _examples(self, name: str, annotator: str) -> IntArray:
        """Return the newest rows that somebody who looked at them gave a class to."""
        replay = self._state.replay
        found = [
            (answer.seq, self._state.row_of[answer.item_id or ""])
            for answer in self._state.answers()
            if answer.class_id is not None
            and answer.source != FROM_CLUSTER
            and replay.class_name(answer.class_id) == name
        ]
        rows = [row for _, row in sorted(found, reverse=True)]
        blind = self._state.blind_rows(annotator)
        kept = [row for row in rows if row not in blind][:N_EXAMPLES]
        return np.array(kept, dtype=np.int64)

    def _by_model(self, name: str, free: BoolArray, n: int) -> IntArray:
        scores, names = self._state.scores, self._guesses()[2]
        if scores is None or name not in names:
            return np.zeros(0, np.int64)
        columns = [self._state.replay.class_name(str(c)) == name for c in scores.class_ids]
        proba = scores.proba[:, np.array(columns)].sum(axis=1)
        return least(-proba, free[: len(proba)] & (proba > 0), n)

    def _guesses(self) -> tuple[IntArray, FloatArray, list[str]]:
        """Return the likeliest class of each row, how sure it is, and the names of the classes."""
        scores, replay = self._state.scores, self._state.replay
        classes = [c.class_id for c in replay.classes]
        names = [c.name for c in replay.classes]
        if scores is None or not scores.proba.shape[1]:
            return np.zeros(0, np.int64), np.zeros(0, np.float32), names

        def made() -> tuple[IntArray, FloatArray]:
            proba = by_class(replay, scores, classes)
            return proba.argmax(axis=1), proba.max(axis=1)

        return *self._once("guesses", (self._state.version, *classes), made), names

    def _once(self, name: str, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made for the same key before, or make it; who calls holds a lock."""
        kept = self._kept.get(name)
        if kept is None or kept[0] != key:
            kept = (key, make())
            self._kept[name] = kept
        return kept[1]

    def _keywords(self) -> Keywords:
        return Keywords(self._state.texts())

    def _distances(self, points: IntArray) -> FloatArray:
        """Return how near each row is to some rows; no lock is held meanwhile."""
        if not self._state.mark:
            raise ConflictError(NOT_READ)
        clusters = self._clusters()
        scale = None if clusters is None or not len(clusters.scale) else clusters.scale
        key = (self._state.mark, scale is None)
        with self._lock:
            near: Nearness = self._once(
                "near", key, lambda: Nearness(read_vectors(self._state.folder), scale)
            )
        return near.squared_to(points)

    def _clusters(self) -> ItemClusters | None:
        """Return the clusters of the items as they are now; None as long as there are none."""
        path, fingerprint = self._state.folder.clusters, self._state.mark
        if not fingerprint or not path.is_file():
            return None
        key = (fingerprint, path.stat().st_mtime_ns)
        with self._lock:
            found: ItemClusters | None
            found = self._once("clusters", key, lambda: read_clusters(path, fingerprint))
        return found

    def _cluster_of(self, number: int) -> ItemClusters:
        clusters = self._clusters()
        if clusters is None:
            raise NotFoundError(NO_CLUSTERS)
        if not 0 <= number < len(clusters):
            raise NotFoundError(f"There is no cluster {number + 1}.")
        return clusters

    def _lines(self, clusters: ItemClusters, free: BoolArray) -> list[ClusterLine]:
        lines = []
        for number in range(len(clusters)):
            rows = open_members(clusters, number, free)
            if len(rows):
                first = asked(self._state, int(rows[0]), "", (FROM_GRID, None))
                example = replace(first, guess=None)
                n_items = len(clusters.members(number))
                lines.append(ClusterLine(number, n_items, len(rows), example))
        return sorted(lines, key=lambda line: -line.n_open)
