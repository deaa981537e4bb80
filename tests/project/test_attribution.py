"""What was drawn at random counts as a draw, also for an answer that comes after a restart."""

import json
from uuid import uuid4

import numpy as np

from sparing.project import NewEvent, Project
from sparing.project.belongings import DRAWS
from sparing.project.learning.scores import asked_rows, read_scores
from sparing.store import Kind, VersionFacts


def numbers(tmp_path):
    source = tmp_path / "x.npy"
    np.save(source, np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32))
    return source


def say(project, asked):
    """Answer as a page does that was open over the restart: with the version that asked."""
    project.record(
        [
            NewEvent(
                key=uuid4().hex,
                kind=Kind.LABEL,
                item_id=one.item.item_id,
                class_name="low",
                model_version=one.model_version,
            )
            for one in asked
        ]
    )
    return [(e.source, e.propensity) for e in project.store.events() if e.kind == Kind.LABEL]


def test_a_draw_that_was_handed_out_before_a_restart_counts(tmp_path):
    with Project.create(numbers(tmp_path), classes=["low", "high"]) as project:
        asked = project.query(3)  # no model yet: drawn at random
        assert [one.source for one in asked] == ["uniform"] * 3
    with Project.open(tmp_path / "x.npy.sparing") as project:
        told = say(project, asked)
    assert told == [("uniform", one.propensity) for one in asked]


def test_a_damaged_line_loses_one_draw(tmp_path):
    with Project.create(numbers(tmp_path), classes=["low", "high"]) as project:
        asked = project.query(3)
    draws = tmp_path / "x.npy.sparing" / DRAWS
    first, *rest = draws.read_text().splitlines()
    draws.write_text("\n".join([first[:-3], "[]", "[0, 1, 2]", json.dumps([0, "x", 7]), *rest]))
    with Project.open(tmp_path / "x.npy.sparing") as project:
        assert [source for source, _ in say(project, asked)] == ["person", "uniform", "uniform"]


def test_a_link_in_its_place_is_not_written_through(tmp_path):
    elsewhere = tmp_path / "theirs.txt"
    elsewhere.write_text("mine\n")
    with Project.create(numbers(tmp_path), classes=["low", "high"]) as project:
        (project.folder / DRAWS).symlink_to(elsewhere)
        assert len(project.query(3)) == 3
    assert elsewhere.read_text() == "mine\n"


def strategies(project):
    return [e.strategy for e in project.store.events() if e.kind == Kind.LABEL]


def test_each_answer_says_what_asked_for_its_item(tmp_path):
    with Project.create(numbers(tmp_path), classes=["low", "high"]) as project:
        say(project, project.query(1))
        project.retrain()
        asked = project.query(60)
        picked = project.asked(next(iter(project.items)))
    assert picked.strategy is None
    assert all(one.strategy.startswith("auto: ") for one in asked)
    with Project.open(tmp_path / "x.npy.sparing") as project:
        say(project, asked)
        told = strategies(project)
        assert told == ["random", *(one.strategy for one in asked)]
        project.files.export(tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    known = {one.item.item_id: one.strategy for one in asked}
    assert all(row["strategy"] == known.get(row["item_id"], "random") for row in rows)


def test_versions_and_files_of_before_name_no_strategy(tmp_path):
    with Project.create(numbers(tmp_path), classes=["low", "high"]) as project:
        say(project, project.query(4))
        project.retrain()
        version = project.store.versions()[-1]
        path = project._folder.scores(version)
    scores = read_scores(path)
    assert asked_rows(scores) == version.facts.asked
    with np.load(path) as stored:
        before = {name: stored[name] for name in stored.files if name != "strategy"}
    np.savez(tmp_path / "before.npz", **before)
    assert set(read_scores(tmp_path / "before.npz").strategy) <= {""}
    told = json.loads(version.facts.dump())
    told["asked"] = [one[:3] for one in told["asked"]]
    facts = VersionFacts.parse(json.dumps(told))
    assert [one[:3] for one in facts.asked] == [one[:3] for one in version.facts.asked]
    assert {one[3] for one in facts.asked} <= {None}
