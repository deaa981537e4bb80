"""What is published: a wheel and an sdist that hold what they need and run alone."""

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import sparing

HOUSE = Path(__file__).parents[1]
SOURCE = HOUSE / "src"
pytest.importorskip("hatchling", reason="needs hatchling: the group 'build'")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def built(house, out, kind):
    """Build as ``python -m build`` does, with the backend that is installed."""
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", out, cwd=house)
    (found,) = out.iterdir()
    return found


def own_files():
    paths = (p for p in SOURCE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(SOURCE).as_posix() for p in paths}


def files_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built(HOUSE, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel):
    assert files_of(wheel) == own_files()
    assert {"sparing/py.typed", "sparing/web/static/index.html"} <= files_of(wheel)


def test_a_wheel_that_is_built_from_the_sdist_is_the_same(tmp_path):
    sdist = built(HOUSE, tmp_path / "sdist", "sdist")
    with tarfile.open(sdist) as archive:
        names = set(archive.getnames())
        archive.extractall(tmp_path / "unpacked", filter="data")
    (house,) = (tmp_path / "unpacked").iterdir()
    assert {f"{house.name}/{name}" for name in ("LICENSE", "README.md", "CHANGELOG.md")} <= names
    assert not [name for name in names if re.search(r"\.venv|_build|\.ci/|__pycache__", name)]
    assert files_of(built(house, tmp_path / "again", "wheel")) == own_files()


def test_an_installed_wheel_runs_where_no_source_is(wheel, tmp_path):
    """Beside the libraries that are here, in a folder of its own."""
    place = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run(*pip, "--disable-pip-version-check", "--target", str(place), str(wheel))
    env = {**os.environ, "PYTHONPATH": str(place)}
    where = run(sys.executable, "-c", "import sparing; print(sparing.__file__)", env=env, cwd=place)
    assert Path(where.strip()).parent == place / "sparing"
    command = place / "bin" / "sparing"
    assert run(str(command), "--version", env=env).strip() == f"sparing {sparing.__version__}"
    assert "sparing label" in run(str(command), "label", "--help", env=env)


def test_the_metadata_says_what_it_is(metadata):
    with (HOUSE / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert metadata["Name"] == "sparing"
    assert metadata["Version"] == sparing.__version__ == project["version"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert set(metadata.get_all("Provides-Extra")) == set(project["optional-dependencies"])
    assert len(metadata.get_all("Classifier")) == len(set(project["classifiers"]))


def test_every_classifier_is_one_of_the_index(metadata):
    trove = pytest.importorskip("trove_classifiers")
    assert set(metadata.get_all("Classifier")) <= trove.classifiers


def test_all_is_every_extra_but_the_heavy_ones(metadata):
    of_extra = {extra: set() for extra in metadata.get_all("Provides-Extra")}
    for required in metadata.get_all("Requires-Dist"):
        name, _, marker = required.partition(";")
        if extra := re.search(r"extra == '(.*?)'", marker):
            of_extra[extra[1]].add(name.strip())
    heavy = {"fastembed", "ray", "rfdetr", "scikit-activeml", "sentence-transformers"}
    heavy |= {"torch", "torchvision"}
    light = (names for extra, names in of_extra.items() if extra not in {*heavy, "all"})
    assert of_extra["all"] == set().union(*light)
