import os
import signal
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np
import pytest
from array_api_compat import array_namespace
from hypothesis import HealthCheck, settings
from sklearn.datasets import load_digits

from sparing.datasets.mnist import Mnist, load_mnist
from sparing.experiment.article import most_confident_first
from sparing.experiment.reproduce import Reproduction, reproduce
from sparing.testing.postgresql import Server, find_postgresql, throwaway_server

# The same examples in every run, however slow the machine is: what fails, fails again. Others are
# looked for with --hypothesis-profile=default.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

collect_ignore = ["windows"]  # it makes of any Python that imports it one without POSIX


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C reach the commands under test: a shell's background job inherits it ignored.

    What projects note in the user's data folder goes into one of the tests.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    data = TemporaryDirectory()
    config.add_cleanup(data.cleanup)
    os.environ["XDG_DATA_HOME"] = data.name


LONGEST = [
    "test_label_studio_itself.py", "test_ray.py", "test_api_routes.py",
    "test_reproduce.py", "test_report.py", "test_engine.py",  # share what is computed
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end of a run it would keep one processor alone."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(autouse=True)
def _keys_of_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same items in every run: whether an error is among them must not be luck.

    Each draw of a test has a key of its own, as in use, where it is random.
    """
    keys = (f"{n:064x}" for n in count(1))
    monkeypatch.setattr("sparing.project.audits.draws.fresh_key", lambda: next(keys))


@pytest.fixture(scope="session")
def sparing_data() -> Path:
    """The folder of real data, which is no part of the project."""
    folder = os.environ.get("SPARING_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the real data: set SPARING_DATA to its folder")
    return Path(folder)


@pytest.fixture(scope="session")
def mnist(sparing_data: Path) -> Mnist:
    """The real MNIST."""
    if not (sparing_data / "mnist").is_dir():
        pytest.skip("needs the real MNIST in SPARING_DATA/mnist")
    return load_mnist(sparing_data, offline=True)


@pytest.fixture(scope="session")
def small_digits() -> Mnist:
    """Scikit-learn's 8 x 8 digits blown up to 28 x 28, often enough to fill the article's pool."""
    images, labels = load_digits(return_X_y=True)
    order = np.resize(np.random.default_rng(0).permutation(len(labels)), 4500)
    big = np.kron(images[order].reshape(-1, 8, 8), np.ones((3, 3))) * 15.9
    big = np.pad(big, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    y = labels[order].astype(np.int64)
    return Mnist(big[:4000], y[:4000], big[4000:], y[4000:], "Made for the tests.", {}, False)


@pytest.fixture(scope="session")
def postgresql_programs() -> Path:
    """The folder of PostgreSQL's programs."""
    found = find_postgresql()
    if found is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    pytest.importorskip("psycopg")
    return found


@pytest.fixture(scope="session")
def postgresql(postgresql_programs: Path) -> Iterator[Server]:
    """A real PostgreSQL server on loopback, for all tests that leave it running."""
    with throwaway_server(postgresql_programs) as server:
        yield server


@pytest.fixture(params=["array_api_strict", "torch"])
def xp(request: pytest.FixtureRequest) -> ModuleType:
    """An array library other than NumPy, as an array-API namespace."""
    library = pytest.importorskip(request.param)
    return array_namespace(library.asarray([0.0]))


@pytest.fixture(scope="session")
def reproduction(small_digits: Mnist) -> Reproduction:
    """All that ``sparing reproduce`` computes, on small digits; of its last curve the beginning."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "sparing.experiment.reproduce.most_confident_first",
            lambda session: islice(most_confident_first(session), 12),
        )
        return reproduce(small_digits, n_shuffles=2, seed=0, full=False, tick=lambda *_: None)
