"""A folder with a pretrained model in ONNX form: which file it is, and what is said of it."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from sparing.encoders.pretrained.packages import file_hash
from sparing.errors import SourceError

POOLING = "1_Pooling/config.json"
LENGTH = "sentence_bert_config.json"
PICTURES, WORDS = "vision_model", "text_model"
"""What exports of CLIP call their two networks: one sees pictures, the other reads of them."""
CLIP_TOKENS = 77
BESIDE = ("tokenizer.json", "preprocessor_config.json", "sparing.json", POOLING, LENGTH)


def model_in(place: Path, tower: str = "") -> tuple[Path, Path]:
    """Return the model's file and the folder of what belongs to it.

    Parameters
    ----------
    place : a folder with one ``.onnx`` file, in it or in its folder ``onnx``; or such a file
    tower : the name of the network that is meant where the folder holds the two of a CLIP model

    Raises
    ------
    SourceError : there is no model, or more than one
    """
    if place.is_file():
        folder = place.parent
        return place, folder.parent if folder.name == "onnx" else folder
    found = sorted(place.glob("*.onnx")) or sorted(place.glob("onnx/*.onnx"))
    if len(found) > 1 and tower:
        found = _towers(found).get(tower, found)
    if len(found) == 1:
        return found[0], place
    if not place.is_dir():
        raise SourceError(f"There is no folder {place}.")
    names = ", ".join(str(path.relative_to(place)) for path in found) or "none"
    raise SourceError(
        f"{place} must hold one .onnx file. It has {names}: name the file that is meant."
    )


def words_in(place: Path) -> bool:
    """Tell whether a folder holds a CLIP model: a network that reads beside one for pictures.

    Raises
    ------
    SourceError : what it says of itself is damaged
    """
    there = sorted(place.glob("*.onnx")) or sorted(place.glob("onnx/*.onnx"))
    if not _towers(there) or not (place / "tokenizer.json").is_file():
        return False
    return "clip" in str(_json(place / "config.json").get("model_type", "clip"))  # not SigLIP


def _towers(found: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the files of each of two towers: the plain one, where it lies beside smaller ones."""
    towers = {}
    for tower in (PICTURES, WORDS):
        mine = [path for path in found if path.stem.startswith(tower)]
        towers[tower] = [path for path in mine if path.stem == tower] or mine
    return towers if all(towers.values()) else {}


def hash_of_model(place: Path, tower: str = "") -> str:
    """Return a hash of the model and of all that says how it is used.

    Parameters
    ----------
    place, tower : as of ``model_in``

    Raises
    ------
    SourceError : there is no model, or it cannot be read
    """
    model, folder = model_in(place, tower)
    weights = sorted(path for path in model.parent.glob(f"{model.name}*") if path.is_file())
    beside = [path for path in (folder / name for name in BESIDE) if path.is_file()]
    hashes = [f"{path.name} {file_hash(path)}" for path in [*weights, *beside]]
    return sha256("\n".join(hashes).encode()).hexdigest()


def text_outputs(folder: Path) -> tuple[bool, int | None]:
    """Return whether a text's vector is its first token's, and how many tokens are read.

    Read are the files of the sentence-transformers library; without them: no, and None.

    Raises
    ------
    SourceError : a file is damaged, or asks for what is neither the mean nor the first token
    """
    pooling = _json(folder / POOLING)
    is_first = bool(pooling.get("pooling_mode_cls_token"))
    if pooling and not is_first and not pooling.get("pooling_mode_mean_tokens"):
        raise SourceError(f"{folder / POOLING} must ask for the mean or the first token.")
    length = _json(folder / LENGTH).get("max_seq_length")
    if not length and words_in(folder):
        length = _clip(folder).get("max_position_embeddings", CLIP_TOKENS)
    return is_first, int(length) if length else None


def _clip(folder: Path) -> dict[str, Any]:
    """Return what a folder says of the network that reads, as the transformers library does."""
    said = _json(folder / "config.json").get("text_config")
    return said if isinstance(said, dict) else {}


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise SourceError(f"{path} must hold a JSON object.")
    return said
