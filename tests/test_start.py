"""Tasks by name, and the recipes that each of them refuses."""

import dataclasses
import re
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrize

from tests.conftest import PROJECT
from tests.small_runs import TINY, TINY_GAN, run
from training.checkpoint import CheckpointError, build_network
from training.config import Recipe, RecipeError, TeacherConfig
from training.models.encoders import ENCODERS
from training.start import TASKS, EncoderFile, starting_network


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


def test_a_folder_of_weights_serves_a_teacher_and_its_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("resnet18", "mobilenet_v2"):
        weights = torchvision.models.get_model(name).state_dict()
        save_file(weights, tmp_path / f"{name}.safetensors")
        entry = dataclasses.replace(ENCODERS[name], published=lambda weights=weights: weights, input_range="signed")
        monkeypatch.setitem(ENCODERS, name, entry)
    for recipe in (Recipe(teacher=TeacherConfig(encoder="resnet18")), Recipe()):
        networks = (starting_network(recipe, source) for source in (EncoderFile(tmp_path), "published"))
        local, published = (network.stages.state_dict() for network in networks)
        torch.testing.assert_close(local, published)


def test_a_folder_without_the_encoders_weights_says_which_file_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"mobilenet_v2\.safetensors"):
        starting_network(Recipe(), EncoderFile(tmp_path))
