"""Workbooks, .xlsx and .ods, by python-calamine: one sheet, formulas by their stored value."""

import re
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from sparing.datasets.csv_tables import column_names, has_header
from sparing.datasets.items import shown_names
from sparing.datasets.lines import TextRow
from sparing.datasets.rows import RawTable, Reading, is_missing
from sparing.errors import InvalidInputError, MissingExtraError, SourceError, UnknownNameError
from sparing.memory import check_memory

SUFFIXES = (".xlsx", ".xlsm", ".ods")
UNPACKED_MOST = 2 << 30  # bytes; a workbook is a zip, and may promise anything
BYTES_A_BYTE = 4  # in memory, of what is unpacked
EXACT = 10**15  # a workbook keeps larger whole numbers by their first 15 digits only
_FORMULA = re.compile(rb"<f[ >/]|table:formula=")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml")


def read_sheet(path: Path, reading: Reading) -> RawTable:
    """Read one sheet of a workbook as columns of values.

    Parameters
    ----------
    path : the workbook
    reading : which sheet, where there are several with anything in them; and whether its first row
        names the columns

    Raises
    ------
    MissingExtraError : python-calamine is not installed
    SourceError : the file is missing, no workbook, too big, or has no rows
    InvalidInputError : it has several sheets, and nobody said which
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise MissingExtraError("python-calamine", "sheets", "Workbooks") from error
    n_formulas = _checked(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        name = _sheet_of(path, book, reading.sheet)
        cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise SourceError(f"{path} is no workbook that can be read: {error}.") from error
    return _table(path, name, cells, reading, n_formulas)


def _checked(path: Path) -> int:
    """Return how many formulas a workbook has, if it is one that can be unpacked."""
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    try:
        with ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
            if size > UNPACKED_MOST:
                raise SourceError(f"{path} unpacks to {size / 1e9:.0f} GB: export it as CSV.")
            check_memory(BYTES_A_BYTE * size, path.name, "export a part of it as CSV")
            sheets = [part for part in packed.namelist() if _SHEET.fullmatch(part)]
            return sum(len(_FORMULA.findall(packed.read(part))) for part in sheets)
    except (BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{path} is no workbook that can be read: {error}.") from error


def _sheet_of(path: Path, book: Any, told: str | None) -> str:
    names = list(book.sheet_names)
    if told is not None:
        if told not in names:
            raise UnknownNameError(f"sheet in {path.name} called", told, names)
        return told
    full = [name for name in names if book.get_sheet_by_name(name).height > 0]
    if len(full) > 1:
        raise InvalidInputError(
            f"{path.name} has several sheets: say with --sheet which. It has: {', '.join(full)}."
        )
    if not full:
        raise SourceError(f"{path} has no rows.")
    return str(full[0])


def _table(
    path: Path, sheet: str, cells: list[list[Any]], reading: Reading, n_formulas: int
) -> RawTable:
    there = [(i + 1, row) for i, row in enumerate(cells) if any(cell != "" for cell in row)]
    as_text = [TextRow(number, [str(cell) for cell in row]) for number, row in there]
    header = has_header(as_text, path) if reading.header is None else reading.header
    width = max((len(row) for _, row in there), default=0)
    names = as_text[0].cells if header and there else [str(i + 1) for i in range(width)]
    body = there[1:] if header else there
    if not body:
        raise SourceError(f"Sheet '{sheet}' of {path} has no rows{' below its first' * header}.")
    columns = {
        name: [_cell(row[i]) for _, row in body] for i, name in enumerate(column_names(names, path))
    }
    return RawTable(
        columns,
        [f"row {number}" for number, _ in body],
        path.name,
        notes=(*_on_formulas(n_formulas), *_on_digits(columns)),
        reading=Reading(header=header, sheet=sheet),
    )


def _cell(cell: Any) -> Any:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return None if is_missing(cell) else cell


def _on_formulas(n_formulas: int) -> list[str]:
    if not n_formulas:
        return []
    return [f"{n_formulas:,} formulas were read by the values that were stored with them."]


def _on_digits(columns: dict[str, list[Any]]) -> list[str]:
    odd = [
        name
        for name, cells in columns.items()
        if any(isinstance(cell, int) and abs(cell) >= EXACT for cell in cells)
    ]
    if not odd:
        return []
    told = "a workbook keeps only the first 15 digits of a number: store ids as text"
    return [f"Numbers of more than 15 digits in {shown_names(odd)}: {told}."]
