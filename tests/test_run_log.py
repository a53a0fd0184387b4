"""What a run leaves for machines and for people."""

import dataclasses
import json
from pathlib import Path

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.small_runs import TINY, run
from training import loop, run_log
from training.data import PackedPhotos


def test_training_logs_what_a_machine_can_read(packed: Path, tmp_path: Path) -> None:
    run(TINY, packed, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / run_log.METRICS_FILE).read_text().splitlines()]
    assert lines[-1]["step"] == TINY.steps
    assert lines[-1]["held_out_psnr"] > 10


def test_training_leaves_what_a_person_can_look_at(packed: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(TINY, steps=20)
    run(recipe, packed, tmp_path)
    held_out = len(PackedPhotos(packed, held_out=True))
    with Image.open(tmp_path / run_log.SAMPLES_FILE) as samples:
        assert samples.size == (256 * min(loop.SAMPLES, held_out), 256 * 3)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("ab")] == [20]
    assert events.Tags()["images"] == ["samples"]


def test_what_a_killed_run_logged_too_far_is_forgotten(tmp_path: Path) -> None:
    log = run_log.RunLog(tmp_path, step=0)
    for step in (20, 40, 60):
        log.scalars(step, {"truth": 1.0})
    log.close()
    run_log.RunLog(tmp_path, step=40).close()
    lines = (tmp_path / run_log.METRICS_FILE).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [20, 40]
