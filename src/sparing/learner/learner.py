"""ActiveLearner: ask for the items worth labeling, teach the labels, and again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sparing._validate import _Phrase, check_indices, check_int, invalid
from sparing.errors import CapabilityError, TooFewLabelsError, TrainingError
from sparing.learner.cold_start import pairs_wanted
from sparing.learner.inputs import read_inputs
from sparing.learner.parameters import (
    check_single,
    checked_items,
    checked_model,
    checked_strategy,
    tell_of_rounding,
)
from sparing.learner.policy import auto_strategy, covering_meanwhile
from sparing.learner.pool_model import PoolModel
from sparing.learner.query import SHOWN_ITEMS, Query
from sparing.learner.saving import (
    SavedState,
    plain_strategy,
    pool_digest,
    read_state,
    saved_strategy,
    write_state,
)
from sparing.models.answers import gives_proba
from sparing.models.others import Others
from sparing.models.spectrum import N_PAIRS
from sparing.models.version import ModelVersion, take_snapshot
from sparing.pool.classes import ClassTable
from sparing.pool.labels import label_array, label_values, labels_of
from sparing.pool.pool import Pool
from sparing.pool.snapshot import Snapshot, Spectrum
from sparing.pool.views import Views
from sparing.strategies.base import QueryStrategy, choose
from sparing.strategies.registry import get_strategy
from sparing.types import Classifier, Features, FloatArray, IntArray, Label

AUTO = "auto"
CLASS, LABELS = "class", "labels"


class ActiveLearner:
    """Pool-based active learning in memory: ``query``, label, ``teach``, and again.

    The model is a copy of ``model`` fitted on what is labeled, once for each change of the
    labels and only when something asks for it. Equal seeds give equal results; the global random
    state is neither read nor changed.

    Parameters
    ----------
    X : (n_items, n_features) finite floats; an array, a memory map or CSR; shared, never copied.
        Or texts, a DataFrame of any columns, numbers with gaps or of more axes: a model of yours
        that begins with them sees them as they are, all others the vectors made of them
    classes : all label values, in the order of the columns of ``predict_proba``; then any other
        label is refused. None: whatever is taught becomes a class, in the order of appearance
    model : any scikit-learn classifier or pipeline; it is fitted on 0 to k - 1, which stand for
        the labeled classes in the order of ``classes``, and stays itself as it is. One without
        probabilities is judged by its ``decision_function``; one with ``warm_start`` and
        ``partial_fit`` goes on from the fit before while the classes are the same. Or a name of
        ``model_names()``: ``"auto"``, chosen for these features, ``"linear"``, ``"forest"``, or
        one of another package
    strategy : a name of ``sparing.strategy_names()``, a ``QueryStrategy``, or ``"auto"``
    seed : an int >= 0
    items : (n_items,) the texts or images behind the rows, for a notebook to show
    views : which columns of X see the items in which way, if they do in several
        (``Views.joined``): ``"auto"`` weighs the views by what the labels show
    kind : ``"class"``: one class an item; ``"labels"``: a set of labels, see
        :class:`~sparing.learner.labels.LabelsLearner`

    Attributes
    ----------
    pool : the features and the labels so far
    classes : the label values in their order
    model_version : how often the labels have changed
    round : how many queries were made

    Raises
    ------
    InvalidInputError : a parameter is not as above
    UnknownNameError : there is no such strategy or model
    CapabilityError : the strategy needs the model's doubt, and the model gives neither
        probabilities nor scores

    Examples
    --------
    >>> X = np.array([[0.0], [0.2], [1.9], [2.0], [0.1], [2.1]])
    >>> learner = ActiveLearner(X, classes=["low", "high"], strategy="margin", seed=1)
    >>> learner.teach([0, 3], ["low", "high"])
    >>> query = learner.query(batch_size=2)
    >>> learner.teach(query.indices, ["low" if X[i] < 1 else "high" for i in query.indices])
    >>> learner.predict().tolist()
    ['low', 'low', 'high', 'high', 'low', 'high']
    """

    def __new__(cls, *args: Any, kind: str = CLASS, **parameters: Any) -> Self:
        """Make a learner of that kind."""
        if cls is ActiveLearner and kind == LABELS:
            from sparing.learner.labels import LabelsLearner  # it is one of these

            return object.__new__(LabelsLearner)  # type: ignore[return-value]
        return object.__new__(cls)

    def __init__(
        self,
        X: Features,
        classes: Iterable[Label] | None = None,
        model: Classifier | str = AUTO,
        strategy: QueryStrategy | str = AUTO,
        *,
        seed: int = 0,
        items: Sequence[Any] | None = None,
        views: Views | None = None,
        kind: str = CLASS,
    ) -> None:
        if kind != self.kind:
            expected = "'class' or 'labels'; spans have a SequenceLearner"
            raise invalid("kind", "ActiveLearner", expected, kind)
        self.seed = check_int("seed", "ActiveLearner", seed, 0)
        table = (
            ClassTable()
            if classes is None
            else ClassTable(tuple(label_values(classes, "classes", "ActiveLearner")))
        )
        model, self._strategy = checked_model(model), checked_strategy(strategy)
        inputs = read_inputs(X, model)
        self.pool = Pool(inputs.vectors, classes=table)
        tell_of_rounding(self.pool.X)
        self._model = PoolModel(model, self.pool.X, inputs, views, self.seed)
        self._model.check_serves(self._strategy)
        self.classes_are_fixed = classes is not None
        self.items = checked_items(items, len(self.pool))
        self.seeds: dict[Label, IntArray] = {}
        self.model_version = 0
        self.round = 0
        self._rng = np.random.default_rng(self.seed)
        self._moving = Lock()
        self._version: ModelVersion | None = None
        self._others: Others | None = None

    @property
    def kind(self) -> str:
        """What an answer is: ``"class"``, one of them an item, or ``"labels"``, a set of them."""
        return CLASS

    def __repr__(self) -> str:
        n, n_labeled = len(self.pool), len(self.pool.labeled)
        parts = f"{n_labeled} of {n} labeled, {len(self.classes)} classes"
        return f"<ActiveLearner: {parts}, model version {self.model_version}>"

    @property
    def model(self) -> Classifier | str:
        """The model as it was given; another one that is set here is fitted at the next query."""
        return self._model.given

    @model.setter
    def model(self, model: Classifier | str) -> None:
        another = replace(self._model, given=checked_model(model))
        another.check_serves(self._strategy)
        self._model, self._version = another, None
        self.model_version += 1

    @property
    def strategy(self) -> QueryStrategy | str:
        """The strategy as it was given; another one that is set here chooses the next batch."""
        return self._strategy

    @strategy.setter
    def strategy(self, strategy: QueryStrategy | str) -> None:
        self._model.check_serves(checked_strategy(strategy))
        self._strategy = strategy

    @property
    def classes(self) -> list[Label]:
        """The label values in the order of the columns of ``predict_proba``."""
        return list(self.pool.classes.values)

    def query(self, batch_size: int = 1, *, candidates: npt.ArrayLike | None = None) -> Query:
        """Choose the items to label next; nothing is marked as asked.

        Parameters
        ----------
        batch_size : how many, at most as many as may still be asked
        candidates : rows to choose among; those that may not be asked are passed over. None: all

        Raises
        ------
        InvalidInputError : ``batch_size`` is no int >= 1, or ``candidates`` are no distinct rows
        PoolExhaustedError : fewer items than that may still be asked
        TrainingError : the model could not be fitted; ``auto`` goes on without it, and says so, as
            long as more labels may mend it
        CapabilityError : the strategy needs what the model or the features cannot give
        MemoryBudgetError : the strategy would need more memory than there is
        """
        check_int("batch_size", "query", batch_size, 1)
        strategy, snapshot = self._prepared_query(batch_size)
        if candidates is not None:
            among = np.zeros(len(self.pool), dtype=np.bool_)
            among[check_indices(candidates, "query", len(self.pool))] = True
            snapshot = replace(snapshot, eligible=snapshot.eligible & among)
        picked = choose(strategy, snapshot, batch_size, self._rng)
        self.round += 1
        shown = self._items_of(picked.rows[:SHOWN_ITEMS])
        return Query.of(picked, strategy.name, strategy.reason, self.model_version, shown)

    def utilities(self) -> FloatArray:
        """Return (n_items,) how much the strategy would like to ask each item; NaN if it may not.

        Higher = ask first. Of a greedy strategy it is the gain at its first pick, of ``"auto"``
        that of the strategy that it would follow now.

        Raises
        ------
        TrainingError, CapabilityError, MemoryBudgetError : as in ``query``

        Examples
        --------
        >>> learner = ActiveLearner(np.array([[0.0], [0.9], [2.0]]), strategy="k_center")
        >>> learner.teach([0], ["low"])
        >>> learner.utilities().round(2)
        array([nan, 0.9, 2. ])
        """
        strategy, snapshot = self._prepared_query(1)
        utilities = np.full(len(self.pool), np.nan)
        utilities[snapshot.candidates] = strategy.utility(snapshot)
        return utilities

    def _prepared_query(self, batch_size: int) -> tuple[QueryStrategy, Snapshot]:
        """Return the strategy that chooses now and what it may see; ``auto`` waits for no model."""
        pool, version = self._now()

        def seen(strategy: QueryStrategy, n_pairs: int = N_PAIRS) -> tuple[QueryStrategy, Snapshot]:
            fields = strategy.requires
            spectrum = partial(self._model.spectrum, n_pairs)
            return strategy, take_snapshot(pool, version, fields, spectrum)

        if self._strategy != AUTO:
            return seen(get_strategy(self._strategy))
        n_pairs = min(N_PAIRS, pairs_wanted(pool, batch_size))
        smoothest = partial(self._model.glimpse, n_pairs)
        try:
            return seen(auto_strategy(pool, version, smoothest, self.seeds), n_pairs)
        except TooFewLabelsError as error:
            return seen(covering_meanwhile(error))

    def teach(
        self,
        indices: npt.ArrayLike,
        labels: Sequence[Label] | Mapping[int, Label] | npt.NDArray[Any],
    ) -> None:
        """Set the labels of some items: all of a batch, a part of it, any others, corrections.

        Parameters
        ----------
        indices : (k,) rows of the pool
        labels : (k,) label values in any container: a list, an array or tensor, a Series, an Arrow
            array, a table of one column, or a dict whose keys are the indices

        Raises
        ------
        InvalidInputError : not one label an index, or rows outside the pool or given twice; a
            missing value; a table of several columns
        UnknownNameError : ``classes`` was given and does not have the label
        """
        rows = check_indices(indices, "teach", len(self.pool))
        values = labels_of(rows, labels, "teach")
        if not self.classes_are_fixed:
            check_single(values, self.classes)
        else:
            self.pool.classes.encode(values)
        self._move_to(lambda pool: pool.with_labels(rows, values))

    def look_for(self, label: Label, indices: npt.ArrayLike) -> None:
        """Begin with a class that is hard to find, at items that are likely to be of it.

        They are no labels. ``"auto"`` asks what is like them until eight items of the class are
        known, or thirty labels show that they lead nowhere. Nothing of it is saved.

        Parameters
        ----------
        label : of the class
        indices : rows of the pool, such as those whose text has a word in it

        Raises
        ------
        InvalidInputError : rows outside the pool or given twice
        UnknownNameError : ``classes`` was given and does not have the label

        Examples
        --------
        >>> learner = ActiveLearner(np.array([[1.0, 0.1], [1.0, 0.0], [-1.0, 0.1], [-1.0, 0.0]]))
        >>> learner.look_for("spam", [2])
        >>> int(learner.query().indices[0]) in (2, 3), learner.query().strategy
        (True, 'auto: seed_search')
        """
        if self.classes_are_fixed:
            self.pool.classes.encode([label])
        self.seeds = self.seeds | {label: check_indices(indices, "look_for", len(self.pool))}

    def consult(
        self,
        indices: npt.ArrayLike,
        labels: Sequence[Any] | Mapping[int, Any] | npt.NDArray[Any],
    ) -> None:
        """Listen to what others say of some items: a language model, or a model of before.

        It is no label. What they say is heard as far as labels that are taught show that they know
        what the model does not; those who are wrong are not heard, or taken for what their mistakes
        show. Probabilities of the pool, out of fold ones too, and what is asked go by it; nothing
        is said of items that are not in the pool. Each call takes the place of the one before.
        Not saved: consult them again.

        Parameters
        ----------
        indices, labels : as of ``teach``; values that are no class of the learner are fine

        Raises
        ------
        InvalidInputError : as of ``teach``

        Examples
        --------
        >>> learner = ActiveLearner(np.zeros((40, 1)))  # all alike to the model
        >>> learner.teach(range(20), ["low", "high"] * 10)
        >>> learner.consult(range(40), ["low", "high"] * 20)
        >>> learner.predict()[20:24].tolist(), learner.heard
        (['low', 'high', 'low', 'high'], 1.0)
        """
        rows = check_indices(indices, "consult", len(self.pool))
        self._listen(rows, labels_of(rows, labels, "consult"))

    def _listen(self, rows: IntArray, values: Sequence[Label]) -> None:
        with self._moving:
            self._others = Others.at(rows, values, len(self.pool)) if len(rows) else None
            self._version = None
            self.model_version += 1

    @property
    def heard(self) -> float:
        """How far those who were consulted are heard: from 0, not at all, to 1.

        Raises
        ------
        TrainingError : the model could not be fitted
        """
        return self.version.hearing.weight if len(self.pool.labeled) else 0.0

    def skip(self, indices: npt.ArrayLike) -> None:
        """Take items out: they are not asked again, and a label they have is dropped."""
        self._move_to(lambda pool: pool.with_skips(indices))

    def forget(self, indices: npt.ArrayLike) -> None:
        """Drop labels and skips: the items may be asked again, as if never answered."""
        self._move_to(lambda pool: pool.without_labels(indices))

    def predict(self, X: Features | None = None) -> npt.NDArray[Any]:
        """Return the likeliest label value of each row, of the pool if ``X`` is not given.

        Raises
        ------
        InvalidInputError : ``X`` is not finite or has other features than the pool
        TrainingError : nothing is labeled yet, or the model could not be fitted
        """
        version = self._fitted_version()
        if X is None:
            codes = version.codes
        else:
            codes = version.fitted.predict(self._model.features(X, "predict"))
        return label_array(self.classes)[codes]

    def predict_proba(self, X: Features | None = None) -> FloatArray:
        """Return (n_items, n_classes) probabilities, of the pool if ``X`` is not given.

        Columns are in the order of ``classes``; a class that has no label yet gets 0. As long as
        a single class is labeled there is no model, and every row gets the class shares by
        Laplace's rule of succession.

        Raises
        ------
        CapabilityError : the model has no ``predict_proba``
        InvalidInputError, TrainingError : as in ``predict``
        """
        version = self._fitted_version()
        if not gives_proba(version.fitted.model or self._model.classifier):
            name = type(self._model.classifier).__name__
            raise CapabilityError(f"{name} gives no probabilities (it has no predict_proba).")
        if len(self.classes) == 1:  # the version reckons with a second class, unknown so far
            return np.ones((self._model.features(X, "predict_proba").shape[0], 1))
        if X is None:
            return version.proba
        return version.predict(self._model.features(X, "predict_proba"))

    def score(self, X: Features, labels: Any) -> float:
        """Return the accuracy on labeled items that were not chosen by this learner.

        Raises
        ------
        InvalidInputError : not one label a row, or what can be no label
        TrainingError : as in ``predict``

        Examples
        --------
        >>> learner = ActiveLearner(np.array([[0.0], [0.1], [2.0], [2.1]]))
        >>> learner.teach([0, 3], ["low", "high"])
        >>> learner.score(np.array([[0.2], [1.9]]), ["low", "low"])
        0.5
        """
        predicted = self.predict(X).tolist()
        right = labels_of(np.arange(len(predicted)), labels, "score")
        known = self.pool.classes.with_values([*predicted, *right])  # one class, however written
        return float(np.mean(known.encode(predicted) == known.encode(right)))

    @property
    def fitted_model(self) -> Any:
        """The model fitted on the labels as they are; None as long as a single class is labeled.

        It knows the labeled classes as 0 to k - 1, in the order of ``classes``.

        Raises
        ------
        TrainingError : nothing is labeled yet, or the model could not be fitted
        """
        return self._fitted_version().fitted.model

    def explain(self, *, new_items: bool = False) -> dict[str, float]:
        """Return how much each model inside ``"auto"`` is believed, by name; they sum to 1.

        Parameters
        ----------
        new_items : of items that are not of the pool: no labels spread to them along the graph,
            which has only its regression to say there, and is believed less

        Raises
        ------
        TrainingError : nothing is labeled yet, a single class, or the model could not be fitted
        CapabilityError : the model is one that somebody gave, or has no parts

        Examples
        --------
        >>> learner = ActiveLearner(np.array([[0.0], [0.1], [2.0], [2.1]]))
        >>> learner.teach([0, 3], ["low", "high"])
        >>> list(learner.explain())
        ['graph', 'kernel', 'linear', 'softmax']
        """
        model = self.fitted_model
        if model is None:
            raise TrainingError("A single class is labeled: there is no model to explain yet.")
        shares = getattr(model, "new_shares_" if new_items else "shares_", None)
        if shares is None:
            raise CapabilityError(
                f"A {type(model).__name__} is one model: only 'auto' weighs several."
            )
        return dict(shares)

    def save(self, path: str | PathLike[str]) -> None:
        """Write what was taught and where the random numbers are to a file, all of it or nothing.

        The features and the model's code are not in it: ``load`` is given both again. A model
        that offers ``get_state() -> dict of arrays`` is saved with it; another one is fitted anew
        when it is loaded, also one with ``warm_start``.

        Raises
        ------
        InvalidInputError : a label is not a str, int, float, bool or a tuple of these
        SourceError : the file cannot be written
        """
        write_state(path, self._state())

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        X: Features,
        model: Classifier | str = AUTO,
        strategy: QueryStrategy | str | None = None,
        *,
        items: Sequence[Any] | None = None,
        views: Views | None = None,
    ) -> Self:
        """Return the learner that was saved; it goes on with the same queries.

        Parameters
        ----------
        path : what ``save`` wrote
        X : the same features
        model : the same model, unfitted; it is fitted again, or restored by ``set_state``
        strategy : needed only if it was an instance whose parameters are not plain values
        items, views : as in ``ActiveLearner``

        Raises
        ------
        SourceError : there is no such file, or it is damaged or no saved learner
        InvalidInputError : other features or another model than those that were saved
        """
        state, model = read_state(path), checked_model(model)
        if state.model != _model_name(model):
            raise invalid("model", "load", f"{state.model}, as it was saved", _model_name(model))
        strategy = saved_strategy(state) if strategy is None else strategy
        kind = CLASS if state.labels is None else LABELS
        parts: dict[str, Any] = {"seed": state.seed, "items": items, "views": views, "kind": kind}
        learner = cls(X, None, model, strategy, **parts)
        learner._continue_from(state)
        return learner

    @property
    def version(self) -> ModelVersion:
        """The model's answers for the labels as they are now; each is made when first read."""
        return self._now()[1]

    def _now(self) -> tuple[Pool, ModelVersion]:
        """Return the pool and the version of its labels, whatever another thread teaches."""
        model = self._model
        with self._moving:
            if self._version is None:
                parts = model.classifier, self.pool, self.seed, model.seen
                self._version = ModelVersion(*parts, others=self._others)
            return self.pool, self._version

    @property
    def spectrum(self) -> Spectrum:
        """Eigenpairs of the pool's neighbour graph, whatever its labels.

        Raises
        ------
        CapabilityError : so many items, or such features, that there is no graph
        """
        return self._model.spectrum(N_PAIRS)

    def _move_to(self, moved: Callable[[Pool], Pool]) -> None:
        with self._moving:  # what another thread teaches meanwhile is not lost
            before, self.pool = self.pool, moved(self.pool)
            y = self.pool.y
            relabeled = (before.y != y) & ((before.y >= 0) | (y >= 0))
            if relabeled.any():
                self.model_version += 1
                self._version = self._version and self._version.after(self.pool)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_moving"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _moving=Lock())

    def _fitted_version(self) -> ModelVersion:
        if not len(self.pool.labeled):
            raise TrainingError("Nothing is labeled yet: teach some labels first.")
        return self.version

    def _items_of(self, rows: IntArray) -> Sequence[Any]:
        shown = self._model.inputs.raw if self.items is None else self.items
        if shown is not None and not hasattr(shown, "iloc"):
            return [shown[row] for row in rows]
        return () if sparse.issparse(self.pool.X) else list(np.asarray(self.pool.X[rows]))

    def _state(self) -> SavedState:
        name, params = plain_strategy(self.strategy)
        get_state = getattr(self._model.classifier, "get_state", None)
        model = self.version.fitted.model if get_state else None
        return SavedState(
            y=self.pool.y,
            classes=self.pool.classes,
            classes_are_fixed=self.classes_are_fixed,
            seed=self.seed,
            round=self.round,
            model_version=self.model_version,
            rng=self._rng,
            strategy=name,
            strategy_params=params,
            model=_model_name(self.model),
            digest=pool_digest(self.pool.X),
            model_arrays={} if model is None else model.get_state(),
        )

    def _continue_from(self, state: SavedState) -> None:
        if pool_digest(self.pool.X) != state.digest:
            got = _Phrase(f"others, of shape {self.pool.X.shape},")
            raise invalid("X", "load", "the features that the learner was saved with", got)
        self.pool = Pool(self.pool.X, state.y, state.classes)
        self.classes_are_fixed = state.classes_are_fixed
        self.round, self.model_version = state.round, state.model_version
        self._rng = state.rng
        if state.model_arrays:
            self.version.restore(state.model_arrays)


def _model_name(model: Classifier | str) -> str:
    return model if isinstance(model, str) else type(model).__name__
