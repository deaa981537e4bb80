"""TorchvisionDetector: a detector of torchvision that learns from tens of pictures or thousands.

References
----------
https://docs.pytorch.org/vision/stable/models.html#object-detection (BSD 3-Clause)
"""

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np

from sparing._validate import check_int
from sparing.annotations.detections import Detections
from sparing.encoders.pretrained.pictures import rgb
from sparing.errors import InvalidInputError, MissingExtraError, TrainingError, UnknownNameError
from sparing.models.detection.detector import check_has_boxes
from sparing.models.detection.feature_maps import picture_size
from sparing.models.network import drawing

EXTRA = "torchvision"
DEFAULT = "DEFAULT"
MOMENTUM, DECAY = 0.9, 5e-4


class TorchvisionDetector:
    """Any detector of torchvision as a ``Detector``.

    Nothing is fetched unless ``weights="DEFAULT"`` asks for it.

    Parameters
    ----------
    model : its name, such as ``"fasterrcnn_resnet50_fpn_v2"`` or ``"retinanet_resnet50_fpn"``
    weights : what it begins with: None, random numbers, of which little comes from few pictures; a
        file of a state that torch has saved; or ``"DEFAULT"``, what torchvision has trained on
        COCO, which it fetches once into its own folder
    epochs : how often it sees each picture
    batch_size : pictures a step
    rate : of learning, the highest
    device : of torch; None: a GPU where there is one
    seed : of the order and of what is drawn

    Raises
    ------
    InvalidInputError : a number is not as above

    Examples
    --------
    >>> TorchvisionDetector(weights="DEFAULT", epochs=5)
    TorchvisionDetector('fasterrcnn_mobilenet_v3_large_320_fpn')
    """

    def __init__(
        self,
        model: str = "fasterrcnn_mobilenet_v3_large_320_fpn",
        weights: str | PathLike[str] | None = None,
        *,
        epochs: int = 20,
        batch_size: int = 4,
        rate: float = 0.01,
        device: str | None = None,
        seed: int = 0,
    ) -> None:
        where = type(self).__name__
        self.model, self.weights, self.rate, self.device = model, weights, rate, device
        self.epochs = check_int("epochs", where, epochs, 1)
        self.batch_size = check_int("batch_size", where, batch_size, 1)
        self.seed = check_int("seed", where, seed, 0)
        self._net: Any = None

    def __repr__(self) -> str:
        return f"TorchvisionDetector('{self.model}')"

    def fit(self, pictures: Sequence[Any], truth: Sequence[Detections], n_classes: int) -> Self:
        """Learn from pictures with all their objects, from the first weights on.

        Parameters
        ----------
        pictures : files, Pillow images or arrays (height, width, 3) of uint8
        truth : the objects of each
        n_classes : codes there are

        Raises
        ------
        MissingExtraError : torchvision is not installed
        UnknownNameError : it has no such model
        InvalidInputError : the file of weights cannot be read
        TrainingError : there is no box, or the loss is no number any more
        SourceError : a picture cannot be read
        """
        check_has_boxes(truth)
        torch, models = _libraries()
        rng = np.random.default_rng(self.seed)
        with drawing(self.seed):
            net = self._first(torch, models, n_classes).to(self._where(torch))
            self._learn(torch, net, pictures, truth, rng)
        self._net = net.eval()
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
        torch, _ = _libraries()
        with torch.no_grad():
            return [self._found(torch, picture) for picture in pictures]

    def _where(self, torch: Any) -> str:
        return self.device or ("cuda" if torch.cuda.is_available() else "cpu")

    def _first(self, torch: Any, models: Any, n_classes: int) -> Any:
        """Return the network with its first weights; those that depend on the classes are new."""
        names = models.list_models(module=models.detection)
        if self.model not in names:
            raise UnknownNameError("detector of torchvision", self.model, names)
        net = models.get_model(
            self.model, weights=None, weights_backbone=None, num_classes=n_classes + 1
        )
        state = self._state(torch, models)
        own = net.state_dict()
        fitting = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
        if state and not fitting:
            raise InvalidInputError(f"{self.weights} has no weights of {self.model}.")
        net.load_state_dict(fitting, strict=False)
        return net

    def _state(self, torch: Any, models: Any) -> Any:
        if self.weights is None:
            return {}
        if self.weights == DEFAULT:
            return models.get_model_weights(self.model).DEFAULT.get_state_dict(check_hash=True)
        try:
            return torch.load(self.weights, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError) as error:
            raise InvalidInputError(
                f"{self.weights} is no state that torch has saved: {error}"
            ) from error

    def _learn(
        self,
        torch: Any,
        net: Any,
        pictures: Sequence[Any],
        truth: Sequence[Detections],
        rng: np.random.Generator,
    ) -> None:
        net.train()
        if self.weights is not None:  # few pictures at a time say little of the mean of many
            for part in net.modules():
                if isinstance(part, torch.nn.BatchNorm2d):
                    part.eval()
        able = [p for p in net.parameters() if p.requires_grad]
        steps = torch.optim.SGD(able, self.rate, momentum=MOMENTUM, weight_decay=DECAY)
        n_steps = self._n_steps(len(pictures))
        pace = torch.optim.lr_scheduler.OneCycleLR(steps, self.rate, total_steps=n_steps + 1)
        for rows in self._batches(len(pictures), rng):
            each = [_example(torch, pictures[i], truth[i], rng) for i in rows]
            there = [self._at(torch, one) for one in each]
            loss = sum(net([image for image, _ in there], [told for _, told in there]).values())
            if not torch.isfinite(loss):
                raise TrainingError(f"{self!r} lost its way: try a rate below {self.rate:g}.")
            steps.zero_grad()
            loss.backward()
            steps.step()
            pace.step()

    def _batches(self, n: int, rng: np.random.Generator) -> Iterator[list[int]]:
        """Yield full batches: the mean of a single picture is nothing to norm it by."""
        order: list[int] = []
        for _ in range(self._n_steps(n)):
            while len(order) < self.batch_size:
                order += rng.permutation(n).tolist()
            now, order = order[: self.batch_size], order[self.batch_size :]
            yield now

    def _n_steps(self, n: int) -> int:
        return self.epochs * -(-n // self.batch_size)

    def _at(self, torch: Any, one: tuple[Any, dict[str, Any]]) -> tuple[Any, dict[str, Any]]:
        where = self._where(torch)
        return one[0].to(where), {name: value.to(where) for name, value in one[1].items()}

    def _found(self, torch: Any, picture: Any) -> Detections:
        (told,) = self._net([_tensor(torch, _pixels(picture)).to(self._where(torch))])
        labels = told["labels"].cpu().numpy()
        found = Detections.of(
            told["boxes"].cpu().numpy(), labels - 1, told["scores"].cpu().numpy().clip(0, 1)
        )
        width, height = found.boxes[:, 2] - found.boxes[:, 0], found.boxes[:, 3] - found.boxes[:, 1]
        return found.take((labels > 0) & (width > 0) & (height > 0))


def _libraries() -> tuple[Any, Any]:
    """Return torch and the models of torchvision.

    Raises
    ------
    MissingExtraError : one of them is not installed
    """
    try:
        import torch
        from torchvision import models
    except ImportError as error:
        raise MissingExtraError("torchvision", EXTRA, "Its detectors") from error
    return torch, models


def _pixels(picture: Any) -> Any:
    """Return a picture, upright, as an array (height, width, 3) of uint8."""
    return np.array(rgb(picture, max(picture_size(picture))))


def _tensor(torch: Any, pixels: Any) -> Any:
    channels_first = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return torch.from_numpy(channels_first).float() / 255


def _example(
    torch: Any, picture: Any, truth: Detections, rng: np.random.Generator
) -> tuple[Any, dict[str, Any]]:
    """Return a picture and its boxes as torchvision learns from; every second one is mirrored."""
    pixels, boxes = _pixels(picture), truth.boxes.copy()
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
        boxes[:, [0, 2]] = pixels.shape[1] - boxes[:, [2, 0]]
    told = {
        "boxes": torch.as_tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.as_tensor(truth.class_ids + 1, dtype=torch.int64),
    }
    return _tensor(torch, pixels), told
