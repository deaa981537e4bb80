"""A small detector for ``sparing label photos/ --kind boxes --detector "python train.py"``.

Windows of the usual size slide over a picture, and a logistic regression says what is in each. It
stands for the trainer of your own: what matters is what is read and what is written.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegression

SIDE = 8  # of the small picture of a window
NOTHING = 0  # the class of a window without an object
STEPS = 4  # in which a window moves by its own size
SAME = 0.3  # overlap from which on two windows see the same object


def main(folder: Path) -> None:
    """Learn from the pictures with boxes, and write what is seen in the others."""
    train = json.loads((folder / "train.json").read_text("utf-8"))
    asked = json.loads((folder / "predict.json").read_text("utf-8"))
    size = np.median([one["bbox"][2:] for one in train["annotations"]], axis=0)
    model = fitted(train, size)
    results = [one for image in asked["images"] for one in seen(image, model, size)]
    (folder / "results.json").write_text(json.dumps(results), "utf-8")


def fitted(train: dict, size: np.ndarray) -> LogisticRegression:
    """Return what tells windows at objects from windows beside them."""
    X, y = [], []
    for image in train["images"]:
        here = [one for one in train["annotations"] if one["image_id"] == image["id"]]
        page = opened(image)
        for one in here:
            X.append(small(page, one["bbox"]))
            y.append(one["category_id"])
        for box in windows(page, size):
            if not any(overlap(box, one["bbox"]) > SAME for one in here):
                X.append(small(page, box))
                y.append(NOTHING)
    return LogisticRegression(max_iter=1000).fit(X, y)


def seen(image: dict, model: LogisticRegression, size: np.ndarray) -> list[dict]:
    """Return the surest window at each place of a picture, as COCO results."""
    page, kept = opened(image), []
    boxes = list(windows(page, size))
    proba = model.predict_proba([small(page, box) for box in boxes])
    proba[:, model.classes_ == NOTHING] = 0
    for i in np.argsort(-proba.max(axis=1)):
        score, best = proba[i].max(), proba[i].argmax()
        if score > 0.5 and not any(overlap(boxes[i], one["bbox"]) > SAME for one in kept):
            category = int(model.classes_[best])
            kept.append(
                {
                    "image_id": image["id"],
                    "category_id": category,
                    "bbox": [float(x) for x in boxes[i]],
                    "score": float(score),
                }
            )
    return kept


def opened(image: dict) -> Image.Image:
    """Return a picture in gray as people see it: EXIF may say that it is turned."""
    with Image.open(image["file_name"]) as page:
        return ImageOps.exif_transpose(page).convert("L")


def windows(page: Image.Image, size: np.ndarray):
    """Yield places of the usual size: x, y, width, height."""
    width, height = np.minimum(size, page.size)
    for x in np.arange(0, page.width - width + 1, width / STEPS):
        for y in np.arange(0, page.height - height + 1, height / STEPS):
            yield float(x), float(y), float(width), float(height)


def small(page: Image.Image, box) -> np.ndarray:
    """Return the gray values of a window, scaled down."""
    x, y, width, height = box
    part = page.resize((SIDE, SIDE), Image.Resampling.BOX, (x, y, x + width, y + height))
    return np.asarray(part, dtype=np.float64).ravel() / 255


def overlap(one, other) -> float:
    """Return intersection over union."""
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(np.add(one[:2], one[2:]), np.add(other[:2], other[2:]))
    common = np.prod(np.maximum(high - low, 0))
    return common / (np.prod(one[2:]) + np.prod(other[2:]) - common)


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
