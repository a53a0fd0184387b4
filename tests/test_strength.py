"""A student made more or less vivid."""

from pathlib import Path

import pytest
import torch

from sdk.contract import AB, LIGHTNESS
from training import checkpoint
from training.__main__ import main


def test_strength_is_either_measured_on_photos_or_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("--photos", "packed", "--choose", "1.2", "vivid.safetensors")):
        with pytest.raises(SystemExit):
            main(["strength", "--checkpoint", "student.safetensors", *arguments])
        assert "--choose" in capsys.readouterr().err.splitlines()[-1]


def test_a_stronger_student_is_more_vivid_and_otherwise_the_same(
    packed: Path, student_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_student = ["strength", "--checkpoint", str(student_checkpoint)]
    assert main([*of_student, "--photos", str(packed), "--count", "1"]) == 0
    rows = [[float(cell) for cell in row.split("|")[1:-1]] for row in capsys.readouterr().out.splitlines()[2:]]
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)

    assert main([*of_student, "--choose", "vivid", str(tmp_path / "half.safetensors")]) == 2
    assert "not 'vivid'" in capsys.readouterr().err
    assert main([*of_student, "--choose", "0.5", str(tmp_path / "half.safetensors")]) == 0
    assert checkpoint.load_student(tmp_path / "half.safetensors").recipe.strength == 0.5
    whole, half = (
        checkpoint.load_student(path).network for path in (student_checkpoint, tmp_path / "half.safetensors")
    )
    lightness = torch.linspace(-1, 1, 64 * 64).reshape(1, 1, 64, 64)
    whole.heads["ab"] = torch.nn.Conv2d(whole.feature_channels[-1], 2, 1)  # one that does not cut off
    whole.heads.load_state_dict(checkpoint.load_student(student_checkpoint).network.heads.state_dict())
    raw, weak = (network({LIGHTNESS.name: lightness})[AB.name] for network in (whole, half))
    torch.testing.assert_close(weak, (0.5 * raw).clamp(-1, 1))
