"""Label Studio's JSON as its releases write it, and as nobody should."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.datasets.label_studio import (
    Interface,
    all_choices,
    choice,
    interface_for,
    names_of,
    one_choice,
    read_annotation,
    read_array,
    read_interface,
    read_task,
)
from sparing.errors import InvalidInputError, SourceError

CAT = choice(Interface("label", "image", ("cat",)), "cat")
BOX = {"type": "rectanglelabels", "value": {"x": 1}}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def test_a_choice_is_read_with_who_made_it_and_when():
    raw = {"id": 3, "result": [CAT, BOX], "completed_by": 7, "updated_at": "2026-01-02T03:04:05Z"}
    found = read_annotation(raw)
    assert (found.key, found.annotator, found.updated_at) == ("3", "user 7", raw["updated_at"])
    assert one_choice(found) == "cat"
    assert found.passed_over == ("rectanglelabels",)


@pytest.mark.parametrize(
    ("completed_by", "name"),
    [({"email": "a@b.c", "id": 1}, "a@b.c"), (4, "user 4"), (None, ""), ({"id": 5}, "5")],
)
def test_whoever_annotated_has_a_name_or_is_nobody_any_more(completed_by, name):
    assert read_annotation({"completed_by": completed_by}).annotator == name


def test_a_skip_is_no_label_and_nothing_or_several_choices_are_neither():
    assert one_choice(read_annotation({"was_cancelled": True, "result": [CAT]})) is None
    for raw, why in (
        ({}, "an annotation of nothing"),
        ({"result": [BOX]}, "no choice, but rectanglelabels"),
        ({"result": [CAT, CAT]}, "2 choices, and an item has one class"),
    ):
        with pytest.raises(InvalidInputError, match=why):
            one_choice(read_annotation(raw))


def test_annotations_come_in_the_order_of_time_and_old_exports_call_them_completions():
    late, early = ({"id": i, "updated_at": f"2026-01-0{3 - i}"} for i in range(2))
    task = read_task({"id": 9, "data": {}, "completions": [late, early], "predictions": [{}]}, 1)
    assert [one.key for one in task.annotations] == ["1", "0"]
    assert (task.name, len(task.predictions)) == ("task 9", 1)


@given(json_values, json_values)
def test_whatever_json_it_is_it_is_read_or_refused(raw, data):
    for one in (raw, {"data": data}, {"data": {"a": data}, "annotations": data, "meta": data}):
        try:
            task = read_task(one, 1)
        except InvalidInputError:
            continue
        list(names_of(task.data))
    read_annotation(raw)
    read_annotation({"result": [raw, {"type": "choices", "value": raw}], "completed_by": data})


def test_the_interface_is_the_control_that_makes_one_choice():
    config = """<View><!-- mine --><Image name="image" value="$image"/>
      <Choices name="tags" toName="image" choice="multiple"><Choice value="x"/></Choices>
      <Choices name="kind" toName="image"><Choice value="Cat" alias="cat"/><Choice value="dog"/>
      </Choices></View>"""
    assert read_interface(config) == Interface("kind", "image", ("cat", "dog"))


def test_several_choices_are_one_answer_and_none_is_one_too():
    tags = Interface("tags", "image", ("x", "y"))
    both = choice(tags, "y", "x")
    assert both["value"] == {"choices": ["y", "x"]}
    again = {"result": [both, choice(tags, "x")]}
    assert all_choices(read_annotation(again)) == ("y", "x")
    as_text = {"type": "choices", "value": {"choices": "x"}}  # of a tool that has one alone
    assert all_choices(read_annotation({"result": [as_text]})) == ("x",)
    assert all_choices(read_annotation({"result": []})) == ()
    assert all_choices(read_annotation({"result": [], "was_cancelled": True})) is None
    for raw, reason in (({}, "an annotation of nothing"),
                        ({"result": [BOX]}, "no choice, but rectanglelabels")):  # fmt: skip
        with pytest.raises(InvalidInputError, match=reason):
            all_choices(read_annotation(raw))


def test_an_interface_of_several_choices_is_told_from_one_of_one():
    config = interface_for("text", ["a", "b"], several=True)
    assert read_interface(config, several=True) == Interface("label", "text", ("a", "b"))
    with pytest.raises(InvalidInputError, match="no <Choices> of which one is chosen"):
        read_interface(config)
    with pytest.raises(InvalidInputError, match='no <Choices> with choice="multiple"'):
        read_interface(interface_for("text", ["a"]), several=True)


@pytest.mark.parametrize(
    "config",
    ["", "<View>", "<View/>", '<!DOCTYPE x [<!ENTITY a "b">]><View>&a;</View>',
     '<View><Labels name="ner" toName="text"/></View>', "<a/>" * 400_000],
)  # fmt: skip
def test_what_is_no_such_interface_is_refused_in_words(config):
    with pytest.raises(InvalidInputError, match=r"^The labeling interface "):
        read_interface(config)


@given(st.lists(st.text(st.characters(categories=["L", "P"]), min_size=1), max_size=4))
def test_an_interface_for_classes_offers_them(classes):
    assert read_interface(interface_for("image", classes)).choices == tuple(classes)


@pytest.mark.parametrize("content", ["{", '{"data": {}}', "1"])
def test_a_file_that_is_no_export_is_said_to_be_none(tmp_path, content):
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(SourceError, match=r"x\.json is (no array|not JSON)"):
        read_array(file)
    file.write_text(json.dumps([{"data": {}}]))
    assert read_array(file)[0] == [{"data": {}}]
