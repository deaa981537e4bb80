"""The saved model that shards are judged by: of the right width, read once a worker."""

from functools import lru_cache
from pathlib import Path

from sparing.errors import InvalidInputError
from sparing.models.saved import SavedModel, load_model
from sparing.sharded.manifest import ShardManifest


def check_width(model: SavedModel, manifest: ShardManifest, path: Path) -> None:
    """Refuse a model of vectors of another length.

    Raises
    ------
    InvalidInputError : it is
    """
    if model.head.n_features != manifest.columns:
        raise InvalidInputError(
            f"{path} reads vectors of {model.head.n_features} columns; the shards have"
            f" {manifest.columns}: encode the items as the model's were."
        )


@lru_cache(maxsize=2)
def _loaded(path: Path, mtime_ns: int) -> SavedModel:
    return load_model(path)


def worker_model(path: Path) -> SavedModel:
    """Return a saved model, read once a worker."""
    return _loaded(path, path.stat().st_mtime_ns)
