"""A batch is a function of its step: which photos, which crops, which hints."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from sdk.contract import AB, HINTS, LIGHTNESS
from tests.small_runs import BATCH_OF_EIGHT
from training.config import Recipe, StudentConfig
from training.data import Batch, PackedPhotos
from training.data.crops import crop, draw_crops, resize_each, resize_together
from training.data.hints import draw_hints, paint_objects, random_hints

LEVEL_OF_LIGHTNESS, LEVEL_OF_AB = 2 / 255, 1 / AB.scale[0]


def test_a_batch_is_a_function_of_its_step(packed: Path) -> None:
    def batch(step: int) -> Batch:
        return PackedPhotos(packed).batch(step, BATCH_OF_EIGHT)

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
    steps = len(photos) // BATCH_OF_EIGHT.batch_size
    for step in range(steps):
        for rank in range(world):
            photos.batch(step, BATCH_OF_EIGHT, rank=rank, world=world)
    assert len(seen) == steps * BATCH_OF_EIGHT.batch_size
    assert len(set(seen)) == len(seen)


def test_processes_together_see_one_batch(packed: Path) -> None:
    photos = PackedPhotos(packed)
    halves = [photos.batch(5, BATCH_OF_EIGHT, rank=rank, world=2) for rank in (0, 1)]
    assert torch.equal(torch.cat([half.ab for half in halves]), photos.batch(5, BATCH_OF_EIGHT).ab)


def test_photos_are_cropped_alike_however_many_there_are() -> None:
    generator = torch.Generator().manual_seed(0)
    pixels, draws = torch.randint(0, 256, (19, 48, 48, 3), dtype=torch.uint8), draw_crops(19, generator)
    together = crop(pixels, draws, smallest=0.5, size=32)
    apart = [crop(pixels[[at]], draws[[at]], smallest=0.5, size=32) for at in range(19)]
    for all_at_once, one_by_one in zip(together, zip(*apart, strict=True), strict=True):
        assert torch.allclose(all_at_once, torch.cat(one_by_one), atol=1e-6)


def test_a_crop_is_a_square_of_whole_pixels_resized_in_bytes(packed: Path) -> None:
    photos = PackedPhotos(packed)
    draws = draw_crops(8, torch.Generator().manual_seed(BATCH_OF_EIGHT.seed * 1_000_003 + 5))
    batch = photos.batch(5, BATCH_OF_EIGHT)
    crops = []
    for photo, (scale, *place, mirror) in zip(photos.lab(photos._indices(5, BATCH_OF_EIGHT)), draws, strict=True):
        side = round((0.5 + 0.5 * scale.item()) * photos.side)
        left, top = (round(share.item() * (photos.side - side)) for share in place)
        square = photo[None, :, top : top + side, left : left + side]
        crops.append(F.interpolate(square.flip(3) if mirror < 0.5 else square, size=(64, 64), mode="bilinear"))
    lab = torch.cat(crops)
    # Bytes are rounded after each direction of a resize, and chroma once more where it is halved.
    torch.testing.assert_close(batch.inputs[LIGHTNESS.name], lab[:, :1], atol=LEVEL_OF_LIGHTNESS, rtol=0)
    torch.testing.assert_close(batch.ab, F.avg_pool2d(lab[:, 1:], 2), atol=2 * LEVEL_OF_AB, rtol=0)


def test_a_gpu_which_resizes_all_photos_together_crops_them_alike(packed: Path) -> None:
    photos = PackedPhotos(packed)
    pixels, _ = photos.pixels(photos._indices(5, BATCH_OF_EIGHT))
    sides = torch.tensor([photos.side, photos.side // 2, 31, 30, 29, 40, 41, 42]).clamp(max=photos.side)
    squares = torch.stack([sides, (photos.side - sides) // 2, photos.side - sides]).float()
    mirrored = torch.arange(8) % 2 == 0
    each = resize_each(pixels, squares, mirrored, 64)
    together = resize_together(torch.stack(list(pixels)), squares, mirrored, 64)
    assert each.dtype == torch.uint8
    torch.testing.assert_close(each.float(), together, atol=1, rtol=0)


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


def test_a_painted_object_ends_at_its_edge_and_its_hint_tells_the_paint() -> None:
    """Four dark squares on a light wall, all of them grey: what is painted is one square, or the wall without them."""
    lightness = torch.full((64, 1, 64, 64), 0.6)
    for row in (8, 40):
        for column in (8, 40):
            lightness[:, :, row : row + 16, column : column + 16] = -0.6
    ab, draws = torch.zeros(64, 2, 32, 32), draw_hints(64, torch.Generator().manual_seed(0))
    painted = paint_objects(lightness, ab, draws, share=0.5)
    changed = painted.any(dim=1).flatten(1).sum(dim=1)
    assert set(changed.tolist()) == {0, 64}  # the wall is too large to be an object
    assert 0 < (changed > 0).sum() < 32
    assert torch.equal(painted[draws[:, 0] >= 0.5], ab[draws[:, 0] >= 0.5])
    hints = random_hints(painted, draws, share=1.0)
    assert hints[changed > 0, :2].flatten(1).any(dim=1).all()
