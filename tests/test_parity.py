"""Each of the classic conversion mistakes, made on purpose, is caught by the budgets."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from converters import budgets
from converters.calibration import PhotoSample
from converters.formats.base import COLOURED, PHOTO
from converters.parity import _means, _with_worst, measure_parity, measure_rgb_parity
from converters.rgb import RgbNetwork
from sdk import ModelIntegrityError
from sdk.backends import open_backend
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import AB, STANDARD, Tensors
from sdk.manifest import load_manifest, sha256
from tests.conftest import PROJECT, bundled_sample
from training.checkpoint import load_student
from training.metrics import Network, as_run, colorize
from training.metrics import eager as eager_network


@pytest.fixture(scope="module")
def photos() -> PhotoSample:
    return bundled_sample(2)


@pytest.fixture(scope="module")
def eager() -> Network:
    return eager_network(load_student(PROJECT / "training" / "weights" / "student.safetensors").network)


HEAD_MUTATIONS: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "swap a and b": lambda weight, bias: (weight[::-1].copy(), bias[::-1].copy()),
    "drop a bias": lambda weight, bias: (weight, np.zeros_like(bias)),
    "scale of 128 for 110": lambda weight, bias: (weight * 110 / 128, bias * 110 / 128),
    "noise": lambda weight, bias: (weight + np.random.default_rng(0).normal(0, 0.01, weight.shape), bias),
}


def complaints(path: Path, precision: str, eager: Network, photos: PhotoSample) -> list[str]:
    run = open_backend("onnx", path, eager.contract).run
    return budgets.check(path.name, measure_parity(replace(eager, run=run), eager, photos).figures, precision)


def test_the_unharmed_artifacts_pass(bundled_fp32: Path, eager: Network, photos: PhotoSample) -> None:
    assert complaints(bundled_fp32, "fp32", eager, photos) == []
    assert complaints(BUNDLED_MODEL / "student-int8.onnx", "int8", eager, photos) == []


@pytest.mark.parametrize("mutation", HEAD_MUTATIONS)
def test_a_mutated_fp32_artifact_is_caught(
    mutation: str, bundled_fp32: Path, eager: Network, photos: PhotoSample, tmp_path: Path
) -> None:
    model = onnx.load(bundled_fp32)
    constants = {constant.name: constant for constant in model.graph.initializer}
    head = [node for node in model.graph.node if node.op_type == "Conv"][-1]
    weight, bias = (constants[name] for name in head.input[1:3])
    changed = HEAD_MUTATIONS[mutation](numpy_helper.to_array(weight), numpy_helper.to_array(bias))
    for constant, values in zip((weight, bias), changed, strict=True):
        constant.CopyFrom(numpy_helper.from_array(values.astype(np.float32), constant.name))
    onnx.save(model, tmp_path / "mutated.onnx")
    assert complaints(tmp_path / "mutated.onnx", "fp32", eager, photos)


@pytest.mark.parametrize("mutation", ["per tensor", "swap a and b", "wrong scale"])
def test_a_mutated_int8_artifact_is_caught(mutation: str, eager: Network, photos: PhotoSample, tmp_path: Path) -> None:
    model = onnx.load(BUNDLED_MODEL / "student-int8.onnx")
    constants = {constant.name: constant for constant in model.graph.initializer}
    producers = {name: node for node in model.graph.node for name in node.output}
    weights = [producers[node.input[1]].input for node in model.graph.node if node.op_type == "Conv"]

    def change(name: str, values: np.ndarray) -> None:
        constants[name].CopyFrom(numpy_helper.from_array(values, name))

    for quantized_name, scale_name, *_ in weights if mutation == "per tensor" else weights[-1:]:
        quantized, scale = (numpy_helper.to_array(constants[name]) for name in (quantized_name, scale_name))
        if mutation == "per tensor":
            real = quantized * scale[:, None, None, None]
            whole = np.full_like(scale, scale.max())
            change(quantized_name, np.rint(real / whole[:, None, None, None]).astype(np.int8))
            change(scale_name, whole)
        elif mutation == "swap a and b":
            change(quantized_name, quantized[::-1].copy())
            change(scale_name, scale[::-1].copy())
        else:
            change(scale_name, scale * np.float32(1.3))
    onnx.save(model, tmp_path / "mutated.onnx")
    assert complaints(tmp_path / "mutated.onnx", "int8", eager, photos)


@pytest.mark.parametrize("truncation", ["file", "folder"])
def test_a_truncated_artifact_is_refused_before_it_is_opened(truncation: str, tmp_path: Path) -> None:
    model = Path(shutil.copytree(BUNDLED_MODEL, tmp_path / "model"))
    manifest = load_manifest(model)
    artifact = manifest.artifacts[0]
    file = model / artifact.path
    if truncation == "folder":  # as an .mlpackage is
        content = file.read_bytes()
        file.unlink()
        (file / "weights").mkdir(parents=True)
        (file / "weights" / "weight.bin").write_bytes(content)
        manifest.artifacts[0] = artifact.__class__(**{**vars(artifact), "sha256": sha256(file)})
        file = file / "weights" / "weight.bin"
    manifest.verify(manifest.artifacts[0])
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelIntegrityError, match="not the file its manifest describes"):
        manifest.verify(manifest.artifacts[0])


def test_a_folders_hash_knows_names_as_well_as_contents(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a").write_text("x")
    (tmp_path / "one" / "b").write_text("y")
    before = sha256(tmp_path / "one")
    (tmp_path / "one" / "a").rename(tmp_path / "one" / "c")
    assert sha256(tmp_path / "one") != before


@pytest.mark.parametrize("channel", [0, 1])
def test_the_rgb_graph_is_the_sdks_colour_path(channel: int) -> None:
    """Every 8-bit grey, random colours, and chroma far outside the gamut."""
    rng = np.random.default_rng(channel)
    rgb = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    rgb[:, :8] = np.arange(256)[:, None, None]
    ab = np.zeros((1, 2, 128, 128), np.float32)
    ab[0, channel] = np.linspace(-1, 1, 128)

    class Fixed(torch.nn.Module):
        def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {AB.name: torch.from_numpy(ab)}

    run = as_run(RgbNetwork(Fixed(), STANDARD).eval())
    parity = measure_rgb_parity(run, Network(lambda _: {AB.name: ab}), PhotoSample([rgb], ""))
    assert budgets.check("rgb", parity.figures, "rgb-fp32") == []
    assert np.abs(parity.pictures[0].astype(int) - rgb).max() > 50, "the chroma did nothing"


def test_a_swapped_rgb_graph_is_caught(eager: Network, photos: PhotoSample) -> None:
    def swapped(inputs: Tensors) -> Tensors:
        rgb = inputs[PHOTO.name][0].transpose(1, 2, 0).astype(np.uint8)
        return {COLOURED.name: colorize(eager, rgb).transpose(2, 0, 1)[None, ::-1].astype(np.float32)}

    assert budgets.check("rgb", measure_rgb_parity(swapped, eager, photos).figures, "rgb-fp32")


def test_beside_each_figure_stands_the_worst_of_disjoint_samples() -> None:
    """Of eight photos in four samples, the last is bad: signal, noise, loss of PSNR, colour difference."""
    rows = np.array([(100.0, 1.0, 0.0, 1.0)] * 7 + [(100.0, 99.0, 8.0, 9.0)])
    figures = _with_worst(rows, _means)
    assert figures["sqnr_db"] == pytest.approx(10 * np.log10(800 / 106))
    assert figures["sqnr_db_worst"] == pytest.approx(10 * np.log10(200 / 100))
    assert (figures["psnr_drop_db"], figures["psnr_drop_db_worst"]) == (1, 4)
    assert (figures["ciede2000"], figures["ciede2000_worst"]) == (2, 5)


def test_nan_is_never_within_bounds() -> None:
    for bounds in budgets.budgets(budgets.BUDGETS).values():
        assert not any(bound.holds(float("nan")) for bound in bounds)


def test_every_bound_names_a_limit_and_a_reason() -> None:
    for bounds in budgets.budgets(budgets.BUDGETS).values():
        assert all((bound.most is None) != (bound.least is None) and bound.why for bound in bounds)
        assert len({bound.figure for bound in bounds}) == len(bounds)
