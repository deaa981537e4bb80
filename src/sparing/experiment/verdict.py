"""One sentence: what active learning saves here, with its interval, or that it does not."""

from sparing.experiment.comparison import Comparison
from sparing.experiment.statistics import LEAST_SEEDS, SeedInterval


def verdict(comparison: Comparison) -> str:
    """Say what the best of the strategies saves against random labels.

    The intervals allow for having picked the best. Where no saving is shown at the end of the
    curve but the curve lies higher on the whole, the sentence says that.
    """
    name, n_seeds = comparison.best, len(comparison.seeds)
    against = comparison.against_random[name]
    saving, saved, gain = against.saving, against.saving.saved, against.gain
    ours, theirs = f"{round(saving.ours):,}", f"{round(saving.theirs):,}"
    reached = f"'{name}' reaches {saving.target:.1%} with {ours} labels, random with {theirs}"
    if saved.low is None or saved.high is None or gain.low is None or gain.high is None:
        return f"With {n_seeds} of at least {LEAST_SEEDS} seeds nothing is shown yet: {reached}."
    whole = f"{reached}, saved {count(saved, '95% interval ')}, {n_seeds} seeds."
    if saved.low > 0:
        return f"Active learning saves labels here: {whole}"
    if gain.low > 0:
        better = f"'{name}' is {points(gain, '95% interval ')} points better on average"
        return f"Active learning pays here before the end: {better}; in the end {whole}"
    if saved.high < 0 or gain.high < 0:
        return f"Active learning does not save labels here, it costs some: {whole}"
    return f"Active learning is not shown to save labels here: {whole}"


def points(interval: SeedInterval, what: str = "") -> str:
    """Write a difference of shares in percentage points, with its interval.

    Examples
    --------
    >>> points(SeedInterval(0.012, 0.004, 0.02))
    '+1.2 (+0.4 to +2.0)'
    """
    value = f"{interval.value * 100:+.1f}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({what}{interval.low * 100:+.1f} to {interval.high * 100:+.1f})"


def count(interval: SeedInterval, what: str = "") -> str:
    """Write a number of labels with its interval.

    Examples
    --------
    >>> count(SeedInterval(110.2, 60.0, 150.0), "95% interval ")
    '110 (95% interval 60 to 150)'
    """
    value = f"{round(interval.value):,}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({what}{round(interval.low):,} to {round(interval.high):,})"
