"""Photos in: reading shards and folders, packing, batches."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from sdk import color
from tests.conftest import PHOTOS, PROJECT
from training.data import Batch, EmptyDatasetError, PackedPhotos, decode_rgb, find_photos, pack


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
