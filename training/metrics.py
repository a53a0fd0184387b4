"""How good a coloured photo is, always beside leaving it grey.

Every figure follows one protocol: photo → RGB → 256×256 bicubic → L → network → ab bilinear to 256×256
→ merge → 8-bit RGB; each metric per photo, then the mean.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from sdk import color, merging
from sdk.contract import AB, LIGHTNESS, STANDARD, Contract, Run, Tensors
from sdk.hints import Hint, place_hints
from training.data import Photos
from training.models.unet import UNet

EVALUATION_SIZE = 256
HINT_SIDE = 7  # pixels

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Network:
    """A network as the evaluation asks it: an eager one, or any backend's.

    Attributes:
        run: What it answers.
        contract: Its tensors.
        vividness: How its heads are blended; see `Contract.chroma`.
        hints: How many of the truth's own colours it is told; see `true_hints`.
    """

    run: Run
    contract: Contract = STANDARD
    vividness: float = 0.0
    hints: int = 0

    def chroma(self, truth: Rgb) -> color.FloatArray:
        """A photo (S, S, 3), of which it is shown the lightness, to (2, S/2, S/2) a and b in Lab units."""
        hints = true_hints(truth, self.contract, count=self.hints) if self.hints else None
        return self.contract.chroma(self.run(self.contract.encode(truth, hints=hints)), vividness=self.vividness)


def psnr(rgb: Rgb, truth: Rgb) -> float:
    """Peak signal-to-noise ratio in dB: 10·log10(255² / MSE) over the three channels; inf if equal."""
    error = np.mean((rgb.astype(np.float64) - truth) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def colourfulness(rgb: Rgb) -> float:
    """Hasler and Süsstrunk's M3 (2003), with their signed opponent axes; about 0 for grey, 42 for COCO."""
    red, green, blue = np.moveaxis(rgb.astype(np.float64), -1, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))


def ssim(rgb: Rgb, truth: Rgb) -> float:
    """Structural similarity (Wang et al. 2004) over the three channels, Gaussian window, 8-bit range."""
    from skimage.metrics import structural_similarity

    similarity: Any = structural_similarity(
        rgb, truth, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    return float(similarity)


def ciede2000(rgb: Rgb, truth: Rgb) -> float:
    """Mean CIEDE2000 colour difference (Sharma et al. 2005); about 2 is just noticeable side by side."""
    from skimage.color import deltaE_ciede2000

    return float(np.mean(deltaE_ciede2000(color.rgb_to_lab(truth), color.rgb_to_lab(rgb))))


def colorize(network: Network, truth: Rgb) -> Rgb:
    """Take a photo's colour away and let a network put it back. (S, S, 3) in and out."""
    return paint(truth, network.chroma(truth))


def true_hints(truth: Rgb, contract: Contract, *, count: int) -> color.FloatArray:
    """What somebody would say who remembers the mean colour of a few random spots.

    Args:
        truth: (S, S, 3).
        contract: Of the network that is told.
        count: Spots, each of `HINT_SIDE` pixels; the same ones whenever this photo comes.

    Returns:
        (3, S/2, S/2) as `Contract.encode` takes them.
    """
    height, width, _ = truth.shape
    random = np.random.default_rng(zlib.crc32(truth.tobytes()))
    hints = []
    for top, left in random.integers(0, (height - HINT_SIDE + 1, width - HINT_SIDE + 1), (count, 2)):
        spot = truth[top : top + HINT_SIDE, left : left + HINT_SIDE].mean(axis=(0, 1)).round().astype(np.uint8)
        middle = HINT_SIDE / 2
        hints.append(Hint(left + middle, top + middle, f"#{spot.tobytes().hex()}", radius=middle))
    return place_hints(hints, contract, height=height, width=width)


def paint(truth: Rgb, ab: color.FloatArray) -> Rgb:
    """A photo's own lightness, (S, S, 3), with other chroma, (2, h, w) in Lab units."""
    return merging.merge(truth, ab).astype(np.uint8)


def grey(truth: Rgb) -> Rgb:
    """The baseline: the photo's own lightness without any chroma."""
    return paint(truth, np.zeros((2, 1, 1), np.float32))


def eager(network: UNet) -> Network:
    """A PyTorch network as the evaluation asks it."""
    return Network(as_run(network), network.contract)


def as_run(network: nn.Module) -> Run:
    """Call a network of named tensors with arrays, on whatever device it is."""
    device = next(network.parameters()).device

    @torch.inference_mode()
    def run(inputs: Tensors) -> Tensors:
        answers = network({name: torch.from_numpy(values).to(device) for name, values in inputs.items()})
        return {name: values.cpu().numpy() for name, values in answers.items()}

    return run


METRICS: dict[str, Callable[[Rgb, Rgb], float]] = {
    "psnr": psnr,
    "ssim": ssim,
    "ciede2000": ciede2000,
    "colourfulness": lambda rgb, _truth: colourfulness(rgb),
}


def measure(pairs: Iterable[tuple[Rgb, Rgb]]) -> dict[str, float]:
    """What the pictures of one network are worth.

    Args:
        pairs: (output, truth), each (S, S, 3).

    Returns:
        The mean of each of `METRICS`; against leaving the photos grey, `gain` and `worst_gain` in dB, and the share of
        photos that are `worse_than_grey`; and `colourfulness_ratio`, the outputs' mean over the truths'.
    """
    rows, gains, true_colourfulness = [], [], []
    for rgb, truth in pairs:
        rows.append([metric(rgb, truth) for metric in METRICS.values()])
        gains.append(gain(rgb, truth))
        true_colourfulness.append(colourfulness(truth))
    means = dict(zip(METRICS, np.mean(rows, axis=0).tolist(), strict=True))
    return means | {
        "colourfulness_ratio": means["colourfulness"] / float(np.mean(true_colourfulness)),
        "gain": float(np.mean(gains)),
        "worst_gain": min(gains),
        "worse_than_grey": float(np.mean(np.array(gains) < 0)),
    }


def gain(rgb: Rgb, truth: Rgb) -> float:
    """PSNR in dB above that of the photo left grey; below zero, colouring it was worse than nothing."""
    return psnr(rgb, truth) - psnr(grey(truth), truth)


def held_out_truths(held_out: Photos, *, count: int) -> Rgb:
    """The first `count` photos that are never trained on, (N, S, S, 3), as the evaluation sees them."""
    scale = EVALUATION_SIZE / held_out.side
    values = held_out.lab(np.arange(min(count, len(held_out))))
    values = F.interpolate(values, scale_factor=scale, mode="bilinear").cpu().numpy()
    lab = [np.concatenate([LIGHTNESS.quantity(one[None, :1]), AB.quantity(one[None, 1:])]) for one in values]
    return color.lab_to_rgb(np.moveaxis(np.stack(lab), 1, -1))


def colorize_held_out(network: UNet, held_out: Photos, *, count: int) -> list[tuple[Rgb, Rgb]]:
    """Colour the first `count` held-out photos.

    Args:
        network: In evaluation mode.
        held_out: Photos that are never trained on.
        count: How many.

    Returns:
        Pairs of (output, truth), each (S, S, 3).
    """
    return [(colorize(eager(network), truth), truth) for truth in held_out_truths(held_out, count=count)]
