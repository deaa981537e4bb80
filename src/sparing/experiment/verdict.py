"""One sentence: what active learning saves here, with its interval, or that it does not."""

from sparing.experiment.comparison import Comparison
from sparing.experiment.statistics import Interval


def verdict(comparison: Comparison) -> str:
    """Say what the best of the strategies saves against random labels.

    The interval allows for having picked the best.
    """
    name = comparison.best
    against = comparison.against_random[name]
    saving, n_seeds = against.saving, len(comparison.seeds)
    ours, theirs = round(saving.ours), round(saving.theirs)
    reached = f"{saving.target:.1%}"
    saved = saving.saved
    if saved.low is None or saved.high is None:
        return (
            f"With {n_seeds} of at least 5 seeds nothing is shown yet: '{name}' reached {reached} "
            f"with {ours:,} labels, random with {theirs:,}."
        )
    interval = f"95% interval {round(saved.low):,} to {round(saved.high):,}, {n_seeds} seeds"
    if saved.low > 0:
        return (
            f"Active learning saves labels here: '{name}' reaches {reached} with {ours:,} labels, "
            f"random needs {theirs:,}: {round(saved.value):,} saved ({interval})."
        )
    if saved.high < 0:
        return (
            f"Active learning does not save labels here, it costs some: '{name}' reaches "
            f"{reached} with {ours:,} labels, random with {theirs:,} (saved: {interval})."
        )
    return (
        f"Active learning is not shown to save labels here: '{name}' reaches {reached} with "
        f"{ours:,} labels, random with {theirs:,}, which is within the noise (saved: {interval})."
    )


def points(interval: Interval) -> str:
    """Write a difference of shares in percentage points, with its interval.

    Examples
    --------
    >>> points(Interval(0.012, 0.004, 0.02))
    '+1.2 (+0.4 to +2.0)'
    """
    value = f"{interval.value * 100:+.1f}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({interval.low * 100:+.1f} to {interval.high * 100:+.1f})"


def count(interval: Interval) -> str:
    """Write a number of labels with its interval.

    Examples
    --------
    >>> count(Interval(110.2, 60.0, 150.0))
    '110 (60 to 150)'
    """
    if interval.low is None or interval.high is None:
        return f"{round(interval.value):,}"
    return f"{round(interval.value):,} ({round(interval.low):,} to {round(interval.high):,})"
