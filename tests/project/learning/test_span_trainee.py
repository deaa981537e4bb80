"""What learns spans: suggestions first, and how good they are by models that go on honestly."""

import numpy as np
import pytest

from sparing.learner.sequences import SequenceLearner
from sparing.models.crf.tagger import CrfTagger
from sparing.project import Project
from sparing.project.learning import span_evidence, span_trainee
from sparing.project.learning.span_evidence import Folds
from sparing.store.contents import content_of
from sparing.testing.texts import sentences_with_names


class Watched(CrfTagger):
    """Refuses to be asked about a text that it was taught."""

    def fit(self, sentences, tags, n_classes):
        self.taught = {*getattr(self, "taught", ()), *sentences.texts}
        self.fits = getattr(self, "fits", 0) + 1
        return super().fit(sentences, tags, n_classes)

    def tag(self, sentences):
        assert self.taught.isdisjoint(sentences.texts)
        return super().tag(sentences)


class Whole(Watched):
    """The model of all answers, which says what it expects of them, too."""

    tag = CrfTagger.tag


@pytest.fixture
def known():
    texts = [f"{t} {i}" for i, t in enumerate(sentences_with_names(60, seed=0)[0].texts)]
    learner = SequenceLearner(texts, [0])
    said = [[(t.find("Ada"), t.find("Ada") + 3, 0)] * ("Ada" in t) for t in texts]
    return learner, said


def test_no_model_is_asked_about_what_it_was_ever_taught_and_each_goes_on(known, monkeypatch):
    monkeypatch.setattr(span_evidence, "CrfTagger", Watched)
    learner, said = known
    learner._tagger.__class__ = Whole
    folds, drawn = Folds(60, seed=0), np.arange(60) % 2 == 0
    for n in (20, 40, 60):
        learner.teach(range(n), said[:n])
        contents = [content_of(spans) for spans in said]
        found = folds.held_out(learner, contents, drawn)
        assert found.f1[-1] == n // 2
    assert [tagger.fits for tagger, _ in folds._taggers.values()] == [3, 3, 3]
    turned = ~drawn  # now others were drawn, which the models were taught: new models are asked
    assert folds.held_out(learner, contents, turned).f1[-1] == 30
    assert [tagger.fits for tagger, _ in folds._taggers.values()] == [1, 1, 1]


def test_suggestions_come_before_it_is_known_how_good_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(span_trainee, "MANY_TOKENS", 100)
    path = tmp_path / "notes.txt"
    path.write_text("".join(f"{'Ada' if i % 3 else 'it'} ran home {i}\n" for i in range(80)))

    def answer(project, n):
        asked = [project.items[a.item.item_id] for a in project.query(n)]
        project.teach({a.item_id: [(0, 3, "person")] * a.text.startswith("Ada") for a in asked})

    with Project.create(path, classes=["person"], kind="spans") as project:
        trainee = project.learning.trainee(lambda *_: None)
        assert trainee.draft(1) is None  # nothing is labeled: it is quick
        answer(project, 20)
        assert trainee.draft(1) is None
        project.learning.adopt(trainee.learn(1))
        answer(project, 20)
        made = trainee.draft(2)
        assert (made.is_draft, made.facts.n_labels) == (True, 40)
        before = project.status().accuracy
        project.learning.adopt(made)
        assert project.learning.is_behind()  # how good it is, is to follow
        assert project.status().accuracy == before  # what is known stands until then
        assert any(a.guess and a.guess.spans for a in project.query(20))
        assert trainee.draft(3) is None
        whole = trainee.learn(3)
        assert (whole.is_draft, whole.facts.asked) == (False, made.facts.asked)
        project.learning.adopt(whole)
        assert not project.learning.is_behind()
        assert project.status().accuracy.n > (before.n if before else 0)
