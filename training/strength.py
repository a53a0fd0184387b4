"""How vivid a network is, chosen after training on photos it never saw.

A network trained for PSNR answers doubt with grey, and all its chroma is too weak by about the same factor.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch

from sdk import color
from training.data import Photos
from training.evaluate import markdown_table
from training.metrics import as_predict_ab, colorize, colourfulness, held_out_truths, psnr
from training.models.student import LimitedConv, Student

STRENGTHS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


def strengthen(student: Student, strength: float) -> Student:
    """A copy whose answers, before they are cut off at [-1, 1], are multiplied by `strength`."""
    copied = copy.deepcopy(student)
    assert isinstance(copied.head, LimitedConv)
    with torch.no_grad():
        for parameter in copied.head.parameters():
            parameter.mul_(strength)
    return copied


def strength_table(student: Student, held_out: Photos, *, strengths: Sequence[float] = STRENGTHS, count: int) -> str:
    """PSNR and colourfulness of held-out photos at several strengths, as a Markdown table."""
    predict_ab = as_predict_ab(student)
    figures: dict[float, list[tuple[float, float]]] = {strength: [] for strength in strengths}
    for truth in held_out_truths(held_out, count=count):
        ab = predict_ab(color.normalize_lightness(color.rgb_to_lightness(truth)))
        for strength in strengths:
            # The network runs once a photo; `strengthen` would differ only for what it had cut off, beyond any colour.
            answer = np.clip(ab * np.float32(strength), -1, 1)
            coloured = colorize(lambda _, answer=answer: answer, truth)
            figures[strength].append((psnr(coloured, truth), colourfulness(coloured)))
    rows = [[f"{strength:g}", *(f"{mean:.2f}" for mean in np.mean(of, axis=0))] for strength, of in figures.items()]
    return markdown_table([["strength", "PSNR dB", "colourfulness"], *rows])
