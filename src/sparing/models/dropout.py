"""DropoutClassifier: a torch network whose dropout, left on, draws from its posterior."""

from typing import Any, Self

import numpy as np

from sparing._validate import invalid
from sparing.models.network import NetworkClassifier, drawing, float32, torch_module
from sparing.types import Features, FloatArray


class DropoutClassifier(NetworkClassifier):
    """A skorch network with dropout: ``bald``, ``batch_bald``, ``epig`` and ``qbc`` hear its draws.

    It predicts with dropout off. On a GPU it runs where ``net.device`` says.

    Parameters
    ----------
    net : an unfitted ``skorch.NeuralNetClassifier`` whose module has dropout layers
    n_members : draws from the posterior
    random_state, warm_start, warm_epochs : as in :class:`NetworkClassifier`

    Attributes
    ----------
    classes_ : (n_classes,) label values
    net_ : the fitted network

    Raises
    ------
    InvalidInputError : no skorch classifier, or its module has no dropout
    MissingExtraError : torch is not installed

    References
    ----------
    Gal & Ghahramani (2016), Dropout as a Bayesian approximation; Gal, Islam & Ghahramani (2017),
    Deep Bayesian active learning with image data
    """

    def __init__(
        self,
        net: Any,
        n_members: int = 10,
        random_state: int | None = None,
        *,
        warm_start: float = 0.0,
        warm_epochs: int | None = None,
    ) -> None:
        super().__init__(
            net, warm_start=warm_start, warm_epochs=warm_epochs, random_state=random_state
        )
        self.n_members = n_members

    def fit(self, X: Features, y: Any) -> Self:
        """Fit a copy of the network, from the weights of the fit before as ``warm_start`` says."""
        super().fit(X, y)
        if not self._dropouts():
            raise invalid("net", "DropoutClassifier", "a network with dropout layers", self.net)
        return self

    def sample_proba(self, X: Features, seed: int) -> FloatArray:
        """Return (n_members, n_items, n_classes), each with other units dropped."""
        with drawing(seed):
            self.net_.module_.eval()
            for layer in self._dropouts():
                layer.train()
            inputs = float32(X)
            drawn = [self._drawn(inputs) for _ in range(self.n_members)]
            self.net_.module_.eval()
        return np.stack(drawn)

    def _drawn(self, X: FloatArray) -> FloatArray:
        torch = torch_module()
        blocks = self.net_.get_iterator(self.net_.get_dataset(X), training=False)
        with torch.no_grad():
            answers = [self.net_.infer(block[0]) for block in blocks]
        # skorch applies the softmax where the loss says that the module gives none
        nonlinear = self.net_._get_predict_nonlinearity()
        return self._of_seen_classes(nonlinear(torch.cat(answers)).cpu().numpy())

    def _dropouts(self) -> list[Any]:
        kind = torch_module().nn.modules.dropout._DropoutNd
        return [layer for layer in self.net_.module_.modules() if isinstance(layer, kind)]
