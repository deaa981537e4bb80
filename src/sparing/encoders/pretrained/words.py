"""Words for pictures: what reads beside what sees, where a model was trained to do both."""

from collections.abc import Sequence

from sparing.encoders.base import BlockEncoder
from sparing.encoders.pretrained.network import NetworkEncoder, unit_vectors
from sparing.types import FloatArray

OF_A_CLASS, OF_A_SEARCH = "a photo of a {}", "a photo of {}"
"""Such models were trained on captions: a bare word is unlike what they know."""


def pair_of(encoder: BlockEncoder) -> tuple[NetworkEncoder, NetworkEncoder] | None:
    """Return the network of an encoder that sees pictures, and the one that reads for it.

    None where none of its networks has one. Whether that is here shows when it is asked.

    Examples
    --------
    >>> from sparing.encoders import FastembedImageEncoder, HogEncoder
    >>> pair_of(FastembedImageEncoder("Qdrant/clip-ViT-B-32-vision"))[1]
    FastembedEncoder(model='Qdrant/clip-ViT-B-32-text')
    >>> pair_of(HogEncoder()) is None
    True
    """
    for part in encoder.members():
        words = part.words() if isinstance(part, NetworkEncoder) else None
        if words is not None:
            return part, words
    return None


def word_vectors(reading: NetworkEncoder, words: Sequence[str], caption: str) -> FloatArray:
    """Return (n_words, n_outputs) vectors of length 1 of captions with these words.

    Raises
    ------
    MissingExtraError, SourceError : the network is not here

    References
    ----------
    Radford et al. (2021), arXiv 2103.00020, section 3.1.4, on captions
    """
    said = [caption.format(word) for word in words]
    return unit_vectors(reading.once(said), type(reading).__name__)
