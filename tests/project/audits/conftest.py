import os

import numpy as np
import pytest
from PIL import Image

from sparing.project import Project

N = 400


class Numbers:
    """Texts of 400 files: 'low' below 200, else 'high'; the model learns it well."""

    def __init__(self, folder):
        self.source = folder / "numbers.npy"
        self.folder = folder / "numbers.npy.sparing"
        self.X = np.linspace(-1, 1, N, dtype=np.float32)[:, None] * np.ones(3, np.float32)
        np.save(self.source, self.X)
        self.truth = {}

    def project(self):
        project = Project.create(self.source, classes=["low", "high"])
        self.truth = {i: "low" if row < N // 2 else "high" for row, i in enumerate(project.items)}
        return project

    def answer(self, project, asked):
        project.teach({a.item.item_id: self.truth[a.item.item_id] for a in asked})

    def train(self, project, n=40):
        self.answer(project, project.query(n))
        project.retrain()


@pytest.fixture
def numbers(tmp_path):
    return Numbers(tmp_path)


@pytest.fixture(scope="module")
def numbers_of_module(tmp_path_factory):
    return Numbers(tmp_path_factory.mktemp("numbers"))


class Photographs:
    """Eighty pictures, those with an odd number brighter; the class is "1" for these, else "0"."""

    def __init__(self, folder):
        self.folder = folder / "photos"
        self.folder.mkdir()
        rng = np.random.default_rng(0)
        for i in range(80):
            pixels = rng.integers(0, 40, (28, 28)) + (200 if i % 2 else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(self.folder / f"{i}.png")

    def answer(self, project, asked):
        project.teach({a.item.item_id: str(int(a.item.name[:-4]) % 2) for a in asked})

    def change(self, name):
        """Put another picture in its place, later by more than a clock may be coarse."""
        path = self.folder / name
        Image.new("L", (28, 28), 100).save(path)
        stamp = path.stat().st_mtime_ns + 10**10
        os.utime(path, ns=(stamp, stamp))


@pytest.fixture
def photographs(tmp_path):
    return Photographs(tmp_path)
