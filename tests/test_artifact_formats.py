"""One table of what a student can become: nothing else lists formats, and one more is one class."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from converters import export, formats
from converters.errors import UnknownTargetError
from converters.formats import FORMATS, find_format, find_target
from converters.formats.base import Precision
from converters.formats.onnx_file import OnnxFormat
from sdk import Colorizer, contract
from sdk.backends import BACKENDS
from sdk.color import FloatArray, Uint8Array
from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB, Contract, Tensors, TensorSpec
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT, bundled_sample, settle_norms
from tests.small_runs import TINY, run
from training import checkpoint
from training.checkpoint import load_student, save_network
from training.data import Batch, Photos
from training.models.student import Student


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


WARM_AB = dataclasses.replace(AB, name="warm_ab", meaning="a third head, made for a test")
YEAR = TensorSpec(name="year", stride=2, scale=(1000.0,), meaning="when it was taken: a third input, made for a test")


class DatedStudent(Student):
    """A student that is told the year."""

    def __init__(self, **shape: Any) -> None:
        super().__init__(**shape)
        self.dated = nn.Conv2d(1, self.feature_channels[-1], 1)

    @property
    def contract(self) -> Contract:
        undated = super().contract
        return dataclasses.replace(undated, inputs=(*undated.inputs, YEAR))

    def features(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        *coarse, last = super().features(inputs)
        return [*coarse, last + self.dated(inputs[YEAR.name])]


@pytest.fixture
def one_more_head_and_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that they take: the contract, the network, and what the network learns from."""
    monkeypatch.setitem(contract.OUTPUTS, WARM_AB.name, WARM_AB)
    monkeypatch.setitem(contract.INPUTS, YEAR.name, YEAR)
    monkeypatch.setattr(checkpoint, "Student", DatedStudent)
    encode, batch = Contract.encode, Photos.batch

    def dated(ours: Contract, small: Uint8Array, *, hints: FloatArray | None = None, year: float = 1920.0) -> Tensors:
        undated = dataclasses.replace(ours, inputs=tuple(spec for spec in ours.inputs if spec != YEAR))
        told = YEAR.normalize(np.full(ours.shape(YEAR)[1:], year, np.float32))
        return encode(undated, small, hints=hints) | {YEAR.name: told}

    def dated_batch(photos: Photos, *which: Any, **options: Any) -> Batch:
        undated = batch(photos, *which, **options)
        return Batch(undated.inputs | {YEAR.name: torch.full_like(undated.ab[:, :1], 1.92)}, undated.ab)

    monkeypatch.setattr(Contract, "encode", dated)
    monkeypatch.setattr(Photos, "batch", dated_batch)


@pytest.mark.usefixtures("export_here", "one_more_head_and_input")
def test_three_heads_and_three_inputs_need_a_recipe_a_network_and_a_contract_alone(
    tmp_path: Path, packed: Path
) -> None:
    heads = (AB.name, VIVID_AB.name, WARM_AB.name)
    recipe = dataclasses.replace(TINY, student=dataclasses.replace(TINY.student, heads=heads, hints=True))
    run(recipe, packed, tmp_path / "run")
    network = load_student(tmp_path / "run" / "student.safetensors").network
    sample = bundled_sample(4)
    assert network.hints
    torch.manual_seed(0)
    for parameter in (*network.heads.parameters(), *network.hints.parameters()):
        torch.nn.init.normal_(parameter, std=0.1)  # four steps taught it little
    settle_norms(network, sample.inputs(network.contract))
    save_network(network.state_dict(), recipe, tmp_path / "student.safetensors")

    targets = (find_target("onnx", "fp32"), find_target("onnx", "fp32", "rgb"))
    done = export.export(tmp_path / "student.safetensors", PHOTOS, tmp_path / "model", targets)
    assert done.failures == []
    manifest = load_manifest(tmp_path / "model")
    ours = Contract(inputs=(LIGHTNESS, HINTS, YEAR), outputs=(AB, VIVID_AB, WARM_AB))
    assert manifest.tensors == ours == network.contract
    coloured = Colorizer.load("onnx", model_dir=tmp_path / "model").colorize(PHOTOS / "cat.jpg")
    assert np.ptp(np.asarray(coloured), axis=2).max() > 0

    ask = find_format("onnx").open(tmp_path / "model" / "student-fp32.onnx", ours)
    untold = ours.encode(sample.rgb[0])
    later = untold | {YEAR.name: untold[YEAR.name] + 0.1}
    without, hinted, dated = map(
        ask, (untold, ours.encode(sample.rgb[0], hints=np.ones((3, 128, 128), np.float32)), later)
    )
    assert set(without) == set(heads)
    for one, other in (
        *pairwise(without.values()),
        (without[AB.name], hinted[AB.name]),
        (without[AB.name], dated[AB.name]),
    ):
        assert np.abs(one - other).max() > 1e-3
