"""New photos made to look old, on lightness alone."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from sdk.contract import LIGHTNESS
from tests.small_runs import BATCH_OF_EIGHT
from training.config import Recipe
from training.data import PackedPhotos, old_photos
from training.data.crops import draw_crops


def test_ageing_touches_lightness_alone_and_is_a_function_of_the_step(packed: Path) -> None:
    aged = Recipe(batch_size=8, size=64, seed=3, old_photos=1.0)
    new, old, again = (PackedPhotos(packed).batch(1, recipe) for recipe in (BATCH_OF_EIGHT, aged, aged))
    assert torch.equal(old.ab, new.ab)
    assert torch.equal(old.inputs[LIGHTNESS.name], again.inputs[LIGHTNESS.name])
    assert not torch.equal(old.inputs[LIGHTNESS.name], new.inputs[LIGHTNESS.name])


@pytest.mark.parametrize("degrade", old_photos.DEGRADATIONS, ids=lambda function: function.__name__)
def test_a_degradation_does_what_its_name_says(degrade: Callable[..., torch.Tensor], packed: Path) -> None:
    photos = PackedPhotos(packed).batch(0, BATCH_OF_EIGHT).inputs[LIGHTNESS.name]
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


def test_a_blur_is_a_gaussian_of_its_width_to_the_last_pixel() -> None:
    photos = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    widths = torch.tensor([0.2, 0.9])
    deviations = 0.3 + (old_photos.WIDEST_BLUR - 0.3) * widths
    for photo, ours, deviation in zip(photos, old_photos.blur(photos, widths, widths), deviations, strict=True):
        theirs = gaussian_filter(photo[0].numpy(), deviation.item(), mode="nearest", radius=4)
        assert torch.allclose(ours[0], torch.from_numpy(theirs), atol=1e-5)


def test_black_that_was_rounded_below_black_stays_a_number() -> None:
    black = torch.full((1, 1, 8, 8), -1 - 1e-6)
    assert old_photos.tone_curve(black, torch.ones(1), torch.ones(1)).isfinite().all()


@pytest.mark.parametrize("quality", [30, 50, 85])
def test_a_file_saved_too_small_is_what_pillow_would_have_saved(quality: int, packed: Path) -> None:
    photos = PackedPhotos(packed).batch(0, BATCH_OF_EIGHT).inputs[LIGHTNESS.name][:2]
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
