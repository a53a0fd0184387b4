"""A file of weights is what it says, or refused."""

from pathlib import Path

import pytest
import torch

from tests.small_runs import TINY
from training import checkpoint, progress
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
