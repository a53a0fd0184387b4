"""One command from packed photos to a teacher and its student: its phases follow from one another."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from sdk.contract import AB, VIVID_AB
from tests.conftest import PROJECT
from tests.small_runs import run
from training.checkpoint import load_student
from training.config import load_recipe


@pytest.fixture(scope="module")
def phases() -> list[tuple[str, str, str]]:
    """Task, recipe and share of the minutes of each."""
    command = ["just", "--show", "teacher-and-student"]
    shown = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return re.findall(r"just _phase (\w+) (\S+) .* \* ([\d.]+)\)'", shown)


def test_the_phases_take_the_minutes_that_were_given(phases: list[tuple[str, str, str]]) -> None:
    assert sum(float(share) for *_, share in phases) == pytest.approx(1)


def test_each_phase_begins_with_what_another_left(
    phases: list[tuple[str, str, str]],
    packed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    untrained_mobilenet: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for task, name, _ in phases:
        recipe = load_recipe(PROJECT / "training" / "recipes" / f"{name}.toml")
        gan = recipe.gan and dataclasses.replace(recipe.gan, discriminator_encoder=untrained_mobilenet)
        short = dataclasses.replace(recipe, size=64, batch_size=2, steps=2, minutes=None, gan=gan)
        run(short, packed, Path("runs", name), task_name=task)
    student = load_student(Path("runs", phases[-1][1], "student.safetensors"))
    assert list(student.recipe.student.heads) == [AB.name, VIVID_AB.name]
    assert student.recipe.student.hints
