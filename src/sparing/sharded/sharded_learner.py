"""ShardedLearner: ask, teach and predict over a pool of shards, as in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Real
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sparing._validate import check_int, invalid
from sparing.encoders.registry import get_encoder
from sparing.errors import InvalidInputError, TrainingError
from sparing.learner.learner import AUTO, ActiveLearner
from sparing.models.saved import SavedModel, save_model
from sparing.pool.labels import label_values
from sparing.sharded.candidates import WantedCandidates, keep_candidates
from sparing.sharded.engine import ALONE, Engine
from sparing.sharded.gathering import gathered, places_of
from sparing.sharded.places import RemotePath, place_of
from sparing.sharded.predicting import ShardedLabels, check_labels_folder, predict_shards
from sparing.sharded.selecting import ShardedChoice, WantedRows, judges_alone, select_rows
from sparing.sharded.shardfile import is_kept
from sparing.sharded.shardpool import open_shards
from sparing.sharded.two_passes import select_in_two_passes
from sparing.strategies.registry import get_strategy
from sparing.types import Classifier

LINEAR = "linear"
MODEL = "model.npz"


class ShardedLearner:
    """Pool-based active learning over a folder of shards: ``query``, label, ``teach``, again.

    The model is fitted on the vectors of what is labeled, which alone are ever held in memory
    beside a query's candidates. Items are named by their ids.

    Parameters
    ----------
    folder : of the shards, with a manifest (``sparing shards``): a path, or a URL as text
    model : as of ``ActiveLearner``; one that can be saved. A linear one looks through the shards
        several times as fast as others
    strategy : ``"auto"``, or the name of one. Those that judge an item by itself choose exactly,
        others among 200,000 candidates
    seed : an int >= 0
    engine : who reads the shards; :class:`~sparing.sharded.engine.Local` of several workers, say

    Attributes
    ----------
    labels : label of each id that was taught
    skipped : ids that are not to be asked

    Raises
    ------
    InvalidInputError, UnknownNameError : a parameter is not as above
    SourceError : the folder has no manifest, or one that does not fit

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from sparing.sharded.shardpool import index_shards
    >>> folder = Path(mkdtemp())
    >>> for part, X in enumerate(np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6, 1)):
    ...     np.save(folder / f"part-{part}.npy", X)
    >>> _ = index_shards(folder)
    >>> learner = ShardedLearner(folder, strategy="margin")
    >>> learner.teach(["part-0:0", "part-1:5"], ["low", "high"])
    >>> sorted(learner.query(2).ids)
    ['part-0:5', 'part-1:0']
    >>> learner.predict(folder / "labels").rows
    12
    """

    def __init__(
        self,
        folder: str | PathLike[str] | RemotePath,
        model: Classifier | str = LINEAR,
        strategy: str = AUTO,
        *,
        seed: int = 0,
        engine: Engine = ALONE,
    ) -> None:
        self.seed = check_int("seed", "ShardedLearner", seed, 0)
        if strategy != AUTO:
            get_strategy(strategy)
        self.folder, self.engine = place_of(folder), engine
        self.model, self.strategy = model, strategy
        self.manifest = open_shards(self.folder)
        self.labels: dict[str, str] = {}
        self.skipped: set[str] = set()
        self._rows: dict[str, int] = {}

    def __repr__(self) -> str:
        n_classes = len({*self.labels.values()})
        parts = f"{len(self.labels):,} of {self.manifest.rows:,} labeled, {n_classes} classes"
        return f"<ShardedLearner: {parts}>"

    def teach(self, ids: Sequence[str], labels: Sequence[str]) -> None:
        """Set the labels of some items: all of a batch, a part of it, any others, corrections.

        Parameters
        ----------
        ids : (k,) of the pool
        labels : (k,) texts, or numbers, which become texts

        Raises
        ------
        InvalidInputError : not one label an id, an id that stands twice or that the pool does not
            have, something else than a text or a number for a label; then none of them is taken
        ShardError : a shard cannot be read
        """
        named, values = _listed(ids, "teach"), label_values(labels, "labels", "teach")
        if len(named) != len(values):
            raise invalid("labels", "teach", f"one an id: {len(named)} of them", len(values))
        twice = [name for name, n in Counter(named).items() if n > 1]
        if twice:
            raise invalid("ids", "teach", "distinct", twice[0])
        classes = [*map(_class_of, values)]
        self._find(named)
        self.labels.update(zip(named, classes, strict=True))
        self.skipped -= self.labels.keys()

    def skip(self, ids: Iterable[str]) -> None:
        """Take items out: they are not asked again, and a label they have is dropped.

        Raises
        ------
        InvalidInputError : a single text, not several ids, or an id that the pool does not have;
            then none of them is taken
        ShardError : a shard cannot be read
        """
        named = _listed(ids, "skip")
        self._find(named)
        self.skipped.update(named)
        self.labels = {name: at for name, at in self.labels.items() if name not in self.skipped}

    def query(self, n: int = 1) -> ShardedChoice:
        """Choose the items to label next among all shards; nothing is marked as asked.

        Raises
        ------
        PoolExhaustedError : fewer items than that may still be asked
        TrainingError : the strategy asks a model, and fewer than two classes are labeled
        CapabilityError : the strategy needs what the model cannot give
        ShardError : a shard cannot be read
        """
        excluded = frozenset(self.labels) | self.skipped
        if self.strategy == "random" or not self._has_model():
            wanted = WantedRows(self.strategy, n, None, excluded, self.seed)
            return self._chosen(wanted)
        with self._saved_model() as path:
            return self._chosen(WantedRows(self.strategy, n, path, excluded, self.seed))

    def predict(self, out: str | PathLike[str]) -> ShardedLabels:
        """Write the likeliest label of every item: a Parquet file a shard, and the model.

        A run that was killed goes on where it was, as long as nothing else was taught.

        Parameters
        ----------
        out : folder; its files are those of ``sparing predict``, and ``model.npz``

        Raises
        ------
        TrainingError : fewer than two classes are labeled
        CapabilityError : the model is none that fits into plain arrays
        InvalidInputError : the folder is one of vectors
        SourceError : the folder cannot be written
        ShardError : a shard cannot be read
        """
        folder = Path(out)
        check_labels_folder(folder)
        self.save_model(folder / MODEL)
        return predict_shards(
            self.folder, self.manifest, folder / MODEL, folder, engine=self.engine
        )

    def save_model(self, path: str | PathLike[str]) -> None:
        """Write the model of all labels, for ``sparing select``, ``predict`` and ``load_model``.

        Raises
        ------
        TrainingError, CapabilityError, SourceError : as in ``predict``
        """
        if not self._has_model():
            raise TrainingError("There is no model yet: label items of two classes first.")
        places = places_of(self.manifest, np.array([self._rows[name] for name in self.labels]))
        X = gathered(self.folder, self.manifest, places, engine=self.engine)
        learner = ActiveLearner(X, model=self.model, seed=self.seed)
        learner.teach(np.arange(len(X)), [*self.labels.values()])
        save_model(
            path,
            SavedModel.of(
                learner.version.fitted,
                get_encoder("vectors").fit(X),
                classes=learner.classes,
                n_labeled=len(X),
                kind="vectors",
            ),
        )

    def _has_model(self) -> bool:
        return len({*self.labels.values()}) > 1

    @contextmanager
    def _saved_model(self) -> Iterator[Path]:
        with TemporaryDirectory() as where:
            self.save_model(Path(where, MODEL))
            yield Path(where, MODEL)

    def _chosen(self, wanted: WantedRows) -> ShardedChoice:
        if not judges_alone(wanted.strategy):
            return select_in_two_passes(
                self.folder, self.manifest, wanted, self.labels, engine=self.engine
            )
        if wanted.model is None and wanted.strategy != "random":
            raise TrainingError(
                f"Strategy '{wanted.strategy}' asks a model: label items of two classes first, or"
                " begin with 'auto'."
            )
        return select_rows(self.folder, self.manifest, wanted, engine=self.engine)

    def _find(self, ids: Sequence[str]) -> None:
        """Learn in which rows items are, once."""
        unknown = frozenset(ids) - self._rows.keys()
        if not unknown:
            return
        wanted = WantedCandidates(0, 0, self.manifest.rows, labeled=unknown)
        found = keep_candidates(self.folder, self.manifest, wanted, engine=self.engine).labeled
        if len(found) < len(unknown):
            missing = min(unknown - found.keys())
            raise InvalidInputError(f"{self.folder} has no item '{missing}'.")
        self._rows |= found


def _listed(ids: Iterable[str], where: str) -> list[str]:
    named = [*ids]
    if isinstance(ids, str) or not all(isinstance(name, str) for name in named):
        raise invalid("ids", where, "a list of ids, which are texts", ids)
    return named


def _class_of(label: object) -> str:
    """Return the class that a label names; what tables of answers could not name is refused."""
    is_number = isinstance(label, Real) and label == label  # NaN is not what it is
    text = str(label) if isinstance(label, str) or is_number else ""
    if not is_kept(text):
        expected = "texts or numbers, without spaces at their ends; 'skip' is for items without one"
        raise invalid("labels", "teach", expected, label)
    return text
