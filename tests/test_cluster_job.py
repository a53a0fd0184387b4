"""The same on Ray itself, with workers, disks and machines that fail."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cluster.__main__ import main
from cluster.worker import Worker
from tests.cluster_results import rows, settled
from tests.conftest import PROJECT, SHARED


@pytest.mark.slow  # a busy machine starts Ray too late for its patience
def test_a_folder_is_coloured_on_ray_and_need_not_be_again(
    album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.job.PHOTOS_PER_TASK", 8)
    out = tmp_path / "coloured"
    command = [str(album), str(out), "--workers", "1"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "40 coloured, 3 failed" in said.out
    assert "100%" in said.err  # a log file gets the bar too
    assert "43/43 [" in said.err
    assert settled(album, out) == (40, 3)
    assert np.ptp(np.asarray(Image.open(out / "photos" / "nested [1]" / "01.jpg")), axis=-1).mean() > 5
    reasons = {Path(row["path"]).name: row["error"] for row in rows(out / "errors")}
    assert "not a picture" in reasons["broken.jpg"]
    assert "empty" in reasons["empty.png"]
    assert "cannot be read" in reasons["missing.jpg"]

    made = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert main(command) == 0
    assert "0 coloured, 0 failed" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == made


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_with_room_the_job_goes_on(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "coloured"
    out.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", out], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("NOT MEASURED: a small disk needs the right to mount one")
    try:
        job = run(album, out, stderr=subprocess.PIPE)
        _, said = job.communicate(timeout=300)
        assert job.returncode == 2, said
        (sentence,) = (line for line in said.splitlines() if line.startswith("cluster:"))
        assert "No space left on device" in sentence
        assert "Traceback" not in said
        results = [path for path in (out / "photos").rglob("*") if path.is_file()]
        for path in results:
            Image.open(path).load()
        assert len(results) < 40
        subprocess.run(["mount", "-o", "remount,size=64m", out], check=True)
        job = run(album, out)
        job.communicate(timeout=300)
        assert job.returncode == 0
        assert settled(album, out) == (40, 3)
    finally:
        subprocess.run(["umount", out], check=True)


class Dying(Worker):
    def _coloured(self, content: bytes, name: str) -> bytes:
        if name == "14.jpg":
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._coloured(content, name)


class Faulty(Worker):
    def _coloured(self, content: bytes, name: str) -> bytes:
        raise ZeroDivisionError("by zero")


@pytest.mark.slow
def test_ray_does_a_dying_workers_task_again(album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.job.Worker", Dying)
    assert main([str(album), str(tmp_path / "coloured"), "--workers", "1"]) == 0
    assert settled(album, tmp_path / "coloured") == (39, 4)


@pytest.mark.slow
def test_a_fault_of_ours_is_one_line_too(
    album: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.job.Worker", Faulty)
    assert main([str(album), str(tmp_path / "coloured"), "--workers", "1"]) == 2
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "ZeroDivisionError: by zero Ray's logs" in said.splitlines()[-1]


def run(*arguments: object, workers: int | None = 2, stderr: int | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cluster", *map(str, arguments), *(["--workers", str(workers)] if workers else [])]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}  # this checkout, wherever another is installed
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=stderr, env=environment)


def kill_a_worker_once(done: Path, *, files: int, job: "subprocess.Popen[str]") -> None:
    while sum(path.is_file() for path in done.rglob("*")) < files:
        assert job.poll() is None, "the job ended before a worker could be killed"
        time.sleep(0.2)
    psutil = pytest.importorskip("psutil", reason="NOT MEASURED: psutil is not installed")
    children = psutil.Process(job.pid).children(recursive=True)
    worker = next(child for child in children if "ray::MapWorker" in " ".join(child.cmdline()))
    worker.kill()


def unpack(folder: Path, number: int) -> Path:
    shard = SHARED / "photos" / "train-00.tar"
    if not shard.is_file():
        pytest.skip(f"NOT MEASURED: no photos at {shard}; set EDGE_COLORIZER_SHARED")
    with tarfile.open(shard) as photos:
        photos.extractall(folder / "album", members=photos.getmembers()[:number], filter="data")
    return folder / "album"


@pytest.mark.slow
@pytest.mark.parametrize(("form", "number"), [("files", 3000), ("parquet", 600)])
def test_thousands_of_photos_survive_a_killed_worker(form: str, number: int, tmp_path: Path) -> None:
    album, out = unpack(tmp_path, number), tmp_path / "coloured"
    for broken in range(10):
        (album / f"broken{broken}.jpg").write_bytes(b"not a photo")
    flags = ["--parquet"] if form == "parquet" else []
    made, files = (out / "parquet", 2) if flags else (out / "photos", number // 2)

    job = run(album, out, *flags)
    kill_a_worker_once(made, files=files, job=job)
    said, _ = job.communicate(timeout=900)
    assert job.returncode == 0
    assert f"{number} coloured, 10 failed" in said
    if flags:
        assert sorted(row["path"] for row in rows(made)) == sorted(map(str, album.glob("*.webp")))
        assert len(rows(out / "errors")) == 10
    else:
        assert settled(album, out) == (number, 10)
    again, _ = run(album, out, *flags).communicate(timeout=300)
    assert "0 coloured, 0 failed" in again
    assert f"{number + 10} done before" in again


def kill_with_children(process: "subprocess.Popen[Any]") -> None:
    psutil = pytest.importorskip("psutil", reason="NOT MEASURED: psutil is not installed")
    for one in (*psutil.Process(process.pid).children(recursive=True), process):
        one.kill()
    process.wait()


@pytest.mark.slow
def test_a_lost_machine_loses_no_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines, as Ray sees it: both are this one, started as docs/cluster.md says, a processor each."""
    album, out = unpack(tmp_path, 640), tmp_path / "coloured"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    start = [Path(sys.executable).parent / "ray", "start", "--block", "--num-cpus=1", "--disable-usage-stats"]
    machines = [subprocess.Popen([*start, "--head", f"--port={port}", "--include-dashboard=false"])]
    try:
        wait_until(lambda: answers(port), seconds=120)
        machines.append(subprocess.Popen([*start, f"--address=127.0.0.1:{port}"]))
        wait_until(lambda: b"2.0 CPU" in status(port), seconds=120)
        job = run(album, out, "--address", f"127.0.0.1:{port}", workers=None)
        wait_until(lambda: len(list(out.glob("photos/*"))) > 200, seconds=300)
        kill_with_children(machines.pop())
        said, _ = job.communicate(timeout=300)
    finally:
        for machine in machines:
            kill_with_children(machine)
    assert job.returncode == 0
    assert "640 coloured, 0 failed" in said
    assert len([path for path in out.glob("photos/*") if path.is_file()]) == 640


def wait_until(holds: Callable[[], bool], *, seconds: int) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(1)


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def status(port: int) -> bytes:
    command = [Path(sys.executable).parent / "ray", "status", "--address", f"127.0.0.1:{port}"]
    return subprocess.run(command, capture_output=True, check=False).stdout
