"""What every query strategy has to keep to, as small named checks."""

import pickle
import random
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from sklearn.base import clone

from sparing._validate import invalid
from sparing.errors import CapabilityError, PoolExhaustedError, SparingError, UnknownNameError
from sparing.strategies.base import (
    FROM_STRATEGY,
    FROM_UNIFORM,
    OPTIONAL_FIELDS,
    QueryStrategy,
    Selection,
    choose,
)
from sparing.testing.world import World
from sparing.types import FloatArray

StrategyCheck = Callable[[QueryStrategy], None]
FROM_A_MODEL = frozenset(OPTIONAL_FIELDS) - {"spectrum"}
LARGE_POOL = 60_000  # of which 53,900 may be asked
LARGE_POOL_BYTES = 1 << 30  # a matrix of candidates by candidates would take 20 GB


def yield_strategy_checks(
    strategy: QueryStrategy, exemptions: Mapping[str, str] | None = None
) -> Iterator[StrategyCheck]:
    """Yield the checks that a strategy has to pass, chosen by what it requires.

    Each is a function of the strategy that returns None or raises AssertionError.

    Parameters
    ----------
    strategy : an instance with cheap parameters
    exemptions : checks to leave out, each with the reason why

    Raises
    ------
    UnknownNameError : an exemption names no check of this strategy
    InvalidInputError : an exemption without a reason

    Examples
    --------
    >>> from sparing import get_strategy
    >>> strategy = get_strategy("margin")
    >>> for check in yield_strategy_checks(strategy):
    ...     check(strategy)
    """
    reasons = dict(exemptions or {})
    checks = {check.__name__: check for check in _checks_for(strategy)}
    for name, reason in reasons.items():
        if name not in checks:
            raise UnknownNameError("check", name, checks)
        if not isinstance(reason, str) or not reason.strip():
            raise invalid("exemptions", "yield_strategy_checks", "names with a reason", reasons)
    yield from (check for name, check in checks.items() if name not in reasons)


def check_names(strategy: QueryStrategy) -> list[str]:
    """Return the names of the checks of a strategy, in their order.

    Examples
    --------
    >>> from sparing import get_strategy
    >>> check_names(get_strategy("margin"))[0]
    'check_declares_itself'
    """
    return [check.__name__ for check in _checks_for(strategy)]


def _checks_for(strategy: QueryStrategy) -> Iterator[StrategyCheck]:
    yield check_declares_itself
    yield check_names_a_reference
    yield check_parameters_are_stored_unchanged
    yield check_parameters_outlive_a_query
    yield check_pickle
    yield check_utility_is_one_number_a_candidate
    yield check_utility_is_finite
    yield check_inputs_are_not_written
    yield check_picks_are_distinct
    yield check_picks_are_eligible
    yield check_picks_are_as_many_as_asked
    yield check_selection_is_well_formed
    yield check_more_than_all_is_refused
    yield check_same_seed_same_batch
    yield check_global_random_state_is_untouched
    yield check_row_order_does_not_matter
    if strategy.requires & FROM_A_MODEL:
        yield check_class_order_does_not_matter
    if strategy.requires:
        yield check_missing_requirement_is_refused
    yield check_no_label_yet
    yield check_certain_model
    yield check_single_candidate
    yield check_duplicate_rows
    yield check_large_pool


def check_declares_itself(strategy: QueryStrategy) -> None:
    """Name and reason are texts, and what is required are fields of a Snapshot."""
    for attribute in ("name", "reason"):
        text = getattr(strategy, attribute, None)
        _expect(isinstance(text, str) and bool(text), f"'{attribute}' is no text: {text!r}")
    unknown = sorted(strategy.requires - set(OPTIONAL_FIELDS))
    _expect(not unknown, f"'requires' names no optional field of a Snapshot: {unknown}")


def check_names_a_reference(strategy: QueryStrategy) -> None:
    """The docstring of the class names where the method comes from."""
    _expect("References" in (type(strategy).__doc__ or ""), "no References in the docstring")


def check_parameters_are_stored_unchanged(strategy: QueryStrategy) -> None:
    """The constructor stores each parameter as it is, so that a strategy can be cloned."""
    marks = {name: object() for name in strategy.get_params(deep=False)}
    try:
        stored = vars(type(strategy)(**marks))
    except (TypeError, ValueError) as error:
        raise AssertionError(f"the constructor does more than store: {error}") from error
    changed = [name for name, mark in marks.items() if stored.get(name) is not mark]
    _expect(not changed, f"the constructor changes {changed}")
    _expect(repr(clone(strategy)) == repr(strategy), "its clone differs")


def check_parameters_outlive_a_query(strategy: QueryStrategy) -> None:
    """A query changes no attribute of the strategy and adds none."""
    before = {name: (value, repr(value)) for name, value in vars(strategy).items()}
    _select(strategy, World.made_up(), 3)
    after = vars(strategy)
    _expect(list(before) == list(after), f"the attributes became {list(after)}")
    for name, (value, text) in before.items():
        same = after[name] is value and repr(value) == text
        _expect(same, f"'{name}' became {after[name]!r}")


def check_pickle(strategy: QueryStrategy) -> None:
    """A strategy survives pickling, so that other processes can run it."""
    try:
        copy = pickle.loads(pickle.dumps(strategy))  # noqa: S301  # our own bytes
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise AssertionError(f"it cannot be pickled: {error}") from error
    _expect(repr(copy) == repr(strategy), f"it came back as {copy!r}")


def check_utility_is_one_number_a_candidate(strategy: QueryStrategy) -> None:
    """The utility has one number for each candidate."""
    s = World.made_up().snapshot(strategy.requires)
    shape = np.shape(strategy.utility(s))
    _expect(shape == s.candidates.shape, f"{s.candidates.shape} candidates, utility {shape}")


def check_utility_is_finite(strategy: QueryStrategy) -> None:
    """The utility is finite: in ordinary pools, and without label, doubt, difference or choice."""
    world = World.made_up()
    odd = (world.without_labels(), world.certain(), world.doubled(), world.with_one_candidate())
    for kind in (world, *odd):
        utility = _utility(strategy, kind)
        _expect(bool(np.isfinite(utility).all()), f"not finite: {utility}")


def check_inputs_are_not_written(strategy: QueryStrategy) -> None:
    """No array of the Snapshot is written to, not even with what it holds already."""
    s = World.made_up().snapshot(strategy.requires)
    arrays = [s.X, s.eligible, s.labeled, s.codes, s.proba, s.oof_proba]
    arrays += [s.spectrum.values, s.spectrum.vectors] if s.spectrum else []
    there = [array for array in arrays if isinstance(array, np.ndarray)]
    before = [array.copy() for array in there]
    for array in there:
        array.flags.writeable = False
    try:
        strategy.utility(s)
        strategy.select(s, 3, np.random.default_rng(0))
    except ValueError as error:
        _expect("read-only" not in str(error), f"it writes to its input: {error}")
        raise
    same = all(np.array_equal(a, b) for a, b in zip(before, there, strict=True))
    _expect(same, "it changed its input")


def check_picks_are_distinct(strategy: QueryStrategy) -> None:
    """No row is asked twice in a batch."""
    for world, k in _batches():
        rows = _select(strategy, world, k).rows
        _expect(len(np.unique(rows)) == len(rows), f"a row twice in a batch of {k}: {rows}")


def check_picks_are_eligible(strategy: QueryStrategy) -> None:
    """Every pick is a row that may be asked."""
    for world, k in _batches():
        rows = _select(strategy, world, k).rows
        others = np.setdiff1d(rows, np.flatnonzero(world.eligible))
        _expect(not others.size, f"rows that may not be asked in a batch of {k}: {others}")


def check_picks_are_as_many_as_asked(strategy: QueryStrategy) -> None:
    """A batch has exactly the size asked for: one, a few, and all there are."""
    for world, k in _batches():
        rows = _select(strategy, world, k).rows
        _expect(np.shape(rows) == (k,), f"{k} were asked for, rows {rows}")


def check_selection_is_well_formed(strategy: QueryStrategy) -> None:
    """Each pick has a finite gain, a known source and a probability or NaN."""
    picked = _select(strategy, World.made_up(), 3)
    shapes = {np.shape(part) for part in (picked.gains, picked.source, picked.propensity)}
    _expect(shapes == {np.shape(picked.rows)}, f"parts of shapes {shapes}")
    _expect(bool(np.isfinite(picked.gains).all()), f"gains {picked.gains}")
    sources = set(np.unique(picked.source).tolist())
    _expect(sources <= {FROM_STRATEGY, FROM_UNIFORM}, f"sources {sources}")
    p = picked.propensity[~np.isnan(picked.propensity)]
    _expect(bool(np.all((p > 0) & (p <= 1))), f"propensities {picked.propensity}")


def check_more_than_all_is_refused(strategy: QueryStrategy) -> None:
    """Asking for more than there is raises PoolExhaustedError."""
    s = World.made_up().snapshot(strategy.requires)
    try:
        choose(strategy, s, len(s.candidates) + 1, np.random.default_rng(0))
    except PoolExhaustedError:
        return
    raise AssertionError("more items than may be asked were chosen")


def check_same_seed_same_batch(strategy: QueryStrategy) -> None:
    """Equal generators give equal batches, whatever the system's own randomness does."""
    world = World.made_up()
    batches = []
    for _ in range(2):
        with _global_random_state():  # reading that is another check's business
            batches.append(_select(strategy, world, 5))
    for part in ("rows", "gains"):
        a, b = (getattr(batch, part) for batch in batches)
        _expect(np.array_equal(a, b), f"{part} differ: {a} and {b}")


def check_global_random_state_is_untouched(strategy: QueryStrategy) -> None:
    """Neither ``numpy.random`` nor ``random`` is drawn from."""
    with _global_random_state():
        before = _global_states()
        strategy.utility(World.made_up().snapshot(strategy.requires))
        _select(strategy, World.made_up(), 5)
        _expect(_global_states() == before, "the global random state changed")


def check_row_order_does_not_matter(strategy: QueryStrategy) -> None:
    """Renumbering the rows renumbers the utility and changes nothing else."""
    world = World.made_up()
    order = np.random.default_rng(1).permutation(len(world.X))
    plain, renumbered = (_by_row(strategy, w) for w in (world, world.with_rows(order)))
    _expect(_close(plain[order], renumbered), "the utility depends on the order of the rows")


def check_class_order_does_not_matter(strategy: QueryStrategy) -> None:
    """Renumbering the classes leaves the utility as it is."""
    world = World.made_up()
    renumbered = world.with_classes(np.roll(np.arange(world.n_classes), 1))
    a, b = (_utility(strategy, w) for w in (world, renumbered))
    _expect(_close(a, b), "the utility depends on the order of the classes")


def check_missing_requirement_is_refused(strategy: QueryStrategy) -> None:
    """A Snapshot without a required field raises CapabilityError."""
    for name in strategy.requires:
        there = World.made_up().snapshot(strategy.requires)
        s = replace(there, **{name: None})  # type: ignore[arg-type]
        try:
            choose(strategy, s, 1, np.random.default_rng(0))
        except CapabilityError:
            continue
        raise AssertionError(f"it chose without '{name}', which it requires")


def check_no_label_yet(strategy: QueryStrategy) -> None:
    """A pool without any label is no obstacle."""
    _select(strategy, World.made_up().without_labels(), 3)


def check_certain_model(strategy: QueryStrategy) -> None:
    """Probabilities of exactly 0 and 1 are no obstacle."""
    _select(strategy, World.made_up().certain(), 3)


def check_single_candidate(strategy: QueryStrategy) -> None:
    """A single candidate is no obstacle."""
    _select(strategy, World.made_up().with_one_candidate(), 1)


def check_duplicate_rows(strategy: QueryStrategy) -> None:
    """Equal rows are no obstacle."""
    _select(strategy, World.made_up().doubled(), 3)


def check_large_pool(strategy: QueryStrategy) -> None:
    """Over 50,000 candidates are chosen from within 1 GiB, or refused with one of our errors."""
    s = World.made_up(LARGE_POOL).snapshot(strategy.requires)
    tracemalloc.start()
    try:
        choose(strategy, s, 5, np.random.default_rng(0))
    except SparingError:
        return
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    _expect(peak <= LARGE_POOL_BYTES, f"it took {peak / 1e9:.1f} GB beside the pool")


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _select(strategy: QueryStrategy, world: World, k: int) -> Selection:
    return strategy.select(world.snapshot(strategy.requires), k, np.random.default_rng(0))


def _utility(strategy: QueryStrategy, world: World) -> FloatArray:
    return np.asarray(strategy.utility(world.snapshot(strategy.requires)))


def _by_row(strategy: QueryStrategy, world: World) -> FloatArray:
    """Return the utility at its row of the pool, NaN where a row may not be asked."""
    spread = np.full(len(world.X), np.nan)
    spread[world.eligible] = _utility(strategy, world)
    return spread


def _close(a: FloatArray, b: FloatArray) -> bool:
    """Compare up to the rounding of sums in another order; broken utilities equal themselves."""
    return np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)


def _batches() -> Iterator[tuple[World, int]]:
    """Yield worlds and sizes; all there are come to a size that no strategy need refuse."""
    for n_items, k in ((40, 1), (40, 3), (12, 8)):
        yield World.made_up(n_items), k


@contextmanager
def _global_random_state() -> Iterator[None]:
    """Set the global random states to something known, and back."""
    theirs = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(theirs[0])  # noqa: NPY002
        random.setstate(theirs[1])


def _global_states() -> tuple[bytes, object]:
    return pickle.dumps(np.random.get_state()), random.getstate()  # noqa: NPY002
