import json
import re
from dataclasses import replace

import numpy as np
import pytest

from sparing.experiment import reproduce as module
from sparing.experiment.honest import gather
from sparing.experiment.report import write_report
from sparing.experiment.results import article_rows, as_json
from sparing.experiment.wording import page_words, spread, verdict_on_article


@pytest.fixture(scope="module")
def result(reproduction):
    return reproduction


@pytest.fixture(scope="module")
def out(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_report(result, folder, lambda *_: None)
    return folder


def test_results_have_the_promised_keys(out, result):
    results = json.loads((out / "results.json").read_text())
    article = results["article"]
    assert article["all"] == result.article.all
    assert {"first_400", "auto_label_all", "most_confident_first"} <= set(article)
    assert len(article["active"]["labels"]) == len(article["active"]["accuracy"]) == 40
    assert results["honest"]["n_shuffles"] == 2
    gain = results["honest"]["stopped_on_held_out"]["test_all"]["gain"]
    assert gain["mean"] == pytest.approx(np.mean(gain["values"]))
    assert results["versions"]["numpy"]
    assert results["seed"] == 0


def test_page_asks_nothing_from_elsewhere(out):
    page = (out / "report.html").read_text()
    # XML namespaces are names, not requests.
    asked = re.findall(r"""(?:src|href)=["']([^"'#][^"']*)|url\(([^)#]+)\)|@import""", page)
    assert [a for a in asked if not a[0].startswith("data:")] == []


def test_page_has_every_section_of_the_article(out):
    page = (out / "report.html").read_text()
    sections = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert sections[:7] == [
        "Data for the experiment",
        "Model, training and labeling",
        "Ground truth",
        "Clustering",
        "Random labels",
        "Active learning",
        "What to do with the rest of the unlabeled data",
    ]
    assert "Drawbacks" in sections
    assert "$" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S)  # every place was filled


def test_ids_are_unique_though_figures_share_the_page(out):
    ids = re.findall(r'\bid="([^"]+)"', (out / "report.html").read_text())
    assert len(ids) == len(set(ids))


def test_every_figure_is_there_twice(out):
    figures = {path.name for path in (out / "figures").iterdir()}
    names = {name.split(".")[0] for name in figures}
    assert figures == {f"{n}.{kind}" for n in names for kind in ("svg", "png")}
    assert len(names) == 12


def test_a_foreign_test_set_is_said(out, result):
    assert not result.is_article_test
    assert "not the article" in (out / "report.html").read_text()


def test_words_carry_the_figures(result):
    mean = result.honest.summary["stopped_on_test"]["test_400"]["least_confident"].mean
    assert f"{mean:.1%}" in verdict_on_article(result)
    assert article_rows(result)[0][1:] == (0.9225, result.article.all)


def test_a_single_shuffle_is_reported_without_intervals(result, shuffle):
    one = gather([shuffle[1]])
    alone = replace(result, honest=one)
    assert "nan" not in " ".join(page_words(alone).values()).lower()
    assert spread(one.summary["stopped_on_test"]["test_all"]["all"]).count("%") == 1
    assert json.dumps(as_json(alone), allow_nan=False)


def test_an_interrupt_keeps_the_shuffles_that_are_done(result, shuffle, monkeypatch):
    number, scores = shuffle

    def interrupted(digits, n_shuffles, seed, **_):
        yield number, scores
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_shuffles", interrupted)
    kept = module._run_shuffles(result.digits, 5, 0, full=False, tick=lambda *_: None)
    assert kept == [scores]


def test_an_interrupted_run_says_so(result):
    assert result.interrupted is False
    stopped = replace(result, n_wanted=7)
    assert stopped.interrupted
    assert "stopped after 2 of 7" in page_words(stopped)["warning"]


def test_an_interrupt_before_the_first_shuffle_is_passed_on(result, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(module, "run_shuffles", interrupted)
    with pytest.raises(KeyboardInterrupt):
        module._run_shuffles(result.digits, 5, 0, full=False, tick=lambda *_: None)
