"""Two processes training together, over gloo, as `torchrun` starts them on a machine without a GPU."""

import json
import os
from pathlib import Path

import pytest
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from tests.small_runs import FORKED
from training import checkpoint, loop, run_log
from training.__main__ import main

LOG_EVERY = 5
RECIPE = """
steps = 10
batch_size = 16
size = 64
warmup_steps = 2
[student]
width = 0.35
decoder = [16, 16, 16, 16]
"""


def on_processors(arguments: list[str]) -> int:
    """What each process does; a fork server's children have neither this test's environment nor its patches."""
    os.environ["ACCELERATE_USE_CPU"] = "true"
    loop.LOG_EVERY = LOG_EVERY
    return main(arguments)


def losses(run: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in (run / run_log.METRICS_FILE).read_text().splitlines()]
    return {line["step"]: line["ab"] for line in lines if "ab" in line}


def test_two_processes_follow_the_curve_of_one(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    monkeypatch.setattr(loop, "LOG_EVERY", LOG_EVERY)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    command = ["pretrain", "--recipe", str(recipe), "--photos", str(packed), "--from-random-weights", "--run-folder"]
    assert main([*command, str(tmp_path / "one")]) == 0
    torchrun = LaunchConfig(  # what `torchrun --standalone --nproc-per-node=2` makes
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        start_method=FORKED.get_start_method(),
    )
    assert elastic_launch(torchrun, on_processors)([*command, str(tmp_path / "two")]) == {0: 0, 1: 0}
    one, two = (losses(tmp_path / run) for run in ("one", "two"))
    assert one.keys() == two.keys() == {5, 10}
    # The same photos in the same crops; each process norms its half of the batch by itself, hence the tolerance.
    for step, loss in one.items():
        assert two[step] == pytest.approx(loss, rel=0.1)
    state = checkpoint.load_training_state(tmp_path / "two" / "state.pt")
    assert state.step == 10
