"""Texts by a pretrained model: one known to sentence-transformers, or a folder with ONNX."""

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from sparing.encoders.base import BlockEncoder
from sparing.encoders.text import check_texts
from sparing.errors import MissingExtraError, SourceError
from sparing.types import FloatArray

BLOCK_TEXTS = 64
MAX_TOKENS = 256


class SentenceEncoder(BlockEncoder):
    """Texts by a sentence-transformers model.

    Nothing is fetched unless ``download`` says so: the model is a folder, or one that is in the
    library's own cache already.

    Parameters
    ----------
    model : a folder, or a name known to sentence-transformers
    download : whether a name may be fetched from the model hub

    Raises
    ------
    MissingExtraError : sentence-transformers is not installed
    SourceError : the model is not there

    Examples
    --------
    >>> SentenceEncoder("models/all-MiniLM-L6-v2")
    SentenceEncoder(model='models/all-MiniLM-L6-v2')

    References
    ----------
    Reimers & Gurevych (2019), arXiv 1908.10084
    """

    name: ClassVar[str] = "sentences"

    def __init__(self, model: str, download: bool = False) -> None:
        self.model = model
        self.download = download

    def _checked(self, X: Any) -> list[str]:
        return check_texts(X, type(self).__name__)

    def _block_items(self, items: Any) -> int:
        return BLOCK_TEXTS

    def _encode(self, block: list[str]) -> FloatArray:
        vectors = self._network.encode(
            block, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)

    @cached_property
    def _network(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtraError("sentence-transformers", "text", "Sentence models") from error
        try:
            return SentenceTransformer(self.model, local_files_only=not self.download)
        except (OSError, ValueError) as error:
            raise SourceError(f"The model {self.model} cannot be loaded: {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network out of copies: it is loaded again where it is needed."""
        return {k: v for k, v in super().__getstate__().items() if k != "_network"}


class OnnxTextEncoder(BlockEncoder):
    """Texts by a transformer in ONNX form: the mean of its token vectors, brought to length 1.

    Parameters
    ----------
    folder : holds one ``.onnx`` file and its ``tokenizer.json``; nothing else is ever fetched

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

    def _checked(self, X: Any) -> list[str]:
        return check_texts(X, type(self).__name__)

    def _block_items(self, items: Any) -> int:
        return BLOCK_TEXTS

    def _encode(self, block: list[str]) -> FloatArray:
        tokenizer, session = self._network
        encoded = tokenizer.encode_batch(block)
        tokens = {
            "input_ids": np.array([e.ids for e in encoded], np.int64),
            "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
            "token_type_ids": np.array([e.type_ids for e in encoded], np.int64),
        }
        wanted = {i.name: tokens[i.name] for i in session.get_inputs()}
        return mean_vectors(session.run(None, wanted)[0], tokens["attention_mask"])

    def fingerprint(self) -> str:
        """Return the size and time of the network's file: another model makes other vectors."""
        status = _files_of(Path(self.folder))[0].stat()
        return f"{status.st_size} {status.st_mtime_ns}"

    @cached_property
    def _network(self) -> tuple[Any, Any]:
        try:
            from onnxruntime import InferenceSession
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("onnxruntime and tokenizers", "onnx", "ONNX models") from error
        network, words = _files_of(Path(self.folder))
        try:
            session = InferenceSession(str(network), providers=["CPUExecutionProvider"])
            tokenizer = Tokenizer.from_file(str(words))
        except Exception as error:  # both libraries raise types of their own
            raise SourceError(
                f"{self.folder} holds no model that can be loaded: {error}"
            ) from error
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer, session

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network out of copies: it is loaded again where it is needed."""
        return {k: v for k, v in super().__getstate__().items() if k != "_network"}


def _files_of(folder: Path) -> tuple[Path, Path]:
    networks, words = sorted(folder.glob("*.onnx")), folder / "tokenizer.json"
    if len(networks) != 1 or not words.is_file():
        raise SourceError(f"{folder} must hold one .onnx file and a tokenizer.json.")
    return networks[0], words


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
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    return np.asarray(mean / np.where(length > 0, length, 1), np.float32)
