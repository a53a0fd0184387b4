"""How vivid a network is, chosen after training on photos it never saw.

A network trained for PSNR answers doubt with grey, and all its chroma is too weak by about the same factor.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from sdk.contract import AB, VIVID_AB
from training.data import Photos
from training.evaluate import markdown_table
from training.metrics import colourfulness, eager, held_out_truths, paint, psnr
from training.models.student import Student

STRENGTHS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


def strengthen(student: Student, strength: float, *, head: str = AB.name) -> Student:
    """A copy of which one head's answers, before they are cut off at [-1, 1], are multiplied by `strength`."""
    copied = copy.deepcopy(student)
    with torch.no_grad():
        for parameter in copied.heads[head].parameters():
            parameter.mul_(strength)
    return copied


def strength_table(
    student: Student, held_out: Photos, *, head: str = AB.name, strengths: Sequence[float] = STRENGTHS, count: int
) -> str:
    """PSNR and colourfulness of held-out photos at several strengths of a head, as a Markdown table."""
    network = replace(eager(student), vividness=float(head == VIVID_AB.name))
    figures: dict[float, list[tuple[float, float]]] = {strength: [] for strength in strengths}
    for truth in held_out_truths(held_out, count=count):
        ab = network.chroma(truth)
        for strength in strengths:
            # The network runs once a photo; `strengthen` would differ only for what it had cut off, beyond any colour.
            coloured = paint(truth, ab * np.float32(strength))
            figures[strength].append((psnr(coloured, truth), colourfulness(coloured)))
    rows = [[f"{strength:g}", *(f"{mean:.2f}" for mean in np.mean(of, axis=0))] for strength, of in figures.items()]
    return markdown_table([["strength", "PSNR dB", "colourfulness"], *rows])
