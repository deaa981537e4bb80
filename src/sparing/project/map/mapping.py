"""The map of a project as files: principal components at once, neighbours when they are ready."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from sparing.errors import SourceError
from sparing.files import atomic_stream, read_arrays, write_arrays
from sparing.models.structure import column_scale
from sparing.numeric.map_layout import MapWork, map_work, principal_map
from sparing.numeric.tsne import Embedding
from sparing.project.belongings import remove_others
from sparing.project.folder import NEIGHBORS, PRINCIPAL, ProjectFolder
from sparing.project.source.contents import Contents, mapped_vectors
from sparing.types import FloatArray, IntArray

KEPT_EVERY = 30.0  # seconds of work that may be lost when the process ends


class Mapmaker:
    """Draws the map of a project a little at a time, and goes on where it stopped.

    Parameters
    ----------
    folder : of the project
    contents : of its vectors
    seed : of the map
    clock : in seconds
    """

    def __init__(
        self,
        folder: ProjectFolder,
        contents: Contents,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._mark = contents.mark
        self._rows = np.flatnonzero(contents.good)
        self._n_rows = len(contents.good)
        self._seed = seed
        self._clock = clock
        self._kept_at = clock()
        self._steps: Iterator[MapWork] | None = None

    def draw_principal(self) -> None:
        """Write the principal components, unless they are there."""
        if not self._folder.map(PRINCIPAL, self._mark).is_file():
            self._write(PRINCIPAL, principal_map(self._vectors()))

    def work(self, seconds: float) -> tuple[str, int, int]:
        """Work on the map of the neighbours for about so long, or until it is done.

        Returns
        -------
        what is being done, how much of it, and how much there is

        Raises
        ------
        SparingError : it cannot be made, or not be written
        """
        until = self._clock() + seconds
        if self._steps is None:
            self._steps = map_work(self._vectors(), self._begun(), seed=self._seed)
        work = MapWork()
        for work in self._steps:
            if work.is_done or self._clock() >= until:
                break
        if work.layout is not None and work.is_done:
            self._write(NEIGHBORS, work.layout.positions)
            self._clean_up()
        elif self._clock() >= self._kept_at + KEPT_EVERY:
            self._keep(work)
        return work.said(len(self._rows))

    def _vectors(self) -> FloatArray:
        X = mapped_vectors(self._folder)
        X = X if len(self._rows) == len(X) else X[self._rows]
        scale = column_scale(X.std(axis=0, dtype=np.float64))
        return X if scale is None else (X * scale).astype(np.float32)

    def _write(self, kind: str, positions: FloatArray) -> None:
        spread = np.full((self._n_rows, 2), np.nan, np.float32)
        spread[self._rows] = positions
        with atomic_stream(self._folder.map(kind, self._mark)) as stream:
            np.save(stream, spread)

    def _keep(self, work: MapWork) -> None:
        if work.neighbors is None or work.layout is None:
            return  # what is lost is made again within a minute
        layout = {n: getattr(work.layout, n) for n in ("positions", "velocity", "gains", "step")}
        write_arrays(self._folder.map_work(self._mark), {"neighbors": work.neighbors, **layout})
        self._kept_at = self._clock()

    def _begun(self) -> MapWork:
        try:
            kept = read_arrays(self._folder.map_work(self._mark), "a map begun")
            layout = Embedding(
                kept["positions"], kept["velocity"], kept["gains"], int(kept["step"])
            )
            neighbors: IntArray = kept["neighbors"]
        except (SourceError, KeyError):
            return MapWork()  # nothing kept, or damaged: from the start
        fits = len(neighbors) == len(layout.positions) == len(self._rows)
        return MapWork(len(neighbors), neighbors, layout) if fits else MapWork()

    def _clean_up(self) -> None:
        """Remove what was kept on the way, and maps of items that are different by now."""
        remove_others(self._folder.map_work(self._mark).parent, rf".*-{self._mark}\.npy")
