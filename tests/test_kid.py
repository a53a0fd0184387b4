"""The distance between collections of photos: what it must be by hand, and what it is for known pictures."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch.nn import functional as F

from sdk.color import Uint8Array
from tests.conftest import SHARED
from training.checkpoint import CheckpointError
from training.data import decode_rgb, find_photos
from training.kid import KernelDistance, squared_discrepancy
from training.metrics import grey


def test_the_discrepancy_by_hand() -> None:
    # Kernel values of one channel: (x·y + 1)³. Within ours 1, within theirs (1·2 + 1)³ = 27, between 1: 1 + 27 - 2.
    ours, theirs = torch.zeros(2, 1), torch.tensor([[1.0], [2.0]])
    assert squared_discrepancy(ours, theirs) == pytest.approx(26)


def test_samples_of_one_distribution_are_at_no_distance_on_average() -> None:
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(60, 2, 20, 4, generator=generator, dtype=torch.double)
    distances = [squared_discrepancy(*pair) for pair in samples]
    assert np.mean(distances) == pytest.approx(0, abs=3 * np.std(distances) / len(distances) ** 0.5)
    assert min(distances) < 0  # as an unbiased figure is at times


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kid") / "mobilenet.safetensors"
    torch.manual_seed(0)
    save_file(torchvision.models.mobilenet_v2().state_dict(), path)
    return path


def test_strided_convolutions_pad_as_tensorflow_does(random_weights: Path, photo_rgb: Uint8Array) -> None:
    kid = KernelDistance(random_weights)
    stem = next(iter(kid._features.children()))
    rgb = torch.rand(1, 3, 8, 8)
    torch.manual_seed(0)
    published = torchvision.models.mobilenet_v2().features[0]
    convolution = published.get_submodule("0")
    expected = F.conv2d(F.pad(rgb, (0, 1, 0, 1)), convolution.get_parameter("weight"), stride=2)
    norm, relu = published.get_submodule("1").eval(), published.get_submodule("2")
    torch.testing.assert_close(stem(rgb), relu(norm(expected)))
    assert kid.features([photo_rgb, photo_rgb]).shape == (2, 1280)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"other\.safetensors"):
        KernelDistance(tmp_path / "other.safetensors")


def test_grey_photos_are_farther_from_true_ones_than_true_ones(eval_photos: Path) -> None:
    weights = SHARED / "weights" / "mobilenet_v2_imagenet.safetensors"
    if not weights.exists():
        pytest.skip(f"NOT MEASURED: KID; no weights at {weights}")
    kid = KernelDistance(weights)
    photos = [decode_rgb(content, 256) for _, content in islice(find_photos(eval_photos), 64)]
    one, other = kid.features(photos[::2]), kid.features(photos[1::2])
    of_grey = kid.features([grey(photo) for photo in photos[::2]])
    assert 1000 * squared_discrepancy(of_grey, other) > 3 * abs(1000 * squared_discrepancy(one, other))
