"""Texts, and pictures where the model can, by what the sentence-transformers library knows."""

from typing import Any, ClassVar

import numpy as np

from sparing.encoders.pretrained.network import NetworkEncoder, unit_vectors, weights_hash
from sparing.encoders.pretrained.pictures import pictures_of, rgb
from sparing.encoders.pretrained.session import one_line
from sparing.encoders.text import sound_texts
from sparing.errors import MissingExtraError, SourceError
from sparing.types import FloatArray

EXTRA = "sentence-transformers"
BLOCK_ITEMS = 64


class SentenceEncoder(NetworkEncoder):
    """Texts by a sentence-transformers model.

    Nothing is fetched unless ``download`` says so: the model is a folder, or one that is in the
    library's own cache already. Only safetensors and ONNX are read, and no code of a model is run.

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

    def fingerprint(self) -> str:
        """Return the hash of the model's weights, which it loads."""
        return weights_hash(self._network)

    def _checked(self, X: Any) -> Any:
        return sound_texts(X, type(self).__name__)

    def _block_items(self, items: Any) -> int:
        return BLOCK_ITEMS

    def _encode(self, block: Any) -> FloatArray:
        vectors = self._network.encode(
            block, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return unit_vectors(np.asarray(vectors, np.float32), type(self).__name__)

    def _load(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtraError("sentence-transformers", EXTRA, "Sentence models") from error
        try:
            return SentenceTransformer(
                self.model,
                local_files_only=not self.download,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:  # the library, torch and the hub raise types of their own
            raise SourceError(
                f"The model {self.model} cannot be loaded: {one_line(error)}"
            ) from error


class SentenceImageEncoder(SentenceEncoder):
    """Pictures by a sentence-transformers model that sees, such as its CLIP models.

    Parameters
    ----------
    model, download : as of ``SentenceEncoder``

    Examples
    --------
    >>> SentenceImageEncoder("models/clip-ViT-B-32")
    SentenceImageEncoder(model='models/clip-ViT-B-32')
    """

    name: ClassVar[str] = "sentences-images"

    def words(self) -> NetworkEncoder | None:
        """Return the same model: it reads as well."""
        return SentenceEncoder(self.model, self.download)

    def _checked(self, X: Any) -> Any:
        return pictures_of(X, type(self).__name__)

    def _encode(self, block: Any) -> FloatArray:
        return super()._encode([rgb(item) for item in block])
