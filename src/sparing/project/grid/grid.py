"""Grids: pages of items that are looked at together; what an audit has drawn is on none of them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from sparing.audit.audit import Phase
from sparing.errors import ConflictError, NotFoundError, SparingError
from sparing.project.asking import asked
from sparing.project.attribution import PERSON, Source
from sparing.project.grid.clusters import ItemClusters, open_members, read_clusters
from sparing.project.grid.ordering import Nearness, least, likeliest, merged, more_like
from sparing.project.grid.pages import free_rows, label_of, newest_of, page_of, usual_label
from sparing.project.grid.purity import N_TESTED, estimated
from sparing.project.grid.views import (
    ClusterCheck,
    ClusterLine,
    GridPage,
    GridStep,
    Overview,
    Said,
)
from sparing.project.learning.guesses import by_class
from sparing.project.learning.named import likest, named_of
from sparing.project.locked_state import Guarded
from sparing.project.options import check_one_class
from sparing.project.source.contents import made_before, mapped_vectors
from sparing.project.source.keywords import Keywords
from sparing.project.source.sights import Reader
from sparing.project.source_access import chosen
from sparing.project.state import State
from sparing.store.records import AT_A_GLANCE, FROM_GRID
from sparing.types import BoolArray, FloatArray, IntArray

NOT_READ = "The items are still being read: there are no neighbours yet."
NO_CLUSTERS = "The clusters are not found yet."
N_ALIKE = 60  # pictures that a search shows on a map: it has no order to stop at
BLIND = "drawn at random from this cluster"


class Grid:
    """The grids of a project; thread-safe, and nobody who labels waits for it.

    Parameters
    ----------
    guarded : the state of the project
    """

    def __init__(self, guarded: Guarded) -> None:
        self._guarded = guarded
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._drawn: dict[int, IntArray] = {}

    @contextmanager
    def _held(self) -> Iterator[State]:
        """Lend the state, in a project of one class an item.

        Raises
        ------
        CapabilityError : items have several labels
        """
        with self._guarded.held() as state:
            check_one_class(state.settings, "The grid is for projects")
            yield state

    def overview(self) -> Overview:
        """Return what there are grids of."""
        clusters = self._clusters()
        with self._held() as state:
            free = free_rows(state)
            codes, confidence, names = self._guesses(state)
            known = free[: len(codes)] & (confidence > 0)
            counts = np.bincount(codes[known], minlength=len(names)).tolist()
            lines = None if clusters is None else self._lines(state, clusters, free)
        return Overview(dict(zip(names, counts, strict=True)), lines)

    def likely(self, class_name: str, n: int, exclude: Iterable[str] = ()) -> GridPage:
        """Return what the model takes for one class, the surest first.

        Raises
        ------
        UnknownNameError : there is no such class
        """
        with self._held() as state:
            name = state.replay.class_name(state.replay.class_id(class_name))
            codes, confidence, names = self._guesses(state)
            free = free_rows(state, exclude)[: len(codes)]
            rows = likeliest(codes, confidence, names.index(name), free)
            about = f"what the model takes for {name}, the surest first"
            if state.is_named():
                about = f"what is most like the words “{name}”, as long as there is no label"
            return page_of(state, about, name, len(rows), rows[:n], guessed=True)

    def cluster(
        self, number: int, n: int, exclude: Iterable[str] = (), annotator: str = ""
    ) -> GridPage:
        """Return the open items of a cluster, the nearest to its medoid first.

        Raises
        ------
        NotFoundError : there is no such cluster
        """
        clusters = self._cluster_of(number)
        with self._held() as state:
            rows = open_members(clusters, number, free_rows(state, exclude))
            about = f"cluster {number + 1}, the most typical first"
            usual = usual_label(state, clusters.members(number), annotator)
            return page_of(state, about, usual, len(rows), rows[:n])

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
        with self._held() as state:
            state.item(item_id)  # says so if there is none
            row = state.row_of[item_id]
            if row in state.drawn_rows:
                raise ConflictError("This item checks the model: it is asked alone.")
            free = free_rows(state, exclude)
            name = state.rows[row].name
            class_name = None if state.hides(row, annotator) else label_of(state, row)
        free[row] = False
        rows = least(self._distances(np.array([row])), free, n)
        with self._held() as state:
            return page_of(state, f"what is nearest to {name}", class_name, int(free.sum()), rows)

    def rare(
        self, class_name: str, n: int, exclude: Iterable[str] = (), annotator: str = ""
    ) -> GridPage:
        """Return what may be of a class that is hard to find, as ``auto`` looks for it.

        Two orders are merged, each item at the better of its two ranks: how probable the model
        finds the class, and how much an item is like one of the newest examples; what is more like
        something else comes last.

        Raises
        ------
        UnknownNameError : there is no such class
        """
        with self._held() as state:
            name = state.replay.class_name(state.replay.class_id(class_name))
            free = free_rows(state, exclude)
            found, others = newest_of(state, name, annotator)
            by_model = self._by_model(state, name, free, n)
        rows = by_model
        if len(found):
            rows = merged(by_model, least(-self._likeness(found, others), free, n))[:n]
        examples = f"what is most like the {len(found)} newest of it"
        about = f"what the model finds most like {name} and {examples}, in turn"
        if not len(found):
            about = f"{name} has no example yet: search for one, or look for it in a cluster"
        with self._held() as state:
            return page_of(state, about, name, int(free.sum()) if len(rows) else 0, rows)

    def holding(self, text: str, n: int, exclude: Iterable[str] = ()) -> GridPage:
        """Return the open items that have a text in their name or content, in any case.

        Where words are compared with pictures, all others follow, what is likest to the text first.
        """
        rows, (alike, trouble) = self.search(text), self._alike(text)
        about = f"what has “{text}” in it"
        if len(alike):
            about += ", then the pictures that are most like these words"
            rows = np.concatenate([rows, alike[~np.isin(alike, rows)]])
        with self._held() as state:
            rows = rows[free_rows(state, exclude)[rows]]
            return page_of(state, about + trouble, None, len(rows), rows[:n])

    def listed(self, rows: Iterable[int], n: int, exclude: Iterable[str] = ()) -> GridPage:
        """Return those of some rows whose items are open, in the same order."""
        wanted = np.fromiter(dict.fromkeys(rows), np.int64)
        with self._held() as state:
            free = free_rows(state, exclude)
            known = wanted[wanted < len(free)]
            found = known[free[known]]
            return page_of(state, "what was chosen", None, len(found), found[:n])

    def search(self, text: str) -> IntArray:
        """Return all rows that have a text in their name or content, in any case."""
        with self._lock:
            words = self._words()
            found: IntArray = self._once("found", text, lambda: words.rows(text))
        return found

    def visible(self, text: str) -> IntArray:
        """Return the rows of :meth:`search` that anybody may see, with an answer or without.

        Where none has the text, and words are compared with pictures: the likest to it.
        """
        rows = self.search(text)
        if not len(rows):
            rows = np.sort(self._alike(text)[0][:N_ALIKE])
        with self._held() as state:
            seen = state.present.copy()
            seen[list(state.drawn_rows)] = False
        found: IntArray = rows[seen[rows]]
        return found

    def latest(self, annotator: str) -> GridStep:
        """Return the page or cluster that a person confirmed last, so that it can be taken back.

        Nothing where they have said something else since, or while a model is checked.
        """
        with self._held() as state:
            replay = state.replay
            step = replay.latest_step(annotator) if state.phase is Phase.LABEL else []
            step = [e for e in step if e.source in AT_A_GLANCE and e.content is not None]
            said = [
                Said(event.key, event.item_id or "", replay.class_name(event.content or ""))
                for event in step
            ]
            rows = [state.row_of[e.item_id or ""] for e in step if e.source == FROM_GRID]
            page = page_of(state, "what you confirmed last", None, len(rows), rows)
        return GridStep(said, [replace(one, answer=None) for one in page.items])

    def check(self, number: int, annotator: str = "") -> ClusterCheck:
        """Return how far the blind check of a cluster has come; the first call draws it.

        The items are drawn uniformly from the open ones of the cluster and come without a guess.
        Who is still to give a second opinion on one of them is not told what came of it.

        Raises
        ------
        NotFoundError : there is no such cluster
        """
        clusters = self._cluster_of(number)
        with self._held() as state:
            free = free_rows(state)
            members = open_members(clusters, number, free)
            drawn = self._draw_of(state, number, members, free)
            left = [row for row in drawn.tolist() if state.is_open(row)]
            if left:
                shown = (asked(state, row, BLIND, Source(PERSON)) for row in left)
                blind = [replace(one, guess=None, model_version=None) for one in shown]
                return ClusterCheck(len(drawn), blind)
            if any(state.hides(row, annotator) for row in drawn.tolist()):
                return ClusterCheck(len(drawn), [])
            purity = estimated([label_of(state, row) for row in drawn.tolist()])
            ids = [state.rows[row].item_id for row in members.tolist()]
            return ClusterCheck(len(drawn), [], purity, ids)

    def _alike(self, text: str) -> tuple[IntArray, str]:
        """Return all rows by how like their pictures are to a text, and what hinders that.

        Nobody who labels waits for the network that reads; a text is read once.
        """
        with self._held() as state:
            mark, listing, settings = state.mark, state.listing, state.settings
        if not text.strip() or not mark or not self._guarded.folder.sights(mark).is_file():
            return np.zeros(0, np.int64), ""
        with self._reading:
            made = made_before(self._guarded.folder)
            encoder, made_at = (made.encoder, made.made_at) if made is not None else ("", "")
            reader: Reader = self._once(
                "reader",
                (mark, encoder, made_at),
                lambda: Reader(self._guarded.folder, mark, encoder, listing),
            )
            try:
                chosen(self._guarded.folder, settings).check()
                return reader.searched(text.strip()), ""
            except SparingError as error:
                return np.zeros(0, np.int64), f" (by words alone: {error})"

    def _draw_of(self, state: State, number: int, members: IntArray, free: BoolArray) -> IntArray:
        """Return the draw of a cluster; a new one where the old one can no more be answered."""
        drawn = self._drawn.get(number)
        is_open = state.is_open
        if drawn is None or any(is_open(row) and not free[row] for row in drawn.tolist()):
            rng = np.random.default_rng([state.settings.seed, number, len(members)])
            drawn = rng.choice(members, min(N_TESTED + 1, len(members)), replace=False)
            self._drawn[number] = drawn
        return drawn

    def _by_model(self, state: State, name: str, free: BoolArray, n: int) -> IntArray:
        scores, names = state.scores, self._guesses(state)[2]
        if scores is None or name not in names:
            return np.zeros(0, np.int64)
        replay = state.replay
        columns = [replay.resolve(str(c)) == replay.class_named(name) for c in scores.class_ids]
        proba = scores.proba[:, np.array(columns, dtype=bool)].sum(axis=1)
        return least(-proba, free[: len(proba)] & (proba > 0), n)

    def _guesses(self, state: State) -> tuple[IntArray, FloatArray, list[str]]:
        """Return the likeliest class of each row, how sure it is, and the names of the classes."""
        scores, replay = state.scores, state.replay
        classes = [c.class_id for c in replay.classes]
        names = [c.name for c in replay.classes]
        if scores is not None and state.is_named():
            by_name = scores

            def compared() -> tuple[IntArray, FloatArray]:
                return likest(named_of(replay, by_name, classes))

            return *self._once("named", (state.version, *classes), compared), names
        if scores is None or not scores.proba.shape[1]:
            return np.zeros(0, np.int64), np.zeros(0, np.float32), names

        def made() -> tuple[IntArray, FloatArray]:
            proba = by_class(replay, scores, classes)
            return proba.argmax(axis=1), proba.max(axis=1)

        return *self._once("guesses", (state.version, *classes), made), names

    def _once(self, name: str, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made for the same key before, or make it; who calls holds a lock."""
        kept = self._kept.get(name)
        if kept is None or kept[0] != key:
            kept = (key, make())
            self._kept[name] = kept
        return kept[1]

    def _words(self) -> Keywords:
        """Return the words of all items; nobody who labels waits for their making."""
        with self._held() as state:
            listing = state.listing
            texts = state.texts()
        found: Keywords = self._once("words", listing, lambda: Keywords(texts))
        return found

    def _distances(self, points: IntArray) -> FloatArray:
        """Return how near each row is to some rows; no lock is held meanwhile."""
        return self._nearness().squared_to(points)

    def _likeness(self, found: IntArray, others: IntArray) -> FloatArray:
        """Return how much each row is like what was found; no lock is held meanwhile."""
        near = self._nearness()
        return more_like(near.cosine_to(found), near.cosine_to(others))

    def _nearness(self) -> Nearness:
        with self._held() as state:
            mark = state.mark
        if not mark:
            raise ConflictError(NOT_READ)
        clusters = self._clusters()
        scale = None if clusters is None or not len(clusters.scale) else clusters.scale
        key = (mark, scale is None)
        with self._lock:
            near: Nearness = self._once(
                "near", key, lambda: Nearness(mapped_vectors(self._guarded.folder), scale)
            )
        return near

    def _clusters(self) -> ItemClusters | None:
        """Return the clusters of the items as they are now; None as long as there are none."""
        path = self._guarded.folder.clusters
        with self._held() as state:
            fingerprint = state.mark
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

    def _lines(self, state: State, clusters: ItemClusters, free: BoolArray) -> list[ClusterLine]:
        lines = []
        for number in range(len(clusters)):
            rows = open_members(clusters, number, free)
            if len(rows):
                first = asked(state, int(rows[0]), "", Source(FROM_GRID))
                example = replace(first, guess=None)
                n_items = len(clusters.members(number))
                lines.append(ClusterLine(number, n_items, len(rows), example))
        return sorted(lines, key=lambda line: -line.n_open)
