"""Advice and accuracy are told from evidence alone, and by what stands."""

from dataclasses import replace

import numpy as np
import pytest

from sparing.project.learning.advice import (
    LEAST_SHOWN,
    LEAST_TO_STOP,
    Grounds,
    advised,
    beats_commonest,
    random_accuracy,
    too_early,
)
from sparing.store import Kind, NewEvent, Version, VersionFacts

ENOUGH = Grounds(LEAST_TO_STOP, (), has_skill=True)
STOP = (True, "Stop: that is what the rule says.")


def adopt(project, **facts):
    """Make a version as the trainer does, with other facts."""
    made = project.learning.trainee(lambda *_: None).learn(project.learning.version + 1)
    project.learning.take_contents()
    project.learning.adopt(Version(made.version, made.seq, replace(made.facts, **facts)))


@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        (replace(ENOUGH, n_random=LEAST_TO_STOP - 1), "1 more answer to an item drawn at random"),
        (replace(ENOUGH, says_stop=False), "5 more answers to items drawn at random"),
        (replace(ENOUGH, unseen=("fox", "owl")), "no item has been called 'fox' yet"),
        (replace(ENOUGH, has_skill=False), "not clearly better than always giving"),
        (replace(ENOUGH, has_skill=None), "has not been compared"),
    ],
)
def test_whatever_evidence_lacks_it_is_too_early_to_say(lacking, why):
    sentence = too_early(lacking)
    assert sentence.startswith("It is too early to say: ")
    assert why in sentence
    assert too_early(ENOUGH) is None


def of(n_labels, pace, **facts):
    told = {"accuracy": (0.9, 0.7, 0.97, 20), "has_skill": True, "belief": 0.9, **facts}
    return VersionFacts(n_labels, pace=pace, **told)


def test_one_model_that_can_be_compared_with_older_ones_is_not_enough():
    for earlier in ([], [of(90, None)], [of(74, 0.0)]):  # 74 labels are not of late at 100
        advice = advised(of(100, 0.0), earlier, 5000)
        assert not advice.stop
        assert "fewer than 2 models can be compared" in advice.sentence
    assert advised(of(100, 0.0), [of(76, 0.0)], 5000).stop


def test_the_models_of_late_are_asked_together():
    n, bit = 100, 0.0045 / (100**-0.5 - 600**-0.5)  # by which the next 500 bring .45 points
    assert advised(of(n, 0.9 * bit), [of(90, 1.0 * bit)], 5000).stop
    assert not advised(of(n, 0.9 * bit), [of(90, 1.2 * bit)], 5000).stop


def test_who_said_stop_says_go_on_only_for_twice_as_much():
    n, bit = 100, 0.0045 / (100**-0.5 - 600**-0.5)
    before = of(95, 1.5 * bit)
    for said, stop in (((True, ""), True), ((False, ""), False), (None, False)):
        assert advised(of(n, 1.5 * bit), [replace(before, advice=said)], 5000).stop is stop
    assert not advised(of(n, 2.6 * bit), [replace(before, advice=(True, ""))], 5000).stop
    unseen = replace(before, advice=(True, ""), has_skill=None)  # that was never shown
    assert not advised(of(n, 1.5 * bit), [unseen], 5000).stop


def test_a_model_that_random_answers_contradict_gives_no_advice():
    advice = advised(of(100, 0.0, belief=0.98), [of(95, 0.0)], 5000)
    assert not advice.stop
    assert "fewer of the items drawn at random right than it expects" in advice.sentence


def test_a_trainer_that_begins_anew_looks_back(pets, project):
    """What older models said is not stored: they are made again from the first answers."""
    pets.answer(project, project.query(24))
    made = project.learning.trainee(lambda *_: None).learn(1)
    project.learning.take_contents()
    assert made.facts.pace is not None
    project.undo(6)  # the first half of 18 is too few
    again = project.learning.trainee(lambda *_: None).learn(1)
    project.learning.take_contents()
    assert again.facts.pace is None


def test_skill_is_more_than_naming_the_commonest_class():
    """Of 36 labels 27 are of one class: a model has to know the other nine, or most of them."""
    codes = np.repeat([0, 1], [27, 9])
    assert beats_commonest(codes == codes, codes)
    assert not beats_commonest(codes == 0, codes)
    half = np.where(np.arange(36) < 31, codes, 0)  # 4 of the 9: 4 - 0 = 2 sqrt(4)
    assert not beats_commonest(codes == half, codes)
    assert not beats_commonest(codes == 1 - codes, codes)


def test_no_advice_to_stop_without_evidence(pets, project):
    pets.answer(project, project.query(LEAST_TO_STOP - 1))  # no model yet: all are random
    adopt(project, advice=STOP)
    assert project.status().advice == (
        False,
        "It is too early to say: 1 more answer to an item drawn at random is needed.",
    )


def test_advice_that_has_evidence_is_told_until_a_class_comes_that_nobody_has_seen(pets, project):
    pets.answer(project, project.query(LEAST_TO_STOP + 9))
    adopt(project, advice=STOP)
    assert project.status().advice == STOP
    project.add_classes(["scales"])
    stop, sentence = project.status().advice
    assert not stop
    assert sentence == "It is too early to say: no item has been called 'scales' yet."


def test_advice_from_an_older_version_without_a_look_at_its_skill_is_not_told(pets, project):
    pets.answer(project, project.query(LEAST_TO_STOP + 9))
    made = project.learning.trainee(lambda *_: None).learn(1)
    project.learning.take_contents()
    project.learning.adopt(Version(1, made.seq, replace(made.facts, has_skill=None, advice=STOP)))
    assert "too early to say" in project.status().advice[1]


def test_a_model_without_skill_never_says_stop(project):
    rng = np.random.default_rng(0)
    names = rng.choice(["fur", "feathers"], 40)
    asked = project.query(40)
    project.teach({a.item.item_id: str(name) for a, name in zip(asked, names, strict=True)})
    adopt(project, advice=STOP)
    stop, sentence = project.status().advice
    assert not stop
    assert "always giving the commonest answer" in sentence


def test_below_ten_random_answers_no_number_is_told(pets, project):
    assert project.status().wanting == "10 more answers to items drawn at random are needed"
    pets.answer(project, project.query(LEAST_SHOWN - 1))
    project.retrain()
    status = project.status()
    assert status.accuracy is None
    assert status.curve == ()
    assert status.wanting == "1 more answer to an item drawn at random is needed"
    pets.answer(project, project.query(6))  # by the strategy: they do not count
    project.retrain()
    assert project.status().accuracy is None


def test_answers_asked_before_there_was_a_model_count_whenever_they_come(pets, project):
    early = project.query(10)
    pets.answer(project, early[:6])
    project.retrain()
    late = [
        NewEvent(
            key=f"late-{i}",
            kind=Kind.LABEL,
            item_id=a.item.item_id,
            class_name=pets.truth(a.item),
            model_version=a.model_version,
        )
        for i, a in enumerate(early[6:])
    ]
    project.record(late)
    project.retrain()
    status = project.status()
    assert status.accuracy.n == 10
    assert status.wanting == ""


def test_after_answers_were_taken_back_the_curve_ends_with_the_number_that_stands(pets, project):
    pets.answer(project, project.query(20))
    project.retrain()
    pets.answer(project, project.query(10))
    project.retrain()
    assert [p.n_labels for p in project.status().curve] == [20, 30]
    project.undo(18)
    project.retrain()
    status = project.status()
    assert [p.n_labels for p in status.curve] == [12]
    assert status.curve[-1].accuracy == status.accuracy.estimate


def test_a_version_of_few_random_answers_gives_no_point_to_the_price():
    assert random_accuracy(VersionFacts(accuracy=(0.0, 0.0, 0.79, 1))) is None
    assert random_accuracy(VersionFacts()) is None
    assert random_accuracy(VersionFacts(accuracy=(0.9, 0.6, 0.98, 10))) == (0.9, 0.6, 0.98, 10)
