"""Two processes training together, over gloo, as `torchrun` starts them on a machine without a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from training import checkpoint, run_log

RECIPE = """
steps = 40
batch_size = 16
size = 64
warmup_steps = 2
[student]
width = 0.35
decoder = [16, 16, 16, 16]
"""


def losses(run: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in (run / run_log.METRICS_FILE).read_text().splitlines()]
    return {line["step"]: line["truth"] for line in lines if "truth" in line}


def start(processes: int, recipe: Path, packed: Path, run: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += ["-m", "training", "pretrain", "--recipe", str(recipe), "--photos", str(packed)]
    command += ["--from-random-weights", "--run-folder", str(run)]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, cwd=PROJECT, env=environment)


def test_two_processes_follow_the_curve_of_one(packed: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    curves = {}
    for processes in (1, 2):
        start(processes, recipe, packed, tmp_path / str(processes))
        curves[processes] = losses(tmp_path / str(processes))
    assert curves[1].keys() == curves[2].keys() == {20, 40}
    # The same photos in the same crops; each process norms its half of the batch by itself, hence the tolerance.
    for step, loss in curves[1].items():
        assert curves[2][step] == pytest.approx(loss, rel=0.1)
    state = checkpoint.load_training_state(tmp_path / "2" / "state.pt")
    assert state.step == 40
