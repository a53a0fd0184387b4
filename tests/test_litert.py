"""ONNX graphs become LiteRT programs that answer the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.errors import UnknownOperatorError
from converters.litert import from_onnx
from sdk import Colorizer
from sdk.backends import open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import AB, HINTS, LIGHTNESS, Contract
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS
from training.metrics import psnr

CONTRACT = Contract(side=16, inputs=(LIGHTNESS, HINTS), outputs=(AB,))
LEAST_AGREEMENT_DB = 45
MOST_BYTES = 3_000_000


def graph(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    """A network of lightness and hints, with the constants that the nodes below name."""
    random = np.random.default_rng(0)
    constants = {
        "stem": random.normal(0, 0.5, (6, 1, 3, 3)),
        "depthwise": random.normal(0, 0.5, (9, 1, 3, 3)),
        "heads": random.normal(0, 0.1, (4, 9, 1, 1)),
        "six biases": random.normal(0, 0.1, 6),
        "nine biases": random.normal(0, 0.1, 9),
        "four biases": random.normal(0, 0.1, 4),
        "0": np.array(0),
        "6": np.array(6),
        "twice": np.array([1, 1, 2, 2]),
        "half": np.array([1, 1, 0.5, 0.5]),
    }
    tensors = [numpy_helper.from_array(values.astype(np.float32), name) for name, values in constants.items()]
    places = {"pixels": [2, 3], "channels": [1], "one": [1], "second": [2], "fourth": [4]}
    tensors += [numpy_helper.from_array(np.array(values, np.int64), name) for name, values in places.items()]
    inputs, outputs = (
        [helper.make_tensor_value_info(spec.name, TensorProto.FLOAT, CONTRACT.shape(spec)) for spec in specs]
        for specs in (CONTRACT.inputs, CONTRACT.outputs)
    )
    network = helper.make_graph([*nodes], "network", inputs, outputs, tensors)
    return helper.make_model(network, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])


def convolution(inputs: list[str], output: str, *, stride: int = 1, pad: int = 0, group: int = 1) -> onnx.NodeProto:
    return helper.make_node(
        "Conv", inputs, [output], strides=[stride] * 2, pads=[pad] * 4, group=group, dilations=[1, 1]
    )


STEM = convolution(["lightness", "stem", "six biases"], "stemmed", stride=2, pad=1)
STUDENT_LIKE = (
    STEM,
    helper.make_node("Clip", ["stemmed", "0", "6"], ["clipped"]),
    helper.make_node("Concat", ["clipped", "hints"], ["joined"], axis=1),
    convolution(["joined", "depthwise", "nine biases"], "small", stride=2, pad=1, group=9),
    helper.make_node(
        "Resize", ["small", "", "twice"], ["large"], mode="linear", coordinate_transformation_mode="half_pixel"
    ),
    helper.make_node("ReduceMean", ["large", "pixels"], ["mean"], keepdims=1),
    helper.make_node("Add", ["large", "mean"], ["added"]),
    convolution(["added", "heads", "four biases"], "answers"),
    helper.make_node("Slice", ["answers", "second", "fourth", "channels", "one"], ["ab"]),
)
NEAREST = helper.make_node(
    "Resize", ["lightness", "", "half"], ["ab"], mode="nearest", coordinate_transformation_mode="half_pixel"
)


@pytest.mark.parametrize(("half", "most"), [(False, 1e-5), (True, 5e-3)])
def test_every_operator_of_a_student_answers_as_in_onnx(tmp_path: Path, half: bool, most: float) -> None:
    model = graph(*STUDENT_LIKE)
    (tmp_path / "network.tflite").write_bytes(from_onnx(model, half=half))
    random = np.random.default_rng(1)
    inputs = {spec.name: random.uniform(-1, 1, CONTRACT.shape(spec)).astype(np.float32) for spec in CONTRACT.inputs}
    (expected,) = onnxruntime.InferenceSession(model.SerializeToString()).run(["ab"], inputs)
    backend = open_backend("litert", tmp_path / "network.tflite", CONTRACT)
    np.testing.assert_allclose(backend.run(inputs)["ab"], np.asarray(expected), atol=most)
    backend.close()


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((helper.make_node("Sin", ["hints"], ["ab"]),), "no translation of Sin"),
        ((NEAREST,), "only half-pixel bilinear"),
        ((STEM, helper.make_node("Clip", ["stemmed", "6", "6"], ["ab"])), "cannot clip"),
        ((STEM, helper.make_node("Slice", ["stemmed", "one", "second", "pixels", "pixels"], ["ab"])), "only channels"),
        ((convolution(["hints", "stem", "six biases"], "ab", group=3),), "grouped"),
    ],
)
def test_what_cannot_be_translated_is_named(nodes: tuple[onnx.NodeProto, ...], message: str) -> None:
    with pytest.raises(UnknownOperatorError, match=message):
        from_onnx(graph(*nodes))


def test_int8_gives_the_pictures_of_int8_in_onnx(tmp_path: Path) -> None:
    manifest = load_manifest(BUNDLED_MODEL)
    onnx_file = manifest.verify(manifest.find_artifact("onnx", "int8"))
    program = tmp_path / "student-int8.tflite"
    program.write_bytes(from_onnx(onnx.load(onnx_file)))
    assert program.stat().st_size <= MOST_BYTES
    backends = [open_backend("onnx", onnx_file, manifest.tensors), open_backend("litert", program, manifest.tensors)]
    in_onnx, in_litert = (Colorizer(backend, contract=manifest.tensors) for backend in backends)
    for path in sorted(PHOTOS.glob("*.jpg")):
        one, other = (np.asarray(colorizer.colorize(path)) for colorizer in (in_onnx, in_litert))
        assert psnr(one, other) >= LEAST_AGREEMENT_DB, path.name
