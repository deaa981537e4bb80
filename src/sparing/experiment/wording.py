"""What the reproduction says in words; every number comes from the results."""

import math
from html import escape

import numpy as np

from sparing.experiment.article import PUBLISHED, TEST_SIZE
from sparing.experiment.fragility import points_matched
from sparing.experiment.honest import Summary
from sparing.experiment.reproduce import Reproduction


def percent(share: float, decimals: int = 2) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.905)
    '90.50%'
    """
    return f"{share:.{decimals}%}"


def spread(s: Summary) -> str:
    """Write a share over shuffles: mean, standard deviation of one run, interval of the mean."""
    if s.sd is None:
        return percent(s.mean)
    if s.sd < 1e-9:
        return f"{percent(s.mean)} in every order"
    interval = "" if s.low is None or s.high is None else f" ({s.low:.1%} to {s.high:.1%})"
    return f"{s.mean:.1%} ± {s.sd:.1%}{interval}"


def in_points(s: Summary) -> str:
    """Write a difference of shares in percentage points, with its interval."""
    if s.low is None or s.high is None:
        return f"{s.mean * 100:+.1f}"
    return f"{s.mean * 100:+.1f} ({s.low * 100:+.1f} to {s.high * 100:+.1f})"


def page_words(r: Reproduction) -> dict[str, str]:
    """Return what the page says, by the name of the place where it says it."""
    a, n_test = r.article, len(r.digits.y_test)
    watched = min(TEST_SIZE, n_test)
    matched, n_points = points_matched(a.active.accuracy), len(PUBLISHED.curve)
    majority = sorted({int(d) for d in r.clustering.majority})
    missing = [str(d) for d in range(10) if d not in majority]
    in_article = " as in the article" if r.is_article_test else ""
    and_all = f" and on all {n_test:,}" if n_test > watched else ""
    return {
        "source": escape(r.source),
        "source_phrase": "the real digits" if r.is_article_test else "real digits of MNIST",
        "warning": _warnings(r),
        "verdict": verdict_on_article(r),
        "test_phrase": (
            f"the first {watched} test digits, as in the article"
            if r.is_article_test
            else f"{watched} digits that are not the article's test set"
        ),
        "all": percent(a.all),
        "first_400": percent(a.first_400),
        "active": percent(a.active.accuracy[-1]),
        "auto_label_all": percent(a.auto_label_all),
        "auto_phrase": (
            "no better than before"
            if a.auto_label_all <= a.active.accuracy[-1]
            else f"before it was {percent(a.active.accuracy[-1])}"
        ),
        "most_confident_first": percent(a.most_confident_first.accuracy[-1]),
        "points_phrase": f"{matched} of the article's {n_points} published points are met exactly.",
        "confidence_low": f"{a.confidence_first[0]:.0%}",
        "confidence_high": f"{a.confidence_first[-1]:.0%}",
        "purity": f"{r.clustering.purity:.0%}",
        "cluster_digits": (
            f"No cluster is named {' or '.join(missing)}."
            if missing
            else "Every digit has a cluster."
        ),
        "n_test_all": f"{n_test:,}",
        "tested_words": f"tested on {watched:,} digits{in_article}{and_all}",
        "n_test_watched": f"{watched:,}",
        "n_shuffles": str(r.honest.n_shuffles),
        "honest_words": honest_words(r),
        "engine_errors": _errors(r),
        "test_error": f"±{1.96 * math.sqrt(a.all * (1 - a.all) / watched):.1%}",
        "seed": str(r.seed),
    }


def verdict_on_article(r: Reproduction) -> str:
    """Say what the published gain is worth."""
    s = r.honest.summary["stopped_on_test"]["test_400"]["least_confident"]
    gain = r.honest.gain["stopped_on_test"]["test_all"]
    published = PUBLISHED.active - PUBLISHED.first_400
    n = r.honest.n_shuffles
    orders = f"{n} orders" if n > 1 else "one other order"
    above = sum(value < PUBLISHED.active for value in s.values)
    # On other test digits the published figure has no rank among ours.
    rank = f", and the published figure is above {above} of the {n}" if r.is_article_test else ""
    interval = ", with a 95% interval" if gain.low is not None else ""
    return (
        f"The article's {percent(PUBLISHED.active)} is one favorable path: over {orders} of the "
        f"same pool the same method reaches {percent(s.mean, 1)} on average{rank} (best "
        f"{percent(max(s.values))}). Of its gain of {published * 100:.0f} points over random "
        f"labels, this is what remains on {len(r.digits.y_test):,} test digits, in "
        f"points{interval}: {in_points(gain)}."
    )


def honest_words(r: Reproduction) -> str:
    """Say what the shuffles show, with and without the leak."""
    leaky = r.honest.summary["stopped_on_test"]["test_all"]["least_confident"].mean
    clean = r.honest.summary["stopped_on_held_out"]["test_all"]["least_confident"].mean
    gain = r.honest.gain["stopped_on_held_out"]["test_all"]
    return (
        f"Without a look at the test digits 400 least confident labels give {percent(clean, 1)} "
        f"instead of {percent(leaky, 1)}; a part of the difference is the fifth of the labels "
        f"that is held out of training for the stopping. {_gain_sentence(gain)} {in_points(gain)} "
        f"points."
    )


def _gain_sentence(gain: Summary) -> str:
    if gain.low is None or gain.high is None:
        return "Too few orders for an interval of the gain over random labels:"
    if gain.low > 0:
        return "The gain over random labels stays:"
    if gain.high < 0:
        return "Over random labels it is a loss:"
    return "The gain over random labels is within the noise:"


def engine_words(r: Reproduction) -> str:
    """Say what the engine of this project does with the same digits."""
    e = r.engine
    shown = [n for n in (10, 20, 100, 400) if n in e.labels]
    figures = ", ".join(f"{n} labels {percent(e.accuracy_all[e.labels.index(n)])}" for n in shown)
    return (
        f"The same digits with sparing's own engine, on {len(r.digits.y_test):,} test digits "
        f"(one run): {figures}."
    )


def _errors(r: Reproduction) -> str:
    wrong = int(np.count_nonzero(r.engine.predicted != r.digits.y_test))
    return (
        f"Of {len(r.digits.y_test):,} test digits, {wrong:,} are wrong after "
        f"{r.engine.labels[-1]} labels; some of them."
    )


def _warnings(r: Reproduction) -> str:
    said = []
    if not r.is_article_test:
        said.append(
            f"<strong>The test set is not the article's.</strong> {escape(r.source)} The "
            "published figures cannot be met exactly with it."
        )
    if r.interrupted:
        said.append(
            f"<strong>The run was stopped after {r.honest.n_shuffles} of {r.n_wanted} "
            "shuffles.</strong>"
        )
    return "".join(f'<p class="verdict">{sentence}</p>' for sentence in said)
