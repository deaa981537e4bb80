"""RFDETRDetector: RF-DETR, a transformer that finds objects and needs few pictures.

References
----------
https://github.com/roboflow/rf-detr (Apache-2.0)
"""

import json
import tempfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np

from sparing._validate import check_int
from sparing.annotations.detections import Detections
from sparing.encoders.pretrained.pictures import rgb
from sparing.errors import InvalidInputError, MissingExtraError, TrainingError, UnknownNameError
from sparing.models.detection.detector import check_has_boxes
from sparing.models.detection.feature_maps import picture_size
from sparing.models.network import drawing

EXTRA = "rfdetr"
MODELS = ("RFDETRNano", "RFDETRSmall", "RFDETRMedium", "RFDETRLarge")
DEFAULT = "DEFAULT"
HELD_OUT = 5  # one in so many pictures tells which epoch was the best
FLOOR = 0.02  # of scores: below it nobody takes a box seriously
NOTHING = -1  # the library names the background among the classes
FILE = "_annotations.coco.json"
QUIET = {"tensorboard": False, "progress_bar": None, "num_workers": 0}
"""What is asked of ``train`` beside: nothing is shown, and no process outlives its folder."""


class RFDETRDetector:
    """A detector of RF-DETR as a ``Detector``.

    Nothing is fetched unless ``weights="DEFAULT"`` asks for it.

    Parameters
    ----------
    model : ``"RFDETRNano"``, ``"RFDETRSmall"``, ``"RFDETRMedium"`` or ``"RFDETRLarge"``
    weights : what it begins with: a checkpoint of such a model; or ``"DEFAULT"``, what Roboflow has
        trained on COCO, which the library fetches once into its own folder; None: random numbers,
        of which little comes from few pictures
    epochs : how often it sees each picture
    batch_size : pictures a step
    settings : more of what ``train`` of the library takes, such as ``{"lr": 1e-4}``
    seed : of what is held out and drawn

    Raises
    ------
    UnknownNameError : no such model
    InvalidInputError : a number is not as above, or there is no such file

    Examples
    --------
    >>> RFDETRDetector(weights="DEFAULT", epochs=20)
    RFDETRDetector('RFDETRNano')
    """

    def __init__(
        self,
        model: str = "RFDETRNano",
        weights: str | PathLike[str] | None = None,
        *,
        epochs: int = 30,
        batch_size: int = 4,
        settings: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        where = type(self).__name__
        if model not in MODELS:
            raise UnknownNameError("model of RF-DETR", model, MODELS)
        if weights is not None and weights != DEFAULT and not Path(weights).is_file():
            raise InvalidInputError(f"There is no file {weights} with weights of {model}.")
        self.model, self.weights, self.settings = model, weights, dict(settings or {})
        self.epochs = check_int("epochs", where, epochs, 1)
        self.batch_size = check_int("batch_size", where, batch_size, 1)
        self.seed = check_int("seed", where, seed, 0)
        self._net: Any = None

    def __repr__(self) -> str:
        return f"RFDETRDetector('{self.model}')"

    def fit(self, pictures: Sequence[Any], truth: Sequence[Detections], n_classes: int) -> Self:
        """Learn from pictures with all their objects, from the first weights on.

        One picture in five tells which epoch was the best, where there are that many.

        Parameters
        ----------
        pictures : files, Pillow images or arrays (height, width, 3) of uint8
        truth : the objects of each
        n_classes : codes there are

        Raises
        ------
        MissingExtraError : RF-DETR is not installed, or cannot train
        TrainingError : there is no box
        SourceError : a picture cannot be read
        """
        check_has_boxes(truth)
        made = _library()
        weights = {} if self.weights == DEFAULT else {"pretrain_weights": self.weights}
        with tempfile.TemporaryDirectory() as folder, drawing(self.seed):
            net = getattr(made, self.model)(num_classes=n_classes, **weights)
            self._write(Path(folder), pictures, truth, n_classes)
            net.train(
                dataset_dir=folder,
                output_dir=str(Path(folder) / "output"),
                epochs=self.epochs,
                batch_size=self.batch_size,
                seed=self.seed,
                **(QUIET | self.settings),
            )
        self._net = net
        return self

    def predict(self, pictures: Sequence[Any]) -> list[Detections]:
        """Return what is found in each picture, the surest first.

        Raises
        ------
        TrainingError : nothing was learned yet
        SourceError : a picture cannot be read
        """
        if self._net is None:
            raise TrainingError("Nothing is learned yet: fit the detector first.")
        return [self._found(picture) for picture in pictures]

    def _found(self, picture: Any) -> Detections:
        image = _upright(picture)
        told = self._net.predict(image, threshold=FLOOR, include_source_image=False)
        names = [str(name) for name in told.data.get("class_name", ())]
        codes = [int(name) if name.isdecimal() else NOTHING for name in names]
        boxes = np.clip(np.reshape(told.xyxy, (-1, 4)), 0, np.tile(image.size, 2))
        found = Detections.of(boxes, codes, np.clip(told.confidence, 0, 1))
        found = found.take(np.argsort(-found.scores, kind="stable"))
        has_extent = (found.boxes[:, :2] < found.boxes[:, 2:]).all(axis=1)
        return found.take(has_extent & (found.class_ids != NOTHING))

    def _write(
        self, folder: Path, pictures: Sequence[Any], truth: Sequence[Detections], n_classes: int
    ) -> None:
        """Write pictures upright, with their boxes, in the folders that the library reads."""
        order = np.random.default_rng(self.seed).permutation(len(pictures)).tolist()
        n_held = len(order) // HELD_OUT
        held = order[:n_held] or order
        for name, rows in {"train": order[n_held:], "valid": held, "test": held}.items():
            part = folder / name
            part.mkdir()
            images, boxes = [], []
            for i in rows:
                image = _upright(pictures[i])
                image.save(part / f"{i}.png")
                size = {"width": image.width, "height": image.height}
                images.append({"id": i, "file_name": f"{i}.png", **size})
                boxes += _annotations(i, truth[i])
            told = {
                "images": images,
                "annotations": [{"id": k, **one} for k, one in enumerate(boxes)],
                "categories": [{"id": k, "name": str(k)} for k in range(n_classes)],
            }
            (part / FILE).write_text(json.dumps(told), "utf-8")


def _library() -> Any:
    """Return the library.

    Raises
    ------
    MissingExtraError : it is not installed, or without what it trains with
    """
    try:
        import pytorch_lightning  # noqa: F401  # it is loaded late, when all is prepared
        import rfdetr
    except ImportError as error:
        raise MissingExtraError("rfdetr[train]", EXTRA, "Its detectors") from error
    return rfdetr


def _upright(picture: Any) -> Any:
    """Return a picture of Pillow as people see it, in color and at its whole size."""
    return rgb(picture, max(picture_size(picture)))


def _annotations(number: int, truth: Detections) -> list[dict[str, Any]]:
    sides = truth.boxes[:, 2:] - truth.boxes[:, :2]
    boxes = np.hstack([truth.boxes[:, :2], sides]).tolist()
    return [
        {
            "image_id": number,
            "category_id": code,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        for box, code in zip(boxes, truth.class_ids.tolist(), strict=True)
    ]
