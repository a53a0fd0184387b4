"""How near each layer comes to what the machine can do (Williams et al. 2009, "Roofline").

A layer can be no faster than its multiply-adds at the machine's peak, nor than its bytes at the machine's bandwidth.
Peaks are measured, on one thread, with the same runtime on a product of large matrices.
"""

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from benchmarks.timing import interleave

_MATRIX_SIDE = 1024
_COPY_BYTES = 256 * 1024**2
_RUNS = 20
_KERNEL_EVENT = "_kernel_time"


@dataclass(frozen=True)
class Peaks:
    """What one thread of this machine can do at most.

    Attributes:
        multiply_adds: A second, for "fp32" and "int8".
        bandwidth: Bytes read and written a second.
    """

    multiply_adds: dict[str, float]
    bandwidth: float


@dataclass(frozen=True)
class Layer:
    """One operator of a network, as ONNX Runtime ran it.

    Attributes:
        name: The operator's type and its output's shape.
        seconds: Median duration.
        multiply_adds: Of convolutions; zero for others.
        bytes: Parameters, inputs and outputs.
        attainable: Share of the peak that it reached: its least possible duration over its real one.
    """

    name: str
    seconds: float
    multiply_adds: int
    bytes: int
    attainable: float


def measure_peaks() -> Peaks:
    """Measure this machine on one thread."""
    random = np.random.default_rng(0)
    shape = (_MATRIX_SIDE, _MATRIX_SIDE)
    a, b = (random.normal(size=shape).astype(np.float32) for _ in range(2))
    a8, b8 = random.integers(0, 255, shape, np.uint8), random.integers(-64, 64, shape, np.int8)
    source = np.ones(_COPY_BYTES, np.uint8)
    target = np.empty_like(source)
    turns = interleave(
        {
            "fp32": _product("MatMul", TensorProto.FLOAT, TensorProto.FLOAT, a, b),
            "int8": _product("MatMulInteger", TensorProto.UINT8, TensorProto.INT32, a8, b8),
            "copy": lambda: np.copyto(target, source),
        },
        rounds=_RUNS,
    )
    return Peaks(
        {precision: _MATRIX_SIDE**3 / turns[precision].seconds for precision in ("fp32", "int8")},
        2 * _COPY_BYTES / turns["copy"].seconds,
    )


def measure_layers(path: Path, precision: str, peaks: Peaks) -> list[Layer]:
    """Profile a network's operators in ONNX Runtime, on one thread, slowest first."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        given = {each.name: np.zeros(each.shape, np.float32) for each in session.get_inputs()}
        for _ in range(_RUNS):
            session.run(None, given)
        events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
    runs: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["name"].endswith(_KERNEL_EVENT):
            runs.setdefault(event["name"], []).append(event)
    kernels = _kernel_sizes(onnx.load(path))
    # A fused quantized convolution keeps its own name in front; a float one lists its kernel, see `_layer`.
    sizes = {name: kernels.get(re.sub(r"(_token_\d+|_nchwc)*" + _KERNEL_EVENT, "", name), 0) for name in runs}
    layers = [_layer(some, sizes[name], precision, peaks) for name, some in runs.items()]
    return sorted(layers, key=lambda layer: -layer.seconds)


def _kernel_sizes(model: onnx.ModelProto) -> dict[str, int]:
    """For each convolution: weights that make one output value."""
    shapes = {weights.name: weights.dims for weights in model.graph.initializer}
    # A quantized convolution's weights come through a DequantizeLinear.
    stored = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    return {node.name: prod(shapes[stored.get(node.input[1], node.input[1])][1:]) for node in convolutions}


def _layer(runs: list[dict[str, Any]], kernel_size: int, precision: str, peaks: Peaks) -> Layer:
    details = runs[0]["args"]
    seconds = median(run["dur"] for run in runs) / 1e6
    (output,) = details["output_type_shape"][0].values()
    shapes = [shape for entry in details["input_type_shape"] for shape in entry.values()]
    features_and_kernel = [shape for shape in shapes if len(shape) == 4]
    if details["op_name"] == "Conv" and len(features_and_kernel) > 1:
        kernel_size = prod(features_and_kernel[1][1:])
    multiply_adds = prod(output) * kernel_size
    moved = sum(int(details[key]) for key in ("parameter_size", "activation_size", "output_size"))
    least = max(multiply_adds / peaks.multiply_adds[precision], moved / peaks.bandwidth)
    name = (
        f"{details['op_name']} {'×'.join(map(str, output))}, {kernel_size} each" if kernel_size else details["op_name"]
    )
    return Layer(name, seconds, multiply_adds, moved, least / seconds)


def _product(operator: str, left: int, out: int, a: Any, b: Any) -> Callable[[], object]:
    graph = helper.make_graph(
        [helper.make_node(operator, ["a", "b"], ["c"])],
        operator,
        [helper.make_tensor_value_info("a", left, a.shape)],
        [helper.make_tensor_value_info("c", out, a.shape)],
        [onnx.numpy_helper.from_array(b, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"a": a})
