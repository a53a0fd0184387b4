"""Tasks by name, and the recipes that each of them refuses."""

import dataclasses
import re
from pathlib import Path

import pytest
from torch import nn
from torch.nn.utils import parametrize

from tests.conftest import PROJECT
from tests.small_runs import TINY, TINY_GAN, run
from training.checkpoint import build_network
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


def test_a_gan_rounds_the_weights_of_a_recipe_that_says_so() -> None:
    recipe = dataclasses.replace(TINY_GAN, round_weights=True)
    network = TASKS["gan"].task(build_network(recipe), recipe).network
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert convolutions
    assert all(parametrize.is_parametrized(module, "weight") for module in convolutions)
