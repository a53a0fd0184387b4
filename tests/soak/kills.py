"""Programs that are killed, as power cuts and full memory kill them, and started anew."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from sdk.manifest import FILE_NAME, load_manifest
from tests.conftest import PHOTOS, PROJECT, pack_bundled
from tests.small_runs import arguments, assert_same, write_recipe
from training.__main__ import main
from training.checkpoint import load_training_state, load_weights
from training.progress import STATE_FILE

Figures = dict[str, float]

_ALBUM = 12
_STEPS = 40
_EXPORT = """
import pathlib, sys
from converters import export
from converters.formats import find_target
if __name__ == "__main__":
    export.LEAST_PHOTOS = export.SHOWN_PHOTOS = 2
    checkpoint, photos, out = map(pathlib.Path, sys.argv[1:])
    assert export.export(checkpoint, photos, out, (find_target("onnx", "fp32"),)).failures == []
"""


def folder_run(seconds: float, folder: Path) -> Figures:
    """`colorize FOLDER` is killed again and again, and then goes on to the end: every photo once, whole."""
    random, end, rounds, kills = np.random.default_rng(0), time.monotonic() + seconds, 0, 0
    source = next(iter(sorted(PHOTOS.glob("*.jpg"))))
    album = folder / "album"
    album.mkdir()
    for number in range(_ALBUM):
        Image.open(source).resize((900, 700)).save(album / f"{number:02}.png")
    while rounds == 0 or time.monotonic() < end:
        kills += _killed_until_done(album, folder / f"out-{rounds}", random)
        rounds += 1
    assert kills > 0, "every run ended before it was killed"
    return {"runs": rounds, "kills": kills, "photos": rounds * _ALBUM}


def _killed_until_done(album: Path, out: Path, random: np.random.Generator) -> int:
    seen: dict[str, int] = {}

    def finished() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in out.glob("[!.]*.png")}

    def has_gone_on() -> bool:
        return len(finished()) > len(seen)

    kills = 0
    while _killed(["-m", "sdk", str(album), "-o", str(out)], has_gone_on, random.uniform(0, 0.3)):
        kills += 1
        assert seen.items() <= finished().items(), "a finished photo was lost or written again"
        seen = finished()
    assert seen.items() <= finished().items(), "a finished photo was lost or written again"
    assert sorted(path.name for path in out.glob("[!.]*")) == sorted(path.name for path in album.iterdir())
    for path in out.glob("[!.]*"):
        with Image.open(path) as picture:
            picture.load()
    return kills


def export(seconds: float, folder: Path) -> Figures:
    """An export is killed again and again: what it leaves is whole or no model, and in the end it is whole."""
    random, end, kills, whole = np.random.default_rng(0), time.monotonic() + seconds, 0, 0
    out, program = folder / "artifacts", folder / "export.py"
    program.write_text(_EXPORT)
    command = [str(program), str(PROJECT / "training" / "weights" / "student.safetensors"), str(PHOTOS), str(out)]

    def has_begun() -> bool:
        return out.is_dir() and not (out / FILE_NAME).exists()

    while kills == 0 or time.monotonic() < end:
        kills += _killed(command, has_begun, random.uniform(0, 8))
        whole += _is_whole(out)
    assert not _killed(command, has_begun, 600), "an export took longer than ten minutes"
    assert _is_whole(out), "a finished export left no manifest"
    return {"kills": kills, "whole after a run": whole, "exports": 1}


def _is_whole(out: Path) -> bool:
    """Whether there is a manifest. If so, every artifact must be as it says."""
    if not (out / FILE_NAME).exists():
        return False
    manifest = load_manifest(out)
    return all(manifest.verify(artifact) for artifact in manifest.artifacts)


def train(seconds: float, folder: Path) -> Figures:
    """A training run is killed again and again; its weights are those of a run that was left alone, bit for bit."""
    random, end, rounds, kills = np.random.default_rng(0), time.monotonic() + seconds, 0, 0
    packed, recipe = pack_bundled(folder), folder / "recipe.toml"
    write_recipe(recipe, steps=_STEPS)
    assert main(arguments("pretrain", recipe, packed, folder / "whole")) == 0
    whole = load_weights(folder / "whole" / "student.safetensors")
    while rounds == 0 or time.monotonic() < end:
        run = folder / f"killed-{rounds}"
        state, command = run / STATE_FILE, ["-m", "training", *arguments("pretrain", recipe, packed, run)]
        while time.monotonic() < end or not state.exists():
            before = _written(state)
            if not _killed(command, lambda state=state, before=before: _written(state) != before, random.uniform(0, 1)):
                break
            kills += 1
            assert load_training_state(state).step > 0
        assert main(command[2:]) == 0
        assert_same(whole, load_weights(run / "student.safetensors"))
        rounds += 1
    assert kills > 0, "every run ended before it was killed"
    return {"runs": rounds, "kills": kills, "steps": rounds * _STEPS}


def _written(path: Path) -> int:
    """When, or 0 before it is there."""
    return path.stat().st_mtime_ns if path.exists() else 0


def _killed(command: list[str], has_begun: Callable[[], bool], seconds: float) -> bool:
    """Start Python, and kill it some seconds after its work has begun. Whether it was not done by then."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not has_begun():
        time.sleep(0.01)
    try:
        assert process.wait(seconds) == 0, f"{command[:2]} failed"
    except subprocess.TimeoutExpired:
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        assert not psutil.wait_procs(workers, timeout=60)[1], "a killed run's workers went on"
        return True
    return False
