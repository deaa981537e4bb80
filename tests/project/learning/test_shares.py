"""What the page and the command line say of the models inside the model."""

import numpy as np
import pytest

from sparing import ActiveLearner
from sparing.pool.views import Views
from sparing.project import Project
from sparing.project.learning.shares import MEANS, said_of_shares, shares_of
from sparing.store import VersionFacts


def test_every_model_has_plain_words_in_one_view_and_in_several():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    table = (rng.normal(size=(40, 4)) + 2 * y[:, None]) * [1, 30, 1, 500]
    learner = ActiveLearner(table.astype(np.float32))
    learner.teach(np.arange(24), y[:24].tolist())
    assert dict(shares_of(learner)) == learner.explain()
    assert {name for name, _ in shares_of(learner)} == set(MEANS)
    (said,) = said_of_shares(shares_of(learner))
    assert all(f"{words} ({name})" in said for name, words in MEANS.items())

    views, X = Views.joined({"shapes": table[:, :2], "network": table[:, 2:]})
    seen_twice = ActiveLearner(X, views=views)
    seen_twice.teach(np.arange(24), y[:24].tolist())
    by_model, by_view = said_of_shares(shares_of(seen_twice))
    assert "(graph)" in by_model
    assert all(f"{name} " in by_view for name in ("shapes", "network", "all views"))


def test_the_most_believed_comes_first_and_hardly_any_is_not_none():
    (said,) = said_of_shares((("linear", 0.0049), ("graph", 0.2951), ("forest", 0.7)))
    assert said.index("(forest) 70 %") < said.index("(graph) 30 %") < said.index("under 1 %")
    assert said_of_shares(()) == said_of_shares((("a single one", 1.0),)) == ()


@pytest.mark.parametrize("facts", [VersionFacts(3, shares=(("graph", 0.75), ("linear", 0.25)))])
def test_shares_are_kept_and_older_versions_have_none(facts):
    assert VersionFacts.parse(facts.dump()) == facts
    assert VersionFacts.parse('{"accuracy": null, "n_labels": 3}').shares == ()


def test_a_project_says_what_its_model_rests_on_as_long_as_there_is_one(tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", X)
    with Project.create(tmp_path / "x.npy", classes=["a", "b"]) as project:
        project.retrain()
        assert (project.status().shares, project.status().weighed) == ({}, ())
        items = list(project.items)[:20]
        project.teach({item_id: "ab"[i % 2] for i, item_id in enumerate(items)})
        project.retrain()
        stands = project.status()
        assert sum(stands.shares.values()) == pytest.approx(1)
        assert stands.weighed == said_of_shares(tuple(stands.shares.items())) != ()
    with Project.open(tmp_path / "x.npy.sparing") as project:
        assert project.status().shares == stands.shares
