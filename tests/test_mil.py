"""The interpreter that proves Core ML programs where Core ML does not run."""

import copy
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import coremltools
import numpy as np
import pytest
import torch
from coremltools.converters.mil import Builder
from torch import nn
from torch.fx.experimental.optimization import fuse

from converters import budgets, to_coreml
from converters.errors import UnknownOperatorError
from converters.mil import MilProgram
from converters.parity import measure_parity
from sdk.contract import AB, LIGHTNESS, STANDARD
from sdk.manifest import sha256
from tests.conftest import bundled_sample
from training.checkpoint import load_student
from training.metrics import Network, as_run


@pytest.fixture(scope="module")
def student(student_checkpoint: Path) -> nn.Module:
    return fuse(load_student(student_checkpoint).network)


@pytest.fixture(scope="module")
def package(student: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("coreml") / "student.mlpackage"
    to_coreml.save(to_coreml.convert(student, STANDARD), path, version="1")
    return path


def test_a_saved_student_answers_as_the_eager_one(student: nn.Module, package: Path) -> None:
    (inputs,) = bundled_sample(1).inputs(STANDARD)
    expected = as_run(student)(inputs)[AB.name]
    half, full = (MilProgram(package, arithmetic=arithmetic).run(inputs)[AB.name] for arithmetic in ("fp16", "fp32"))
    assert np.abs(expected).max() > 0.1
    assert np.abs(half - expected).max() < 1e-2
    assert 0 < np.abs(full - expected).max() < 1e-2
    assert not np.array_equal(half, full)


def test_rounded_convolutions_keep_their_mean_answer() -> None:
    random = torch.Generator().manual_seed(0)
    weights, bias = (torch.randn(shape, generator=random) * 3 for shape in ((8, 4, 3, 3), (8,)))
    means = torch.rand((8, 4), generator=random) * 6
    means[0, 0] = 0  # a channel that never answers
    rounded, rounded_bias = to_coreml.round_to_half(weights, bias, means)
    assert torch.equal(rounded, rounded.half().float())
    assert torch.equal(rounded_bias, bias.half().float())
    assert ((rounded - weights).abs() <= weights.abs() * 2**-10).all()

    def shift(weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return (weights.sum(dim=(2, 3)) * means).sum(dim=1) + bias

    kept, lost = (
        (shift(*other) - shift(weights, bias)).abs().max()
        for other in ((rounded, rounded_bias), (weights.half().float(), bias.half().float()))
    )
    assert kept < lost / 10


def test_a_student_of_half_weights_answers_better_on_average(student: nn.Module) -> None:
    calibration = bundled_sample(4).inputs(STANDARD)
    rounded = to_coreml.with_half_weights(student, calibration)
    one_by_one = copy.deepcopy(student).half().float()
    photos = {LIGHTNESS.name: torch.from_numpy(np.concatenate([inputs[LIGHTNESS.name] for inputs in calibration]))}
    with torch.no_grad():
        expected = student(photos)[AB.name]
        kept, lost = ((other(photos)[AB.name] - expected).square().mean() for other in (rounded, one_by_one))
    assert 0 < kept < lost


def test_a_and_b_swapped_in_the_saved_weights_are_caught(student: nn.Module, package: Path, tmp_path: Path) -> None:
    mutated = Path(shutil.copytree(package, tmp_path / "mutated.mlpackage"))
    weights = mutated / "Data" / "com.apple.CoreML" / "weights" / "weight.bin"
    head = student.get_parameter("heads.ab.weight").detach().half().numpy()
    content = weights.read_bytes()
    assert content.count(head.tobytes()) == 1
    weights.write_bytes(content.replace(head.tobytes(), head[::-1].tobytes()))
    photos = bundled_sample(1)
    expected = Network(as_run(student))
    whole, swapped = (
        measure_parity(Network(MilProgram(path).run), expected, photos).figures for path in (package, mutated)
    )
    assert budgets.check("whole", whole, "int8") == []
    assert budgets.check("mutated", swapped, "int8")


def test_what_is_saved_says_what_it_is(package: Path) -> None:
    spec: Any = coremltools.utils.load_spec(str(package))
    metadata = spec.description.metadata
    assert metadata.author
    assert metadata.license == "Apache-2.0"
    assert "chroma_scale" in metadata.userDefined["colour"]
    assert spec.specificationVersion == coremltools._SPECIFICATION_VERSION_IOS_16
    features = [*spec.description.input, *spec.description.output]
    shapes = [tuple(feature.type.multiArrayType.shape) for feature in features]
    assert shapes == [shape for _, shape in STANDARD.shapes()]


def test_saving_twice_gives_the_same_bytes(student: nn.Module, package: Path, tmp_path: Path) -> None:
    to_coreml.save(to_coreml.convert(student, STANDARD), tmp_path / "again.mlpackage", version="1")
    assert sha256(tmp_path / "again.mlpackage") == sha256(package)


def test_core_ml_itself_agrees(package: Path) -> None:
    if platform.system() != "Darwin":
        pytest.skip("NOT MEASURED: Core ML predicts on macOS alone")
    (inputs,) = bundled_sample(1).inputs(STANDARD)
    predicted = coremltools.models.MLModel(str(package)).predict(inputs)[AB.name]
    assert np.abs(predicted - MilProgram(package).run(inputs)[AB.name]).max() < 2e-2


OPERATORS: dict[str, tuple[dict[str, Any], Callable[[torch.Tensor], torch.Tensor]]] = {
    "tanh": ({}, torch.tanh),
    "exp": ({}, torch.exp),
    "round": ({}, torch.round),
    "clip": ({"alpha": -0.5, "beta": 0.25}, lambda x: x.clamp(-0.5, 0.25)),
    "add": ({"y": 0.5}, lambda x: x + 0.5),
    "sub": ({"y": 0.5}, lambda x: x - 0.5),
    "real_div": ({"y": 3.0}, lambda x: x / 3),
    "maximum": ({"y": 0.1}, lambda x: x.clamp(min=0.1)),
    "relu": ({}, torch.relu),
    "max_pool": (
        {"kernel_sizes": [2, 2], "strides": [2, 2], "pad_type": "valid"},
        lambda x: nn.functional.max_pool2d(x, 2),
    ),
    "slice_by_index": ({"begin": [0, 1, 1, 0], "end": [1, 2, 4, 4]}, lambda x: x[:, 1:, 1:]),
    "upsample_bilinear": (
        {"scale_factor_height": 2.0, "scale_factor_width": 2.0, "align_corners": False},
        lambda x: nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear"),
    ),
}


def save_program(path: Path, operators: dict[str, dict[str, Any]]) -> Path:
    """One that answers with what each operator makes of its input."""

    @Builder.program(input_specs=[Builder.TensorSpec((1, 2, 4, 4))], opset_version=coremltools.target.iOS16)
    def program(x):
        return tuple(getattr(Builder, name)(x=x, name=name, **arguments) for name, arguments in operators.items())

    model: Any = coremltools.convert(
        program, minimum_deployment_target=coremltools.target.iOS16, compute_precision=coremltools.precision.FLOAT32
    )
    model.save(str(path))
    return path


def test_operators_compute_what_they_say(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(1, 2, 4, 4)).astype(np.float32)
    package = save_program(tmp_path / "all.mlpackage", {name: given for name, (given, _) in OPERATORS.items()})
    answers = MilProgram(package).run({"x": values})
    assert answers.keys() == OPERATORS.keys()
    for name, (_, expected) in OPERATORS.items():
        np.testing.assert_allclose(answers[name], expected(torch.from_numpy(values)).numpy(), atol=1e-6, err_msg=name)


def test_an_unknown_operator_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownOperatorError, match="erf"):
        MilProgram(save_program(tmp_path / "one.mlpackage", {"erf": {}}))
