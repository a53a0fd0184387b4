"""The student as exporters see it."""

import pytest
import torch

from sdk.contract import HINTS, LIGHTNESS
from training.models.student import OneHead, Student


@pytest.fixture
def student() -> Student:
    torch.manual_seed(0)
    return Student(width=0.35, decoder=(32, 16, 16, 16), heads=("ab", "vivid_ab"), hints=True).eval()


@pytest.fixture
def inputs() -> dict[str, torch.Tensor]:
    return {LIGHTNESS.name: torch.rand(1, 1, 64, 64) * 2 - 1, HINTS.name: torch.zeros(1, 3, 32, 32)}


def test_heads_joined_for_exporters_answer_as_apart(student: Student, inputs: dict[str, torch.Tensor]) -> None:
    joined = OneHead(student)
    with torch.inference_mode():
        torch.testing.assert_close(joined(inputs), student(inputs))
    assert joined.contract == student.contract


def test_executorch_takes_answers_apart_where_a_channel_lies_in_one_piece(
    student: Student, inputs: dict[str, torch.Tensor]
) -> None:
    pytest.importorskip("executorch.exir", reason="NOT MEASURED: ExecuTorch is not installed")
    from converters.to_executorch import ByChannel

    program = torch.export.export(ByChannel(student), (inputs,))
    slices = [node.args[0] for node in program.graph.nodes if node.target == torch.ops.aten.slice.Tensor]
    assert slices
    assert all(taken.meta["val"].dim() == 3 for taken in slices)
    with torch.inference_mode():
        torch.testing.assert_close(program.module()(inputs), student(inputs))
