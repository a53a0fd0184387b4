"""Which photos calibrate and which prove: by their own bytes, never both, and enough of each."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converters.calibration import sample_photos
from converters.errors import TooFewPhotosError
from tests.conftest import archived


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def hashes(source: Path) -> tuple[str, str]:
    samples = sample_photos(source, side=32, most=5, least=2)
    return samples.calibration.sha256, samples.proof.sha256


def test_other_names_and_archives_of_the_same_photos_give_the_same_samples(album: Path, tmp_path: Path) -> None:
    assert hashes(archived(album, tmp_path / "shards")) == hashes(album)


@pytest.mark.parametrize("most", [5, 100])
def test_no_photo_calibrates_and_proves(album: Path, most: int) -> None:
    (album / "copy.png").write_bytes((album / "0.png").read_bytes())
    samples = sample_photos(album, side=32, most=most, least=2)
    calibration, proof = ({rgb.tobytes() for rgb in sample.rgb} for sample in (samples.calibration, samples.proof))
    assert len(calibration) == len(proof) == min(most, 6)
    assert not calibration & proof


def test_too_few_photos_in_colour_are_one_sentence(album: Path) -> None:
    for number in range(3):
        Image.new("RGB", (8, 8), (number, number, number)).save(album / f"{number}.png")
    (album / "3.png").write_bytes(b"no photo")
    assert len(sample_photos(album, side=32, least=4).proof.rgb) == 4
    with pytest.raises(TooFewPhotosError, match=r"holds 8 different photos in colour, and 10 are needed"):
        sample_photos(album, side=32, least=5)
