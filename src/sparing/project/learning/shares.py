"""How much each model inside the model is believed, in words for those who label."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sparing.project.source.contents import DESCRIBED
from sparing.store.facts import ModelShare

if TYPE_CHECKING:  # who only reads the sentences needs no model
    from sparing.learner.learner import ActiveLearner

MEANS = {
    "graph": "nearness to items with an answer",
    "kernel": "curved borders between classes",
    "linear": "straight borders, by least squares",
    "softmax": "straight borders, by likelihood",
    "forest": "decision trees",
}
WEIGHED = "The model weighs several models by how well they foretold answers they had not seen"
SEEN = "By what they look at"


def shares_of(learner: "ActiveLearner") -> tuple[ModelShare, ...]:
    """Return (name, share) of each model inside a learner's model, as ``explain`` does.

    Nothing as long as there is no model, or where it is a single one.

    Examples
    --------
    >>> import numpy as np
    >>> from sparing import ActiveLearner
    >>> learner = ActiveLearner(np.array([[0.0], [0.1], [2.0], [2.1]]))
    >>> shares_of(learner)
    ()
    >>> learner.teach([0, 3], ["low", "high"])
    >>> [name for name, _ in shares_of(learner)]
    ['graph', 'kernel', 'linear', 'softmax']
    """
    model = learner.fitted_model if len(learner.pool.labeled) else None
    return tuple(getattr(model, "shares_", {}).items())


def said_of_shares(shares: Iterable[ModelShare]) -> tuple[str, ...]:
    """Return sentences on what the model's answers rest on; the most believed comes first.

    Examples
    --------
    >>> for line in said_of_shares((("text: graph", 0.6), ("text: linear", 0.15),
    ...                             ("minilm: graph", 0.25))):
    ...     print(line)
    The model weighs several models by how well they foretold answers they had not seen:
    nearness to items with an answer (graph) 85 %; straight borders, by least squares (linear) 15 %.
    By what they look at: words 75 %; a network trained on English sentences (MiniLM) 25 %.
    """
    parts = [(*name.rpartition(": ")[::2], share) for name, share in shares]
    models = _summed((model, share) for _, model, share in parts)
    views = _summed((DESCRIBED.get(view, view), share) for view, _, share in parts if view)
    told = [(f"{MEANS.get(model, model)} ({model})", share) for model, share in models]
    listed = ((WEIGHED, told), (SEEN, views))
    return tuple(f"{what}: {'; '.join(_percent(of))}." for what, of in listed if len(of) > 1)


def _summed(shares: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the sum of each name's shares, the largest first."""
    sums: dict[str, float] = {}
    for name, share in shares:
        sums[name] = sums.get(name, 0.0) + share
    return sorted(sums.items(), key=lambda found: -found[1])


def _percent(shares: list[tuple[str, float]]) -> Iterator[str]:
    for name, share in shares:
        yield f"{name} {share:.0%}".replace("%", " %") if share >= 0.005 else f"{name} under 1 %"
