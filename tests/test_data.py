"""Photos in: reading shards and folders, packing, streaming."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from sdk import color
from sdk.contract import LIGHTNESS
from tests.conftest import PHOTOS, PROJECT
from tests.small_runs import BATCH_OF_EIGHT
from training.data import (
    INDEX_FILE,
    EmptyDatasetError,
    PackedPhotos,
    Photos,
    ShardError,
    StreamedPhotos,
    decode_rgb,
    find_photos,
    open_photos,
    pack,
)


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


def test_a_packed_file_that_was_cut_off_is_packed_again(packed: Path, tmp_path: Path) -> None:
    shutil.copy(packed / INDEX_FILE, tmp_path)
    (tmp_path / "lab.u8").write_bytes((packed / "lab.u8").read_bytes()[:-1])
    with pytest.raises(EmptyDatasetError, match=r"lab\.u8 is not as long as index\.json says; pack the photos again"):
        PackedPhotos(tmp_path)


def test_what_an_older_version_packed_is_packed_again(packed: Path, tmp_path: Path) -> None:
    index = json.loads((packed / INDEX_FILE).read_text())
    del index["held_out"]
    (tmp_path / INDEX_FILE).write_text(json.dumps(index))
    with pytest.raises(EmptyDatasetError, match="pack them again"):
        open_photos(tmp_path)


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
    assert torch.equal(everything, torch.stack(list(packed.pixels(np.arange(len(packed)))[0])))


def test_an_unusable_photo_is_missing_from_its_batch_alone(many_photos: Path) -> None:
    streamed = StreamedPhotos(many_photos, side=64)
    steps = -(-len(streamed) // BATCH_OF_EIGHT.batch_size)
    batches = [streamed.batch(step, BATCH_OF_EIGHT) for step in range(steps)]
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
        StreamedPhotos(tmp_path / "useless").batch(0, BATCH_OF_EIGHT)


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
