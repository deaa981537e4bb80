"""Words of any script: those that are written without spaces count by their characters."""

import re

# Thai, Lao, Burmese, Khmer, kana, Chinese characters of all blocks; Korean has spaces.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"
)
CHARACTERS_A_WORD = 2
_RUN = re.compile(f"[{UNSPACED}]+")
_WORD = re.compile(r"\w\w+")


def n_words(text: str) -> int:
    """Return about how many words a text has.

    Examples
    --------
    >>> n_words("the cat sat"), n_words("房间非常干净"), n_words("ห้องสะอาดมาก")
    (3, 3, 6)
    """
    if text.isascii():
        return len(text.split())
    n_characters = sum(map(len, _RUN.findall(text)))
    return len(_RUN.sub(" ", text).split()) + -(-n_characters // CHARACTERS_A_WORD)


def words(text: str) -> list[str]:
    """Return the words of a text, of two characters or more; pairs of characters without spaces.

    Examples
    --------
    >>> words("a cat, 房间很好")
    ['cat', '房间', '间很', '很好']
    """
    if text.isascii():
        return _WORD.findall(text)
    found: list[str] = []
    end = 0
    for run in _RUN.finditer(text):
        found += _WORD.findall(text[end : run.start()])
        found += _pairs(run.group())
        end = run.end()
    return found + _WORD.findall(text[end:])


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
