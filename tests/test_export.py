"""From a student's weights to artifacts that are proven before they are described."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from converters import budgets, export, export_all
from converters.calibration import sample_photos
from converters.export import Export
from converters.formats import ALL_TARGETS, FORMATS, find_format, find_target
from converters.formats.base import Target
from converters.formats.pte import BUNDLED_CASES
from converters.to_onnx import IR_VERSION, OPSET
from sdk import Colorizer
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import AB, STANDARD
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT, STUDENT_RECIPE, archived, take_any_student
from training.checkpoint import load_student
from training.metrics import eager, psnr

# One of each toolchain and each variant; `test_the_whole_export` makes them all.
QUICK = (
    find_target("onnx", "int8"),
    find_target("onnx", "fp32"),
    find_target("onnx", "fp32", "rgb"),
    find_target("executorch", "int8"),
    find_target("coreml", "int8"),
    find_target("litert", "int8"),
)


@pytest.fixture(scope="module")
def exported(student_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    with pytest.MonkeyPatch.context() as patch:
        # A busy test machine's latencies say nothing; the whole export is held to them.
        patch.setitem(budgets.budgets(budgets.BUDGETS), budgets.LATENCY, ())
        take_any_student(patch)
        return export.export(student_checkpoint, PHOTOS, tmp_path_factory.mktemp("artifacts"), QUICK)


def test_every_target_becomes_an_artifact_with_its_proof(exported: Export) -> None:
    manifest = exported.manifest
    assert exported.failures == []
    assert load_manifest(manifest.folder) == manifest
    assert [(a.backend, a.precision, a.variant) for a in manifest.artifacts] == [
        (t.format, t.precision, t.variant) for t in QUICK
    ]
    for artifact in manifest.artifacts:
        manifest.verify(artifact)
        assert artifact.quantization == (None if artifact.precision == "fp32" else "ptq")
    assert manifest.model.training_data == ["made for a test"]


def test_the_sdk_opens_what_was_exported_and_backends_agree(exported: Export) -> None:
    folder = exported.manifest.folder
    kinds = [("onnx", "fp32"), ("onnx", "int8"), ("onnx", None), ("executorch", "int8")]
    fp32, int8, default, executorch = (
        np.asarray(Colorizer.load(backend, model_dir=folder, precision=precision).colorize(PHOTOS / "cat.jpg"))
        for backend, precision in kinds
    )
    np.testing.assert_array_equal(int8, default)
    assert psnr(fp32, int8) > 30
    assert psnr(executorch, int8) > 30


def test_reports_say_what_the_manifest_says(exported: Export) -> None:
    folder = exported.manifest.folder
    summary = json.loads((folder / "report.json").read_text())
    assert summary["passed"]
    assert [entry["path"] for entry in summary["artifacts"]] == [target.file for target in QUICK]
    for name in ("report.md", "report.html", "MODEL_CARD.md"):
        text = (folder / name).read_text()
        assert all(target.file in text for target in QUICK)
        assert str(PROJECT) not in text


def test_a_model_card_says_why_files_are_marked(exported: Export) -> None:
    for card in (exported.manifest.folder / "MODEL_CARD.md", BUNDLED_MODEL / "MODEL_CARD.md"):
        text = card.read_text()
        assert all(field in text for field in ("DigitalSourceType", "CreatorTool", "nobody who finds it later"))


def test_checksums_cover_every_file(exported: Export) -> None:
    folder = exported.manifest.folder
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    notes = {"manifest.json", "SHA256SUMS", "MODEL_CARD.md", "report.md", "report.html", "report.json"}
    assert written - notes == set(listed)


def test_the_programs_own_test_cases_pass_and_can_fail(exported: Export) -> None:
    from executorch.extension.pybindings.portable_lib import _load_bundled_program_from_buffer

    def verify(content: bytes) -> None:
        bundled = _load_bundled_program_from_buffer(content)
        for case in range(min(BUNDLED_CASES, len(photos.rgb))):
            bundled.verify_result_with_bundled_expected_output("forward", case, 1e-5, 1e-5)

    folder = exported.manifest.folder
    photos = sample_photos(PHOTOS, side=256, least=2).proof
    content = (folder / "student-int8.bpte").read_bytes()
    verify(content)
    run = find_format("executorch").open(folder / "student-int8.pte", STANDARD)
    expected = run(photos.inputs(STANDARD)[0])[AB.name]
    assert content.count(expected.tobytes()) == 1
    with pytest.raises(RuntimeError, match="verification failed"):
        verify(content.replace(expected.tobytes(), (expected + np.float32(0.05)).tobytes()))


def test_files_suit_the_runtimes_they_are_for(exported: Export) -> None:
    for artifact in (artifact for artifact in exported.manifest.artifacts if artifact.backend == "onnx"):
        model = onnx.load(exported.manifest.folder / artifact.path, load_external_data=False)
        assert model.ir_version == IR_VERSION
        assert next(o.version for o in model.opset_import if not o.domain) <= OPSET
        assert not [i for i in model.graph.initializer if i.data_location == onnx.TensorProto.EXTERNAL]
        assert {o.domain for o in model.opset_import} == {node.domain for node in model.graph.node}
        constants = [
            (i.data_type, tuple(i.dims), onnx.numpy_helper.to_array(i).tobytes()) for i in model.graph.initializer
        ]
        assert len(constants) == len(set(constants)), "the same constant twice"
        assert str(PROJECT) not in model.SerializeToString().decode("latin1")


def test_int8_is_quantized_the_way_it_says(exported: Export) -> None:
    manifest = exported.manifest
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


@pytest.mark.usefixtures("exported_already")
@pytest.mark.parametrize(
    "targets", [QUICK[:3], pytest.param(QUICK[3:], marks=pytest.mark.slow)], ids=["ONNX", "others"]
)
def test_the_same_photos_in_other_archives_give_the_same_bytes(
    targets: tuple[Target, ...], exported: Export, student_checkpoint: Path, tmp_path: Path
) -> None:
    photos = archived(PHOTOS, tmp_path / "shards")
    again = export.export(student_checkpoint, photos, tmp_path / "again", targets).manifest
    assert again.artifacts == [exported.manifest.artifacts[QUICK.index(target)] for target in targets]


@pytest.mark.slow
def test_the_whole_export(eval_photos: Path, tmp_path: Path) -> None:
    checkpoint = PROJECT / "training" / "weights" / "student.safetensors"
    # Over the four bundled photos, a mean loss of PSNR is chance: -0.08 to 0.20 dB from format to format.
    one, two = (export.export(checkpoint, eval_photos, tmp_path / name) for name in ("one", "two"))
    assert one.failures == two.failures == []
    assert len(one.manifest.artifacts) == len(ALL_TARGETS)
    same = {"created": "", "folder": Path()}
    assert dataclasses.replace(one.manifest, **same) == dataclasses.replace(two.manifest, **same)


def test_the_bundle_holds_an_artifact_for_each_backend_that_ships_one(exported: Export, tmp_path: Path) -> None:
    export.bundle(exported.manifest, tmp_path / "models")
    names = {path.name for path in (tmp_path / "models").iterdir()}
    made = {artifact.path for artifact in exported.manifest.artifacts}
    shipped = {format_.target(format_.bundled).file for format_ in FORMATS.values() if format_.bundled}
    assert names == {"manifest.json", *(made & shipped)}
    bundle = load_manifest(tmp_path / "models")
    for artifact in bundle.artifacts:
        bundle.verify(artifact)
    Colorizer.load(model_dir=tmp_path / "models")


@pytest.mark.usefixtures("exported_already")
def test_what_is_out_of_bounds_is_named_and_leaves_no_manifest(
    student_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text("{}")  # of an earlier export
    strict = budgets.Bound("max_error", "out of reach", most=-1)
    monkeypatch.setitem(budgets.budgets(budgets.BUDGETS), "fp32", (strict,))
    monkeypatch.setattr(export.export, "__defaults__", ((QUICK[1],),))
    command = ["--checkpoint", str(student_checkpoint), "--photos", str(PHOTOS), "--out", str(tmp_path)]
    assert export_all.main(command) == 1
    assert "student-fp32.onnx: max_error is" in capsys.readouterr().err
    assert not (tmp_path / "manifest.json").exists()
    assert not (tmp_path / "SHA256SUMS").exists()
    assert not json.loads((tmp_path / "report.json").read_text())["passed"]


def test_a_missing_extra_is_one_line_and_exit_2() -> None:
    program = """
import sys
from importlib import metadata
found = list(metadata.distributions())
metadata.distributions = lambda: [one for one in found if one.metadata["Name"] != "coremltools"]
from converters import export_all
sys.exit(export_all.main(["--checkpoint", "a", "--photos", "b", "--out", "c"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'edge-colorizer[convert]'" in done.stderr


@pytest.mark.parametrize("missing", ["--checkpoint", "--photos"])
def test_an_unusable_input_is_one_line_and_exit_2(
    missing: str, student_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = {"--checkpoint": student_checkpoint, "--photos": PHOTOS, missing: tmp_path / "nothing"}
    command = [str(word) for pair in inputs.items() for word in pair]
    assert export_all.main([*command, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_eager_weights_are_what_was_saved(student_checkpoint: Path) -> None:
    student = load_student(student_checkpoint)
    assert student.recipe == STUDENT_RECIPE
    assert eager(student.network).run({"lightness": np.zeros((1, 1, 64, 64), np.float32)})["ab"].shape == (1, 2, 32, 32)
