"""How vivid a network is, chosen after training on photos it never saw.

A network trained for PSNR answers doubt with grey, and all its chroma is too weak by about the same factor.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch

from training.data import Photos
from training.evaluate import markdown_table
from training.metrics import colorize_held_out, colourfulness, psnr
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
    rows = [["strength", "PSNR dB", "colourfulness"]]
    for strength in strengths:
        pairs = colorize_held_out(strengthen(student, strength), held_out, count=count)
        figures = np.mean([(psnr(*pair), colourfulness(pair[0])) for pair in pairs], axis=0)
        rows.append([f"{strength:g}", *(f"{figure:.2f}" for figure in figures)])
    return markdown_table(rows)
