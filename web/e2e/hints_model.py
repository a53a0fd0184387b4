"""Writes a small model folder whose network takes hints: `python web/e2e/hints_model.py FOLDER`.

Faithful chroma is a muted blue-green everywhere but around hints, where it is theirs; vivid chroma is twice that. So a
test sees where a hint reaches, and what vividness does, before a trained network has either.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB, Contract
from sdk.manifest import Artifact, Manifest, Model, sha256

CONTRACT = Contract(inputs=(LIGHTNESS, HINTS), outputs=(AB, VIVID_AB))
REACH = 9  # cells that a hint spreads over


def network() -> onnx.ModelProto:
    """Hints become their mean over the neighbourhood where there are any, the base colour elsewhere."""
    box = np.ones((3, 1, REACH, REACH), np.float32)
    constants = {
        "box": box,
        "least": np.float32(1e-3),
        "one": np.float32(1),
        "two": np.float32(2),
        "none": np.float32(0),
    }
    constants["base"] = np.array([-0.05, -0.05], np.float32).reshape(1, 2, 1, 1)
    for name, first, last in (("chroma", 0, 2), ("mask", 2, 3)):
        constants |= {f"{name}_first": np.array([first]), f"{name}_last": np.array([last])}
    constants["channels"] = np.array([1])
    node = helper.make_node
    nodes = [
        node("Conv", ["hints", "box"], ["sums"], group=3, pads=[REACH // 2] * 4),
        node("Slice", ["sums", "chroma_first", "chroma_last", "channels"], ["chroma"]),
        node("Slice", ["sums", "mask_first", "mask_last", "channels"], ["count"]),
        node("Max", ["count", "least"], ["divisor"]),
        node("Div", ["chroma", "divisor"], ["known"]),
        node("Min", ["count", "one"], ["share"]),
        node("Sub", ["one", "share"], ["rest"]),
        node("Mul", ["known", "share"], ["from_hints"]),
        node("Mul", ["base", "rest"], ["from_nothing"]),
        # Lightness has no say here, but an input that nothing reads would be dropped.
        node("AveragePool", ["lightness"], ["small"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Mul", ["small", "none"], ["zero"]),
        node("Sum", ["from_hints", "from_nothing", "zero"], ["ab"]),
        node("Mul", ["ab", "two"], ["vivid_ab"]),
    ]
    tensor = [
        [helper.make_tensor_value_info(spec.name, TensorProto.FLOAT, CONTRACT.shape(spec)) for spec in specs]
        for specs in (CONTRACT.inputs, CONTRACT.outputs)
    ]
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "hints", *tensor, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def main(folder: Path) -> None:
    """Write the network and its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hints.onnx"
    onnx.save(network(), path)
    artifact = Artifact(
        backend="onnx",
        path=path.name,
        sha256=sha256(path),
        bytes=path.stat().st_size,
        variant="lab",
        precision="fp32",
        quantization=None,
        calibration=None,
        tools={},
        minimum_runtime="onnxruntime 1.30",
        parity={},
    )
    model = Model(name="hints", version="0", commit="", licence="Apache-2.0", training_data=[])
    Manifest(folder=folder, created="", model=model, tensors=CONTRACT, artifacts=[artifact]).save()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
