"""Each deliberately broken strategy fails exactly the check that is about its fault."""

import contextlib
import threading
from typing import ClassVar

import numpy as np
import pytest

from sparing import InvalidInputError, QueryStrategy, Selection, UnknownNameError
from sparing.testing import World, check_names, yield_strategy_checks


class Sound(QueryStrategy):
    """Ask where the likeliest class is unlikely.

    References
    ----------
    Lewis & Gale (1994)
    """

    name: ClassVar[str] = "sound"
    reason: ClassVar[str] = "the model is unsure"
    requires: ClassVar[frozenset[str]] = frozenset({"proba"})

    def utility(self, s):
        return 1 - s.proba[s.candidates].max(axis=1)

    def select(self, s, batch_size, rng):
        return Selection.chosen(self.pick(s, batch_size, rng), np.zeros(batch_size))

    def pick(self, s, k, rng):
        return rng.permutation(s.candidates)[:k]


class WithReplacement(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        rows = rng.permutation(s.candidates)[:k]
        rows[-1] = rows[0]
        return rows


class GlobalRandomState(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        return np.random.permutation(s.candidates)[:k]  # noqa: NPY002


class Unseeded(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        return np.random.default_rng().permutation(s.candidates)[:k]


class Mutating(Sound):
    __doc__ = Sound.__doc__

    def utility(self, s):
        s.proba[:, 0] += 0.0
        return super().utility(s)


class NotFinite(Sound):
    __doc__ = Sound.__doc__

    def utility(self, s):
        return np.full(len(s.candidates), np.nan)


class NotFiniteWhenCertain(Sound):
    __doc__ = Sound.__doc__

    def utility(self, s):
        p = s.proba[s.candidates]
        with np.errstate(divide="ignore", invalid="ignore"):
            return -(p * np.log(p)).sum(axis=1)


class OneTooFew(Sound):
    __doc__ = Sound.__doc__

    def select(self, s, batch_size, rng):
        return Selection.chosen(self.pick(s, batch_size - 1, rng), np.zeros(batch_size - 1))


class Ineligible(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        return rng.permutation(len(s.eligible))[:k]


class OrderOfRows(Sound):
    __doc__ = Sound.__doc__

    def utility(self, s):
        return np.arange(len(s.candidates)) / 7


class OrderOfClasses(Sound):
    __doc__ = Sound.__doc__

    def utility(self, s):
        return s.proba[s.candidates, 0]


class Unpicklable(Sound):
    __doc__ = Sound.__doc__

    def __init__(self):
        self.lock = threading.Lock()


class ChangesItself(Sound):
    __doc__ = Sound.__doc__

    def __init__(self, width=1):
        self.width = width

    def pick(self, s, k, rng):
        self.width += 1
        return super().pick(s, k, rng)


class Remembers(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        self.last_size = k
        return super().pick(s, k, rng)


class ConvertsParameters(Sound):
    __doc__ = Sound.__doc__

    def __init__(self, width=1):
        self.width = float(width)


class InfiniteGains(Sound):
    __doc__ = Sound.__doc__

    def select(self, s, batch_size, rng):
        return Selection.chosen(self.pick(s, batch_size, rng), np.full(batch_size, np.inf))


class NeedsMany(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        if len(s.candidates) < 2:
            raise IndexError("no second one")
        return super().pick(s, k, rng)


class NeedsLabels(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        if not len(s.labeled):
            raise ZeroDivisionError("the mean of nothing")
        return super().pick(s, k, rng)


class NeedsDistinctRows(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        if len(np.unique(s.X, axis=0)) < len(s.X):
            raise ZeroDivisionError("distance 0")
        return super().pick(s, k, rng)


class NeedsDoubt(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        if not np.any(super().utility(s)):
            raise ZeroDivisionError("no doubt at all")
        return super().pick(s, k, rng)


class Quadratic(Sound):
    __doc__ = Sound.__doc__

    def pick(self, s, k, rng):
        distances = np.empty((len(s.candidates), len(s.candidates)), np.float32)
        distances[:k] = 0
        return super().pick(s, k, rng)


class NoReason(Sound):
    __doc__ = Sound.__doc__
    reason: ClassVar[str] = ""


class NoReference(Sound):
    """Ask where the likeliest class is unlikely."""


BROKEN = {
    WithReplacement: "check_picks_are_distinct",
    GlobalRandomState: "check_global_random_state_is_untouched",
    Unseeded: "check_same_seed_same_batch",
    Mutating: "check_inputs_are_not_written",
    NotFinite: "check_utility_is_finite",
    NotFiniteWhenCertain: "check_utility_is_finite",
    OneTooFew: "check_picks_are_as_many_as_asked",
    Ineligible: "check_picks_are_eligible",
    OrderOfRows: "check_row_order_does_not_matter",
    OrderOfClasses: "check_class_order_does_not_matter",
    Unpicklable: "check_pickle",
    ChangesItself: "check_parameters_outlive_a_query",
    Remembers: "check_parameters_outlive_a_query",
    ConvertsParameters: "check_parameters_are_stored_unchanged",
    InfiniteGains: "check_selection_is_well_formed",
    NeedsLabels: "check_no_label_yet",
    NeedsMany: "check_single_candidate",
    NeedsDistinctRows: "check_duplicate_rows",
    NeedsDoubt: "check_certain_model",
    Quadratic: "check_large_pool",
    NoReason: "check_declares_itself",
    NoReference: "check_names_a_reference",
}


GLOBAL_STATE_CHECKS = {"check_same_seed_same_batch", "check_global_random_state_is_untouched"}


def failing(strategy):
    failed = []
    for check in yield_strategy_checks(strategy):
        try:
            check(strategy)
        except (AssertionError, LookupError, ArithmeticError, MemoryError):
            failed.append(check.__name__)
    return failed


def test_a_sound_strategy_passes_all_checks():
    assert failing(Sound()) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_strategy_fails_exactly_the_matching_check(broken):
    assert failing(broken()) == [BROKEN[broken]]


def test_every_check_of_a_strategys_own_doing_has_a_broken_example():
    boundary = {"check_more_than_all_is_refused", "check_missing_requirement_is_refused"}
    shapes = {"check_utility_is_one_number_a_candidate"}
    assert set(BROKEN.values()) == set(check_names(Sound())) - boundary - shapes


def test_a_utility_of_the_wrong_shape_fails_its_check():
    class Column(Sound):
        def utility(self, s):
            return super().utility(s)[:, None]

    (check,) = [c for c in yield_strategy_checks(Column()) if "one_number" in c.__name__]
    with pytest.raises(AssertionError, match=r"\(26, 1\)"):
        check(Column())


@pytest.mark.parametrize("name", ["check_more_than_all_is_refused", "check_missing_requirement"])
def test_a_boundary_that_lets_everything_through_is_noticed(monkeypatch, name):
    (check,) = [c for c in yield_strategy_checks(Sound()) if c.__name__.startswith(name)]
    monkeypatch.setitem(check.__globals__, "choose", lambda *_: None)
    with pytest.raises(AssertionError):
        check(Sound())


def test_checks_are_chosen_by_what_a_strategy_requires():
    class NeedsNothing(Sound):
        requires: ClassVar[frozenset[str]] = frozenset()

    left_out = set(check_names(Sound())) - set(check_names(NeedsNothing()))
    assert left_out == {
        "check_class_order_does_not_matter",
        "check_missing_requirement_is_refused",
    }


def test_every_check_says_in_one_sentence_what_it_is_about():
    for check in yield_strategy_checks(Sound()):
        assert check.__doc__.count(".\n") == 0, check.__name__
        assert check.__doc__.endswith("."), check.__name__


def test_an_exemption_needs_a_known_name_and_a_reason():
    exempt = {"check_row_order_does_not_matter": "ranks by position"}
    names = [check.__name__ for check in yield_strategy_checks(OrderOfRows(), exempt)]
    assert names == [n for n in check_names(OrderOfRows()) if n not in exempt]
    with pytest.raises(UnknownNameError, match="Did you mean 'check_pickle'"):
        list(yield_strategy_checks(Sound(), {"check_pickel": "?"}))
    with pytest.raises(InvalidInputError, match="with a reason"):
        list(yield_strategy_checks(Sound(), {"check_pickle": " "}))


def test_checks_leave_the_global_random_state_as_it_was():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    for check in yield_strategy_checks(GlobalRandomState()):
        if check.__name__ in GLOBAL_STATE_CHECKS:
            with contextlib.suppress(AssertionError):
                check(GlobalRandomState())
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_renumbered_world_gives_a_renumbered_snapshot():
    world = World.made_up()
    fields = frozenset({"proba", "oof_proba", "committee", "spectrum", "refit"})
    order = np.random.default_rng(5).permutation(len(world.X))
    a, b = world.snapshot(fields), world.with_rows(order).snapshot(fields)
    np.testing.assert_array_equal(b.X, a.X[order])
    np.testing.assert_allclose(b.proba, a.proba[order])
    back = np.argsort(order[b.labeled])
    np.testing.assert_array_equal(order[b.labeled][back], a.labeled)
    np.testing.assert_array_equal(b.codes[back], a.codes)
    np.testing.assert_allclose(b.oof_proba[back], a.oof_proba)
    members = [
        np.concatenate(list(s.committee.blocks(rows)), axis=1)
        for s, rows in ((a, order), (b, np.arange(len(order))))
    ]
    np.testing.assert_allclose(*members)
    by_a, by_b = (s.refit(s.labeled, s.codes) for s in (a, b))
    np.testing.assert_allclose(by_a(a.X), by_b(a.X))


def test_renumbered_classes_renumber_columns_and_codes():
    world = World.made_up()
    a, b = (
        w.snapshot(frozenset({"proba"})) for w in (world, world.with_classes(np.array([2, 0, 1])))
    )
    np.testing.assert_allclose(b.proba, a.proba[:, [2, 0, 1]])
    np.testing.assert_array_equal(np.array([2, 0, 1])[b.codes], a.codes)
