"""Make new photos look old, so that a network trained on them also understands scans.

Only the lightness the network sees is aged; the chroma it should answer stays the photo's own.
"""

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

STRONGEST_GRAIN = 0.12  # standard deviation, of a range of 2
WIDEST_BLUR = 1.5  # standard deviation, in pixels
WORST_JPEG_QUALITY = 25
_BLUR_RADIUS = 4


def age(lightness: Tensor, *, share: float, generator: torch.Generator) -> Tensor:
    """Degrade some photos, each by a random choice of what time does to paper and scanners do to it.

    Args:
        lightness: (N, 1, S, S) float32 in [-1, 1].
        share: Chance that a photo is aged at all.
        generator: Decides everything that is random here.

    Returns:
        The same shape and range.
    """
    aged = [_age_one(photo, generator) if torch.rand((), generator=generator) < share else photo for photo in lightness]
    return torch.stack(aged)


def _age_one(photo: Tensor, generator: torch.Generator) -> Tensor:
    for degrade in DEGRADATIONS:
        if torch.rand((), generator=generator) < 0.5:
            photo = degrade(photo, generator)
    return photo


def blur(photo: Tensor, generator: torch.Generator) -> Tensor:
    """A soft lens: a Gaussian of random width. (1, S, S) to the same, as all of these."""
    deviation = 0.3 + (WIDEST_BLUR - 0.3) * torch.rand((), generator=generator)
    offsets = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1)
    kernel = torch.exp(-0.5 * (offsets / deviation) ** 2)
    kernel = (kernel / kernel.sum()).reshape(1, 1, -1)
    padded = F.pad(photo[None], [_BLUR_RADIUS] * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel[..., None, :]), kernel[..., None])[0]


def grain(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Film grain: Gaussian noise, strongest in the middle tones as silver's is."""
    strength = STRONGEST_GRAIN * torch.rand((), generator=generator)
    noise = torch.randn(photo.shape, generator=generator)
    return (photo + strength * (1 - 0.5 * photo.square()) * noise).clamp(-1, 1)


def tone_curve(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Another exposure or paper: a random gamma."""
    exponent = 2 ** (1.4 * torch.rand((), generator=generator) - 0.7)
    # What comes from a resize or a blur can be black by a rounding error more than black, which has no power.
    return ((photo + 1) / 2).clamp(min=0) ** exponent * 2 - 1


def fading(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Blacks turned grey and whites yellowed: less contrast between a new black and a new white."""
    black = 0.5 * torch.rand((), generator=generator)
    white = 0.4 * torch.rand((), generator=generator)
    return -1 + black + (photo + 1) / 2 * (2 - black - white)


def jpeg(photo: Tensor, generator: torch.Generator) -> Tensor:
    """A file that was saved too small."""
    quality = int(torch.randint(WORST_JPEG_QUALITY, 90, (), generator=generator))
    levels = ((photo[0] + 1) * 127.5).round().to(torch.uint8)
    file = io.BytesIO()
    Image.fromarray(levels.numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).float()[None] / 127.5 - 1


# In the order of a photo's life: lens, film, paper, file.
DEGRADATIONS: tuple[Callable[[Tensor, torch.Generator], Tensor], ...] = (blur, grain, tone_curve, fading, jpeg)
