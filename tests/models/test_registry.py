import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from sparing import ActiveLearner
from sparing.cli import main
from sparing.errors import CapabilityError, InvalidInputError, UnknownNameError
from sparing.models.registry import MODELS, get_model, model_names


@pytest.fixture
def distribution(tmp_path_factory, monkeypatch):
    """Install a package of nobody, which has entry points of one group."""

    def install(group, **points):
        place = tmp_path_factory.mktemp("site")
        info = place / "nobodys-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nobodys\nVersion: 1.0\n")
        lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(place)

    return install


def test_each_name_gives_an_unfitted_model_of_its_own():
    assert get_model("auto") == "auto"
    assert isinstance(get_model("forest"), RandomForestClassifier)
    assert isinstance(get_model("linear").steps[-1][1], LogisticRegression)
    for name in set(MODELS) - {"auto"}:
        assert get_model(name) is not get_model(name)


def test_other_names_are_answered_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'forst'. Did you mean 'forest'.* auto, forest"):
        get_model("forst")


def test_a_learner_takes_a_model_by_its_name_and_is_saved_with_it(tmp_path):
    X, y = load_iris(return_X_y=True)
    learner = ActiveLearner(X, model="forest", strategy="margin")
    learner.teach([0, 50, 100, 1, 51, 101], y[[0, 50, 100, 1, 51, 101]])
    assert isinstance(learner.model, RandomForestClassifier)
    learner.save(tmp_path / "learner.npz")
    again = ActiveLearner.load(tmp_path / "learner.npz", X, model="forest")
    assert again.predict().tolist() == learner.predict().tolist()
    with pytest.raises(InvalidInputError, match="RandomForestClassifier, as it was saved"):
        ActiveLearner.load(tmp_path / "learner.npz", X, model="linear")


def test_a_model_of_another_package_is_found_by_its_entry_point(distribution):
    distribution(
        "sparing.models",
        nearest="sklearn.neighbors:NearestCentroid",
        gone="no_such_module_anywhere:Model",
        odd="math:sqrt",
    )
    assert {"auto", "nearest", "gone"} < set(model_names())
    assert type(get_model("nearest")).__name__ == "NearestCentroid"
    assert ActiveLearner(np.eye(3), model="nearest").model.metric == "euclidean"
    with pytest.raises(UnknownNameError, match="Did you mean 'nearest'"):
        get_model("neares")
    with pytest.raises(CapabilityError, match=r"'gone' of entry point .* cannot be loaded: Modul"):
        get_model("gone")
    with pytest.raises(CapabilityError, match=r"'odd' .* is no Classifier class"):
        get_model("odd")


def test_compare_takes_it_by_its_name(distribution, tmp_path, capsys):
    distribution("sparing.models", bayes="sklearn.naive_bayes:GaussianNB")
    table = tmp_path / "iris.csv"
    X, y = load_iris(return_X_y=True)
    lines = [",".join([*map(str, row), f"class {label}"]) for row, label in zip(X, y, strict=True)]
    table.write_text("\n".join(["a,b,c,d,label", *lines]), encoding="utf-8")
    run = ["compare", str(table), "--label-column", "label", "--model", "bayes", "--budget", "12"]
    with pytest.raises(SystemExit) as done:
        main([*run, "--strategies", "margin", "--seeds", "1", "--out", str(tmp_path / "out")])
    assert done.value.code == 0, capsys.readouterr()
