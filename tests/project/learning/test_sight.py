"""What is learned from while a network is at work, and how its vectors come in."""

import sys
import textwrap
import threading

import numpy as np
import pytest
from PIL import Image

from sparing.encoders import HogEncoder
from sparing.errors import SourceError
from sparing.project import Project
from sparing.project.learning import sight as module
from sparing.project.learning.process import Trainer
from sparing.project.source.contents import made_before

PATIENCE = 240.0  # seconds: a machine may be busy with other things


@pytest.fixture
def project(tmp_path):
    """Twenty pictures of bars that lie or stand, seen in two ways: the first is the quick one."""
    folder, rng = tmp_path / "bars", np.random.default_rng(0)
    folder.mkdir()
    for i in range(20):
        pixels = rng.integers(0, 60, (24, 24), dtype=np.uint8)
        pixels[(slice(8, 16), slice(None))[:: 1 if i % 2 else -1]] = 250
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    with Project.create(folder, classes=["lies", "stands"], encoder="hog+pixels") as made:
        yield made


@pytest.fixture
def network(monkeypatch):
    """A network that works until it is let go, or fails."""

    class Network:
        may_end = threading.Event()
        error = None
        runs = 0

        def __call__(self, encoder, kind, values, tell):
            self.runs += 1
            tell(7, len(values))
            assert self.may_end.wait(PATIENCE)
            if self.error is not None:
                raise self.error

    network = Network()
    monkeypatch.setattr(module, "look_at", network)
    return network


def impatient(project):
    return project.learning.trainee(lambda *_: None, patient=False)


def answer(project, n):
    for asked in project.query(n):
        number = int(asked.item.name.partition(".")[0])
        project.teach({asked.item.item_id: "lies" if number % 2 else "stands"})


def test_answers_are_learned_from_the_quick_view_while_the_network_is_at_work(
    project, network, monkeypatch
):
    encoded = []
    fit_transform = HogEncoder.fit_transform
    monkeypatch.setattr(
        HogEncoder,
        "fit_transform",
        lambda self, X, *more, **how: (
            encoded.append(len(X)) or fit_transform(self, X, *more, **how)
        ),
    )
    trainee = impatient(project)
    first = trainee.draft(1)
    assert (first.is_draft, first.facts.n_labels) == (True, 0)
    project.learning.adopt(first)
    answer(project, 6)
    assert trainee.draft(2) is None
    second = trainee.learn(2)
    assert (second.is_draft, second.facts.n_labels) == (True, 6)
    project.learning.adopt(second)
    assert project.query(1)[0].guess is not None
    assert trainee.look(0.0) == (7, 20)
    assert project.learning.is_behind()
    assert not project.learning.is_encoded

    network.may_end.set()
    assert trainee.look(PATIENCE) == (20, 20)
    assert trainee.learn(3).is_draft, "nobody was told yet that there is something better"
    assert trainee.encode()
    project.learning.take_contents()
    project.learning.adopt(trainee.learn(3))
    assert not project.learning.is_behind()
    assert made_before(project._folder).views.names == ("hog", "pixels")
    assert encoded == [20], "shapes are read once"
    assert network.runs == 1


def test_a_network_that_fails_is_told_of_and_answers_are_learned_all_the_same(project, network):
    network.error = SourceError("The model is gone.")
    network.may_end.set()
    trainee = impatient(project)
    project.learning.adopt(trainee.draft(1))
    answer(project, 6)
    assert trainee.look(PATIENCE) == (20, 20)
    with pytest.raises(SourceError, match="The model is gone"):
        trainee.encode()
    network.may_end.clear()  # the next one takes its time
    assert not trainee.encode()
    made = trainee.learn(2)
    assert (made.is_draft, made.facts.n_labels) == (True, 6)
    network.error = None
    network.may_end.set()
    assert trainee.look(PATIENCE) == (20, 20)
    assert trainee.encode()
    assert network.runs == 2


def test_who_goes_on_in_the_middle_does_not_read_shapes_again(project, network, monkeypatch):
    project.learning.adopt(impatient(project).draft(1))
    monkeypatch.setattr(HogEncoder, "fit_transform", pytest.fail)
    again = impatient(project)
    assert not again.encode()
    network.may_end.set()


def test_a_project_with_a_model_waits_for_the_network(project, network):
    """Guesses by shapes alone would be a step back."""
    network.may_end.set()
    answer(project, 6)
    project.retrain()
    project._folder.contents.unlink()
    trainee = impatient(project)
    assert trainee.encode()
    assert network.runs == 0


def test_the_trainer_asks_how_far_the_network_is_and_then_for_the_whole(project):
    """A script stands in: a draft, then 3 of 20, then all, then what is learned from it."""
    say = """
        order = json.loads(line)
        log = open({log!r}, "a")
        log.write(" ".join(order) + "\\n")
        log.close()
        if "look" in order:
            looks += 1
            told = {{"looked": [3 if looks == 1 else 20, 20]}}
        else:
            told = {{"failed": "that is all"}} if looks else {{"trained": made}}
        print(json.dumps(told), flush=True)
    """
    made = impatient(project).draft(1)
    log = project._folder.path / "orders"
    head = f"import json, sys\nlooks, made = 0, {[made.version, made.seq, made.facts.dump()]!r}\n"
    body = textwrap.indent(textwrap.dedent(say.format(log=str(log))), "    ")
    script = f"{head}for line in sys.stdin:\n{body}"
    seen = []
    note = project.learning.note_encoded
    project.learning.note_encoded = lambda *now: seen.append(now) or note(*now)
    trainer = Trainer(project.learning, project.map, [sys.executable, "-c", script])
    trainer.start()
    try:
        until = threading.Event()
        while trainer.status().state != "failed":
            assert not until.wait(0.01)
    finally:
        trainer.stop()
    assert log.read_text().split() == ["version", "look", "look", "version"]
    assert seen == [(3, 20), (20, 20)]
