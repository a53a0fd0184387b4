"""Photos to weights: reading, packing, the student, and runs that can stop anywhere."""

import dataclasses
import json
import math
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from sdk import color
from tests.conftest import PHOTOS, PROJECT
from training import checkpoint, loop
from training.config import Recipe, RecipeError, StudentConfig, load_recipe
from training.data import Batch, EmptyDatasetError, PackedPhotos, decode_rgb, find_photos, pack
from training.losses import huber
from training.models.student import Student, parameter_count
from training.quantization import WEIGHT_LIMIT, plain_state_dict, round_weights
from training.tasks.pretrain import PretrainTask

TINY = Recipe(
    student=StudentConfig(width=0.35, decoder=(16, 16, 16, 16)),
    steps=6,
    batch_size=4,
    size=32,
    warmup_steps=2,
    ema_decay=0.9,
)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled photos many times over, so that some are held out."""
    photos = tmp_path_factory.mktemp("photos")
    for index in range(150):
        original = sorted(PHOTOS.glob("*.jpg"))[index % 4]
        (photos / f"{index:03}.jpg").write_bytes(original.read_bytes())
    folder = tmp_path_factory.mktemp("packed")
    pack(photos, folder, side=64)
    return folder


def test_shards_and_folders_are_read_alike(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "train-00.tar", "w") as shard:
        for path in sorted(PHOTOS.glob("*.jpg")):
            shard.add(path, arcname=path.name)
    from_folder = dict(find_photos(PHOTOS))
    assert len(from_folder) == 4
    for source in (tmp_path, tmp_path / "train-00.tar"):
        assert {Path(name).name: content for name, content in find_photos(source)} == from_folder


def test_pack_counts_what_it_leaves_out(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in PHOTOS.glob("*.jpg"):
        (photos / path.name).write_bytes(path.read_bytes())
    grey = PROJECT / "examples" / "photos" / "cat.jpg"
    (photos / "grey.jpg").write_bytes(grey.read_bytes())
    (photos / "broken.jpg").write_bytes(grey.read_bytes()[:500])
    (photos / "notes.txt").write_text("not a photo")
    assert pack(photos, tmp_path / "packed") == {"packed": 4, "unreadable": 1, "grey": 1}


def test_no_usable_photo_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyDatasetError):
        pack(tmp_path, tmp_path / "packed")


def test_packing_keeps_the_colours(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    content = (PHOTOS / "coffee.jpg").read_bytes()
    for index in range(300):  # enough names that the hash holds one out
        (tmp_path / "photos" / f"{index}.jpg").write_bytes(content)
    pack(tmp_path / "photos", tmp_path / "packed", side=32)
    lab = PackedPhotos(tmp_path / "packed").lab(np.array([0]))[0].movedim(0, -1).numpy()
    expected = color.rgb_to_lab(decode_rgb(content, 32))
    np.testing.assert_allclose((lab[..., 0] + 1) * color.LIGHTNESS_SCALE, expected[..., 0], atol=0.25)
    np.testing.assert_allclose(lab[..., 1:] * color.CHROMA_SCALE, expected[..., 1:], atol=0.55)


def test_held_out_photos_are_never_trained_on(packed: Path) -> None:
    trained, held_out = PackedPhotos(packed), PackedPhotos(packed, held_out=True)
    assert len(trained) + len(held_out) == 150
    assert not set(trained._chosen) & set(held_out._chosen)


def test_a_batch_is_a_function_of_its_step(packed: Path) -> None:
    def batch(step: int) -> Batch:
        return PackedPhotos(packed).batch(step, batch_size=8, size=64, smallest_crop=0.5, seed=3)

    assert torch.equal(batch(7).lightness, batch(7).lightness)
    assert not torch.equal(batch(7).lightness, batch(8).lightness)
    assert batch(0).lightness.shape == (8, 1, 64, 64)
    assert batch(0).ab.shape == (8, 2, 32, 32)
    assert batch(0).lightness.abs().max() <= 1


def test_every_photo_is_seen_once_an_epoch(packed: Path) -> None:
    photos = PackedPhotos(packed)
    for epoch in range(2):
        assert sorted(photos._order(epoch, 0)) == list(range(len(photos)))
    assert list(photos._order(0, 0)) != list(photos._order(1, 0))


def test_the_student_meets_the_contract() -> None:
    student = Student().eval()
    assert parameter_count(student) < 3e6
    with torch.inference_mode():
        ab = student(torch.rand(2, 1, 64, 96) * 2 - 1)
    assert ab.shape == (2, 2, 32, 48)
    assert ab.abs().max() <= 1


def test_the_stem_sums_the_colours_a_grey_photo_would_have() -> None:
    from torchvision.models import mobilenet_v2

    original = mobilenet_v2().eval()
    student = Student().eval()
    student.load_imagenet_encoder(original.state_dict())
    lightness = torch.rand(1, 1, 64, 64) * 2 - 1
    with torch.inference_mode():
        features = student.stages[0](lightness)
        expected = original.features[1](original.features[0](lightness.expand(1, 3, 64, 64)))
    torch.testing.assert_close(features, expected, atol=1e-4, rtol=1e-4)


def test_huber_by_hand() -> None:
    # |error| 0.05: 0.5 · 0.05² / 0.1 = 0.0125. |error| 0.3: 0.3 − 0.1/2 = 0.25.
    predicted, truth = torch.tensor([0.05, 0.3]), torch.zeros(2)
    assert huber(predicted, truth, delta=0.1).item() == pytest.approx((0.0125 + 0.25) / 2)


def test_the_student_overfits_eight_photos() -> None:
    torch.manual_seed(0)
    contents = [(PHOTOS / f"{name}.jpg").read_bytes() for name in ("astronaut", "cat", "coffee", "rocket")]
    lab = torch.from_numpy(np.stack([color.rgb_to_lab(decode_rgb(content, 64)) for content in contents]))
    lab = torch.cat([lab, lab.flip(2)]).movedim(-1, 1)
    ab = torch.nn.functional.avg_pool2d(lab[:, 1:] / color.CHROMA_SCALE, 2)
    batch = Batch(lab[:, :1] / color.LIGHTNESS_SCALE - 1, ab)
    student = Student(width=0.5, decoder=(64, 48, 32, 32))
    task = PretrainTask(student, huber_delta=0.1)
    optimizer = torch.optim.AdamW(student.parameters(), lr=3e-3)
    for _ in range(150):
        loss = task.losses(batch)["huber"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        error = ((student(batch.lightness) - ab) * color.CHROMA_SCALE).square().mean().sqrt().item()
    assert error < 5, f"{error:.1f} Lab units"


def run(recipe: Recipe, packed: Path, folder: Path, *, max_minutes: float = math.inf) -> dict[str, torch.Tensor]:
    loop.train(recipe, PackedPhotos(packed), PackedPhotos(packed, held_out=True), folder, max_minutes=max_minutes)
    return checkpoint.load_weights(folder / loop.STUDENT_FILE)


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert torch.equal(value, theirs[key]), key


@pytest.mark.parametrize("rounded", [False, True])
def test_a_stopped_run_resumes_to_identical_weights(rounded: bool, packed: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, round_weights=rounded)
    whole = run(recipe, packed, tmp_path / "whole")
    for _ in range(recipe.steps):  # stops after every single step
        pieces = run(recipe, packed, tmp_path / "pieces", max_minutes=0)
    assert_same(whole, pieces)


def test_a_killed_run_resumes_to_identical_weights(packed: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        "steps = 12\nbatch_size = 4\nsize = 32\nwarmup_steps = 2\n[student]\nwidth = 0.35\ndecoder = [16, 16, 16, 16]\n"
    )
    command = [sys.executable, "-m", "training", "pretrain", "--recipe", str(recipe), "--photos", str(packed)]
    command += ["--save-every", "2", "--from-random-weights", "--run"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True, cwd=PROJECT)

    killed = tmp_path / "killed"
    process = subprocess.Popen([*command, str(killed)], stderr=subprocess.DEVNULL, cwd=PROJECT)
    deadline = time.monotonic() + 120
    while not (killed / loop.STATE_FILE).exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert checkpoint.load_training_state(killed / loop.STATE_FILE).step < 12
    subprocess.run([*command, str(killed)], check=True, capture_output=True, cwd=PROJECT)
    whole, resumed = (checkpoint.load_weights(tmp_path / name / loop.STUDENT_FILE) for name in ("whole", "killed"))
    assert_same(whole, resumed)


def test_a_run_folder_is_never_reused_for_another_recipe(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path)
    with pytest.raises(RecipeError, match="another recipe"):
        run(dataclasses.replace(TINY, seed=1), packed, tmp_path)


def test_training_logs_what_a_machine_can_read(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / loop.METRICS_FILE).read_text().splitlines()]
    assert lines[-1]["step"] == TINY.steps
    assert lines[-1]["held_out_psnr"] > 10


def test_rounded_weights_lie_on_the_grid_they_are_exported_with() -> None:
    student = Student(width=0.35, decoder=(16, 16, 16, 16))
    round_weights(student)
    plain = plain_state_dict(student)
    assert plain.keys() == Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict().keys()
    weight = plain["decoder.0.project.0.weight"]
    levels = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True) * WEIGHT_LIMIT
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)


def test_frozen_stages_stay_as_they_were(packed: Path, tmp_path: Path) -> None:
    torch.manual_seed(TINY.seed)
    start = Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict()
    trained = run(dataclasses.replace(TINY, frozen_stages=2), packed, tmp_path)
    for key, value in start.items():
        frozen = key.startswith(("stages.0.", "stages.1."))
        if value.is_floating_point() and "running" not in key and not key.endswith("bias"):
            assert torch.allclose(trained[key], value, atol=1e-7) == frozen, key


@pytest.mark.parametrize(
    "text", ["steps = ", "speed = 3", "[student]\ndepth = 3"], ids=["not TOML", "unknown key", "unknown student key"]
)
def test_a_bad_recipe_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(RecipeError, match=r"bad\.toml"):
        load_recipe(tmp_path / "bad.toml")


def test_published_recipes_load() -> None:
    for path in (PROJECT / "training" / "recipes").glob("*.toml"):
        assert load_recipe(path).steps > 0


@pytest.mark.parametrize("damage", ["missing", "truncated", "another network"])
def test_a_bad_checkpoint_is_one_clear_error(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "student.safetensors"
    student = Student(width=0.35, decoder=(16, 16, 16, 16))
    if damage != "missing":
        checkpoint.save_student(student.state_dict(), TINY if damage == "truncated" else Recipe(), path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.load_student(path)
