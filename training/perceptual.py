"""LPIPS and FID, which judge a picture as a network sees it. Behind the `perceptual` extra: torchmetrics."""

from typing import Any

import numpy as np
import torch
from torch import nn

from training.errors import TrainingError
from training.metrics import Rgb


class PerceptualUnavailable(TrainingError, RuntimeError):
    """The extra is not installed, or the networks that judge could not be downloaded."""


class PerceptualMetrics:
    """Learned perceptual similarity (arXiv 1801.03924, AlexNet) and Fréchet inception distance (arXiv 1706.08500).

    FID compares whole collections: below a few thousand photos it is biased upwards, and only figures over the
    same photos may be compared.

    Args:
        inception: What turns (N, 3, H, W) uint8 into features for FID; by default torch-fidelity's Inception,
            downloaded once.
    """

    def __init__(self, inception: nn.Module | None = None) -> None:
        try:
            from torchmetrics.image.fid import FrechetInceptionDistance
            from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

            self._lpips: Any = LearnedPerceptualImagePatchSimilarity("alex", normalize=True).eval()
            self._fid: Any = FrechetInceptionDistance(inception or 2048).eval()
        except ImportError as error:
            raise PerceptualUnavailable("LPIPS and FID need: pip install edge-colorizer[perceptual]") from error
        except OSError as error:  # URLError is one
            raise PerceptualUnavailable(f"the networks of LPIPS and FID could not be downloaded ({error})") from error

    @torch.inference_mode()
    def measure(self, pairs: list[tuple[Rgb, Rgb]]) -> dict[str, float]:
        """LPIPS, the mean over pairs of (output, truth), each (S, S, 3); and FID between all outputs and all truths."""
        self._fid.reset()
        self._lpips.reset()
        for pair in pairs:
            output, truth = (torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None] for rgb in pair)
            self._lpips.update(output / 255, truth / 255)
            self._fid.update(truth, real=True)
            self._fid.update(output, real=False)
        return {"lpips": self._lpips.compute().item(), "fid": self._fid.compute().item()}
