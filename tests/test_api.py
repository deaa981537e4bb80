"""What the package offers is real, sorted and explained."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import sparing
from sparing import MissingExtraError

OPTIONAL = {
    "pyarrow",
    "matplotlib",
    "faiss",
    "torch",
    "skorch",
    "onnxruntime",
    "fastapi",
    "sqlalchemy",
}


ROOT = Path(sparing.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if path.name != "__main__.py"
)


def imported(name):
    try:
        return import_module(name)
    except MissingExtraError as error:
        pytest.skip(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise


def isort_key(name):
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def test_all_is_sorted_and_every_name_is_real():
    assert sparing.__all__ == sorted(sparing.__all__, key=isort_key)
    for name in sparing.__all__:
        assert getattr(sparing, name) is not None
    assert set(sparing.__all__) <= set(dir(sparing))


def test_lazy_names_and_those_for_the_type_checker_are_the_same():
    tree = ast.parse(Path(sparing.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {
        alias.name: node.module.removeprefix("sparing.")
        for node in block.body
        for alias in node.names
    }
    assert typed == sparing._MODULES
    assert set(typed) == set(sparing.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'sparing' has no attribute 'Learner'"):
        sparing.Learner  # noqa: B018


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_and_class_explains_itself(name):
    module = imported(name)
    assert module.__doc__, name
    for label, thing in vars(module).items():
        own = inspect.isfunction(thing) or inspect.isclass(thing)
        if own and not label.startswith("_") and thing.__module__ == name:
            assert inspect.getdoc(thing), f"{name}.{label}"


@pytest.mark.parametrize("name", MODULES)
def test_the_names_a_module_offers_are_real(name):
    module = imported(name)
    for label in getattr(module, "__all__", ()):
        assert hasattr(module, label), f"{name}.{label}"
