"""What `python -m training evaluate` leaves for people and programs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torchvision
from PIL import Image
from safetensors.torch import save_file

from sdk import color
from sdk.color import Uint8Array
from sdk.contract import HINTS, LIGHTNESS, Contract
from tests.conftest import PHOTOS
from training.__main__ import main
from training.checkpoint import build_network, save_network
from training.config import Recipe, StudentConfig
from training.data import PackedPhotos
from training.evaluate import worst_median_best
from training.metrics import grey, true_hints


def test_figures_for_programs_and_sheets_for_eyes(
    student_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_file(torchvision.models.mobilenet_v2().state_dict(), tmp_path / "mobilenet.safetensors")
    command = ["evaluate", "--photos", str(PHOTOS), "--checkpoint", str(student_checkpoint)]
    command += ["--json", str(tmp_path / "figures.json"), "--sheets", str(tmp_path / "sheets")]
    assert main([*command, "--kid-weights", str(tmp_path / "mobilenet.safetensors")]) == 0
    rows = json.loads((tmp_path / "figures.json").read_text(), parse_constant=pytest.fail)
    assert rows["ground truth"]["psnr"] is None  # infinite, which JSON cannot say
    assert rows["grey"]["gain"] == 0
    assert {"kid", "worst_gain", "worse_than_grey", "colourfulness_ratio"} <= rows[str(student_checkpoint)].keys()
    (sheet,) = (tmp_path / "sheets").iterdir()
    with Image.open(sheet) as picture:
        assert picture.size == (4 * 256, 3 * 256)


def test_kid_is_skipped_loudly(student_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--photos", str(PHOTOS), "--count", "1"]) == 0
    said = capsys.readouterr()
    assert "NOT MEASURED: KID" in said.err
    assert "KID" not in said.out


def test_of_packed_photos_the_held_out_ones_are_measured(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--photos", str(packed)]) == 0
    assert f"{len(PackedPhotos(packed, held_out=True))}/" in capsys.readouterr().err


def test_a_sheet_has_the_worst_the_median_and_the_best(photo_rgb: Uint8Array) -> None:
    truth = photo_rgb[:32, :32]
    mixes = [(share * truth + (1 - share) * grey(truth)).astype(np.uint8) for share in np.linspace(0, 1, 9)]
    sheet = worst_median_best([(mix, truth) for mix in reversed(mixes)], count=1)
    expected = np.concatenate([mixes[0], mixes[4], mixes[8]], axis=1)
    np.testing.assert_array_equal(sheet[32:64], expected)


def test_a_network_is_asked_in_every_way_it_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = Recipe(student=StudentConfig(width=0.35, decoder=(16, 16, 16, 16), heads=("ab", "vivid_ab"), hints=True))
    save_network(build_network(recipe).state_dict(), recipe, tmp_path / "student.safetensors")
    command = [
        "evaluate",
        "--photos",
        str(PHOTOS),
        "--count",
        "1",
        "--checkpoint",
        str(tmp_path / "student.safetensors"),
    ]
    assert main([*command, "--vividness", "0", "0.5", "--hints", "0", "10"]) == 0
    names = [line.split("|")[1].strip().rpartition("/")[2] for line in capsys.readouterr().out.splitlines()[4:]]
    ways = ("", ", 10 hints", ", vividness 0.5", ", vividness 0.5, 10 hints")
    assert names == [f"student.safetensors{way}" for way in ways]


def test_hints_of_the_truth_are_its_colours_and_the_same_each_time(photo_rgb: Uint8Array) -> None:
    truth = photo_rgb[:256, :256]
    contract = Contract(inputs=(LIGHTNESS, HINTS))
    hints = true_hints(truth, contract, count=20)
    np.testing.assert_array_equal(hints, true_hints(truth, contract, count=20))
    told = hints[2] == 1
    assert 100 < told.sum() < 20 * 16
    truth_ab = color.rgb_to_lab(truth.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3)).astype(np.uint8))[..., 1:]
    assert np.abs(np.moveaxis(hints[:2], 0, -1) - truth_ab)[told].mean() < 4 < np.abs(truth_ab[told]).mean()
