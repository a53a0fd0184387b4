"""Students that harm are not exported: each mutant ends with one sentence and no artifact."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from converters import export, export_all
from converters.errors import UselessStudentError
from converters.quality import measure_gain
from sdk.contract import AB, VIVID_AB
from tests.conftest import PHOTOS, PROJECT, bundled_sample
from training.checkpoint import build_network, load_student, load_weights, save_network
from training.config import Recipe, StudentConfig
from training.metrics import eager

STUDENT = PROJECT / "training" / "weights" / "student.safetensors"
HEADS = [(f"heads.{name}.weight", f"heads.{name}.bias") for name in (AB.name, VIVID_AB.name)]

Weights = dict[str, Tensor]


MUTANTS: dict[str, Callable[[Weights, tuple[str, str]], Weights]] = {
    "swapped a and b": lambda weights, head: weights | {name: weights[name].flip(0) for name in head},
    "an all-zero head": lambda weights, head: weights | {name: torch.zeros_like(weights[name]) for name in head},
    "random weights": lambda _weights, _head: build_network(load_student(STUDENT).recipe).state_dict(),
    "not a number": lambda weights, head: weights | {head[1]: torch.full((2,), torch.nan)},
}


def refusal(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = export_all.main(["--checkpoint", str(checkpoint), "--photos", str(PHOTOS), "--out", str(tmp_path / "out")])
    error = capsys.readouterr().err
    assert error.startswith("export_all: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    return code, error


@pytest.mark.parametrize("head", HEADS, ids=[AB.name, VIVID_AB.name])
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_refused(
    mutant: str,
    head: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(export, "LEAST_PHOTOS", 2)
    torch.manual_seed(0)
    weights = MUTANTS[mutant](load_weights(STUDENT), head)
    save_network(weights, load_student(STUDENT).recipe, tmp_path / "mutant.safetensors")
    code, error = refusal(tmp_path / "mutant.safetensors", tmp_path, capsys)
    assert code == 1
    assert ("no numbers" if mutant == "not a number" else "psnr_gain_db is") in error


@pytest.mark.parametrize("mutant", ["truncated", "other width"])
def test_a_file_of_another_network_is_refused(mutant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mutant.safetensors"
    if mutant == "truncated":
        path.write_bytes(STUDENT.read_bytes()[:-1000])
    else:
        save_network(load_weights(STUDENT), Recipe(student=StudentConfig(width=0.5)), path)
    assert refusal(path, tmp_path, capsys)[0] == 2


@pytest.mark.parametrize("head", [AB.name, VIVID_AB.name])
def test_a_swap_is_found_where_photos_are_warm_and_even_it_gains(head: str) -> None:
    student = load_student(STUDENT).network
    student.heads[head].load_state_dict(
        {name: value.flip(0) for name, value in student.heads[head].state_dict().items()}
    )
    with pytest.raises(UselessStudentError, match=f"{head}: psnr_over_swapped_db is -"):
        measure_gain(eager(student), bundled_sample(4))


def test_the_bundled_student_is_worth_exporting() -> None:
    figures = measure_gain(eager(load_student(STUDENT).network), bundled_sample(4))
    assert min(figures["ab psnr_gain_db"], figures["vivid_ab psnr_gain_db"]) > 0.3
