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
    reached = f"'{name}' needs {ours} labels for {saving.target:.1%}, choosing at random {theirs}"
    if saved.low is None or saved.high is None or gain.low is None or gain.high is None:
        return f"{n_seeds} of at least {LEAST_SEEDS} repetitions show nothing yet: {reached}."
    whole = f"{reached}: {fewer(saved)}, by {n_seeds} repetitions."
    if saved.low > 0:
        return f"Active learning saves labels here: {whole}"
    if gain.low > 0:
        better = f"'{name}' is {points(gain, 'with 95% certainty ')} points better on average"
        return f"Active learning pays here before the end: {better}. In the end {whole}"
    if saved.high < 0 or gain.high < 0:
        return f"Active learning saves no labels here, it costs some: {whole}"
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


def count(interval: SeedInterval) -> str:
    """Write a number of labels with its interval.

    Examples
    --------
    >>> count(SeedInterval(110.2, 60.0, 150.0))
    '110 (60 to 150)'
    """
    value = f"{round(interval.value):,}"
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({round(interval.low):,} to {round(interval.high):,})"


def fewer(saved: SeedInterval) -> str:
    """Say how many labels fewer are needed, or more, and between which numbers that lies.

    Examples
    --------
    >>> fewer(SeedInterval(22.4, 3.0, 42.0)), fewer(SeedInterval(-16.0, -43.0, 10.0))
    ('22 fewer (with 95% certainty 3 to 42)', '16 more (with 95% certainty 10 fewer to 43 more)')
    """
    ends = [0 if end is None else round(end) for end in (saved.low, saved.high)]
    if saved.value < 0:
        ends = [-end for end in reversed(ends)]
    way, other = ("fewer", "more") if saved.value >= 0 else ("more", "fewer")
    low, high = ends
    between = f"{low:,} to {high:,}" if low >= 0 else f"{-low:,} {other} to {high:,} {way}"
    return f"{abs(round(saved.value)):,} {way} (with 95% certainty {between})"
