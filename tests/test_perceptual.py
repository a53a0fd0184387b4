"""LPIPS and FID: figures that can be known beforehand, and what is said when they cannot be had."""

import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision

from sdk.color import Uint8Array
from training.perceptual import PerceptualMetrics, PerceptualUnavailable


class MeanColour(torch.nn.Module):
    """Features whose distance can be worked out by hand."""

    num_features = 3

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        return rgb.double().mean(dim=(2, 3))


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path


def cache_alexnet(torch_home: Path) -> None:
    """A backbone where torchvision would have downloaded its own to."""
    torch.manual_seed(0)
    path = torch_home / "hub" / "checkpoints" / Path(torchvision.models.AlexNet_Weights.DEFAULT.url).name
    path.parent.mkdir(parents=True)
    torch.save(torchvision.models.alexnet().state_dict(), path)


def test_equal_pictures_are_at_no_distance_and_others_are(torch_home: Path, photo_rgb: Uint8Array) -> None:
    cache_alexnet(torch_home)
    metrics = PerceptualMetrics(MeanColour())
    photos = [np.roll(photo_rgb[:128, :128], shift, axis=2) for shift in range(3)]
    same = metrics.measure([(photo, photo) for photo in photos])
    assert same["lpips"] == pytest.approx(0, abs=1e-6)
    assert same["fid"] == pytest.approx(0, abs=1e-3)
    # A shift of every colour by 10 moves the mean feature by (10, 10, 10) and leaves its spread alone.
    brighter = metrics.measure([((photo // 2 + 10).astype(np.uint8), photo // 2) for photo in photos])
    assert brighter["fid"] == pytest.approx(300, rel=0.01)
    assert brighter["lpips"] > same["lpips"]


def test_without_a_network_it_says_so(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "urlopen", refuse)
    with pytest.raises(PerceptualUnavailable, match="downloaded"):
        PerceptualMetrics(MeanColour())
