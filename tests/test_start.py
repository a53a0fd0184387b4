"""Tasks by name, and the recipes that each of them refuses."""

import dataclasses
import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.small_runs import TINY, run
from training.config import RecipeError
from training.start import TASKS


def test_the_page_lists_the_tasks_as_they_are() -> None:
    text = (PROJECT / "docs" / "training.md").read_text().partition("## Tasks")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(TASKS)


def test_distillation_without_a_teacher_says_what_is_missing(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"\[distill\]"):
        run(TINY, packed, tmp_path, task_name="distill")


def test_a_start_of_another_shape_is_refused(packed: Path, teacher_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="another shape"):
        run(dataclasses.replace(TINY, start=str(teacher_checkpoint)), packed, tmp_path)


def test_qat_is_for_what_is_exported_with_rounded_weights(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="round_weights"):
        run(TINY, packed, tmp_path, task_name="qat")
