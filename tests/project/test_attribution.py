"""What was drawn at random counts as a draw, also for an answer that comes after a restart."""

import json
from uuid import uuid4

import numpy as np

from sparing.project import NewEvent, Project
from sparing.project.belongings import DRAWS
from sparing.store import Kind


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
