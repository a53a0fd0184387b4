"""A student's ONNX graph as a LiteRT program, operator by operator.

LiteRT has quantized operators of its own: an int8 program computes with the very weights, scales and zero points of the
int8 ONNX artifact. No published converter installs beside our PyTorch and keeps those; see docs/decisions.md.

ONNX lays channels out second, LiteRT last. Inputs and outputs keep the contract's layout, by one transposition each.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import onnx
from ai_edge_litert.schema_py_generated import ActivationFunctionType, Padding

from converters.errors import UnknownOperatorError
from converters.litert_program import Array, Program, Quantization

_CHANNELS_LAST: Final = (0, 2, 3, 1)
_CHANNELS_SECOND: Final = (0, 3, 1, 2)
_CLIPS: Final = {(0.0, 6.0): ActivationFunctionType.RELU6, (-1.0, 1.0): ActivationFunctionType.RELU_N1_TO_1}


def from_onnx(model: onnx.ModelProto, *, half: bool = False) -> bytes:
    """Translate a student's graph.

    Args:
        model: As `converters.to_onnx` writes it: float32, or quantized to QDQ.
        half: Store weights in float16; LiteRT widens them when it opens the program.

    Returns:
        A `.tflite` file.

    Raises:
        UnknownOperatorError: The graph has an operator, or a way of using one, that this module cannot translate.
    """
    return _Translation(model, half=half).to_bytes()


class _Translation:
    """One graph on its way; `tensors` has LiteRT's number of each ONNX value that is known so far."""

    def __init__(self, model: onnx.ModelProto, *, half: bool) -> None:
        graph = onnx.shape_inference.infer_shapes(model).graph
        self.program = Program()
        self.half = half
        self.outputs = [value.name for value in graph.output]
        self.shapes = {value.name: _shape(value) for value in (*graph.input, *graph.value_info, *graph.output)}
        self.constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
        # Of the constants that DequantizeLinear makes, and of the values that QuantizeLinear takes.
        self.quantized: dict[str, tuple[Array, Quantization]] = {}
        self.scales = {
            node.input[0]: self._quantization(node) for node in graph.node if node.op_type == "QuantizeLinear"
        }
        self.inputs: dict[str, int] = {}
        self.tensors: dict[str, int] = {}
        for value in graph.input:
            self._begin(value.name)
        for node in graph.node:
            if node.op_type not in _TRANSLATED:
                raise UnknownOperatorError(f"LiteRT has no translation of {node.op_type} yet: see {__name__}.")
            _TRANSLATED[node.op_type](self, node)

    def to_bytes(self) -> bytes:
        """The whole program; its outputs are the contract's again."""
        outputs = {name: self.program.transposed(self.tensors[name], _CHANNELS_SECOND, name) for name in self.outputs}
        return self.program.to_bytes(self.inputs, outputs)

    def _begin(self, name: str) -> None:
        self.inputs[name] = self.program.tensor(name, self.shapes[name], np.float32)
        self.tensors[name] = self.program.transposed(self.inputs[name], _CHANNELS_LAST, f"{name}_last")

    def _result(self, node: onnx.NodeProto) -> int:
        """A tensor for what an operator answers: quantized, if that is the first thing that happens to it."""
        name = node.output[0]
        shape = _last(self.shapes[name])
        quantization = self.scales.get(name)
        dtype = np.int8 if quantization else np.float32
        self.tensors[name] = self.program.tensor(name, shape, dtype, quantization)
        return self.tensors[name]

    def _quantization(self, node: onnx.NodeProto) -> Quantization:
        scale, zero_point = (self.constants[name] for name in node.input[1:])
        return Quantization.of(scale, zero_point)

    def quantize(self, node: onnx.NodeProto) -> None:
        """Nothing where the operator before has answered in int8 already."""
        source = self.tensors[node.input[0]]
        if self.program.is_float(source):
            target = self.program.tensor(node.output[0], self.program.shape(source), np.int8, self._quantization(node))
            source = self.program.add("QUANTIZE", [source], target)
        self.tensors[node.output[0]] = source

    def dequantize(self, node: onnx.NodeProto) -> None:
        """A constant keeps its integers; a value stays quantized until it leaves the graph."""
        source, target = node.input[0], node.output[0]
        if source in self.constants:
            self.quantized[target] = (self.constants[source], self._quantization(node))
        elif target in self.outputs:
            tensor = self.program.tensor(f"{target}_last", self.program.shape(self.tensors[source]), np.float32)
            self.tensors[target] = self.program.add("DEQUANTIZE", [self.tensors[source]], tensor)
        else:
            self.tensors[target] = self.tensors[source]

    def convolve(self, node: onnx.NodeProto) -> None:
        """Depthwise where each channel has its own kernel. Padding is an operator of its own: LiteRT's is lopsided."""
        options = _attributes(node)
        weights, _ = self.quantized.get(node.input[1]) or (self.constants[node.input[1]], None)
        depthwise = options["group"] > 1
        if options["group"] not in (1, len(weights)) or options["dilations"] != [1, 1]:
            raise UnknownOperatorError(f"{node.name}: LiteRT has neither grouped nor dilated convolutions here.")
        axes = (1, 2, 3, 0) if depthwise else (0, 2, 3, 1)
        kernel = self._weights(node.input[1], axes)
        operator = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        stride_h, stride_w = options["strides"]
        settings = {"padding": Padding.VALID, "strideH": stride_h, "strideW": stride_w}
        if depthwise:
            settings["depthMultiplier"] = 1
        bias = self._weights(node.input[2], (0,)) if len(node.input) > 2 else self._no_bias(node)
        inputs = [self._padded(node, options["pads"]), kernel, bias]
        self.program.add(operator, inputs, self._result(node), **settings)

    def _no_bias(self, node: onnx.NodeProto) -> int:
        """Zeros: LiteRT's convolutions always add something."""
        name = f"{node.output[0]}_bias"
        if node.input[1] not in self.quantized:
            return self.program.constant(name, np.zeros(len(self.constants[node.input[1]]), np.float32))
        weights, quantization = self.quantized[node.input[1]]
        scale = quantization.scale * self.program.scale(self.tensors[node.input[0]])
        zeros = np.zeros(len(weights), np.int32)
        return self.program.constant(name, zeros, Quantization(scale, np.zeros(len(scale), np.int64)))

    def _padded(self, node: onnx.NodeProto, pads: list[int]) -> int:
        source = self.tensors[node.input[0]]
        if not any(pads):
            return source
        top, left, bottom, right = pads
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        shape = [side + sum(amount) for side, amount in zip(self.program.shape(source), amounts.tolist(), strict=True)]
        padded = self.program.like(source, f"{node.output[0]}_padded", shape)
        return self.program.add("PAD", [source, self.program.constant(f"{node.output[0]}_pads", amounts)], padded)

    def _weights(self, name: str, axes: tuple[int, ...]) -> int:
        if name in self.quantized:
            values, quantization = self.quantized[name]
            return self.program.constant(name, values.transpose(axes), quantization.along(axes.index(0)))
        values = self.constants[name].transpose(axes)
        if not self.half:
            return self.program.constant(name, values)
        stored = self.program.constant(f"{name}_half", values.astype(np.float16))
        return self.program.add("DEQUANTIZE", [stored], self.program.tensor(name, values.shape, np.float32))

    def clip(self, node: onnx.NodeProto) -> None:
        """A part of the operator before it."""
        low, high = (float(self.constants[name]) for name in node.input[1:])
        if (low, high) not in _CLIPS:
            raise UnknownOperatorError(f"{node.name}: LiteRT cannot clip to [{low}, {high}].")
        self.program.fuse(self.tensors[node.input[0]], _CLIPS[low, high])
        self.tensors[node.output[0]] = self.tensors[node.input[0]]

    def rectify(self, node: onnx.NodeProto) -> None:
        """A part of the operator before it."""
        self.program.fuse(self.tensors[node.input[0]], ActivationFunctionType.RELU)
        self.tensors[node.output[0]] = self.tensors[node.input[0]]

    def pool(self, node: onnx.NodeProto) -> None:
        """The largest value of each window."""
        options = _attributes(node)
        if any(options.get("pads", ())) or options.get("ceil_mode") or options.get("dilations", [1, 1]) != [1, 1]:
            raise UnknownOperatorError(f"{node.name}: only whole windows can be pooled.")
        (height, width), (stride_h, stride_w) = options["kernel_shape"], options["strides"]
        self.program.add(
            "MAX_POOL_2D",
            [self.tensors[node.input[0]]],
            self._result(node),
            padding=Padding.VALID,
            filterHeight=height,
            filterWidth=width,
            strideH=stride_h,
            strideW=stride_w,
        )

    def add(self, node: onnx.NodeProto) -> None:
        """Two values, one of which may be one pixel large."""
        self.program.add("ADD", [self.tensors[name] for name in node.input], self._result(node))

    def concatenate(self, node: onnx.NodeProto) -> None:
        """Channel after channel."""
        self.program.add("CONCATENATION", [self.tensors[name] for name in node.input], self._result(node), axis=3)

    def slice(self, node: onnx.NodeProto) -> None:
        """Some channels, one after the other."""
        first, end, axes, steps = (self.constants[name].tolist() for name in node.input[1:])
        if axes != [1] or steps != [1]:
            raise UnknownOperatorError(f"{node.name}: only channels can be cut out, one after the other.")
        name, source = node.output[0], self.tensors[node.input[0]]
        *sides, _ = self.program.shape(source)
        begin = self.program.constant(f"{name}_begin", np.array([0, 0, 0, *first], np.int32))
        shape = [*sides, end[0] - first[0]]
        size = self.program.constant(f"{name}_size", np.array(shape, np.int32))
        self.tensors[name] = self.program.add("SLICE", [source, begin, size], self.program.like(source, name, shape))

    def mean(self, node: onnx.NodeProto) -> None:
        """Over all pixels."""
        axes = self.program.constant(f"{node.output[0]}_axes", np.array([1, 2], np.int32))
        self.program.add("MEAN", [self.tensors[node.input[0]], axes], self._result(node), keepDims=True)

    def resize(self, node: onnx.NodeProto) -> None:
        """Bilinear, half-pixel centres."""
        options = _attributes(node)
        if options["mode"] != b"linear" or options["coordinate_transformation_mode"] != b"half_pixel":
            raise UnknownOperatorError(f"{node.name}: only half-pixel bilinear resizing can be translated.")
        height, width = self.shapes[node.output[0]][2:]
        sides = self.program.constant(f"{node.output[0]}_sides", np.array([height, width], np.int32))
        inputs = [self.tensors[node.input[0]], sides]
        self.program.add("RESIZE_BILINEAR", inputs, self._result(node), halfPixelCenters=True)


_TRANSLATED: Final[dict[str, Callable[[_Translation, onnx.NodeProto], None]]] = {
    "Add": _Translation.add,
    "Clip": _Translation.clip,
    "Concat": _Translation.concatenate,
    "Conv": _Translation.convolve,
    "DequantizeLinear": _Translation.dequantize,
    "MaxPool": _Translation.pool,
    "QuantizeLinear": _Translation.quantize,
    "ReduceMean": _Translation.mean,
    "Relu": _Translation.rectify,
    "Resize": _Translation.resize,
    "Slice": _Translation.slice,
}


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]


def _last(shape: list[int]) -> list[int]:
    return [shape[axis] for axis in _CHANNELS_LAST]
