"""How far suggestions sway: told from texts that were drawn to be asked without them."""

import json

from sparing.project.learning.sway import is_unswayed, sway_of
from sparing.store import Event, Kind

SEED = 7
ITEMS = [f"text {i}" for i in range(400)]
UNSHOWN = [item for item in ITEMS if is_unswayed(SEED, item)]
SHOWN = [item for item in ITEMS if not is_unswayed(SEED, item)]


def answer(seq, item, n_spans, by="drawn", **more):
    units = [{"at": [2 * i, 2 * i + 1], "by": by, "class": "c"} for i in range(n_spans)]
    said = {"model_version": 3, "annotator": "Ada", "purpose": "train", **more}
    return Event(seq=seq, key=f"k{seq}", at="", kind=Kind.LABEL, item_id=item,
                 value=json.dumps(units), **said)  # fmt: skip


def test_about_one_text_in_twenty_is_asked_without_suggestions():
    assert 10 <= len(UNSHOWN) <= 30


def test_only_what_was_asked_of_people_who_use_suggestions_is_compared():
    answers = [
        answer(1, SHOWN[0], 5),  # before Ada has seen any
        answer(2, SHOWN[1], 1, "accepted", seconds=4.0),
        answer(3, SHOWN[2], 1, seconds=2.0),
        answer(4, UNSHOWN[0], 3, seconds=9.0),
        answer(5, SHOWN[3], 7, annotator="Bob"),  # never saw any
        answer(6, SHOWN[4], 7, model_version=None),  # picked
        answer(7, SHOWN[5], 7, purpose="audit"),
    ]
    found = sway_of(answers, SEED)
    assert (found.shown, found.unshown) == ((1, 1), (3,))
    assert (found.seconds, found.unshown_seconds) == ((4.0, 2.0), (9.0,))
    assert "so far there are 1" in found.said()[0]


def test_the_difference_comes_with_its_limits_and_times_only_where_they_were_measured():
    with_them = [answer(i, item, 1 + i % 2, "accepted") for i, item in enumerate(SHOWN, 1)]
    without = [answer(1000 + i, item, 2 + i % 2) for i, item in enumerate(UNSHOWN)]
    (said,) = sway_of(with_them + without, SEED).said()
    gap = 2 + (len(UNSHOWN) // 2) / len(UNSHOWN) - (1 + (len(SHOWN) + 1) // 2 / len(SHOWN))
    assert f"{gap:.2f} fewer (" in said
    timed = [answer(2000, SHOWN[0], 1, "edited", seconds=3.0), *with_them]
    both = [*timed, *without, answer(2001, UNSHOWN[0], 2, seconds=8.0)]
    assert (
        "was on the screen for 3.0 s, of those without for 8.0 s" in sway_of(both, SEED).said()[1]
    )


def test_boxes_in_pictures_are_told_of_by_their_own_words():
    answers = [answer(1, SHOWN[0], 2, "accepted"), answer(2, SHOWN[1], 2)]
    answers += [answer(10 + i, item, 4) for i, item in enumerate(UNSHOWN[:10])]
    (said,) = sway_of(answers, SEED, "boxes").said()
    assert said == (
        "With suggestions 2.00 boxes a picture are drawn (2 pictures), without 4.00 (10): 2.00"
        " fewer (2.00 to 2.00)."
    )


def test_nobody_who_sees_no_suggestions_is_told_of_them():
    assert sway_of([answer(i, item, 1) for i, item in enumerate(SHOWN, 1)], SEED).said() == []
