"""Runs that can stop anywhere, and what they keep."""

import dataclasses
import time
from pathlib import Path

import pytest
import torch

from tests.small_runs import FORKED, TINY, TINY_GAN, TINY_TEACHER, arguments, assert_same, run, write_recipe
from training import checkpoint, loop
from training.__main__ import main
from training.config import DistillConfig, RecipeError, load_recipe
from training.models.student import Student

RUNS = {
    "pretrain": ("pretrain", TINY),
    "pretrain with rounded weights": ("pretrain", dataclasses.replace(TINY, round_weights=True)),
    "pretrain of a teacher": ("pretrain", TINY_TEACHER),
    "gan": ("gan", TINY_GAN),
    "qat": ("qat", dataclasses.replace(TINY, round_weights=True)),
    "distill": ("distill", dataclasses.replace(TINY, distill=DistillConfig(teacher="set by the test"))),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_stopped_run_resumes_to_identical_weights(
    name: str, packed: Path, teacher_checkpoint: Path, tmp_path: Path
) -> None:
    stage, recipe = RUNS[name]
    if recipe.distill:
        recipe = dataclasses.replace(recipe, distill=DistillConfig(teacher=str(teacher_checkpoint)))
    whole = run(recipe, packed, tmp_path / "whole", stage=stage)
    for _ in range(recipe.steps):  # stops after every single step
        pieces = run(recipe, packed, tmp_path / "pieces", stage=stage, max_minutes=0)
    assert_same(whole, pieces)


@pytest.mark.parametrize("save", ["save_network", "save_training_state"])
def test_a_run_that_dies_at_its_last_file_resumes_to_identical_weights(
    save: str, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(TINY, packed, tmp_path / "whole")
    run(TINY, packed, tmp_path / "died", max_minutes=0)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(loop, save, die)
        with pytest.raises(KeyboardInterrupt):
            run(TINY, packed, tmp_path / "died")
    assert_same(whole, run(TINY, packed, tmp_path / "died"))


KILLED = {
    "pretrain": "",
    "gan": 'size = 64\n[teacher]\nencoder = "pix2pix"\nwidth = 8\nlevels = 5\n[gan]\ndiscriminator_width = 8\n',
    "distill": '[distill]\nteacher = "{teacher}"\n',
    "qat": "round_weights = true\n",
}


@pytest.mark.xdist_group("forked")
@pytest.mark.parametrize("stage", KILLED)
def test_a_killed_run_resumes_to_identical_weights(
    stage: str, packed: Path, teacher_checkpoint: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    write_recipe(recipe, steps=8, table=KILLED[stage].format(teacher=teacher_checkpoint))
    killed = tmp_path / "killed"
    process = FORKED.Process(target=main, args=(arguments(stage, recipe, packed, killed),))
    process.start()
    deadline = time.monotonic() + 120
    while not (killed / loop.STATE_FILE).exists():
        assert time.monotonic() < deadline
        assert process.is_alive(), "the run ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.join()
    assert checkpoint.load_training_state(killed / loop.STATE_FILE).step < 8
    for folder in (killed, tmp_path / "whole"):
        assert main(arguments(stage, recipe, packed, folder)) == 0
    whole, resumed = (
        checkpoint.load_weights(tmp_path / name / loop.weights_file(load_recipe(recipe)))
        for name in ("whole", "killed")
    )
    assert_same(whole, resumed)


def test_a_run_folder_is_never_reused_for_another_recipe(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path)
    with pytest.raises(RecipeError, match="another recipe"):
        run(dataclasses.replace(TINY, seed=1), packed, tmp_path)


def test_a_run_that_diverged_stops_and_keeps_its_last_checkpoint(packed: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, learning_rate=1e30, warmup_steps=0, gradient_clip=1e30)
    with pytest.raises(loop.DivergedError, match="not a number"):
        run(recipe, packed, tmp_path)
    assert not (tmp_path / loop.STATE_FILE).exists()


def test_frozen_stages_stay_as_they_were(packed: Path, tmp_path: Path) -> None:
    torch.manual_seed(TINY.seed)
    start = Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict()
    trained = run(dataclasses.replace(TINY, frozen_stages=2), packed, tmp_path)
    for key, value in start.items():
        frozen = key.startswith(("stages.0.", "stages.1."))
        if value.is_floating_point() and "running" not in key and not key.endswith("bias"):
            assert torch.allclose(trained[key], value, atol=1e-7) == frozen, key
