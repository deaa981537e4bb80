"""Every form of an export that is one table keeps to the same checks."""

from itertools import product

import pytest

from sparing.cli.projects import export
from sparing.errors import UnknownNameError
from sparing.project.files.forms import FORMS, ExportTable, Form
from sparing.testing import yield_export_checks


@pytest.mark.parametrize(
    ("form", "check"),
    [pytest.param(*p, id=f"{p[0]}-{p[1].__name__}") for p in product(FORMS, yield_export_checks())],
)
def test_every_form_keeps_to_the_checks(form, check):
    check(FORMS[form].write)


def first_column(table):
    """Return the first column alone."""
    return repr([row[0] for row in table.rows]).encode()


def headless(table):
    """Return the cells without the names of their columns."""
    return repr(table.rows).encode()


def counted():
    """Return a form that numbers its files."""
    n = iter(range(99))

    def numbered(table):
        """Return a number."""
        return f"{next(n)}".encode()

    return numbered


def vain(table):
    """Add a column to the table itself."""
    table.columns.append("vain")
    return repr((table.columns, table.rows)).encode()


def text(table):
    """Return text."""
    return repr(table.rows)


def undescribed(table):
    return repr((table.columns, table.rows)).encode()


@pytest.mark.parametrize(
    ("form", "check", "said"),
    [
        (undescribed, "says_what_it_writes", "it has no docstring"),
        (text, "a_table_without_rows_is_written", "it makes no bytes"),
        (text, "every_value_is_written", "it makes no bytes of None"),
        (counted(), "same_table_same_bytes", "the same table gives other bytes"),
        (first_column, "nothing_is_left_out", "'label' of row 0 is missing"),
        (headless, "nothing_is_left_out", "the name of a column is missing"),
        (vain, "the_table_is_not_written", "it has written to the table"),
    ],
)
def test_a_form_that_does_not_is_found_out(form, check, said):
    checks = {one.__name__: one for one in yield_export_checks()}
    with pytest.raises(AssertionError, match=said):
        checks[f"check_{check}"](form)


def test_a_form_in_the_table_is_written_by_its_name(project, pets, tmp_path, monkeypatch):
    form = Form(lambda table: "\n".join(table.columns).encode(), "text/plain")
    monkeypatch.setitem(FORMS, "columns", form)
    project.files.export(tmp_path / "out", "columns")
    assert (tmp_path / "out").read_text().startswith("item_id\nitem\nlabel\n")
    with pytest.raises(UnknownNameError, match="columns, csv"):
        project.files.export(tmp_path / "out", "html")
    project.close()
    export(pets.folder, tmp_path / "labels.columns")
    assert (tmp_path / "labels.columns").read_bytes() == (tmp_path / "out").read_bytes()


def test_a_table_without_rows_has_its_columns():
    empty = ExportTable(["item_id", "label"], 2, [])
    assert FORMS["csv"].write(empty) == b"item_id,label\n"
