"""The reproduction as JSON: every figure and curve, and what they were computed from."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sparing.experiment.article import PUBLISHED
from sparing.experiment.honest import Honest
from sparing.experiment.reproduce import ArticleResult, Reproduction, describe_versions
from sparing.files import write_atomically


def article_rows(r: Reproduction) -> list[tuple[str, float | None, float]]:
    """Return (experiment, the article's accuracy or None, ours), as the article's table."""
    a = r.article
    return [
        ("all 4,000 labels", PUBLISHED.all, a.all),
        ("first 400 labels", PUBLISHED.first_400, a.first_400),
        ("400 least confident labels", PUBLISHED.active, a.active.accuracy[-1]),
        ("... + the model labels the rest at once", None, a.auto_label_all),
        (
            "... + the model labels, most confident first",
            PUBLISHED.most_confident_first,
            a.most_confident_first.accuracy[-1],
        ),
    ]


def write_results(r: Reproduction, out: Path) -> Path:
    """Write results.json, whole or not at all; return where it is."""
    path = out / "results.json"
    write_atomically(path, json.dumps(as_json(r), indent=1, allow_nan=False).encode())
    return path


def as_json(r: Reproduction) -> dict[str, Any]:
    """Return all results as plain lists, dicts and numbers; accuracies are fractions."""
    return {
        "seed": r.seed,
        "n_shuffles_wanted": r.n_wanted,
        "versions": describe_versions(),
        "digits": {
            "source": r.source,
            "checksums": r.checksums,
            "is_article_test": r.is_article_test,
            "n_test": len(r.digits.y_test),
        },
        "published": {**asdict(PUBLISHED), "curve": _curve_lists()},
        "article": _article(r.article),
        "clustering": {
            "purity": r.clustering.purity,
            "majority": r.clustering.majority.tolist(),
            "confusion": r.clustering.confusion.tolist(),
            "accuracy_by_labels_per_cluster": r.clustering.accuracy,
        },
        "engine": {
            **{name: getattr(r.engine, name) for name in ("labels", "accuracy", "accuracy_all")},
            "rules": r.engine.rules,
            "asked": r.engine.asked.tolist(),
            "errors": np.flatnonzero(r.engine.predicted != r.digits.y_test).tolist(),
        },
        "fragility": [asdict(variant) for variant in r.fragility],
        "honest": _honest(r.honest),
    }


def _article(a: ArticleResult) -> dict[str, Any]:
    return {
        "all": a.all,
        "first_400": a.first_400,
        "active": asdict(a.active),
        "auto_label_all": a.auto_label_all,
        "most_confident_first": a.most_confident_first.accuracy[-1],
        "most_confident_first_curve": asdict(a.most_confident_first),
        "asked": a.asked.tolist(),
        "confidence_first": _rounded(a.confidence_first),
        "confidence_rest": _rounded(a.confidence_rest),
    }


def _honest(honest: Honest) -> dict[str, Any]:
    """Return protocol -> test set -> experiment -> summary, the gain among the experiments."""
    figures: dict[str, Any] = {
        protocol: {
            test: {name: asdict(s) for name, s in experiments.items()}
            | {"gain": asdict(honest.gain[protocol][test])}
            for test, experiments in tests.items()
        }
        for protocol, tests in honest.summary.items()
    }
    return {"n_shuffles": honest.n_shuffles, **figures}


def _curve_lists() -> dict[str, list[Any]]:
    return {"labels": list(PUBLISHED.curve), "accuracy": list(PUBLISHED.curve.values())}


def _rounded(values: Any) -> list[float]:
    return [round(float(v), 6) for v in values]
