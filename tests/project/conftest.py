from pathlib import Path

import pytest

from sparing.project import Project


class Pets:
    """A table of 60 rows whose truth is known: legs and wings tell fur from feathers."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "pets.csv"
        self.folder = folder / "pets.csv.sparing"
        lines = [f"{2 + 2 * (i % 2)},{1 - i % 2},{i}" for i in range(60)]
        self.source.write_text("legs,wings,number\n" + "\n".join(lines) + "\n")

    def truth(self, item):
        return "fur" if item.fields["legs"] == "4" else "feathers"

    def answer(self, project, asked):
        project.teach({a.item.item_id: self.truth(a.item) for a in asked})

    def create(self, **options):
        return Project.create(self.source, classes=["fur", "feathers"], **options)


@pytest.fixture
def pets(tmp_path: Path) -> Pets:
    return Pets(tmp_path)


@pytest.fixture
def project(pets):
    with pets.create() as project:
        yield project
