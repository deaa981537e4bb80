"""Numbers and dates as people write them: decimal commas, thousands, money, units, day or month
first. How a column writes them is found out from all its cells together, since one alone may be
read in two ways.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sparing.datasets.rows import is_missing

POINT, COMMA = ".", ","
YEAR_FIRST, DAY_FIRST, MONTH_FIRST = "year first", "day first", "month first"
SECONDS_A_YEAR = 365.25 * 86400
GAPS = frozenset(
    {"-", "--", "---", "–", "—", ".", "..", "...", "none", "nil", "#n/a", "#na", "#null!", "#ref!"}
    | {"#value!", "#div/0!", "#name?", "#num!", "<na>", "nat", "missing", "n.a.", "k.a."}
)
"""What stands for nothing in a column of quantities, beside what does so everywhere."""

_MONEY = r"[$€£¥₹₽₩₺₪]|US\$|R\$|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|Fr\."
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[-+−])?\s*(?P<money>{_MONEY})?\s*(?P<minus2>[-+−])?"
    r"(?P<digits>(?:\d[\d.,'’\s]*|[.,]\d+))(?P<power>[eE][-+]?\d+)?"
    rf"\s*(?P<unit>[%‰]|°[CFcf]?|{_MONEY}|[A-Za-zµμ]{{1,6}}[²³]?(?:/[A-Za-z]{{1,4}})?)?\s*(?(open)\))"
)
_GROUPS = {mark: re.compile(rf"\d{{1,3}}(\{mark}\d{{3}})+") for mark in (POINT, COMMA)}
_THOUSANDS = {
    mark: re.compile(rf"\d{{1,3}}(?:[{other}\s'’]\d{{2,3}})*[{other}\s'’]\d{{3}}")
    for mark, other in ((POINT, COMMA), (COMMA, POINT))
}
_DATE = re.compile(r"(\d{1,4})\s*([-./年])\s*(\d{1,2})\s*[-./月]\s*(\d{1,4})日?(?:[T\s,]+(.*))?")
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*(?:Z|[-+]\d\d:?\d\d)?"
)
_NAMED = re.compile(
    r"(?:[^\W\d]+,?\s+)?(?:(\d{1,2})\.?[-\s]+([^\W\d]{3,})|([^\W\d]{3,})\.?[-\s]+(\d{1,2})),?"
    r"\.?[-\s]+(\d{2}|\d{4})(?:[\s,]+(.*))?"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan ene", "feb fév fev", "mar mär mrz", "apr avr abr", "may mai", "jun juin", "jul juil",
         "aug aoû aou ago", "sep", "oct okt", "nov", "dec dez déc dic"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


def is_gap(cell: Any) -> bool:
    """Tell whether a cell of a column of quantities stands for nothing."""
    return is_missing(cell) or (isinstance(cell, str) and cell.strip().lower() in GAPS)


def decimal_mark(cells: Sequence[Any]) -> str | None:
    """Return the decimal mark of a column of numbers; None if it is of several units, or none.

    Examples
    --------
    >>> decimal_mark(["1.234,5", "12"]), decimal_mark(["1,234", "12"]), decimal_mark(["1,5 kg"])
    (',', '.', ',')
    >>> decimal_mark(["3 cats", "4 dogs"]) is None
    True
    """
    found = [_NUMBER.fullmatch(cell.strip()) for cell in cells if isinstance(cell, str)]
    written = [match for match in found if match]
    units = {(m["money"], m["unit"]) for m in written if m["money"] or m["unit"]}
    if len({part for unit in units for part in unit if part}) > 1:
        return None
    votes = Counter(_mark_of(match["digits"].strip()) for match in written)
    return COMMA if votes[COMMA] > votes[POINT] else POINT


def _mark_of(digits: str) -> str:
    """Return the decimal mark that a number shows, or ``""`` if it may be either."""
    last = max(digits.rfind(POINT), digits.rfind(COMMA))
    if last < 0:
        return ""
    mark = digits[last]
    other = COMMA if mark == POINT else POINT
    if digits.count(mark) > 1:  # thousands
        return other
    if other in digits:
        return mark
    is_group = _GROUPS[mark].fullmatch(digits) and not digits.startswith("0")
    return "" if is_group else mark


def number_of(cell: Any, mark: str = POINT) -> float:
    """Read a number; NaN where there is none, or no finite one.

    Examples
    --------
    >>> number_of(" 3.5"), number_of("red"), number_of("1.234,5 €", ","), number_of("(12%)")
    (3.5, nan, 1234.5, -12.0)
    """
    if isinstance(cell, str) and (mark == COMMA or not _is_plain(cell)):
        number = _written(cell, mark)
    else:
        try:
            number = float("nan") if is_gap(cell) else float(cell)
        except (TypeError, ValueError, OverflowError):
            return float("nan")
    return number if np.isfinite(number) else float("nan")


def _is_plain(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _written(text: str, mark: str) -> float:
    match = _NUMBER.fullmatch(text.strip())
    if not match:
        return float("nan")
    whole, _, rest = match["digits"].strip().partition(mark)
    groups = _THOUSANDS[mark].fullmatch(whole)
    if not (groups or whole.isdigit() or not whole) or not (rest.isdigit() or not rest):
        return float("nan")
    digits = re.sub(r"\D", "", whole) + POINT + rest
    minus = {match["minus"], match["minus2"]} & {"-", "−"} or match["open"]
    return float(digits + (match["power"] or "")) * (-1 if minus else 1)


def date_order(cells: Sequence[Any]) -> str:
    """Return in which order a column writes the parts of its dates: the one that reads most.

    If nothing tells, 3/4/2020 has the month first, and 3.4.2020 and 3-4-2020 the day.

    Examples
    --------
    >>> date_order(["03.04.2020"]), date_order(["3/4/2020"]), date_order(["3/4/2020", "13/4/2020"])
    ('day first', 'month first', 'day first')
    """
    texts = [cell for cell in cells if isinstance(cell, str)]
    slashes = sum("/" in text for text in texts)
    usual = MONTH_FIRST if 2 * slashes > len(texts) else DAY_FIRST
    n_read = Counter(
        {order: sum(not np.isnan(date_of(text, order)) for text in texts)
         for order in (usual, DAY_FIRST, MONTH_FIRST)}
    )  # fmt: skip
    return n_read.most_common(1)[0][0]


def date_of(cell: Any, order: str = DAY_FIRST) -> float:
    """Read a date or time as years since 1970; NaN where there is none.

    Examples
    --------
    >>> round(date_of("1971-01-01"), 2), round(date_of("01/02/1971", "month first"), 3)
    (1.0, 1.002)
    >>> [round(date_of(t), 2) for t in ("1. März 1970", "Mar 1, 1970 3:30 pm", "1970年3月1日")]
    [0.16, 0.16, 0.16]
    """
    if isinstance(cell, np.datetime64):
        cell = cell.astype("datetime64[us]").item()
    text = str(cell).strip()
    moment = _iso(text) or _numeric(text, order) or _named(text)
    if moment is None:
        return float("nan")
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp() / SECONDS_A_YEAR


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _numeric(text: str, order: str) -> datetime | None:
    match = _DATE.fullmatch(text)
    if not match:
        return None
    one, two, three = match[1], match[3], match[4]
    if len(one) == 4 or match[2] == "年":
        return _moment(one, two, three, match[5])
    day, month = (one, two) if order == DAY_FIRST else (two, one)
    return _moment(three, month, day, match[5])


def _named(text: str) -> datetime | None:
    match = _NAMED.fullmatch(text)
    if not match:
        return None
    name = (match[2] or match[3]).lower()
    month = next((_MONTHS[name[:n]] for n in (4, 3) if name[:n] in _MONTHS), None)
    day = match[1] or match[4]
    return None if month is None else _moment(match[5], str(month), day, match[6])


def _moment(year: str, month: str, day: str, time: str | None) -> datetime | None:
    found = _TIME.fullmatch(time.strip()) if time else None
    if (time and not found) or len(year) not in (2, 4):
        return None
    whole = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 69 else 1900)
    hour, minute, second = (int(found[i] or 0) for i in (1, 2, 3)) if found else (0, 0, 0)
    if found and found[4]:
        hour = hour % 12 + 12 * (found[4][0] in "Pp")
    try:
        return datetime(whole, int(month), int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
