"""What models are measured on beside each other: quality, distance, size, time, and how far a hint spreads."""

import json
import shutil
from pathlib import Path

import pytest
import torchvision
from safetensors.torch import save_file

from benchmarks import objects, successor, trade_off
from converters.to_onnx import export_fp32
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import Contract
from tests.conftest import PROJECT
from training.models.student import Student


def test_the_trade_off_is_a_row_a_network_and_two_curves(
    bundled_fp32: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(network: Student, contract: Contract, path: Path) -> None:
        if contract == network.contract:
            shutil.copy(bundled_fp32, path)  # made already
        else:
            export_fp32(network, contract, path)

    monkeypatch.setattr(trade_off, "export_fp32", export)
    monkeypatch.setattr(trade_off, "SIDES", (96,))
    monkeypatch.setattr(trade_off, "VIVIDNESS", (1.0,))
    judge = tmp_path / "judge.safetensors"
    save_file(torchvision.models.mobilenet_v2().state_dict(), judge)
    arguments = ["--photos", str(PROJECT / "tests" / "photos"), "--kid-weights", str(judge), "--rounds", "1"]
    assert trade_off.main([*arguments, "--out", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "trade-off.json").read_text())
    costs, qualities = content["costs"], content["qualities"]
    assert costs["student fp32, 96 px"]["multiply_adds"] < costs["student fp32"]["multiply_adds"] / 6
    assert costs["student int8"]["bytes"] < costs["student fp32"]["bytes"] / 3
    vivid, faithful = (qualities[name]["colourfulness"] for name in ("student int8, vividness 1", "student int8"))
    assert vivid > 1.1 * faithful
    assert qualities["student int8"]["psnr"] > qualities["grey"]["psnr"]
    assert "| student int8 | 2." in (tmp_path / "trade-off.md").read_text()
    assert (tmp_path / "trade-off.svg").stat().st_size > 1000


def test_a_trade_off_without_photos_or_weights_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = ["--checkpoint", str(tmp_path / "none.safetensors"), "--kid-weights", str(tmp_path / "none.safetensors")]
    assert trade_off.main(["--photos", str(tmp_path), *missing]) == 2
    assert "none.safetensors" in capsys.readouterr().err


def test_an_outline_is_a_mask_and_the_published_table_is_the_files() -> None:
    mask = objects.outlined([[0, 0], [50, 0], [50, 100], [0, 100]], (20, 10))
    assert mask.shape == (10, 20)
    assert mask[:, :10].all()
    assert not mask[:, 12:].any()
    folder = PROJECT / "docs" / "benchmarks"
    assert objects.as_table(json.loads((folder / "objects.json").read_text())) == (folder / "objects.md").read_text()


def test_a_model_costs_as_much_as_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(successor, "BACKENDS", ("onnx",))
    out = tmp_path / "successor.json"
    assert successor.main([str(BUNDLED_MODEL), str(BUNDLED_MODEL), "--rounds", "9", "--out", str(out)]) == 0
    figures = json.loads(out.read_text())["onnx"]
    assert figures["older"] == 1
    assert 0.5 < figures["without hints"] < 2
    assert successor.main([str(BUNDLED_MODEL), str(tmp_path)]) == 2
