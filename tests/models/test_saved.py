import json
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sparing.encoders import HogEncoder, TableEncoder, TextEncoder, VectorEncoder
from sparing.errors import CapabilityError, SourceError, TrainingError
from sparing.learner.learner import ActiveLearner
from sparing.models.ensemble import EnsembleClassifier
from sparing.models.graph_classifier import GraphClassifier
from sparing.models.heads import HEADS, head_of
from sparing.models.saved import SavedModel, load_model, save_model
from sparing.models.softmax import SoftmaxRegression

X, Y = make_blobs(80, centers=3, n_features=4, cluster_std=2.0, random_state=0)
NEW = make_blobs(30, centers=3, n_features=4, cluster_std=4.0, random_state=1)[0]
LINEAR = (
    SoftmaxRegression(),
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(StandardScaler(with_mean=False), SoftmaxRegression()),
    make_pipeline(StandardScaler(with_std=False), LogisticRegression()),
)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("model", LINEAR, ids=str)
def test_linear_heads_say_what_their_model_says(model, n_classes):
    rows = n_classes > Y
    fitted = model.fit(X[rows], Y[rows])
    np.testing.assert_allclose(
        head_of(fitted).predict_proba(NEW), fitted.predict_proba(NEW), atol=1e-12
    )


@pytest.mark.parametrize("model", [GraphClassifier(), EnsembleClassifier()])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_graph_heads_say_what_their_model_says(model, scale):
    units = np.array([1, 1, 1, scale])  # columns of different units are rescaled
    y = np.where(np.arange(80) % 4, -1, Y)
    fitted = model.fit((X * units).astype(np.float32), y)
    new = (NEW * units).astype(np.float32)
    head = head_of(fitted)
    np.testing.assert_allclose(head.predict_proba(new), fitted.predict_proba(new), atol=1e-5)
    again = HEADS[head.kind].from_state(head.get_state())
    np.testing.assert_array_equal(again.predict_proba(new), head.predict_proba(new))


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(),
        make_pipeline(MinMaxScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=2)),
        make_pipeline(StandardScaler(), StandardScaler(), LogisticRegression()),
        LogisticRegression(solver="liblinear"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using the 'liblinear' solver:FutureWarning")
def test_other_models_are_refused_in_one_line(model):
    try:
        fitted = model.fit(X, Y)
    except ValueError as error:  # newer scikit-learn refuses it itself
        pytest.skip(str(error))
    with pytest.raises(CapabilityError, match="cannot be saved without pickle: models that can"):
        head_of(fitted)


def saved(encoder, values, labels, model, **params):
    learner = ActiveLearner(encoder.fit_transform(values), ["a", "b", "never", "c"], model)
    learner.teach(np.arange(len(labels)), labels)
    return learner, SavedModel.of(
        learner.version.fitted,
        encoder,
        classes=learner.classes,
        n_labeled=len(labels),
        **params,
    )


TEXTS = [f"{word} and {other} are here" for word in ("cats", "dogs") for other in "abcd fgh xyz"]
IMAGES = load_digits().images[:40]
CELLS = np.array([[str(i), "red" if i % 3 else None] for i in range(20)], dtype=object)
CASES = {
    "table": (TableEncoder(), CELLS, LogisticRegression()),
    "texts": (TextEncoder(n_components=3, min_count=1), TEXTS, LogisticRegression()),
    "vectors": (VectorEncoder(), X[:40].astype(np.float32), "auto"),
    "images": (HogEncoder(n_components=4), IMAGES, SoftmaxRegression()),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_model_comes_back_from_its_file(kind, tmp_path):
    encoder, values, model = CASES[kind]
    labels = ["c" if i % 3 else "a" for i in range(len(values) // 2)]
    learner, before = saved(encoder, values, labels, model, kind=kind, columns=("x",))
    save_model(tmp_path / "m.npz", before)
    after = load_model(tmp_path / "m.npz")
    assert after.classes == ("a", "b", "never", "c")
    assert (after.kind, after.columns, after.n_labeled) == (kind, ("x",), len(labels))
    assert after.encoder.get_params() == encoder.get_params()
    new = values[-5:]
    np.testing.assert_allclose(after.predict_proba(new), before.predict_proba(new))
    expected = learner.predict_proba(encoder.transform(new))
    np.testing.assert_allclose(after.predict_proba(new), expected, atol=1e-5)


def test_the_file_holds_no_pickle(tmp_path):
    encoder, values, model = CASES["texts"]
    labels = ["a", "c"] * 4
    save_model(tmp_path / "m.npz", saved(encoder, values, labels, model, kind="texts")[1])
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "biufU" for name in arrays.files)
        assert json.loads(arrays["facts"].tobytes())["head"] == "linear"


def test_one_class_is_no_model():
    with pytest.raises(TrainingError, match="label items of two classes first"):
        saved(VectorEncoder(), X, ["a"], LogisticRegression(), kind="vectors")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a saved model"),
        (b"PK\x03\x04 nothing", "is not a saved model"),
        (pickle.dumps({"a": 1}), "is not a saved model"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "m.npz"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        load_model(path)
    with pytest.raises(SourceError, match="There is no file"):
        load_model(tmp_path / "none.npz")


def test_files_of_another_version_or_with_parts_missing_are_refused(tmp_path):
    path = tmp_path / "m.npz"
    save_model(path, saved(*CASES["texts"][:2], ["a", "c"] * 4, LogisticRegression(), kind="t")[1])
    with np.load(path) as stored:
        arrays = dict(stored)
    facts = json.loads(arrays["facts"].tobytes())

    def rewritten(changed, **more):
        content = np.frombuffer(json.dumps(facts | changed).encode(), np.uint8)
        np.savez(path, **{**arrays, "facts": content, **more})

    rewritten({"format": 9})
    with pytest.raises(SourceError, match="format 9; this version reads 1"):
        load_model(path)
    rewritten({"head": "forest"})
    with pytest.raises(SourceError, match="is not a saved model, or it is damaged"):
        load_model(path)
    rewritten({"fingerprint": "other"})
    with pytest.raises(SourceError, match="not the one that the model was made with"):
        load_model(path)
    rewritten({"encoder": "txt"})
    with pytest.raises(Exception, match=r"There is no encoder 'txt'. Did you mean 'text'"):
        load_model(path)


def test_a_file_from_elsewhere_has_nothing_fetched(tmp_path, monkeypatch):
    _, made = saved(*CASES["texts"][:2], ["a", "c"] * 4, LogisticRegression(), kind="texts")
    save_model(tmp_path / "m.npz", made)
    with np.load(tmp_path / "m.npz") as read:
        arrays = dict(read)
    facts = json.loads(arrays["facts"].tobytes())
    net = ["fastembed", {"model": "evil/model", "download": True}]
    columns = ["text-columns", {"reader": "fastembed", "params": net[1]}]
    facts |= {"encoder": "joined", "encoder_params": {"parts": [net, columns]}}
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez(tmp_path / "m.npz", **arrays)
    asked = []

    def noted(name, **params):
        asked.append(params)
        raise SourceError("not in your cache")

    monkeypatch.setattr("sparing.models.saved.get_encoder", noted)
    with pytest.raises(SourceError, match="not in your cache"):
        load_model(tmp_path / "m.npz")
    offline = {"model": "evil/model", "download": False}
    assert asked == [
        {
            "parts": (
                ("fastembed", offline),
                ("text-columns", {"reader": "fastembed", "params": offline}),
            )
        }
    ]
