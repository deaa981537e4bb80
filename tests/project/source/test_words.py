"""Words for pictures: a network that reads orders what is asked first and finds pictures."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from sparing.encoders import OnnxImageEncoder, OnnxTextEncoder
from sparing.encoders.pretrained.folder import text_outputs
from sparing.errors import InvalidInputError
from sparing.project import Project
from sparing.project.learning.scores import read_scores
from sparing.project.source.sights import FOUND, LOST

COLORS = {"red": (1, -1, -1), "green": (-1, 1, -1), "blue": (-1, -1, 1)}
WORDS = ("[UNK]", "a", "photo", "of", *COLORS)


def network(path, nodes, inputs, outputs, constants=()):
    from onnx import TensorProto, helper

    kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64}
    sides = [helper.make_tensor_value_info(name, kinds[k], shape) for name, k, shape in inputs]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    made = [helper.make_node(*node[:3], **node[3]) for node in nodes]
    graph = helper.make_graph(made, "small", sides, ends, list(constants))
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())


def reading_network(path, width=3):
    """A network whose vector of a text is the sum of what its words stand for."""
    from onnx import numpy_helper

    table = np.zeros((len(WORDS), width), np.float32)
    table[-3:, :3] = list(COLORS.values())
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([1]), "tokens"),
    ]
    nodes = [
        ("Gather", ["table", "input_ids"], ["last_hidden_state"], {}),
        ("ReduceSum", ["last_hidden_state", "tokens"], ["text_embeds"], {"keepdims": 0}),
    ]
    network(
        path, nodes, [("input_ids", "i", ["n", "t"])], ["last_hidden_state", "text_embeds"],
        constants,
    )  # fmt: skip


@pytest.fixture
def towers(tmp_path, monkeypatch):
    """A folder laid out as exports of CLIP are: a picture is its mean color, a word a color."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pytest.importorskip("onnxruntime", reason="needs 'sparing[photos]'")
    pytest.importorskip("onnx", reason="needs 'sparing[photos]'")
    tokenizers = pytest.importorskip("tokenizers", reason="needs 'sparing[texts]'")
    folder = tmp_path / "clip"
    (folder / "onnx").mkdir(parents=True)
    network(
        folder / "onnx" / "vision_model.onnx",
        [("GlobalAveragePool", ["pixel_values"], ["image_embeds"], {})],
        [("pixel_values", "f", ["n", 3, "h", "w"])],
        ["image_embeds"],
    )
    reading_network(folder / "onnx" / "text_model.onnx")
    (folder / "onnx" / "text_model_quantized.onnx").write_bytes(b"a smaller one")
    said = {"size": {"height": 8, "width": 8}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    (folder / "config.json").write_text('{"model_type": "clip", "text_config": {}}')
    ids = {word: i for i, word in enumerate(WORDS)}
    model = tokenizers.models.WordLevel(ids, unk_token="[UNK]")  # noqa: S106  # a token of text
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def pictures(tmp_path):
    """Twelve pictures: red, green, blue in turn, each with noise of its own; one is called so."""
    folder, rng = tmp_path / "pictures", np.random.default_rng(0)
    folder.mkdir()
    for i in range(12):
        color = 128 + 100 * np.array(list(COLORS.values())[i % 3])
        noisy = color + rng.integers(-27, 28, (8, 8, 3))
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture
def project(towers, pictures):
    with Project.create(pictures, classes=["blue", "red"], encoder=f"onnx:{towers}") as made:
        made.retrain()
        yield made


def shown(items):
    return [list(COLORS)[int(one.item.name[:2]) % 3] for one in items]


def test_class_names_order_the_first_questions_until_there_is_a_label(project):
    asked = project.query(6)
    assert shown(asked) == ["blue", "red"] * 3
    assert "like the name of a class" in asked[0].why
    assert {one.guess for one in asked} == {None}
    project.add_classes(["green"])
    project.retrain()
    assert shown(project.query(6)) == ["blue", "red", "green"] * 2
    project.teach(
        {one.item.item_id: name for one, name in zip(asked, ["blue", "red"], strict=False)}
    )
    project.retrain()
    assert "name of a class" not in project.query(1)[0].why


def test_the_grid_of_a_class_is_filled_by_its_name_until_there_is_a_label(project):
    assert sum(project.grid.overview().likely.values()) == 12
    page = project.grid.likely("red", 4)
    assert shown(page.items) == ["red"] * 4
    assert "like the words “red”" in page.about
    assert {one.guess for one in page.items} == {None}
    (one,) = [one for one in project.query(12) if one.item.name == "00.png"]
    project.teach({one.item.item_id: "red"})
    project.retrain()
    assert "what the model takes" in project.grid.likely("red", 4).about


def test_words_are_no_evidence(project):
    status = project.status()
    assert (status.n_labeled, status.model_version) == (0, 1)
    scores = read_scores(project._folder.scores(project.store.versions()[-1]))
    assert scores.proba.shape == (12, 0)
    with pytest.raises(InvalidInputError, match="no model to check"):
        project.audits.draw(0.2)


def test_a_search_finds_what_pictures_show(project, pictures):
    page = project.grid.holding("green", 12)
    assert shown(page.items)[:4] == ["green"] * 4
    assert page.n_open == 12, "all of them, in their order"
    assert "most like these words" in page.about
    named = project.grid.holding("03.png", 12).items
    assert named[0].item.name == "03.png", "names that hold the text come first"
    assert len(named) == 12


def test_on_the_map_the_likest_are_found_where_no_name_is(project, monkeypatch):
    from sparing.project.grid import grid

    assert project.grid.visible("03").tolist() == [3]
    monkeypatch.setattr(grid, "N_ALIKE", 4)
    assert project.grid.visible("green").tolist() == [1, 4, 7, 10]
    assert project.grid.visible("").tolist() == list(range(12))


def test_the_page_and_status_say_so(project, capsys):
    from sparing.cli.app import run

    assert FOUND in project.status().seen_by
    project.close()
    assert run(["status", str(project.folder)]) == 0
    assert FOUND.split(".")[0] in " ".join(capsys.readouterr().out.split())


def test_without_the_half_that_reads_the_search_says_so_and_all_else_stays(project, towers):
    ids = [one.item.item_id for one in project.query(2)]
    project.teach(dict.fromkeys(ids, "red"))
    (towers / "onnx" / "text_model.onnx").unlink()
    (towers / "onnx" / "text_model_quantized.onnx").unlink()
    page = project.grid.holding("green", 12)
    assert page.items == []
    assert "reads words is gone" in page.about
    assert project.grid.visible("green").tolist() == []
    project.retrain()
    assert project.status().n_labeled == 2


def test_a_half_that_does_not_fit_is_said_and_the_pictures_are_seen_all_the_same(towers, pictures):
    reading_network(towers / "onnx" / "text_model.onnx", width=4)
    with Project.create(pictures, classes=["red"], encoder=f"hog+onnx:{towers}") as project:
        project.retrain()
        (said,) = [line for line in project.status().seen_by if line.startswith(LOST)]
        assert "4 and 3 numbers" in said
        assert "like the name" not in project.query(1)[0].why
    reading_network(towers / "onnx" / "text_model.onnx")
    with Project.open(project.folder) as project:  # put right: read from now on
        project.retrain()
        assert FOUND in project.status().seen_by


def test_a_model_that_only_sees_makes_no_promise(towers, pictures):
    for name in ("text_model.onnx", "text_model_quantized.onnx"):
        (towers / "onnx" / name).unlink()
    with Project.create(pictures, classes=["red"], encoder=f"onnx:{towers}") as project:
        project.retrain()
        assert len(project.status().seen_by) == 1
        assert project.grid.holding("green", 12).items == []


def test_of_two_networks_each_takes_its_own(towers):
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    seen = OnnxImageEncoder(str(towers)).seen(red)
    words = OnnxImageEncoder(str(towers)).words()
    read = words.once(["a photo of red", "blue"])
    np.testing.assert_allclose(seen @ read.T, [[1, -1 / 3]], atol=1e-6)
    assert text_outputs(towers) == (False, 77)
    said = {"model_type": "clip", "text_config": {"max_position_embeddings": 5}}
    (towers / "config.json").write_text(json.dumps(said))
    assert text_outputs(towers) == (False, 5)
    long, cut = words.once(["red " + "blue " * 100]), words.once(["red " + "blue " * 76])
    np.testing.assert_allclose(long, cut, atol=1e-6)
    fewer = OnnxTextEncoder(str(towers)).once(["red " + "blue " * 100])
    np.testing.assert_allclose(fewer, words.once(["red " + "blue " * 4]), atol=1e-6)
    (towers / "config.json").write_text('{"model_type": "siglip"}')
    assert OnnxImageEncoder(str(towers)).words() is None, "it pads its words in another way"
    shutil.move(towers / "tokenizer.json", towers / "t.json")
    (towers / "config.json").unlink()
    assert OnnxImageEncoder(str(towers)).words() is None


def test_seeds_of_words_are_the_pictures_most_like_them_where_no_name_has_them(towers, pictures):
    with Project.create(pictures, classes=["sky", "sea"], encoder=f"onnx:{towers}") as project:
        assert project.look_for("sky", ["blue"]) == 0
        project.retrain()
        asked = project.query(4)
        assert set(shown(asked)) == {"blue"}
        assert "what is looked for" in asked[0].why
        assert project.status().n_labeled == 0, "no label is made of a word"
    with Project.create(pictures, pictures.with_name("shapes.sparing"), encoder="hog") as project:
        with pytest.raises(InvalidInputError, match="No item has 'blue' in its name or text"):
            project.look_for("sky", ["blue"])
        assert project.classes == []


def test_without_the_half_that_reads_seeds_of_words_hinder_nothing(towers, pictures):
    with Project.create(pictures, classes=["sky"], encoder=f"onnx:{towers}") as project:
        project.retrain()
        project.look_for("sky", ["blue"])
        (towers / "onnx" / "text_model.onnx").write_bytes(b"gone")
    with Project.open(project.folder) as project:
        project.teach({a.item.item_id: "sky" for a in project.query(1)})
        assert project.retrain() == 2
