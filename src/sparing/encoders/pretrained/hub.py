"""Models by name: what the kept libraries know, from this user's cache, fetched only when asked."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from platformdirs import user_cache_path

from sparing.encoders.pretrained.network import NetworkEncoder, unit_vectors, weights_hash
from sparing.encoders.pretrained.packages import file_hash
from sparing.encoders.pretrained.pictures import PictureEncoder, pictures_of, rgb
from sparing.encoders.pretrained.session import one_line
from sparing.encoders.text import sound_texts
from sparing.errors import MissingExtraError, SourceError
from sparing.types import FloatArray

BLOCK_ITEMS = 32
REACH_SECONDS = 4.0
DEFAULTS = {
    "texts": ("BAAI/bge-small-en-v1.5", "Qdrant/bge-small-en-v1.5-onnx-Q"),
    "images": ("Qdrant/clip-ViT-B-32-vision", "Qdrant/clip-ViT-B-32-vision"),
}
"""kind of items -> fastembed's model for them, and the repository that it is fetched from."""
WORDS = {
    "Qdrant/clip-ViT-B-32-vision": "Qdrant/clip-ViT-B-32-text",
    "jinaai/jina-clip-v1": "jinaai/jina-clip-v1",
}
"""fastembed's models for pictures -> the one that reads words for them."""


class FastembedEncoder(NetworkEncoder):
    """Texts by a model that fastembed knows, in ONNX form.

    Parameters
    ----------
    model : its name, such as ``"BAAI/bge-small-en-v1.5"``
    download : whether it may be fetched; else it has to be in this user's cache

    Raises
    ------
    MissingExtraError : fastembed is not installed
    SourceError : the model is not there, or cannot be fetched

    Examples
    --------
    >>> FastembedEncoder("BAAI/bge-small-en-v1.5")
    FastembedEncoder(model='BAAI/bge-small-en-v1.5')
    """

    name: ClassVar[str] = "fastembed"
    kind: ClassVar[str] = "TextEmbedding"

    def __init__(self, model: str, download: bool = False) -> None:
        self.model = model
        self.download = download

    def fingerprint(self) -> str:
        """Return the hash of the model's files, which it loads."""
        folder = Path(self._network.model._model_dir)
        return " ".join(file_hash(path) for path in sorted(folder.rglob("*.onnx*")))

    def _checked(self, X: Any) -> Any:
        return sound_texts(X, type(self).__name__)

    def _block_items(self, items: Any) -> int:
        return BLOCK_ITEMS

    def _encode(self, block: Any) -> FloatArray:
        vectors = np.stack(list(self._network.embed(block, batch_size=BLOCK_ITEMS)))
        return unit_vectors(vectors.astype(np.float32), type(self).__name__)

    def _load(self) -> Any:
        try:
            import fastembed
        except ImportError as error:
            raise MissingExtraError("fastembed", "fastembed", "Its models") from error
        with suppress(ImportError):
            from loguru import logger

            logger.disable("fastembed")  # what goes wrong is said here, in one line
        folder = hub_folder()
        try:
            make = getattr(fastembed, self.kind)
            return make(self.model, cache_dir=str(folder), local_files_only=not self.download)
        except Exception as error:  # the library, the runtime and the hub raise types of their own
            raise SourceError(not_there("fastembed", self.model, self.download, error)) from error


class FastembedImageEncoder(FastembedEncoder):
    """Pictures by a model that fastembed knows, CLIP among them.

    Parameters
    ----------
    model, download : as of ``FastembedEncoder``; ``"Qdrant/clip-ViT-B-32-vision"``

    Examples
    --------
    >>> FastembedImageEncoder("Qdrant/clip-ViT-B-32-vision")
    FastembedImageEncoder(model='Qdrant/clip-ViT-B-32-vision')
    """

    name: ClassVar[str] = "fastembed-images"
    kind: ClassVar[str] = "ImageEmbedding"

    def words(self) -> NetworkEncoder | None:
        """Return the model that was trained together with this one to read, for those of CLIP."""
        model = WORDS.get(self.model)
        return FastembedEncoder(model, self.download) if model else None

    def _checked(self, X: Any) -> Any:
        return pictures_of(X, type(self).__name__)

    def _encode(self, block: Any) -> FloatArray:
        return super()._encode([rgb(item) for item in block])


class TimmEncoder(NetworkEncoder):
    """Pictures by a model that timm knows, on torch; on its GPU where there is one.

    Parameters
    ----------
    model : its name, such as ``"vit_small_patch14_dinov2.lvd142m"``
    download : whether its weights may be fetched; else they have to be in the library's cache

    Raises
    ------
    MissingExtraError : timm is not installed
    SourceError : the model is not there, or cannot be fetched

    Examples
    --------
    >>> TimmEncoder("resnet18.a1_in1k")
    TimmEncoder(model='resnet18.a1_in1k')
    """

    name: ClassVar[str] = "timm"

    def __init__(self, model: str, download: bool = False) -> None:
        self.model = model
        self.download = download

    def fingerprint(self) -> str:
        """Return the hash of the model's weights, which it loads."""
        return weights_hash(self._network[0])

    settle = PictureEncoder.settle
    reduced = PictureEncoder.reduced
    learned: ClassVar[tuple[str, ...]] = PictureEncoder.learned

    def _checked(self, X: Any) -> Any:
        return pictures_of(X, type(self).__name__)

    def _block_items(self, items: Any) -> int:
        return BLOCK_ITEMS

    def _encode(self, block: Any) -> FloatArray:
        import torch

        network, prepare, device = self._network
        pictures = torch.stack([prepare(rgb(item)) for item in block]).to(device)
        with torch.inference_mode():
            vectors = network(pictures).float().cpu().numpy()
        return unit_vectors(vectors, type(self).__name__)

    def _load(self) -> Any:
        try:
            import timm
            import torch
        except ImportError as error:
            raise MissingExtraError("timm", "torch", "Its models") from error
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            with offline(not self.download):
                network = timm.create_model(self.model, pretrained=True, num_classes=0)
            network = network.eval().to(device)
            wanted = timm.data.resolve_model_data_config(network)
            return network, timm.data.create_transform(**wanted, is_training=False), device
        except Exception as error:  # the library, torch and the hub raise types of their own
            raise SourceError(not_there("timm", self.model, self.download, error)) from error


def cached_default(kind: str) -> str | None:
    """Return fastembed's own choice for items of a kind, if somebody has fetched it before.

    Looked for are its files in this user's cache; nothing is loaded.
    """
    if kind not in DEFAULTS or find_spec("fastembed") is None:
        return None
    model, repository = DEFAULTS[kind]
    folder = hub_place() / f"models--{repository.replace('/', '--')}"
    return model if any(folder.glob("snapshots/*/*.onnx")) else None


def hub_place() -> Path:
    """Return where models that were fetched by name lie, or would."""
    return user_cache_path("sparing") / "models" / "hub"


def hub_folder() -> Path:
    """Return the same, made for this user alone."""
    folder = hub_place()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder} cannot be made: {error.strerror}.") from error
    return folder


def check_reach() -> None:
    """Find out in a few seconds whether the model hub can be reached: its libraries try for long.

    Raises
    ------
    SourceError : it cannot
    """
    from huggingface_hub import constants

    client = import_module("huggingface_hub.utils").get_session()  # it has no types for this
    try:
        client.head(constants.ENDPOINT, timeout=REACH_SECONDS)
    except Exception as error:  # the client raises types of its own
        raise SourceError(
            f"The model hub {constants.ENDPOINT} cannot be reached, and the model is not in your"
            f" cache ({one_line(error)}). A model in a folder needs none: --encoder onnx:FOLDER."
        ) from error


def not_there(library: str, model: str, download: bool, error: Exception) -> str:
    """Return why a named model is not there, and what to do, in one line."""
    if download:
        return f"{library}:{model} cannot be fetched: {one_line(error)}"
    return (
        f"{library}:{model} is not in your cache, and nothing is fetched unasked: name it in this"
        f" command, --encoder {library}:{model}."
    )


@contextmanager
def offline(wanted: bool) -> Iterator[None]:
    """Keep the hub's library from the network while the block runs, if that is wanted."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = wanted or before
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
