"""From a student's weights to artifacts that are proven before they are described."""

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from converters import export_all, parity
from converters.calibration import sample_photos
from converters.recipe import RECIPES
from converters.to_onnx import IR_VERSION, OPSET
from sdk import Colorizer
from sdk.backends import open_backend
from sdk.manifest import Manifest, load_manifest
from tests.conftest import PHOTOS, PROJECT
from training.checkpoint import load_student, save_network
from training.config import Recipe, StudentConfig
from training.metrics import as_predict_ab
from training.models.student import Student

RECIPE = Recipe(student=StudentConfig(width=0.35, decoder=(32, 16, 16, 16)), training_data=("made for a test",))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small student with random weights that answers with vivid chroma: its norms have seen photos."""
    torch.manual_seed(0)
    student = Student(width=0.35, decoder=(32, 16, 16, 16))
    torch.nn.init.normal_(student.head.get_parameter("weight"), std=0.1)
    torch.nn.init.normal_(student.head.get_parameter("bias"), std=0.1)
    lightness = torch.from_numpy(np.concatenate(sample_photos(PHOTOS, count=4, side=256, salt="").lightness()))
    with torch.no_grad():
        for _ in range(30):
            student(lightness)
    path = tmp_path_factory.mktemp("checkpoint") / "student.safetensors"
    save_network(student.eval().state_dict(), RECIPE, path)
    return path


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, list[str]]:
    return export_all.export_all(checkpoint, PHOTOS, tmp_path_factory.mktemp("artifacts"))


def test_every_recipe_becomes_an_artifact_with_its_proof(exported: tuple[Manifest, list[str]]) -> None:
    manifest, failures = exported
    assert failures == []
    assert load_manifest(manifest.folder) == manifest
    assert {(a.backend, a.precision) for a in manifest.artifacts} == {(r.backend, r.precision) for r in RECIPES}
    for artifact in manifest.artifacts:
        assert (manifest.folder / artifact.path).stat().st_size == artifact.bytes
        assert (artifact.calibration is None) == (artifact.precision == "fp32")
    assert manifest.model.training_data == ["made for a test"]


def test_the_sdk_opens_what_was_exported(exported: tuple[Manifest, list[str]]) -> None:
    folder = exported[0].folder
    pictures = [
        Colorizer.load(model_dir=folder, precision=p).colorize(PHOTOS / "cat.jpg") for p in ("fp32", "int8", None)
    ]
    fp32, int8, default = (np.asarray(picture).astype(int) for picture in pictures)
    assert np.abs(fp32 - int8).mean() < 4
    np.testing.assert_array_equal(int8, default)


def test_files_suit_the_runtimes_they_are_for(exported: tuple[Manifest, list[str]]) -> None:
    for artifact in (artifact for artifact in exported[0].artifacts if artifact.backend == "onnx"):
        model = onnx.load(exported[0].folder / artifact.path, load_external_data=False)
        assert model.ir_version == IR_VERSION
        assert next(o.version for o in model.opset_import if not o.domain) <= OPSET
        assert not [i for i in model.graph.initializer if i.data_location == onnx.TensorProto.EXTERNAL]
        assert str(PROJECT) not in model.SerializeToString().decode("latin1")


def test_int8_is_quantized_the_way_it_says(exported: tuple[Manifest, list[str]]) -> None:
    manifest, _ = exported
    model = onnx.load(manifest.folder / manifest.find_artifact("onnx", "int8").path)
    constants = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    producer = {output: node for node in model.graph.node for output in node.output}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        activation, weight = (producer[name] for name in node.input[:2])
        assert activation.op_type == weight.op_type == "DequantizeLinear"
        assert constants[activation.input[2]].dtype == np.uint8
        quantized, scale = constants[weight.input[0]], constants[weight.input[1]]
        assert quantized.dtype == np.int8
        assert scale.shape == (quantized.shape[0],)
        assert np.abs(quantized.astype(int)).max() <= 64, "overflows on processors without VNNI"


def test_exporting_twice_gives_the_same_bytes(
    exported: tuple[Manifest, list[str]], checkpoint: Path, tmp_path: Path
) -> None:
    again, _ = export_all.export_all(checkpoint, PHOTOS, tmp_path)
    assert [a.sha256 for a in again.artifacts] == [a.sha256 for a in exported[0].artifacts]
    assert dataclasses.replace(again, created="", folder=Path()) == dataclasses.replace(
        exported[0], created="", folder=Path()
    )


def test_the_bundle_holds_one_artifact_and_its_manifest(exported: tuple[Manifest, list[str]], tmp_path: Path) -> None:
    export_all.bundle(exported[0], tmp_path / "models")
    names = {path.name for path in (tmp_path / "models").iterdir()}
    assert names == {"manifest.json", exported[0].find_artifact("onnx", None).path}
    Colorizer.load(model_dir=tmp_path / "models")


@pytest.mark.parametrize("mutation", ["swap a and b", "drop a bias", "scale", "noise"])
def test_parity_catches_a_mutated_network(mutation: str, exported: tuple[Manifest, list[str]], tmp_path: Path) -> None:
    manifest, _ = exported
    model = onnx.load(manifest.folder / manifest.find_artifact("onnx", "fp32").path)
    head = [node for node in model.graph.node if node.op_type == "Conv"][-1]
    weights = {i.name: i for i in model.graph.initializer}

    def change(name: str, new: np.ndarray) -> None:
        weights[name].CopyFrom(onnx.numpy_helper.from_array(new.astype(np.float32), name))

    weight, bias = (onnx.numpy_helper.to_array(weights[name]) for name in head.input[1:3])
    if mutation == "swap a and b":
        change(head.input[1], weight[::-1].copy())
    elif mutation == "drop a bias":
        change(head.input[2], bias * 0)
    elif mutation == "scale":
        change(head.input[1], weight * 1.02)
    else:
        change(head.input[1], weight + np.random.default_rng(0).normal(0, 0.01, weight.shape))
    onnx.save(model, tmp_path / "mutated.onnx")
    mutated = open_backend("onnx", tmp_path / "mutated.onnx", manifest.tensors)
    truth = open_backend("onnx", manifest.folder / manifest.find_artifact("onnx", "fp32").path, manifest.tensors)
    photos = sample_photos(PHOTOS, count=2, side=256, salt="").rgb
    figures = parity.measure_parity(mutated.predict_ab, truth.predict_ab, photos)
    assert not all(bound.holds(figures[bound.figure]) for bound in parity.BOUNDS["fp32"])


def test_what_is_out_of_bounds_is_named_and_leaves_no_manifest(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text("{}")  # of an earlier export
    strict = parity.Bound("sqnr_db", 1000, True, "out of reach")
    monkeypatch.setitem(parity.BOUNDS, "int8", (strict,))
    command = ["--checkpoint", str(checkpoint), "--photos", str(PHOTOS), "--out", str(tmp_path)]
    assert export_all.main(command) == 1
    assert "student-int8.onnx: sqnr_db is" in capsys.readouterr().err
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("missing", ["--checkpoint", "--photos"])
def test_an_unusable_input_is_one_line_and_exit_2(
    missing: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = {"--checkpoint": checkpoint, "--photos": PHOTOS, missing: tmp_path / "nothing"}
    command = [str(word) for pair in inputs.items() for word in pair]
    assert export_all.main([*command, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_calibration_photos_are_a_fixed_choice() -> None:
    ours, theirs = (sample_photos(PHOTOS, count=2, side=32, salt=salt) for salt in ("one", "one"))
    assert ours.sha256 == theirs.sha256
    assert sample_photos(PHOTOS, count=3, side=32, salt="one").sha256 != ours.sha256


def test_eager_weights_are_what_was_saved(checkpoint: Path) -> None:
    student = load_student(checkpoint)
    assert student.recipe == RECIPE
    assert as_predict_ab(student.network)(np.zeros((1, 1, 64, 64), np.float32)).shape == (1, 2, 32, 32)
