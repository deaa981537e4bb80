"""Words that point at a class: what is asked from label zero."""

import pytest

from sparing.errors import InvalidInputError
from sparing.project import Project

WORDS = ("market", "report", "weather", "river", "music", "train", "garden", "school", "doctor")


@pytest.fixture
def mail(tmp_path):
    lines = [
        f"{WORDS[i % 9]} {WORDS[i * 5 % 9]} {WORDS[i * 7 % 8]} of the day number {i}"
        for i in range(160)
    ]
    for n, i in enumerate(range(13, 160, 20)):
        lines[i] = f"claim your free prize now winner {WORDS[n]}"
    path = tmp_path / "mail.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with Project.create(path, classes=["ham"], encoder="text") as project:
        yield project


def test_what_words_point_at_is_asked_first_and_nothing_is_labeled(mail):
    assert mail.look_for("spam", ["Free Prize"]) == 8
    assert mail.status().class_counts == {"ham": 0, "spam": 0}
    mail.retrain()
    asked = mail.query(8)
    assert sum("prize" in one.item.text for one in asked) >= 6  # one in twenty is
    assert "of a class that is looked for" in asked[0].why


def test_the_words_are_still_there_when_the_project_is_opened_again(mail):
    mail.look_for("spam", ["nothing like it", "prize"])
    mail.close()
    with Project.open(mail.folder) as project:
        project.retrain()
        assert "prize" in project.query(1)[0].item.text


def test_without_words_the_name_of_the_class_is_looked_for(mail):
    assert mail.look_for("prize") == 8


def test_words_that_no_item_has_are_refused_and_make_no_class(mail):
    with pytest.raises(InvalidInputError, match="'bitcoin' or 'casino'"):
        mail.look_for("spam", ["bitcoin", "casino"])
    assert [name for name, _ in mail.classes] == ["ham"]
