"""Runs that can stop anywhere, and what they keep."""

import dataclasses
import itertools
import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator

from tests.small_runs import FORKED, TINY, TINY_GAN, TINY_TEACHER, arguments, assert_same, run, write_recipe
from training import checkpoint, loop, machine, progress
from training.__main__ import main
from training.config import DistillConfig, RecipeError, load_recipe
from training.machine import Clock
from training.models.student import Student
from training.run_log import METRICS_FILE
from training.steps import build_optimizer, share_done
from training.tasks import Turn

RUNS = {
    "pretrain": ("pretrain", TINY),
    "pretrain with rounded weights": ("pretrain", dataclasses.replace(TINY, round_weights=True)),
    "pretrain of a teacher": ("pretrain", TINY_TEACHER),
    "gan": ("gan", TINY_GAN),
    "qat": ("qat", dataclasses.replace(TINY, round_weights=True)),
    "distill": ("distill", dataclasses.replace(TINY, distill=DistillConfig(teachers=("set by the test",)))),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_stopped_run_resumes_to_identical_weights(
    name: str, packed: Path, teacher_checkpoint: Path, tmp_path: Path
) -> None:
    task_name, recipe = RUNS[name]
    if recipe.distill:
        recipe = dataclasses.replace(recipe, distill=DistillConfig(teachers=(str(teacher_checkpoint),)))
    whole = run(recipe, packed, tmp_path / "whole", task_name=task_name)
    for _ in range(recipe.steps):  # stops after every single step
        pieces = run(recipe, packed, tmp_path / "pieces", task_name=task_name, max_minutes=0)
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
        dying.setattr(progress, save, die)
        with pytest.raises(KeyboardInterrupt):
            run(TINY, packed, tmp_path / "died")
    assert_same(whole, run(TINY, packed, tmp_path / "died"))


KILLED = {
    "pretrain": "",
    "gan": 'size = 64\n[teacher]\nencoder = "pix2pix"\nwidth = 8\nlevels = 5\n[gan]\ndiscriminator_width = 8\n',
    "distill": '[distill]\nteachers = ["{teacher}"]\n',
    "qat": "round_weights = true\n",
}


@pytest.mark.parametrize("task_name", KILLED)
def test_a_killed_run_resumes_to_identical_weights(
    task_name: str, packed: Path, teacher_checkpoint: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    write_recipe(recipe, steps=8, table=KILLED[task_name].format(teacher=teacher_checkpoint))
    killed = tmp_path / "killed"
    process = FORKED.Process(target=main, args=(arguments(task_name, recipe, packed, killed),))
    process.start()
    deadline = time.monotonic() + 120
    while not (killed / progress.STATE_FILE).exists():
        assert time.monotonic() < deadline
        assert process.is_alive(), "the run ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.join()
    assert checkpoint.load_training_state(killed / progress.STATE_FILE).step < 8
    for folder in (killed, tmp_path / "whole"):
        assert main(arguments(task_name, recipe, packed, folder)) == 0
    whole, resumed = (
        checkpoint.load_weights(tmp_path / name / progress.weights_file(load_recipe(recipe)))
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
    assert not (tmp_path / progress.STATE_FILE).exists()


def test_frozen_stages_stay_as_they_were(packed: Path, tmp_path: Path) -> None:
    torch.manual_seed(TINY.seed)
    start = Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict()
    trained = run(dataclasses.replace(TINY, frozen_stages=2), packed, tmp_path)
    for key, value in start.items():
        frozen = key.startswith(("stages.0.", "stages.1."))
        if value.is_floating_point() and "running" not in key and not key.endswith("bias"):
            assert torch.allclose(trained[key], value, atol=1e-7) == frozen, key


def test_still_norms_keep_their_statistics_and_learn_the_rest(packed: Path, tmp_path: Path) -> None:
    torch.manual_seed(TINY.seed)
    start = Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict()
    trained = run(dataclasses.replace(TINY, still_norms=True), packed, tmp_path)
    statistics = [key for key in start if "running" in key]
    assert_same({key: trained[key] for key in statistics}, {key: start[key] for key in statistics})
    assert not torch.equal(trained["stages.0.0.1.weight"], start["stages.0.0.1.weight"])


def test_a_run_by_time_ends_by_time_and_is_resumed_where_it_was(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count()  # one whenever somebody looks
    monkeypatch.setattr(machine, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    recipe = dataclasses.replace(TINY, minutes=0.25, steps=1)
    run(recipe, packed, tmp_path, max_minutes=0)
    begun = checkpoint.load_training_state(tmp_path / progress.STATE_FILE)
    assert begun.step == 1
    assert 0 < begun.minutes < 0.25
    run(recipe, packed, tmp_path)
    ended = checkpoint.load_training_state(tmp_path / progress.STATE_FILE)
    assert ended.step > 2
    assert 0.25 <= ended.minutes < 0.35


def test_the_rate_falls_by_the_share_that_is_done() -> None:
    assert [share_done(dataclasses.replace(TINY, minutes=10), 10**6, minutes) for minutes in (0, 5, 10)] == [0, 0.5, 1]
    assert share_done(TINY, TINY.steps // 2, 100) == 0.5


def test_half_precision_weights_are_left_each_minute(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "minute_is_over", lambda _: True)
    run(TINY, packed, tmp_path)
    halves = tmp_path / progress.HALVES_FILE
    assert halves.stat().st_size < 0.6 * (tmp_path / progress.weights_file(TINY)).stat().st_size
    assert checkpoint.load_student(halves).recipe == TINY


def test_half_precision_keeps_a_variance_beyond_its_range(tmp_path: Path) -> None:
    opened = progress.open_run("pretrain", TINY, tmp_path, "random", Accelerator())
    norm = next(module for module in opened.averaged.network.modules() if isinstance(module, torch.nn.BatchNorm2d))
    norm.get_buffer("running_var").fill_(1e6)
    progress.save_halves(opened, TINY, tmp_path)
    weights = checkpoint.load_weights(tmp_path / progress.HALVES_FILE)
    assert all(bool(value.isfinite().all()) for value in weights.values())


def test_a_state_of_before_a_recipe_had_a_new_entry_is_resumed(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path, max_minutes=0)
    state = checkpoint.load_training_state(tmp_path / progress.STATE_FILE)
    del state.recipe["strength"]
    checkpoint.save_training_state(state, tmp_path / progress.STATE_FILE)
    run(TINY, packed, tmp_path)


def test_compilation_is_a_recipes_switch(tmp_path: Path) -> None:
    for compiled in (False, True):
        recipe = dataclasses.replace(TINY, compile=compiled)
        opened = progress.open_run("pretrain", recipe, tmp_path, "random", Accelerator())
        parts = [*opened.task.network.stages, *opened.task.network.decoder, *opened.task.network.heads.values()]
        assert all((part._compiled_call_impl is not None) == compiled for part in parts)


def test_a_command_may_say_how_long_and_how_many_photos_at_a_time(packed: Path, tmp_path: Path) -> None:
    write_recipe(tmp_path / "recipe.toml", steps=6)
    command = arguments("pretrain", tmp_path / "recipe.toml", packed, tmp_path / "run")
    assert main([*command, "--minutes", "1e-6", "--batch-size", "2"]) == 0
    recipe = checkpoint.load_student(tmp_path / "run" / "student.safetensors").recipe
    assert (recipe.minutes, recipe.batch_size) == (1e-6, 2)


def test_each_players_gradient_norm_is_logged_as_it_was_before_clipping(packed: Path, tmp_path: Path) -> None:
    run(dataclasses.replace(TINY_GAN, steps=20, gradient_clip=1e-6), packed, tmp_path, task_name="gan")
    logged = [json.loads(line) for line in (tmp_path / METRICS_FILE).read_text().splitlines()]
    for player in ("network", "discriminator"):
        assert logged[0][f"{player}_gradient_norm"] > 1e-3


def test_a_discriminator_of_rate_zero_stays_as_it_is(packed: Path) -> None:
    network = torch.nn.Linear(2, 2)
    turn = Turn(network, lambda _: {}, learning_rate=0.0)
    (group, *_) = build_optimizer(turn, checkpoint.build_network(TINY), TINY).param_groups
    assert group["full_lr"] == 0
