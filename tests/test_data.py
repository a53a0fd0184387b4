"""Photos in: reading shards and folders, packing, batches."""

# Long: they share photos, and a batch is the same wherever its photos come from.

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from sdk import color
from sdk.contract import HINTS, LIGHTNESS
from tests.conftest import PHOTOS, PROJECT
from training.config import Recipe, StudentConfig
from training.data import (
    INDEX_FILE,
    Batch,
    EmptyDatasetError,
    PackedPhotos,
    Photos,
    ShardError,
    StreamedPhotos,
    decode_rgb,
    find_photos,
    old_photos,
    open_photos,
    pack,
)
from training.data.crops import draw_crops

RECIPE = Recipe(batch_size=8, size=64, seed=3)


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
    for index in range(4):
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


@pytest.fixture
def shards(many_photos: Path, tmp_path: Path) -> Path:
    """The same photos by other names, in shards."""
    folder = tmp_path / "shards"
    folder.mkdir()
    for shard in range(3):
        with tarfile.open(folder / f"{shard}.tar", "w") as tar:
            for path in sorted(many_photos.iterdir())[shard::3]:
                tar.add(path, arcname=f"renamed-{path.name}")
    return folder


def test_a_photo_is_held_out_by_its_content_whatever_its_name_and_folder(
    many_photos: Path, shards: Path, tmp_path: Path
) -> None:
    def held_out_pixels(photos: Photos) -> list[bytes]:
        pixels, _ = photos.pixels(np.arange(len(photos)))
        return sorted(photo.numpy().tobytes() for photo in pixels)

    for source in (many_photos, shards):
        pack(source, tmp_path / f"packed-{source.name}", side=8)
    sources = [many_photos, shards, tmp_path / "packed-photos", tmp_path / "packed-shards"]
    opened = [open_photos(source, held_out=True) for source in sources]
    assert len({len(photos) for photos in opened}) == 1
    assert len({tuple(held_out_pixels(photos)) for photos in opened[2:]}) == 1


@pytest.mark.parametrize("kept", [0.4, 0.8, "without its end", "damaged header"])
def test_a_damaged_shard_is_an_error_that_names_it(kept: float | str, shards: Path, tmp_path: Path) -> None:
    shard = shards / "1.tar"
    content = bytearray(shard.read_bytes())
    with tarfile.open(shard) as opened:
        last = opened.getmembers()[-1]
    if kept == "without its end":
        del content[last.offset :]
    elif kept == "damaged header":
        content[last.offset : last.offset + 512] = b"?" * 512
    else:
        del content[int(len(content) * float(kept)) :]
    shard.write_bytes(content)
    for read in (lambda: pack(shards, tmp_path / "packed"), lambda: StreamedPhotos(shards)):
        with pytest.raises(ShardError, match=r"1\.tar"):
            read()
    assert not (tmp_path / "packed").exists()


def test_what_an_older_version_packed_is_packed_again(packed: Path, tmp_path: Path) -> None:
    index = json.loads((packed / INDEX_FILE).read_text())
    del index["held_out"]
    (tmp_path / INDEX_FILE).write_text(json.dumps(index))
    with pytest.raises(EmptyDatasetError, match="pack them again"):
        open_photos(tmp_path)


def test_a_batch_is_a_function_of_its_step(packed: Path) -> None:
    def batch(step: int) -> Batch:
        return PackedPhotos(packed).batch(step, RECIPE)

    assert torch.equal(batch(7).inputs[LIGHTNESS.name], batch(7).inputs[LIGHTNESS.name])
    assert not torch.equal(batch(7).inputs[LIGHTNESS.name], batch(8).inputs[LIGHTNESS.name])
    assert batch(0).inputs[LIGHTNESS.name].shape == (8, 1, 64, 64)
    assert batch(0).ab.shape == (8, 2, 32, 32)
    assert batch(0).inputs[LIGHTNESS.name].abs().max() <= 1


def test_every_photo_is_seen_once_an_epoch(packed: Path) -> None:
    photos = PackedPhotos(packed)
    for epoch in range(2):
        assert sorted(photos._order(epoch, 0)) == list(range(len(photos)))
    assert list(photos._order(0, 0)) != list(photos._order(1, 0))


@pytest.mark.parametrize("world", [1, 2, 3])
def test_processes_share_each_epoch_and_see_no_photo_twice(world: int, packed: Path) -> None:
    class Noted(PackedPhotos):
        def pixels(self, indices):
            seen.extend(indices)
            return super().pixels(indices)

    seen: list[int] = []
    photos = Noted(packed)
    steps = len(photos) // RECIPE.batch_size
    for step in range(steps):
        for rank in range(world):
            photos.batch(step, RECIPE, rank=rank, world=world)
    assert len(seen) == steps * RECIPE.batch_size
    assert len(set(seen)) == len(seen)


def test_processes_together_see_one_batch(packed: Path) -> None:
    photos = PackedPhotos(packed)
    halves = [photos.batch(5, RECIPE, rank=rank, world=2) for rank in (0, 1)]
    assert torch.equal(torch.cat([half.ab for half in halves]), photos.batch(5, RECIPE).ab)


@pytest.fixture
def many_photos(tmp_path: Path) -> Path:
    """Enough of them that some are held out; one is damaged, one is grey."""
    folder = tmp_path / "photos"
    folder.mkdir()
    originals = [path.read_bytes() for path in sorted(PHOTOS.glob("*.jpg"))]
    for index in range(150):
        (folder / f"{index:03}.jpg").write_bytes(originals[index % 4] + bytes([index]))
    cat = (PROJECT / "examples" / "photos" / "cat.jpg").read_bytes()
    (folder / "broken.jpg").write_bytes(cat[:500])
    (folder / "grey.jpg").write_bytes(cat)
    return folder


@pytest.mark.parametrize("kind", ["many_photos", "shards"])
def test_streamed_photos_are_the_packed_ones(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    source: Path = request.getfixturevalue(kind)
    pack(source, tmp_path / "packed", side=64)
    packed = PackedPhotos(tmp_path / "packed")
    streamed = StreamedPhotos(source, side=64)
    assert len(streamed) == len(packed) + 2  # not looked into yet
    everything, usable = streamed.pixels(np.arange(len(streamed)))
    assert len(usable) == len(packed)
    assert sorted(streamed.left_out.values()) == ["grey", "unreadable"]
    assert torch.equal(everything, packed.pixels(np.arange(len(packed)))[0])


def test_an_unusable_photo_is_missing_from_its_batch_alone(many_photos: Path) -> None:
    streamed = StreamedPhotos(many_photos, side=64)
    steps = -(-len(streamed) // RECIPE.batch_size)
    batches = [streamed.batch(step, RECIPE) for step in range(steps)]
    assert {len(batch.ab) for batch in batches} <= {6, 7, 8}
    assert len(streamed.left_out) == 2
    assert all(batch.inputs[LIGHTNESS.name].isfinite().all() for batch in batches)


def test_photos_are_opened_by_what_they_are(packed: Path, many_photos: Path, tmp_path: Path) -> None:
    assert isinstance(open_photos(packed), PackedPhotos)
    assert isinstance(open_photos(many_photos, held_out=True), StreamedPhotos)
    with pytest.raises(EmptyDatasetError):
        open_photos(tmp_path / "nothing")
    (tmp_path / "useless").mkdir()
    (tmp_path / "useless" / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(EmptyDatasetError):
        StreamedPhotos(tmp_path / "useless").batch(0, RECIPE)


def test_pairs_give_the_old_photos_lightness_and_the_references_chroma(tmp_path: Path) -> None:
    for folder in ("old", "reference"):
        (tmp_path / "pairs" / folder).mkdir(parents=True)
    reference = (PHOTOS / "coffee.jpg").read_bytes()
    old = (PROJECT / "examples" / "photos" / "cat.jpg").read_bytes()
    for index in range(4):
        (tmp_path / "pairs" / "reference" / f"{index}.jpg").write_bytes(reference)
        (tmp_path / "pairs" / "old" / f"{index}.jpeg").write_bytes(old)  # scans keep their own format
    (tmp_path / "pairs" / "old" / "alone.jpg").write_bytes(old)
    assert pack(tmp_path / "pairs", tmp_path / "packed", side=32, pairs=True)["packed"] == 4
    lab = PackedPhotos(tmp_path / "packed").lab(np.array([0]))[0].movedim(0, -1).numpy()
    old_lightness = color.rgb_to_lightness(decode_rgb(old, 32))
    np.testing.assert_allclose((lab[..., 0] + 1) * color.LIGHTNESS_SCALE, old_lightness, atol=0.25)
    chroma = color.rgb_to_lab(decode_rgb(reference, 32))[..., 1:]
    np.testing.assert_allclose(lab[..., 1:] * color.CHROMA_SCALE, chroma, atol=0.55)


def test_ageing_touches_lightness_alone_and_is_a_function_of_the_step(packed: Path) -> None:
    aged = Recipe(batch_size=8, size=64, seed=3, old_photos=1.0)
    new, old, again = (PackedPhotos(packed).batch(1, recipe) for recipe in (RECIPE, aged, aged))
    assert torch.equal(old.ab, new.ab)
    assert torch.equal(old.inputs[LIGHTNESS.name], again.inputs[LIGHTNESS.name])
    assert not torch.equal(old.inputs[LIGHTNESS.name], new.inputs[LIGHTNESS.name])


@pytest.mark.parametrize("degrade", old_photos.DEGRADATIONS, ids=lambda function: function.__name__)
def test_a_degradation_does_what_its_name_says(degrade: Callable[..., torch.Tensor], packed: Path) -> None:
    photos = PackedPhotos(packed).batch(0, RECIPE).inputs[LIGHTNESS.name]
    old = degrade(photos, torch.full((8,), 0.8), torch.full((8,), 0.3))
    assert old.shape == photos.shape
    assert old.abs().max() < 1 + 1e-5
    detail, old_detail = photos.diff(dim=-1).abs().mean(), old.diff(dim=-1).abs().mean()
    corners, middle = (old - photos)[..., 0, 0].mean(), (old - photos)[..., 32, 32].mean()
    expected = {
        "blur": old_detail < detail,
        "vignette": corners < middle < 0.001,
        "grain": old_detail > detail,
        "tone_curve": bool((old.mean() - photos.mean()).abs() > 0.01),
        "fading": old.amax() - old.amin() < photos.amax() - photos.amin(),
        "jpeg": 0 < (old - photos).abs().mean() < 0.1,
    }
    assert expected[degrade.__name__]


def test_black_that_was_rounded_below_black_stays_a_number() -> None:
    black = torch.full((1, 1, 8, 8), -1 - 1e-6)
    assert old_photos.tone_curve(black, torch.ones(1), torch.ones(1)).isfinite().all()


@pytest.mark.parametrize("quality", [30, 50, 85])
def test_a_file_saved_too_small_is_what_pillow_would_have_saved(quality: int, packed: Path) -> None:
    photos = PackedPhotos(packed).batch(0, RECIPE).inputs[LIGHTNESS.name][:2]
    low, high = old_photos.JPEG_QUALITIES
    amount = torch.full((2,), (quality - low + 0.5) / (high - low))
    ours = (old_photos.jpeg(photos, amount, amount) + 1) * 127.5
    for photo, restored in zip((photos + 1) * 127.5, ours, strict=True):
        file = io.BytesIO()
        Image.fromarray(photo[0].round().to(torch.uint8).numpy()).save(file, "JPEG", quality=quality)
        theirs = torch.from_numpy(np.array(Image.open(file))).float()
        difference = (restored[0] - theirs).abs()
        assert difference.mean() < 0.5 < (restored[0] - photo[0]).abs().mean()


def test_ageing_follows_the_recipes_seed_and_draws_other_numbers_than_the_crops() -> None:
    def draws(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return draw_crops(8, generator), old_photos.draw_ages(8, generator)

    (crops, ages), (_, others) = draws(0), draws(1)
    assert not torch.equal(ages, others)
    assert not set(ages.flatten().tolist()) & set(crops.flatten().tolist())


def test_processes_together_age_one_batch(packed: Path) -> None:
    recipe = Recipe(batch_size=8, size=64, seed=3, old_photos=0.5)
    halves = [PackedPhotos(packed).batch(5, recipe, rank=rank, world=2) for rank in (0, 1)]
    together = PackedPhotos(packed).batch(5, recipe).inputs[LIGHTNESS.name]
    assert torch.allclose(torch.cat([half.inputs[LIGHTNESS.name] for half in halves]), together, atol=1e-5)


def test_a_crop_is_what_a_general_affine_map_gives(packed: Path) -> None:
    """The maps, draws and order of numbers with which the bundled student was trained."""
    photos = PackedPhotos(packed)
    generator = torch.Generator().manual_seed(RECIPE.seed * 1_000_003 + 5)
    scale = RECIPE.smallest_crop + (1 - RECIPE.smallest_crop) * torch.rand(8, generator=generator)
    theta = torch.zeros(8, 2, 3)
    theta[:, :, 2] = (torch.rand(8, 2, generator=generator) * 2 - 1) * (1 - scale)[:, None]
    theta[:, 0, 0] = scale * torch.where(torch.rand(8, generator=generator) < 0.5, -1.0, 1.0)
    theta[:, 1, 1] = scale
    grid = F.affine_grid(theta, [8, 3, 64, 64], align_corners=False)
    lab = F.grid_sample(photos.lab(photos._indices(5, RECIPE)), grid, padding_mode="border", align_corners=False)
    batch = photos.batch(5, RECIPE)
    torch.testing.assert_close(batch.inputs[LIGHTNESS.name], lab[:, :1], atol=1e-4, rtol=0)
    torch.testing.assert_close(batch.ab, F.avg_pool2d(lab[:, 1:], 2), atol=1e-4, rtol=0)


def test_hints_tell_the_photos_own_chroma_where_they_are(packed: Path) -> None:
    recipe = Recipe(student=StudentConfig(hints=True), batch_size=32, size=64)
    batch, again = (PackedPhotos(packed).batch(3, recipe) for _ in range(2))
    hints = batch.inputs[HINTS.name]
    assert torch.equal(hints, again.inputs[HINTS.name])
    shared = [PackedPhotos(packed).batch(3, recipe, rank=rank, world=2).inputs[HINTS.name] for rank in range(2)]
    assert torch.equal(torch.cat(shared), hints)
    assert hints.shape == (32, 3, 32, 32)
    mask = hints[:, 2:]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert not (hints[:, :2] * (1 - mask)).any()
    told = mask.sum(dim=(1, 2, 3)) > 0
    assert 0.4 < told.float().mean() < 0.9  # a third has none
    assert ((hints[:, :2] - batch.ab) * mask).abs().mean() < 0.02
