"""Make new photos look old, so that a network trained on them also understands scans.

Only the lightness the network sees is aged; the chroma it should answer stays the photo's own. Everything is random by
numbers that are drawn beforehand, on the processor, so that a photo ages alike on every device.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

STRONGEST_GRAIN = 0.12  # standard deviation, of a range of 2
WIDEST_BLUR = 1.5  # standard deviation, in pixels
DARKEST_CORNER = 0.6  # of the light
JPEG_QUALITIES = (25, 90)
_BLUR_RADIUS = 4
_FILM_PLACES = 512  # in each direction
_BLOCK = 8


def draw_ages(count: int, generator: torch.Generator) -> Tensor:
    """What is random about some photos' age: (count, numbers) uniform in [0, 1), on the processor.

    Whether they age at all; then, for each of `DEGRADATIONS`, whether and how: two numbers.
    """
    return torch.rand(count, 1 + 3 * len(DEGRADATIONS), generator=generator)


def age(lightness: Tensor, draws: Tensor, *, share: float) -> Tensor:
    """Degrade some photos, in place, each by a random choice of what time does to paper and scanners do to it.

    Args:
        lightness: (N, 1, S, S) float32 in [-1, 1], S a multiple of 8.
        draws: As `draw_ages` gives them.
        share: Chance that a photo is aged at all.

    Returns:
        The same shape and range.
    """
    chances, *others = draws.numpy().T  # a few numbers at a time, for which tensors take ten times as long
    for index, degrade in enumerate(DEGRADATIONS):
        coins, first, second = others[3 * index : 3 * index + 3]
        those = np.flatnonzero((chances < share) & (coins < 0.5))
        if len(those):
            places, *amounts = (
                torch.from_numpy(numbers).to(lightness.device, non_blocking=True)
                for numbers in (those, first[those], second[those])
            )
            lightness.index_copy_(0, places, degrade(lightness.index_select(0, places), *amounts))
    return lightness


def blur(photos: Tensor, width: Tensor, _: Tensor) -> Tensor:
    """A soft lens: a Gaussian. (N, 1, S, S) and two numbers a photo, (N,) in [0, 1), to the same, as all of these."""
    side = photos.shape[-1]
    deviation = (0.3 + (WIDEST_BLUR - 0.3) * width)[:, None]
    offsets = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1, device=photos.device)
    kernel = torch.exp(-0.5 * (offsets / deviation) ** 2)
    kernel = kernel / kernel.sum(dim=1, keepdim=True)
    # A blurred row is a matrix times the row: for a processor, half the work of a convolution for each photo.
    matrix = (kernel @ _taps(photos.device, side)).view(-1, 1, side, side)
    return matrix @ photos @ matrix.mT


def vignette(photos: Tensor, darkness: Tensor, _: Tensor) -> Tensor:
    """A lens that lights the corners less than the middle."""
    shade = DARKEST_CORNER * darkness.reshape(-1, 1, 1, 1) * _distance(photos.device, photos.shape[-1])
    return torch.addcmul(photos - shade, photos, shade, value=-1)


def grain(photos: Tensor, strength: Tensor, place: Tensor) -> Tensor:
    """Film grain: Gaussian noise from a random place of one roll of film, strongest in the middle tones as silver's."""
    side = photos.shape[-1]
    windows = _film(photos.device, side + _FILM_PLACES).unfold(0, side, 1).unfold(1, side, 1)
    place = (place * _FILM_PLACES**2).long()
    noise = windows[place // _FILM_PLACES, place % _FILM_PLACES][:, None]
    noise = noise.mul_(STRONGEST_GRAIN * strength.reshape(-1, 1, 1, 1))
    return torch.addcmul(photos, photos.square().mul_(-0.5).add_(1), noise).clamp_(-1, 1)


def tone_curve(photos: Tensor, gamma: Tensor, _: Tensor) -> Tensor:
    """Another exposure or paper."""
    exponent = (2 ** (1.4 * gamma - 0.7)).reshape(-1, 1, 1, 1)
    # What comes from a resize or a blur can be black by a rounding error more than black, which has no power.
    light = ((photos + 1) / 2).clamp_(min=0)
    return light.log_().mul_(exponent).exp_() * 2 - 1  # a power, which takes a processor four times as long


def fading(photos: Tensor, black: Tensor, white: Tensor) -> Tensor:
    """Blacks turned grey and whites yellowed: less contrast between a new black and a new white."""
    black, white = (0.5 * black).reshape(-1, 1, 1, 1), (0.4 * white).reshape(-1, 1, 1, 1)
    contrast = 1 - (black + white) / 2
    return photos * contrast + (black + contrast - 1)


def jpeg(photos: Tensor, quality: Tensor, _: Tensor) -> Tensor:
    """A file that was saved too small: what the codec rounds (ITU-T T.81), at libjpeg's qualities."""
    low, high = JPEG_QUALITIES
    quality = low + torch.floor(quality * (high - low))
    scale = torch.where(quality < 50, torch.floor(5000 / quality), 200 - 2 * quality)
    transform, table = _cosines(photos.device)
    steps = torch.floor((table * scale[:, None] + 50) / 100).clamp(1, 255)[:, None]
    levels = (photos * 127.5).sub_(0.5).round_()  # from -128 to 127
    blocks = levels.reshape(len(photos), -1, _BLOCK, levels.shape[-1] // _BLOCK, _BLOCK).transpose(2, 3)
    coefficients = blocks.reshape(len(photos), -1, _BLOCK**2) @ transform.T
    decoded = coefficients.div_(steps).round_().mul_(steps) @ transform
    restored = decoded.reshape(blocks.shape).transpose(2, 3).reshape(photos.shape)
    return restored.round_().clamp_(-128, 127).add_(0.5).div_(127.5)


@cache
def _taps(device: torch.device, side: int) -> Tensor:
    """Which pixel each tap of a blur's kernel reads, beyond an edge the last one: (taps, side * side), 1 or 0."""
    taps = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1)[:, None] + torch.arange(side)
    return F.one_hot(taps.clamp(0, side - 1), side).float().flatten(1).to(device)


@cache
def _distance(device: torch.device, side: int) -> Tensor:
    """From the middle of a picture, (side, side): its square, 1 in the corners."""
    position = torch.linspace(-1, 1, side, device=device).square()
    return (position[:, None] + position) / 2


@cache
def _film(device: torch.device, side: int) -> Tensor:
    return torch.randn(side, side, generator=torch.Generator().manual_seed(0)).to(device)


@cache
def _cosines(device: torch.device) -> tuple[Tensor, Tensor]:
    """The cosine transform of a block, (64, 64), and libjpeg's steps for its coefficients at quality 50, (64)."""
    frequency, place = np.mgrid[:_BLOCK, :_BLOCK]
    one = np.cos((2 * place + 1) * frequency * np.pi / (2 * _BLOCK)) * np.where(frequency, np.sqrt(2), 1)
    transform = np.kron(one, one) / _BLOCK
    return torch.tensor(transform, dtype=torch.float32, device=device), torch.tensor(_LUMINANCE_STEPS, device=device)


# ITU-T T.81, table K.1.
_LUMINANCE_STEPS = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)

# In the order of a photo's life: lens, film, paper, file.
DEGRADATIONS: tuple[Callable[[Tensor, Tensor, Tensor], Tensor], ...] = (blur, vignette, grain, tone_curve, fading, jpeg)
