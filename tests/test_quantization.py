"""Networks that train as they will be exported: rounded."""

import dataclasses
from pathlib import Path

import torch

from sdk.contract import LIGHTNESS
from tests.small_runs import SMALL_BATCH, TINY
from training import checkpoint, progress, start
from training.data import PackedPhotos
from training.models.student import Student
from training.quantization import WEIGHT_LIMIT, RoundedActivations, plain_state_dict, round_activations, round_weights


def test_rounded_weights_lie_on_the_grid_they_are_exported_with() -> None:
    student = Student(width=0.35, decoder=(16, 16, 16, 16))
    round_weights(student)
    plain = plain_state_dict(student)
    assert plain.keys() == Student(width=0.35, decoder=(16, 16, 16, 16)).state_dict().keys()
    weight = plain["decoder.0.project.0.weight"]
    levels = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True) * WEIGHT_LIMIT
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)


def test_qat_rounds_activations_to_a_byte_and_exports_plain_weights(packed: Path) -> None:
    recipe = dataclasses.replace(TINY, round_weights=True)
    network = checkpoint.build_network(recipe)
    task = start.TASKS["qat"].task(network, recipe)
    assert torch.isfinite(task.turns[0].losses(PackedPhotos(packed).batch(0, SMALL_BATCH))["ab"])
    noted = []
    next(network.stages[1].children()).register_forward_hook(lambda _module, _inputs, output: noted.append(output))
    network.eval()({LIGHTNESS.name: torch.rand(1, 1, 64, 64)})
    assert 2 < len(noted[0].unique()) <= 256
    assert plain_state_dict(network).keys() == checkpoint.build_network(recipe).state_dict().keys()


def test_ranges_of_frozen_stages_follow_what_is_seen() -> None:
    network = checkpoint.build_network(TINY)
    round_activations(network)
    network.train()
    progress._freeze(network, 2)
    ranges = [module for module in network.stages[0].modules() if isinstance(module, RoundedActivations)]
    largest = []
    for brightness in (0.1, 1.0):
        network({LIGHTNESS.name: torch.full((2, 1, 32, 32), brightness)})
        largest.append(torch.stack([module.largest for module in ranges]))
    assert (largest[1] != largest[0]).any()
    assert not any(parameter.requires_grad for parameter in network.stages[0].parameters())
