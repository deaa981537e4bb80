"""How a trial goes: so many labels, so many a round, and what is held out."""

from dataclasses import dataclass

from sparing._validate import check_int


@dataclass(frozen=True, slots=True)
class Protocol:
    """How one trial goes.

    Parameters
    ----------
    budget : labels at the end
    batch_size : labels a round; what is left if the budget ends in between
    n_initial : labels drawn uniformly at the start, the same ones for all strategies of a seed
    test_share : of the items, held out to measure; each seed draws its own
    """

    budget: int
    batch_size: int
    n_initial: int = 0
    test_share: float = 0.3

    def __post_init__(self) -> None:
        check_int("budget", "compare", self.budget, 1)
        check_int("batch_size", "compare", self.batch_size, 1, self.budget)
        check_int("n_initial", "compare", self.n_initial, 0, self.budget)

    def label_counts(self) -> list[int]:
        """Return at how many labels the model is measured.

        Examples
        --------
        >>> Protocol(budget=50, batch_size=20).label_counts()
        [20, 40, 50]
        >>> Protocol(budget=50, batch_size=20, n_initial=15).label_counts()
        [15, 35, 50]
        """
        start = self.n_initial or self.batch_size
        return [*range(start, self.budget, self.batch_size), self.budget]
