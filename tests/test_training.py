"""The stages, what they minimise, and runs that can stop anywhere."""

import dataclasses
import json
import math
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sdk import color
from sdk.contract import AB, LIGHTNESS
from tests.conftest import PHOTOS, PROJECT
from training import checkpoint, loop, metrics, run_log, stages
from training.__main__ import main
from training.config import (
    DistillConfig,
    GanConfig,
    Recipe,
    RecipeError,
    StudentConfig,
    TeacherConfig,
    load_recipe,
)
from training.data import Batch, PackedPhotos, decode_rgb
from training.models.student import Student
from training.models.unet import UNet
from training.quantization import WEIGHT_LIMIT, plain_state_dict, round_weights
from training.tasks import Task
from training.tasks.distill import DistillTask
from training.tasks.gan import GanTask
from training.tasks.pretrain import PretrainTask

TINY = Recipe(
    student=StudentConfig(width=0.35, decoder=(16, 16, 16, 16)),
    steps=6,
    batch_size=4,
    size=32,
    warmup_steps=2,
    ema_decay=0.9,
)
SMALL_BATCH = Recipe(batch_size=2, size=64)
TINY_TEACHER = dataclasses.replace(TINY, teacher=TeacherConfig(encoder="pix2pix", width=8, levels=5))


def run(
    recipe: Recipe, packed: Path, folder: Path, *, stage: str = "pretrain", max_minutes: float = math.inf
) -> dict[str, torch.Tensor]:
    photos, held_out = PackedPhotos(packed), PackedPhotos(packed, held_out=True)
    loop.train(stage, recipe, photos, held_out, folder, encoder_weights="random", max_minutes=max_minutes)
    return checkpoint.load_weights(folder / loop.weights_file(recipe))


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert torch.equal(value, theirs[key]), key


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    checkpoint.save_network(checkpoint.build_network(TINY_TEACHER).state_dict(), TINY_TEACHER, path)
    return path


RUNS = {
    "pretrain": ("pretrain", TINY),
    "pretrain with rounded weights": ("pretrain", dataclasses.replace(TINY, round_weights=True)),
    "pretrain of a teacher": ("pretrain", TINY_TEACHER),
    "gan": (
        "gan",
        dataclasses.replace(TINY_TEACHER, size=64, gan=GanConfig(discriminator_width=8, muted_weight=1.0)),
    ),
    "qat": ("qat", dataclasses.replace(TINY, round_weights=True)),
    "distill": ("distill", dataclasses.replace(TINY, distill=DistillConfig(teacher="set by the test"))),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_stopped_run_resumes_to_identical_weights(
    name: str, packed: Path, teacher_file: Path, tmp_path: Path
) -> None:
    stage, recipe = RUNS[name]
    if recipe.distill:
        recipe = dataclasses.replace(recipe, distill=DistillConfig(teacher=str(teacher_file)))
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


def eight_photos() -> Batch:
    names = ("astronaut", "cat", "coffee", "rocket")
    lab = np.stack([color.rgb_to_lab(decode_rgb((PHOTOS / f"{name}.jpg").read_bytes(), 64)) for name in names])
    planes = torch.from_numpy(np.concatenate([lab, lab[:, :, ::-1]])).movedim(-1, 1)
    ab = torch.nn.functional.avg_pool2d(planes[:, 1:] / color.CHROMA_SCALE, 2)
    return Batch({LIGHTNESS.name: planes[:, :1] / color.LIGHTNESS_SCALE - 1}, ab)


def psnr_on(network: UNet, batch: Batch) -> float:
    """Mean PSNR in RGB, at the network's own resolution, of the photos it was fitted to."""
    lightness = (torch.nn.functional.avg_pool2d(batch.inputs[LIGHTNESS.name], 2) + 1) * color.LIGHTNESS_SCALE
    with torch.inference_mode():
        both = [network(batch.inputs)[AB.name], batch.ab]
    rgb = [color.lab_to_rgb(torch.cat([lightness, ab * color.CHROMA_SCALE], 1).movedim(1, -1).numpy()) for ab in both]
    return float(np.mean([metrics.psnr(ours, theirs) for ours, theirs in zip(*rgb, strict=True)]))


@pytest.mark.parametrize(
    ("stage", "least_psnr", "steps"), [("pretrain", 30, 150), ("gan", 26, 250), ("distill", 30, 150)]
)
def test_each_stage_overfits_eight_photos(stage: str, least_psnr: float, steps: int) -> None:
    torch.manual_seed(0)
    batch = eight_photos()
    student = Recipe(student=StudentConfig(width=0.5, decoder=(64, 48, 32, 32)), distill=DistillConfig(teacher=""))
    teacher = Recipe(
        teacher=TeacherConfig(encoder="pix2pix", width=24, levels=6), gan=GanConfig(discriminator_width=16)
    )
    task: Task
    if stage == "gan":
        task = GanTask(checkpoint.build_network(teacher), teacher)
    elif stage == "pretrain":
        task = PretrainTask(checkpoint.build_network(student), student)
    else:  # a teacher that knows the answer as well as eight photos allow
        task = DistillTask(checkpoint.build_network(student), student, teacher=AllKnowing(batch.ab))
    rates = {"pretrain": 3e-3, "gan": 1e-3, "distill": 3e-3}
    optimizers = [torch.optim.AdamW(turn.player.parameters(), lr=rates[stage]) for turn in task.turns]
    for _ in range(steps):
        for turn, optimizer in zip(task.turns, optimizers, strict=True):
            optimizer.zero_grad()
            torch.stack(list(turn.losses(batch).values())).sum().backward()
            optimizer.step()
    assert psnr_on(task.network.eval(), batch) > least_psnr


class AllKnowing(UNet):
    """A teacher that answers with the truth, and whose features carry it."""

    def __init__(self, ab: torch.Tensor) -> None:
        super().__init__(
            stages=torch.nn.ModuleList(),
            context=torch.nn.Identity(),
            decoder=torch.nn.ModuleList(),
            heads={AB.name: torch.nn.Identity()},
            feature_channels=(2, 2, 2, 2),
        )
        self._ab = ab

    def features(self, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        return [torch.nn.functional.avg_pool2d(self._ab, scale) for scale in (8, 4, 2, 1)]


def test_the_discriminators_loss_has_no_l1_and_moves_only_the_discriminator(packed: Path) -> None:
    recipe = RUNS["gan"][1]
    task = GanTask(checkpoint.build_network(recipe), recipe)
    losses = task.discriminator_losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert set(losses) == {"discriminator_real", "discriminator_fake"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(parameter.grad is None for parameter in task.network.parameters())
    assert all(parameter.grad is not None for parameter in task.discriminator.parameters())


def test_distillation_leaves_the_teacher_alone(packed: Path, teacher_file: Path) -> None:
    teacher = checkpoint.load_network(teacher_file).network
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    recipe = dataclasses.replace(TINY, distill=DistillConfig(teacher=str(teacher_file)))
    task = DistillTask(checkpoint.build_network(recipe), recipe, teacher=teacher)
    losses = task.losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert set(losses) == {"teacher_output", "teacher_features", "truth"}
    torch.stack(list(losses.values())).sum().backward()
    assert_same(dict(teacher.state_dict()), before)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(parameter.grad is not None for parameter in task.mappings.parameters())


def test_distillation_may_count_decibels(packed: Path, teacher_file: Path) -> None:
    recipe = dataclasses.replace(TINY, loss="psnr", distill=DistillConfig(teacher=str(teacher_file), feature_weight=0))
    teacher = checkpoint.load_network(teacher_file).network
    task = DistillTask(teacher, recipe, teacher=teacher)
    losses = task.losses(PackedPhotos(packed).batch(0, SMALL_BATCH))
    assert losses["teacher_output"].item() == pytest.approx(-4)  # what no error at all has
    assert losses["truth"] > losses["teacher_output"]


def test_distillation_without_a_teacher_says_what_is_missing(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"\[distill\]"):
        run(TINY, packed, tmp_path, stage="distill")


def test_a_start_of_another_shape_is_refused(packed: Path, teacher_file: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="another shape"):
        run(dataclasses.replace(TINY, start=str(teacher_file)), packed, tmp_path)


def test_a_teacher_is_not_exported_by_mistake(teacher_file: Path) -> None:
    with pytest.raises(checkpoint.CheckpointError, match="holds a teacher"):
        checkpoint.load_student(teacher_file)


KILLED = {
    "pretrain": "",
    "gan": 'size = 64\n[teacher]\nencoder = "pix2pix"\nwidth = 8\nlevels = 5\n[gan]\ndiscriminator_width = 8\n',
    "distill": '[distill]\nteacher = "{teacher}"\n',
    "qat": "round_weights = true\n",
}


@pytest.mark.parametrize("stage", KILLED)
def test_a_killed_run_resumes_to_identical_weights(
    stage: str, packed: Path, teacher_file: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    write_recipe(recipe, steps=8, table=KILLED[stage].format(teacher=teacher_file))
    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "training", *arguments(stage, recipe, packed, killed)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=PROJECT)
    deadline = time.monotonic() + 120
    while not (killed / loop.STATE_FILE).exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert checkpoint.load_training_state(killed / loop.STATE_FILE).step < 8
    for folder in (killed, tmp_path / "whole"):
        assert main(arguments(stage, recipe, packed, folder)) == 0
    whole, resumed = (
        checkpoint.load_weights(tmp_path / name / loop.weights_file(load_recipe(recipe)))
        for name in ("whole", "killed")
    )
    assert_same(whole, resumed)


def write_recipe(path: Path, *, steps: int, table: str = "") -> None:
    student = "[student]\nwidth = 0.35\ndecoder = [16, 16, 16, 16]\n"
    size = "" if "size" in table else "size = 32\n"
    path.write_text(f"steps = {steps}\nbatch_size = 4\nwarmup_steps = 2\n{size}{table}{student}")


def arguments(stage: str, recipe: Path, packed: Path, folder: Path) -> list[str]:
    named = [stage, "--recipe", str(recipe), "--photos", str(packed), "--from-random-weights"]
    return [*named, "--save-every", "2", "--run-folder", str(folder)]


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code in a checkpoint was run')",)


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    torch.save({"step": Payload()}, tmp_path / loop.STATE_FILE)
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        checkpoint.load_training_state(tmp_path / loop.STATE_FILE)
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.load_network(tmp_path / loop.STATE_FILE)


def test_a_run_folder_is_never_reused_for_another_recipe(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path)
    with pytest.raises(RecipeError, match="another recipe"):
        run(dataclasses.replace(TINY, seed=1), packed, tmp_path)


def test_training_logs_what_a_machine_can_read(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / run_log.METRICS_FILE).read_text().splitlines()]
    assert lines[-1]["step"] == TINY.steps
    assert lines[-1]["held_out_psnr"] > 10


def test_a_run_that_diverged_stops_and_keeps_its_last_checkpoint(packed: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, learning_rate=1e30, warmup_steps=0, gradient_clip=1e30)
    with pytest.raises(loop.DivergedError, match="not a number"):
        run(recipe, packed, tmp_path)
    assert not (tmp_path / loop.STATE_FILE).exists()


def test_training_leaves_what_a_person_can_look_at(packed: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, steps=20)
    run(recipe, packed, tmp_path)
    held_out = len(PackedPhotos(packed, held_out=True))
    with Image.open(tmp_path / run_log.SAMPLES_FILE) as samples:
        assert samples.size == (256 * min(loop.SAMPLES, held_out), 256 * 3)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("truth")] == [20]
    assert events.Tags()["images"] == ["samples"]


def test_what_a_killed_run_logged_too_far_is_forgotten(tmp_path: Path) -> None:
    log = run_log.RunLog(tmp_path, step=0)
    for step in (20, 40, 60):
        log.scalars(step, {"truth": 1.0})
    log.close()
    run_log.RunLog(tmp_path, step=40).close()
    lines = (tmp_path / run_log.METRICS_FILE).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [20, 40]


def test_rounded_weights_lie_on_the_grid_they_are_exported_with() -> None:
    student = Student(width=0.35, decoder=(16, 16, 16, 16))
    round_weights(student)
    plain = plain_state_dict(student)
    assert plain.keys() == Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict().keys()
    weight = plain["decoder.0.project.0.weight"]
    levels = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True) * WEIGHT_LIMIT
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)


def test_qat_rounds_activations_to_a_byte_and_exports_plain_weights(packed: Path) -> None:
    recipe = dataclasses.replace(TINY, round_weights=True)
    network = checkpoint.build_network(recipe)
    task = stages.STAGES["qat"].task(network, recipe)
    assert torch.isfinite(task.turns[0].losses(PackedPhotos(packed).batch(0, SMALL_BATCH))["truth"])
    noted = []
    next(network.stages[1].children()).register_forward_hook(lambda _module, _inputs, output: noted.append(output))
    network.eval()(torch.rand(1, 1, 64, 64))
    assert 2 < len(noted[0].unique()) <= 256
    assert plain_state_dict(network).keys() == checkpoint.build_network(recipe).state_dict().keys()


def test_qat_is_for_what_is_exported_with_rounded_weights(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="round_weights"):
        run(TINY, packed, tmp_path, stage="qat")


def test_frozen_stages_stay_as_they_were(packed: Path, tmp_path: Path) -> None:
    torch.manual_seed(TINY.seed)
    start = Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict()
    trained = run(dataclasses.replace(TINY, frozen_stages=2), packed, tmp_path)
    for key, value in start.items():
        frozen = key.startswith(("stages.0.", "stages.1."))
        if value.is_floating_point() and "running" not in key and not key.endswith("bias"):
            assert torch.allclose(trained[key], value, atol=1e-7) == frozen, key


@pytest.mark.parametrize(
    "text",
    ["steps = ", "speed = 3", "[student]\ndepth = 3", 'loss = "hope"'],
    ids=["not TOML", "unknown key", "unknown student key", "unknown choice"],
)
def test_a_bad_recipe_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(RecipeError, match=r"bad\.toml"):
        load_recipe(tmp_path / "bad.toml")


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


@pytest.mark.skipif(sys.platform != "linux", reason="NOT MEASURED: glibc alone is told to keep memory")
def test_freed_memory_is_kept_for_the_next_step() -> None:
    program = (
        "import resource, sys, torch\n"
        "from training.memory import keep_freed_memory\n"
        "if sys.argv[1] == 'keep': keep_freed_memory()\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def step():\n"
        "  for _ in range(6): torch.zeros(16_000_000).add_(1)\n"
        "step()\n"
        "start = faults()\n"
        "step()\n"
        "print(faults() - start)"
    )
    faults = [
        int(subprocess.run([sys.executable, "-c", program, how], capture_output=True, check=True).stdout)
        for how in ("keep", "give back")
    ]
    assert faults[0] < faults[1] / 10


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
    whole, half = (
        checkpoint.load_student(path).network for path in (student_checkpoint, tmp_path / "half.safetensors")
    )
    lightness = torch.linspace(-1, 1, 64 * 64).reshape(1, 1, 64, 64)
    whole.heads["ab"] = torch.nn.Conv2d(whole.feature_channels[-1], 2, 1)  # one that does not cut off
    whole.heads.load_state_dict(checkpoint.load_student(student_checkpoint).network.heads.state_dict())
    raw, weak = (network({LIGHTNESS.name: lightness})[AB.name] for network in (whole, half))
    torch.testing.assert_close(weak, (0.5 * raw).clamp(-1, 1))
