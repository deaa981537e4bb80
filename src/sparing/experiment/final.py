"""The model of all labels, once the comparison is over."""

import numpy as np

from sparing.datasets.items import Labeled
from sparing.encoders.choice import named_encoder
from sparing.learner.learner import ActiveLearner
from sparing.models.saved import SavedModel
from sparing.types import Classifier


def fit_final(data: Labeled, encoder: str, model: str | Classifier) -> SavedModel:
    """Fit encoder and model on everything there is, to label new items.

    Parameters
    ----------
    data : items and their labels
    encoder : its name
    model : ``"auto"`` or a classifier

    Raises
    ------
    CapabilityError : the model or the encoder cannot be saved without pickle
    """
    items = data.items
    fitted_encoder = named_encoder(encoder, items.kind, items.values)
    X = fitted_encoder.fit_transform(items.values)
    learner = ActiveLearner(X, None, model, "random", views=fitted_encoder.views)
    learner.teach(np.arange(len(data)), data.labels)
    return SavedModel.of(
        learner.version.fitted,
        fitted_encoder,
        classes=learner.classes,
        n_labeled=len(data),
        kind=items.kind,
        columns=items.columns,
    )
