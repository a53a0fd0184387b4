"""A model folder is believed only after it has been checked."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sdk import BackendUnavailable, Colorizer, ModelIntegrityError, backends
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import INPUTS, OUTPUTS, STANDARD, Contract
from sdk.manifest import load_manifest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLED_MODEL, tmp_path / "model"))


def edit(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = model / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_manifest_reads_back_as_it_was_written(model: Path) -> None:
    load_manifest(model).save()
    before = (model / "manifest.json").read_bytes()
    assert json.loads(before)["schema"] == 2
    load_manifest(model).save()
    assert (model / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in model.iterdir()) == sorted(path.name for path in BUNDLED_MODEL.iterdir())


def test_schema_1_is_still_read(model: Path) -> None:
    edit(model, lambda m: m.update(schema=1, tensors={"input_name": "lightness", "output_name": "ab", "side": 256}))
    assert load_manifest(model).tensors == STANDARD


def test_every_tensor_of_the_contract_reads_back(model: Path) -> None:
    whole = Contract(side=128, inputs=tuple(INPUTS.values()), outputs=tuple(OUTPUTS.values()))
    replace(load_manifest(model), tensors=whole).save()
    assert load_manifest(model).tensors == whole


TAMPERINGS: dict[str, Callable[[dict[str, Any]], object]] = {
    "schema": lambda m: m.update(schema=99),
    "no schema": lambda m: m.pop("schema"),
    "outside": lambda m: m["artifacts"][0].update(path="../elsewhere.onnx"),
    "absolute": lambda m: m["artifacts"][0].update(path="/etc/hostname"),
    "missing file": lambda m: m["artifacts"][0].update(path="other.onnx"),
    "hash": lambda m: m["artifacts"][0].update(sha256="0" * 64),
    "constants": lambda m: m["colour"].update(chroma_scale=128.0),
    "matrix": lambda m: m["colour"]["xyz_from_rgb"][0].reverse(),
    "shape": lambda m: m["tensors"].update(side=128),
    "tensor name": lambda m: m["tensors"]["inputs"][0].update(name="gray"),
    "tensor scale": lambda m: m["tensors"]["outputs"][0].update(scale=[128.0, 128.0]),
    "tensor lost": lambda m: m["tensors"].update(outputs=[]),
    "side": lambda m: m["tensors"].update(side="256"),
    "wrong type": lambda m: m["artifacts"][0].update(bytes="many"),
    "unknown field": lambda m: m["model"].update(author="me"),
    "lost field": lambda m: m["model"].pop("licence"),
    "no artifacts": lambda m: m.update(artifacts=[]),
    "not an object": lambda m: m.update(model=[]),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_tampered_manifest_is_refused(tampering: str, model: Path) -> None:
    load_manifest(model).save()  # in this version's schema
    edit(model, TAMPERINGS[tampering])
    with pytest.raises(ModelIntegrityError):
        Colorizer.load(model_dir=model)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"text"', "\x00"])
def test_a_manifest_that_is_none_is_refused(content: str, model: Path) -> None:
    (model / "manifest.json").write_text(content)
    with pytest.raises(ModelIntegrityError):
        load_manifest(model)


def test_one_flipped_bit_is_refused_before_the_runtime_sees_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (artifact,) = model.glob("*.onnx")
    content = bytearray(artifact.read_bytes())
    content[len(content) // 2] ^= 1
    artifact.write_bytes(content)
    monkeypatch.setattr("sdk.colorizer.find_backend", lambda _: lambda *_, **__: pytest.fail("a runtime was opened"))
    with pytest.raises(ModelIntegrityError, match="not the file its manifest describes"):
        Colorizer.load("onnx", model_dir=model)


def test_a_file_with_the_right_hash_that_is_no_model_is_refused(model: Path) -> None:
    from sdk.manifest import sha256

    (artifact,) = model.glob("*.onnx")
    artifact.write_bytes(b"nonsense")
    edit(model, lambda m: m["artifacts"][0].update(sha256=sha256(artifact)))
    with pytest.raises(ModelIntegrityError, match="cannot open"):
        Colorizer.load(model_dir=model)


@pytest.mark.skipif(sys.platform == "darwin", reason="NOT MEASURED: Core ML is available on macOS")
def test_nothing_is_read_for_a_runtime_that_is_not_there(model: Path) -> None:
    shutil.rmtree(model / "student-int8.mlpackage")
    with Colorizer.load(model_dir=model) as colorizer:
        assert colorizer.info().backend == "onnx"


def test_a_precision_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelIntegrityError, match="it offers: onnx int8"):
        Colorizer.load(precision="fp32")


def test_an_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(BackendUnavailable, match="onnx"):
        backends.open_backend("abacus", Path(), load_manifest(BUNDLED_MODEL).tensors)


def test_a_backend_new_to_the_table_is_all_that_info_needs(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends.BACKENDS, "abacus", backends.BACKENDS["onnx"])
    edit(model, lambda m: m.update(artifacts=[m["artifacts"][0] | {"backend": "abacus"}]))
    for name in ("abacus", "auto"):
        with Colorizer.load(name, model_dir=model) as colorizer:
            assert colorizer.info().backend == "abacus"
            assert "onnxruntime" in colorizer.info().versions


def test_a_backend_of_a_later_version_is_passed_over(model: Path) -> None:
    edit(model, lambda m: m["artifacts"].insert(0, m["artifacts"][0] | {"backend": "abacus"}))
    with Colorizer.load(model_dir=model) as colorizer:
        assert colorizer.info().backend == "onnx"
