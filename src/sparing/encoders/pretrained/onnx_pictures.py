"""Pictures by a folder with a network in ONNX form."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sparing.encoders.pretrained.folder import PICTURES, hash_of_model, model_in, words_in
from sparing.encoders.pretrained.frame import Frame, frame_of
from sparing.encoders.pretrained.network import NetworkEncoder
from sparing.encoders.pretrained.pictures import PictureEncoder
from sparing.encoders.pretrained.session import one_line, open_session
from sparing.encoders.pretrained.texts import OnnxTextEncoder
from sparing.errors import SourceError
from sparing.types import FloatArray

EXTRA = "photos"
BEST = ("image_embeds", "pooler_output", "vectors")
"""Outputs that are one vector a picture, the first that is there before all others."""


class OnnxImageEncoder(PictureEncoder):
    """Pictures by a network in ONNX form, with what it was trained on said beside it.

    Parameters
    ----------
    folder : holds one ``.onnx`` file, alone or in a folder ``onnx``, and a
        ``preprocessor_config.json``, or a ``sparing.json`` that says size, mean, std and channels;
        or the file itself. Of CLIP's two networks, ``vision_model.onnx`` and ``text_model.onnx``,
        the first is taken. Nothing is ever fetched

    Raises
    ------
    MissingExtraError : onnxruntime is not installed
    SourceError : a file is missing, or is no such model

    Examples
    --------
    >>> OnnxImageEncoder("models/clip")
    OnnxImageEncoder(folder='models/clip')
    """

    name: ClassVar[str] = "onnx-images"

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def fingerprint(self) -> str:
        """Return the hash of the network and of what belongs to it."""
        return hash_of_model(Path(self.folder), PICTURES)

    def words(self) -> NetworkEncoder | None:
        """Return the network of the same CLIP model that reads, where the folder has both."""
        return OnnxTextEncoder(self.folder) if words_in(Path(self.folder)) else None

    def _frame(self) -> Frame:
        return frame_of(model_in(Path(self.folder), PICTURES)[1])

    def _load(self) -> Any:
        model, _ = model_in(Path(self.folder), PICTURES)
        session = open_session(model, EXTRA)
        inputs = session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            told = ", ".join(f"{i.name} {i.shape}" for i in inputs)
            raise SourceError(
                f"{model} must want one input (n, 3, height, width). It wants {told}."
            )
        return session

    def _vectors(self, pictures: FloatArray) -> FloatArray:
        session = self._network
        names = [output.name for output in session.get_outputs()]
        wanted = next((name for name in BEST if name in names), names[0])
        try:
            (said,) = session.run([wanted], {session.get_inputs()[0].name: pictures})
        except Exception as error:  # the runtime raises types of its own
            raise SourceError(f"The model cannot read these pictures: {one_line(error)}") from error
        return one_vector(said)


def one_vector(said: FloatArray) -> FloatArray:
    """Return one vector a picture: the mean of a map, or of tokens, or what is one already.

    Examples
    --------
    >>> one_vector(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]])
    """
    if said.ndim == 4:
        return np.asarray(said.mean(axis=(2, 3)))
    return np.asarray(said.mean(axis=1) if said.ndim == 3 else said.reshape(len(said), -1))
