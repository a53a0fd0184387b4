"""Writes a small model folder whose network takes hints: `python web/e2e/hints_model.py FOLDER`.

Faithful chroma is a muted blue-green everywhere but around hints, where it is theirs; vivid chroma is twice that. So a
test sees where a hint reaches, and what vividness does, whatever the bundled network has learned.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from converters.litert import from_onnx
from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB, Contract
from sdk.manifest import Artifact, Manifest, Model, sha256

CONTRACT: Final = Contract(inputs=(LIGHTNESS, HINTS), outputs=(AB, VIVID_AB))
BASE: Final = -0.05  # of a and of b
REACH: Final = 5  # cells that a hint spreads over
FULL: Final = 9  # so many cells of a hint within reach say its colour in full


def network() -> onnx.ModelProto:
    """Hints in place of the base, nothing from lightness, and twice the sum."""
    spread = np.zeros((2, 3, REACH, REACH))
    spread[0, 0] = spread[1, 1] = 1 / FULL
    spread[:, 2] = -BASE / FULL
    weights = {
        "spread": spread,
        "base": np.full(2, BASE),
        "nothing": np.zeros((2, 1, 2, 2)),
        "twice": 2 * np.eye(2)[:, :, None, None],
        "zeros": np.zeros(2),
    }
    nodes = [
        _convolution(["hints", "spread", "base"], "known", pad=REACH // 2),
        # Lightness has no say here, but an input that nothing reads would be dropped.
        _convolution(["lightness", "nothing", "zeros"], "unknown", stride=2),
        helper.make_node("Add", ["known", "unknown"], ["ab"]),
        _convolution(["ab", "twice", "zeros"], "vivid_ab"),
    ]
    inputs, outputs = (
        [helper.make_tensor_value_info(spec.name, TensorProto.FLOAT, CONTRACT.shape(spec)) for spec in specs]
        for specs in (CONTRACT.inputs, CONTRACT.outputs)
    )
    constants = [numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "hints", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def _convolution(inputs: list[str], output: str, *, stride: int = 1, pad: int = 0) -> onnx.NodeProto:
    return helper.make_node("Conv", inputs, [output], strides=[stride] * 2, pads=[pad] * 4, dilations=[1, 1], group=1)


def main(folder: Path) -> None:
    """Write the network and its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hints.tflite"
    path.write_bytes(from_onnx(network()))
    artifact = Artifact(
        backend="litert",
        path=path.name,
        sha256=sha256(path),
        bytes=path.stat().st_size,
        variant="lab",
        precision="fp32",
        quantization=None,
        calibration=None,
        tools={},
        minimum_runtime="ai-edge-litert 2.3",
        parity={},
    )
    model = Model(name="hints", version="0", commit="", licence="Apache-2.0", training_data=[])
    Manifest(folder=folder, created="", model=model, tensors=CONTRACT, artifacts=[artifact]).save()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
