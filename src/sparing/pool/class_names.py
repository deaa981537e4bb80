"""Names of classes: how they are kept, and which of them are one name written in several ways."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

SHOWN = 3
_JOINERS = "\u200c\u200d"  # in Persian words, and in emoji of families
_FLAGS = "\U000e0020-\U000e007f"  # of Scotland, say: spelled by letters that nobody sees
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_OF_ONE_KEY = re.compile(f"[{_JOINERS}\ufe00-\ufe0f]")
_SHOWABLE = re.compile(f"[{_JOINERS}{_FLAGS}]")
_WHOLE = re.compile(r"(-?\d+)\.0+")
_DIGITS = re.compile(r"-?\d+")
_BLANKS, _NO_DIGITS = re.compile(r"[\s_-]+"), re.compile(r"\D+")
SHORTEST = 4  # characters; of shorter names, such as codes, every one may be meant


def kept_name(text: str) -> str:
    r"""Return a name as it is kept: accents composed, single blanks, nothing that nobody sees.

    Examples
    --------
    >>> kept_name(" cafe\u0301\u200b\n au lait ")
    'café au lait'
    """
    composed = unicodedata.normalize("NFC", text)
    return " ".join(_UNSEEN.sub("", composed).split()).strip(_JOINERS)


def can_be_shown(name: str) -> bool:
    r"""Tell whether all of a name can be shown; joiners between its characters belong to it.

    Examples
    --------
    >>> can_be_shown("می\u200cخواهم"), can_be_shown("a\x07")
    (True, False)
    """
    return _SHOWABLE.sub("", name).isprintable()


def name_key(name: str) -> str:
    """Return what is the same for all ways to write one name.

    Case tells no names apart but those of one character: there are tasks about a and A. Nor does
    a whole number that was saved as 1.0, or a joiner.

    Examples
    --------
    >>> name_key("Cat") == name_key("cat "), name_key("A") == name_key("a")
    (True, False)
    >>> name_key("1.0"), name_key("1.5")
    ('1', '1.5')
    """
    bare = _OF_ONE_KEY.sub("", kept_name(name))
    if whole := _WHOLE.fullmatch(bare):
        return whole[1]
    return bare if len(bare) == 1 else bare.lower()


def one_spelling(names: Iterable[str | None], known: Iterable[str] = ()) -> dict[str, str]:
    """Return for each spelling the one name that it stands for.

    That is a class that is known, else the commonest spelling, the first of several. Numbers that
    were all saved as 1.0 are called 1.

    Parameters
    ----------
    names : as they are written, as often as they are; None where there is none
    known : names of classes that are there already

    Examples
    --------
    >>> one_spelling(["Cat", "cat", "cat", "dog"], known=["Dog"])
    {'cat': 'cat', 'Cat': 'cat', 'dog': 'Dog'}
    >>> one_spelling(["1.0", "2.0"])
    {'1.0': '1', '2.0': '2'}
    """
    there = dict.fromkeys(known)
    by_key: dict[str, str] = {}
    for name in there:
        by_key.setdefault(name_key(name), name)
    counts = Counter(name for name in names if name is not None)
    commonest = [name for name, _ in counts.most_common()]
    saved_as_float = all(_WHOLE.fullmatch(name.strip()) for name in commonest)
    for name in commonest:
        key = name_key(name)
        by_key.setdefault(key, key if saved_as_float else kept_name(name))
    return {name: name if name in there else by_key[name_key(name)] for name in commonest}


def is_whole(name: str) -> bool:
    """Tell whether a name is a whole number, however it was saved.

    Examples
    --------
    >>> is_whole("1"), is_whole("-2.0"), is_whole("1.5"), is_whole("cat")
    (True, True, False, False)
    """
    return _DIGITS.fullmatch(name_key(name)) is not None


def one_number(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return the class that a name stands for as a whole number, where it is none as written.

    Examples
    --------
    >>> one_number(["1.0", "2", "3"], known=["1", "2", "3.0"])
    {'1.0': '1', '3': '3.0'}
    >>> one_number(["1.0", "2.0"], known=["1", "1.0", "2.00", "2"])  # which 2 nobody can tell
    {}
    """
    there = dict.fromkeys(known)
    ways = Counter(map(name_key, there))
    by_key = {key: name for name in there if ways[key := name_key(name)] == 1}
    return {
        name: by_key[name_key(name)]
        for name in names
        if name not in there and is_whole(name) and name_key(name) in by_key
    }


def renamed(written: Sequence[str | None], names: Sequence[str | None]) -> tuple[str, ...]:
    """Return a sentence on names that are not as they were written, where that can be seen.

    Parameters
    ----------
    written, names : (n,) as somebody has written them, and as they were taken

    Examples
    --------
    >>> renamed(["Cat", "cat", "['dog']"], ["cat", "cat", "dog"])
    ("Classes written in another way: 'Cat' is taken for 'cat', '['dog']' for 'dog'.",)
    """
    pairs = zip(written, names, strict=True)
    return said_of({a: b for a, b in pairs if a is not None and b is not None})


def said_of(taken: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sentence of :func:`renamed` on what each spelling was taken for."""
    changed = [(a, b) for a, b in taken.items() if kept_name(a) != b]
    if not changed:
        return ()
    (first, into), *others = changed
    shown = [f"'{first}' is taken for '{into}'", *(f"'{a}' for '{b}'" for a, b in others)]
    more = f" and {len(shown) - SHOWN:,} more" if len(shown) > SHOWN else ""
    return (f"Classes written in another way: {', '.join(shown[:SHOWN])}{more}.",)


def said_of_slips(new: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence on names that are one slip of the hand away from a class that is known.

    Examples
    --------
    >>> said_of_slips(["Sprots", "male", "day 2"], ["Sports", "female", "day 1"])
    ("New classes that may be slips: 'Sprots' for 'Sports'. Merge them if they are.",)
    """
    meant = [(name, next((k for k in known if _is_slip(name, k)), None)) for name in new]
    shown = [f"'{name}' for '{other}'" for name, other in meant if other is not None]
    if not shown:
        return ()
    more = f" and {len(shown) - SHOWN:,} more" if len(shown) > SHOWN else ""
    told = ", ".join(shown[:SHOWN])
    return (f"New classes that may be slips: {told}{more}. Merge them if they are.",)


def _is_slip(name: str, other: str) -> bool:
    """Tell whether a character more, less, another, or two that changed places part two names."""
    a, b = (_BLANKS.sub(" ", name_key(one)) for one in (name, other))
    if min(len(a), len(b)) < SHORTEST or _NO_DIGITS.sub(" ", a) != _NO_DIGITS.sub(" ", b):
        return a == b
    first = _n_alike(a, b)
    a, b = a[first:], b[first:]
    last = _n_alike(a[::-1], b[::-1])
    a, b = a[: len(a) - last], b[: len(b) - last]
    return max(len(a), len(b)) <= 1 or (len(a) == 2 and a == b[::-1])


def _n_alike(a: str, b: str) -> int:
    """Return with how many characters both begin."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))
