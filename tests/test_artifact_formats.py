"""One table of what a student can become: nothing else lists formats, and one more is one class."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from converters import export, formats
from converters.errors import UnknownTargetError
from converters.formats import FORMATS, find_format, find_target
from converters.formats.base import Precision
from converters.formats.onnx_file import OnnxFormat
from sdk import Colorizer
from sdk.backends import BACKENDS
from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB, Contract
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT, bundled_sample, settle_norms
from training.checkpoint import build_network, save_network
from training.config import Recipe, StudentConfig


def test_every_format_has_the_backend_that_opens_it() -> None:
    assert set(FORMATS) == set(BACKENDS)


@pytest.mark.parametrize(
    ("find", "known"),
    [
        (lambda: find_format("tensorflow"), "onnx, executorch, coreml, litert"),
        (lambda: find_target("tensorflow", "int8"), "onnx, executorch, coreml, litert"),
        (lambda: find_target("coreml", "fp32"), "fp16, int8, palette6"),
        (lambda: find_target("onnx", "int8", "grey"), "lab, rgb"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_an_unknown_name_raises_the_known_ones(find: Callable[[], object], known: str) -> None:
    with pytest.raises(UnknownTargetError, match=f"choose one of: {known}"):
        find()


def test_the_page_lists_the_formats_as_they_are() -> None:
    text = (PROJECT / "docs" / "export.md").read_text().partition("## Formats")[2]
    rows = [
        [cell.strip() for cell in row] for row in re.findall(r"^\| (.*) \| .* \| (.*) \| (.*) \| (.*) \|$", text, re.M)
    ]
    listed = [row[1:] for row in rows[1 : len(FORMATS) + 1]]
    assert listed == [
        [", ".join(precision.name for precision in known.precisions), ", ".join(known.variants), known.oldest_runtime]
        for known in FORMATS.values()
    ]


class Renamed(OnnxFormat):
    """A fourth format, made for a test: ONNX by another name."""

    name = "renamed"
    suffix = ".renamed"
    precisions = (Precision(name="fp32"),)
    variants = ("lab",)


@pytest.mark.usefixtures("exported_already")
def test_one_more_format_is_a_class_a_backend_and_their_lines_in_the_tables(
    student_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "FORMATS", {**FORMATS, "renamed": Renamed()})
    monkeypatch.setitem(BACKENDS, "renamed", "sdk.backends.ort:OnnxRuntimeBackend")
    done = export.export(student_checkpoint, PHOTOS, tmp_path, (find_target("renamed", "fp32"),))
    assert done.failures == []
    colorizer = Colorizer.load("renamed", model_dir=tmp_path)
    assert colorizer.info().artifact == str(tmp_path / "student-fp32.renamed")
    assert "onnxruntime" in colorizer.info().versions
    assert np.ptp(np.asarray(colorizer.colorize(PHOTOS / "cat.jpg")), axis=2).max() > 0


@pytest.mark.usefixtures("export_here")
def test_two_heads_and_two_inputs_need_a_recipe_and_a_contract_alone(tmp_path: Path) -> None:
    recipe = Recipe(
        student=StudentConfig(width=0.35, decoder=(32, 16, 16, 16), heads=(AB.name, VIVID_AB.name), hints=True)
    )
    torch.manual_seed(0)
    network = build_network(recipe)
    sample = bundled_sample(4)
    assert network.hints
    for parameter in (*network.heads.parameters(), *network.hints.parameters()):
        torch.nn.init.normal_(parameter, std=0.1)
    settle_norms(network, sample.inputs(network.contract))
    save_network(network.state_dict(), recipe, tmp_path / "student.safetensors")
    targets = (find_target("onnx", "fp32"), find_target("onnx", "fp32", "rgb"))
    done = export.export(tmp_path / "student.safetensors", PHOTOS, tmp_path / "model", targets)
    assert done.failures == []
    manifest = load_manifest(tmp_path / "model")
    assert manifest.tensors == Contract(inputs=(LIGHTNESS, HINTS), outputs=(AB, VIVID_AB)) == network.contract
    coloured = Colorizer.load("onnx", model_dir=tmp_path / "model").colorize(PHOTOS / "cat.jpg")
    assert np.ptp(np.asarray(coloured), axis=2).max() > 0

    photo = sample.rgb[0]
    run = find_format("onnx").open(tmp_path / "model" / "student-fp32.onnx", network.contract)
    without, hinted = (
        run(network.contract.encode(photo, hints=hints)) for hints in (None, np.ones((3, 128, 128), np.float32))
    )
    assert set(without) == {AB.name, VIVID_AB.name}
    assert np.abs(without[AB.name] - without[VIVID_AB.name]).max() > 1e-3, "both heads answer alike"
    assert np.abs(without[AB.name] - hinted[AB.name]).max() > 1e-3, "hints change nothing"
