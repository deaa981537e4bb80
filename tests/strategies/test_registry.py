from importlib.metadata import EntryPoint

import pytest

from sparing import CapabilityError, InvalidInputError, UnknownNameError
from sparing import registry as names
from sparing.strategies import STRATEGIES, QueryStrategy, get_strategy, registry, strategy_names
from sparing.strategies.registry import ELSEWHERE

ASKED_FOR = [
    "random",
    "least_confidence",
    "margin",
    "entropy",
    "k_center",
    "typiclust",
    "probcover",
    "max_herding",
    "u_herding",
    "drop_query",
    "badge",
    "cluster_margin",
    "bald",
    "batch_bald",
    "qbc",
    "epig",
    "v_opt",
    "expected_error_reduction",
    "cluster_then_label",
    "mix",
    "rare_search",
]


def test_every_strategy_of_the_design_has_its_name():
    assert sorted(STRATEGIES) == sorted(ASKED_FOR)
    assert all(get_strategy(name).name == name for name in ASKED_FOR)
    assert all(get_strategy(name).reason for name in ASKED_FOR)


def test_parameters_are_passed_on():
    assert get_strategy("max_herding", sigma=0.5).sigma == 0.5


def test_an_instance_is_returned_as_it_is():
    margin = get_strategy("margin")
    assert get_strategy(margin) is margin
    with pytest.raises(InvalidInputError, match="empty beside an instance"):
        get_strategy(margin, sigma=1)


@pytest.mark.parametrize("wrong", [None, 3, QueryStrategy])
def test_neither_name_nor_strategy(wrong):
    with pytest.raises(InvalidInputError, match="a name or a QueryStrategy"):
        get_strategy(wrong)


def test_unknown_names_get_a_hint():
    with pytest.raises(UnknownNameError, match="Did you mean 'k_center'"):
        get_strategy("kcenter")
    with pytest.raises(UnknownNameError, match=r"no parameter of strategy .* Did you mean 'sigma'"):
        get_strategy("max_herding", sigm=1)


@pytest.fixture
def third_party(monkeypatch):
    """Entry points: one that works, one whose module is missing, one that is no strategy."""
    values = {
        "theirs": "sparing.strategies.uncertainty:MarginSampling",
        "gone": "no_such_module_anywhere:Strategy",
        "odd": "sparing.strategies.registry:get_strategy",
        "margin": "no_such_module_anywhere:Strategy",
    }
    points = [EntryPoint(name, value, registry.GROUP) for name, value in values.items()]
    monkeypatch.setattr(names, "entry_points", lambda group: points)


@pytest.mark.usefixtures("third_party")
def test_third_party_strategies_are_found_by_entry_point():
    assert type(get_strategy("theirs")).__name__ == "MarginSampling"
    assert {"theirs", "gone", "odd"} < set(strategy_names())


@pytest.mark.usefixtures("third_party")
def test_a_broken_entry_point_is_an_error_only_when_asked_for():
    assert get_strategy("margin").name == "margin"
    with pytest.raises(CapabilityError, match=r"'gone' of entry point .* cannot be loaded: Modul"):
        get_strategy("gone")
    with pytest.raises(CapabilityError, match=r"'odd' .* is no QueryStrategy class"):
        get_strategy("odd")
    with pytest.raises(UnknownNameError, match="Did you mean 'theirs'"):
        get_strategy("their")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("uncertainty_sampling", "least_confidence"),
        ("UncertaintySampling", "least_confidence"),
        ("margin_sampling", "margin"),
        ("EntropySampler", "entropy"),
        ("core_set", "k_center"),
        ("CoreSet", "k_center"),
        ("KCenterGreedy", "k_center"),
        ("QueryByCommittee", "qbc"),
        ("BALD", "bald"),
        ("RandomSampling", "random"),
        ("badge_sampling", "badge"),
        ("margn", "margin"),
    ],
)
def test_names_of_other_libraries_are_known(name, meant):
    with pytest.raises(UnknownNameError, match=f"Did you mean '{meant}'"):
        get_strategy(name)


def test_what_is_called_otherwise_elsewhere_is_there():
    assert set(ELSEWHERE.values()) <= set(STRATEGIES)
    assert not set(ELSEWHERE) & set(STRATEGIES)
