"""A file of weights is what it says, or refused."""

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.small_runs import TINY
from training import checkpoint, progress
from training.__main__ import main
from training.config import Recipe
from training.models.student import Student


def test_a_teacher_is_not_exported_by_mistake(teacher_checkpoint: Path) -> None:
    with pytest.raises(checkpoint.CheckpointError, match="holds a teacher"):
        checkpoint.load_student(teacher_checkpoint)


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code in a checkpoint was run')",)


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    torch.save({"step": Payload()}, tmp_path / progress.STATE_FILE)
    with pytest.raises(checkpoint.CheckpointError, match="delete it"):
        checkpoint.load_training_state(tmp_path / progress.STATE_FILE)
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.load_network(tmp_path / progress.STATE_FILE)


@pytest.mark.parametrize("damage", ["missing", "truncated", "another network"])
def test_a_bad_checkpoint_is_one_clear_error(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "student.safetensors"
    student = Student(width=0.35, decoder=(16, 16, 16, 16))
    if damage != "missing":
        checkpoint.save_network(student.state_dict(), TINY if damage == "truncated" else Recipe(), path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.load_student(path)


def test_the_mean_of_two_runs_lies_between_them_and_has_every_head(tmp_path: Path) -> None:
    """The second run began where the first did and grew a head; a network of another shape has no mean with it."""
    grown = dataclasses.replace(TINY.student, heads=("ab", "vivid_ab"))
    recipes = {"first": TINY, "second": dataclasses.replace(TINY, student=grown), "other": Recipe()}
    files = {name: tmp_path / f"{name}.safetensors" for name in (*recipes, "mean")}
    for name, recipe in recipes.items():
        checkpoint.save_network(checkpoint.build_network(recipe).state_dict(), recipe, files[name])
    assert main(["mean", *(str(files[name]) for name in ("first", "second", "mean"))]) == 0
    first, second, mean = (checkpoint.load_weights(files[name]) for name in ("first", "second", "mean"))
    torch.testing.assert_close(mean["heads.ab.weight"], (first["heads.ab.weight"] + second["heads.ab.weight"]) / 2)
    assert torch.equal(mean["heads.vivid_ab.weight"], second["heads.vivid_ab.weight"])
    assert checkpoint.load_student(files["mean"]).recipe == recipes["second"]
    assert main(["mean", *(str(files[name]) for name in ("other", "second", "mean"))]) == 2
