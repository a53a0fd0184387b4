"""The photos that figures are measured on are photos, and nothing trained on shows what they show."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.conftest import PHOTOS, SHARED
from tests.near_copies import KnownPhotos, flat_share
from training.data import decode_rgb, find_photos

SHARDS = sorted((SHARED / "photos").glob("*.tar")) or [SHARED / "photos"]
LARGEST_FLAT_SHARE = 0.5
"""The evaluation photo with the whitest sky has 0.28."""


def encoded(photo: Image.Image, form: str = "WEBP", quality: int = 44) -> bytes:
    file = io.BytesIO()
    photo.convert("RGB").save(file, form, quality=quality)
    return file.getvalue()


def cropped(photo: Image.Image, shares: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
    left, top, right, bottom = shares
    return photo.resize(size, box=(left * photo.width, top * photo.height, right * photo.width, bottom * photo.height))


COPIES = {
    "whole, smaller and squeezed": lambda photo: photo.resize((144, 144)),
    "half of its width": lambda photo: cropped(photo, (0.3, 0, 0.8, 1), (144, 240)),
    "mirrored, a corner": lambda photo: ImageOps.mirror(cropped(photo, (0.35, 0.3, 1, 1), (192, 192))),
}


@pytest.fixture(scope="module")
def known() -> KnownPhotos:
    return KnownPhotos(find_photos(PHOTOS))


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("name", sorted(path.name for path in PHOTOS.glob("*.jpg")))
def test_a_copy_is_found(known: KnownPhotos, name: str, copy: str) -> None:
    photo = encoded(COPIES[copy](Image.open(PHOTOS / name)))
    assert {found.known for found in known.copies([("copy", photo)])} == {name}


def test_a_photo_of_which_another_is_a_crop_is_found() -> None:
    whole = Image.open(PHOTOS / "coffee.jpg")
    crop = KnownPhotos([("crop", encoded(cropped(whole, (0.2, 0.1, 0.85, 0.85), (300, 300))))])
    assert [found.known for found in crop.copies([("whole", encoded(whole))])] == ["crop"]


def test_nine_of_ten_crops_of_evaluation_photos_are_found(eval_photos: Path) -> None:
    """Of half to all of each side, as small and as compressed as the worst of the photos to train on."""
    random = np.random.default_rng(0)
    photos = list(find_photos(eval_photos))
    crops: list[tuple[str, bytes]] = []
    for name, content in photos:
        photo, (width, height) = Image.open(io.BytesIO(content)), random.uniform(0.5, 1, 2)
        left, top = (1 - width) * random.random(), (1 - height) * random.random()
        size = (round(width * photo.width), round(height * photo.height))
        crop = cropped(photo, (left, top, left + width, top + height), size)
        crops.append((name, encoded(ImageOps.cover(crop, (144, 144)))))
    found = {copy.photo for copy in KnownPhotos(photos).copies(crops) if copy.known == copy.photo}
    assert len(found) >= 0.9 * len(photos)


def test_pictures_of_nothing_are_no_copies(known: KnownPhotos) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (192, 192, 3), np.uint8)
    made_up = {"noise": Image.fromarray(noise), "nothing": Image.new("RGB", (99, 99), "teal")}
    assert list(known.copies((name, encoded(picture)) for name, picture in made_up.items())) == []


def test_a_label_map_is_told_from_photos() -> None:
    row, column = np.mgrid[:240, :320]
    centres = np.random.default_rng(1).integers(0, 320, (12, 2))
    labels = np.argmin([(row - y) ** 2 + (column - x) ** 2 for y, x in centres], axis=0)
    colours = np.random.default_rng(2).integers(0, 256, (12, 3), np.uint8)
    label_map = Image.open(io.BytesIO(encoded(Image.fromarray(colours[labels]), "JPEG", 90)))
    assert flat_share(np.asarray(label_map)) > LARGEST_FLAT_SHARE
    assert all(flat_share(np.asarray(Image.open(path))) < LARGEST_FLAT_SHARE for path in PHOTOS.glob("*.jpg"))


def test_every_evaluation_file_is_a_photo(eval_photos: Path) -> None:
    shares = {name: flat_share(decode_rgb(content, side=256)) for name, content in find_photos(eval_photos)}
    assert len(shares) == 118
    assert {name: share for name, share in shares.items() if share > LARGEST_FLAT_SHARE} == {}


@pytest.mark.slow
@pytest.mark.parametrize("shard", SHARDS, ids=lambda shard: shard.name)
def test_no_evaluation_photo_was_trained_on(shard: Path, eval_photos: Path) -> None:
    """A minute of a processor for each shard of 5500 photos."""
    if not shard.exists():
        pytest.skip(f"NOT MEASURED: no photos to train on at {shard}; set EDGE_COLORIZER_SHARED")
    assert list(KnownPhotos(find_photos(eval_photos)).copies(find_photos(shard))) == []
