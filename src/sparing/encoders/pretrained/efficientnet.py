"""EfficientNet-Lite0 as an ONNX graph, from its weights alone.

Kernels and channels stand in the weights; only where a block halves the picture does not. Each
convolution takes in the normalization that follows it, which leaves one operation where there
were two. The padding is that of TensorFlow, in which the network was trained: whole outputs, the
odd pixel at the end. So any size of picture may go in.
"""

from typing import Any

import numpy as np

from sparing.types import Arrays, FloatArray

EPSILON = 1e-3
N_BLOCKS = 16
HALVING = frozenset({1, 3, 5, 11})  # blocks, and the stem
WIDTH = 1280
OPSET = 13
MAPS = {"fine": (4, 8, 40), "middle": (10, 16, 112), "coarse": (15, 32, 320)}
"""Block after which a map is taken, pixels a cell, channels."""


def efficientnet_graph(weights: Arrays) -> bytes:
    """Return the network up to its last mean as ONNX: pictures in, (n, 1280) vectors out.

    Parameters
    ----------
    weights : by the names of the PyTorch port

    Returns
    -------
    of a model whose input ``pictures`` is (n, 3, height, width) float32 and whose output
    ``vectors`` is (n, 1280)

    References
    ----------
    Tan & Le (2019), arXiv 1905.11946; the lite form leaves out squeeze-and-excitation and has
    ReLU6 in place of swish
    """
    graph = _Graph(weights)
    x = _blocks(graph)[-1]
    x = graph.conv(x, "_conv_head", "_bn1", is_bounded=True)
    x = graph.add("GlobalAveragePool", [x])
    graph.add("Flatten", [x], name="vectors")
    return graph.content({"vectors": ["n", WIDTH]})


def feature_maps_graph(weights: Arrays) -> bytes:
    """Return the network up to its last block as ONNX: pictures in, maps at three scales out.

    Parameters
    ----------
    weights : as of :func:`efficientnet_graph`

    Returns
    -------
    of a model whose outputs are named in ``MAPS``, each (n, channels, height / stride,
    width / stride) of pictures whose sides are multiples of 32
    """
    graph = _Graph(weights)
    passed = _blocks(graph)
    for name, (block, _, _) in MAPS.items():
        graph.add("Identity", [passed[block]], name=name)
    sides = {
        name: ["n", channels, f"height{stride}", f"width{stride}"]
        for name, (_, stride, channels) in MAPS.items()
    }
    return graph.content(sides)


def _blocks(graph: "_Graph") -> list[str]:
    """Add stem and blocks, and return what each block leaves."""
    x = graph.conv("pictures", "_conv_stem", "_bn0", stride=2, is_bounded=True)
    passed = []
    for i in range(N_BLOCKS):
        x = _block(graph, x, f"_blocks.{i}.", stride=2 if i in HALVING else 1)
        passed.append(x)
    return passed


def _block(graph: "_Graph", x: str, at: str, stride: int) -> str:
    """Widen, look around channel by channel, narrow; and add what came in where that fits."""
    y = x
    if f"{at}_expand_conv.weight" in graph.weights:
        y = graph.conv(y, f"{at}_expand_conv", f"{at}_bn0", is_bounded=True)
    y = graph.conv(y, f"{at}_depthwise_conv", f"{at}_bn1", stride=stride, is_bounded=True)
    y = graph.conv(y, f"{at}_project_conv", f"{at}_bn2")
    widened = graph.weights.get(f"{at}_expand_conv.weight")
    came_in = None if widened is None else widened.shape[1]
    leaves = graph.weights[f"{at}_project_conv.weight"].shape[0]
    return graph.add("Add", [y, x]) if stride == 1 and came_in == leaves else y


class _Graph:
    """Nodes and constants in the order in which they are made."""

    def __init__(self, weights: Arrays) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._bounds = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]

    def constant(self, name: str, value: FloatArray | np.float32) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operation: str, inputs: list[str], name: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = name or f"{operation}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def content(self, outputs: dict[str, list[Any]]) -> bytes:
        """Return the model whose input is ``pictures`` and whose outputs have these shapes."""
        from onnx import TensorProto, helper

        def told(name: str, shape: list[Any]) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        model = helper.make_graph(
            self.nodes,
            "efficientnet-lite0",
            [told("pictures", ["n", 3, "height", "width"])],
            [told(name, shape) for name, shape in outputs.items()],
            self.constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(model, opset_imports=opset, ir_version=8)
        content: bytes = made.SerializeToString()
        return content

    def conv(
        self, x: str, conv: str, norm: str, *, stride: int = 1, is_bounded: bool = False
    ) -> str:
        """Add a convolution with its normalization, and the bounds 0 and 6 where there are such."""
        kernel, offset = folded(self.weights, conv, norm)
        named = [self.constant(f"{conv}.kernel", kernel), self.constant(f"{conv}.offset", offset)]
        is_depthwise = kernel.shape[1] == 1
        x = self.add(
            "Conv",
            [x, *named],
            auto_pad="SAME_UPPER",
            group=len(kernel) if is_depthwise else 1,
            kernel_shape=kernel.shape[2:],
            strides=[stride, stride],
        )
        return self.add("Clip", [x, *self._bounds]) if is_bounded else x


def folded(weights: Arrays, conv: str, norm: str) -> tuple[FloatArray, FloatArray]:
    """Return kernel and offset of a convolution that does what the normalization after it did.

    Examples
    --------
    >>> one = np.ones(1, np.float32)
    >>> weights = {"c.weight": np.full((1, 1, 1, 1), 3, np.float32), "n.weight": 2 * one,
    ...     "n.bias": one, "n.running_mean": one, "n.running_var": one * (1 - EPSILON)}
    >>> kernel, offset = folded(weights, "c", "n")  # 2 * (3 x - 1) + 1
    >>> kernel.ravel().round(4), offset.round(4)
    (array([6.], dtype=float32), array([-1.], dtype=float32))
    """
    spread = np.sqrt(weights[f"{norm}.running_var"].astype(np.float64) + EPSILON)
    scale = weights[f"{norm}.weight"] / spread
    kernel = weights[f"{conv}.weight"] * scale[:, None, None, None]
    offset = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return kernel.astype(np.float32), offset.astype(np.float32)
