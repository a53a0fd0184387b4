"""The file of a LiteRT program: tensors, operators and buffers, by LiteRT's published schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

Array = npt.NDArray[Any]

_FILE_IDENTIFIER: Final = b"TFL3"
_VERSION: Final = 3
_SIGNATURE: Final = "serving_default"  # what every converter calls the only one
_OLD_CODES: Final = 127  # operators above this have no place in the schema's first field
_TYPES: Final = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int8): schema.TensorType.INT8,
}
# Options of operators, by LiteRT's names; TRANSPOSE, PAD, SLICE, QUANTIZE and DEQUANTIZE have none to set.
_OPTIONS: Final = {
    "ADD": "AddOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
}
# The oldest version of an operator that LiteRT documents for what we ask of it: int8 and half-pixel centres.
_VERSIONS: Final = {
    "ADD": 2,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "DEQUANTIZE": 3,
    "MAX_POOL_2D": 2,
    "MEAN": 2,
    "PAD": 2,
    "RESIZE_BILINEAR": 3,
    "SLICE": 2,
    "TRANSPOSE": 1,
    "QUANTIZE": 1,
}


@dataclass(frozen=True)
class Quantization:
    """What stored integers mean: (value - zero point) * scale, with one of each or one for each place on an axis."""

    scale: Array
    zero_point: Array
    axis: int = 0

    @classmethod
    def of(cls, scale: Array, zero_point: Array) -> Self:
        """ONNX's. Its uint8 becomes LiteRT's int8: a shift that changes no value."""
        shift = 128 if zero_point.dtype == np.uint8 else 0
        return cls(np.atleast_1d(scale), np.atleast_1d(zero_point).astype(np.int64) - shift)

    def along(self, axis: int) -> Self:
        """The same, for a transposed constant."""
        return replace(self, axis=axis)


class Program:
    """A LiteRT program under construction. Tensors are known by number."""

    def __init__(self) -> None:
        self._buffers = [schema.BufferT()]  # the first is empty, for tensors that are computed
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[str] = []

    def tensor(self, name: str, shape: Sequence[int], dtype: Any, quantization: Quantization | None = None) -> int:
        """A new tensor, which an operator fills."""
        tensor = schema.TensorT(name=name, shape=list(shape), type=_TYPES[np.dtype(dtype)], buffer=0)
        if quantization:
            tensor.quantization = schema.QuantizationParametersT(
                scale=quantization.scale.astype(np.float32),
                zeroPoint=quantization.zero_point,
                quantizedDimension=quantization.axis,
            )
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def like(self, tensor: int, name: str, shape: Sequence[int]) -> int:
        """A new tensor of another one's type and quantization."""
        old = self._tensors[tensor]
        new = schema.TensorT(name=name, shape=list(shape), type=old.type, buffer=0, quantization=old.quantization)
        self._tensors.append(new)
        return len(self._tensors) - 1

    def constant(self, name: str, values: Array, quantization: Quantization | None = None) -> int:
        """A new tensor that the file holds."""
        number = self.tensor(name, values.shape, values.dtype, quantization)
        self._tensors[number].buffer = len(self._buffers)
        self._buffers.append(schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8)))
        return number

    def shape(self, tensor: int) -> list[int]:
        """Of a tensor."""
        return self._tensors[tensor].shape

    def scale(self, tensor: int) -> Array:
        """Of a quantized tensor."""
        return self._tensors[tensor].quantization.scale

    def is_float(self, tensor: int) -> bool:
        """Whether a tensor is float32."""
        return self._tensors[tensor].type == schema.TensorType.FLOAT32

    def add(self, operator: str, inputs: Sequence[int], output: int, **options: Any) -> int:
        """Append an operator, with options by the schema's names. Returns its output."""
        if operator not in self._codes:
            self._codes.append(operator)
        added = schema.OperatorT(opcodeIndex=self._codes.index(operator), inputs=list(inputs), outputs=[output])
        if operator in _OPTIONS:
            kind = _OPTIONS[operator]
            added.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            added.builtinOptions = getattr(schema, f"{kind}T")(**options)
        self._operators.append(added)
        return output

    def fuse(self, tensor: int, activation: int) -> None:
        """Have the operator that fills a tensor apply an activation as well."""
        (producer,) = (operator for operator in self._operators if operator.outputs == [tensor])
        producer.builtinOptions.fusedActivationFunction = activation

    def transposed(self, tensor: int, order: Sequence[int], name: str) -> int:
        """A tensor with its axes in another order."""
        order_constant = self.constant(f"{name}_order", np.array(order, np.int32))
        output = self.like(tensor, name, [self.shape(tensor)[axis] for axis in order])
        return self.add("TRANSPOSE", [tensor, order_constant], output)

    def to_bytes(self, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> bytes:
        """The whole file, whose inputs and outputs can be asked for by name."""
        graph = schema.SubGraphT(
            tensors=self._tensors,
            operators=self._operators,
            inputs=list(inputs.values()),
            outputs=list(outputs.values()),
        )
        signature = schema.SignatureDefT(
            signatureKey=_SIGNATURE, subgraphIndex=0, inputs=_named(inputs), outputs=_named(outputs)
        )
        model = schema.ModelT(
            version=_VERSION,
            operatorCodes=[_operator_code(operator) for operator in self._codes],
            subgraphs=[graph],
            buffers=self._buffers,
            signatureDefs=[signature],
            description="Guesses the colours of a grey photograph.",
        )
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
        return bytes(builder.Output())


def _operator_code(operator: str) -> Any:
    code = getattr(schema.BuiltinOperator, operator)
    return schema.OperatorCodeT(
        builtinCode=code, deprecatedBuiltinCode=min(code, _OLD_CODES), version=_VERSIONS[operator]
    )


def _named(tensors: Mapping[str, int]) -> list[Any]:
    return [schema.TensorMapT(name=name, tensorIndex=tensor) for name, tensor in tensors.items()]
