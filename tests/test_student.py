"""The student as exporters see it."""

import torch

from sdk.contract import HINTS, LIGHTNESS
from training.models.student import OneHead, Student


def test_heads_joined_for_exporters_answer_as_apart() -> None:
    torch.manual_seed(0)
    student = Student(width=0.35, decoder=(32, 16, 16, 16), heads=("ab", "vivid_ab"), hints=True).eval()
    inputs = {LIGHTNESS.name: torch.rand(1, 1, 64, 64) * 2 - 1, HINTS.name: torch.zeros(1, 3, 32, 32)}
    joined = OneHead(student)
    with torch.inference_mode():
        torch.testing.assert_close(joined(inputs), student(inputs))
    assert joined.contract == student.contract
