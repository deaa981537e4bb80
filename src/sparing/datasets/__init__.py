"""Where items come from: MNIST, and readers of folders and tables."""

from sparing.datasets.items import Items, Labeled, Skipped
from sparing.datasets.read import read_items, read_labeled

__all__ = ["Items", "Labeled", "Skipped", "read_items", "read_labeled"]
