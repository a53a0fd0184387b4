"""Every example runs, on real photos, as its first lines say."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples import device_check, finetune
from sdk import Colorizer
from tests.conftest import PHOTOS, PROJECT

CAT = PROJECT / "examples" / "photos" / "cat.jpg"


def test_quickstart(tmp_path: Path) -> None:
    command = [sys.executable, PROJECT / "examples" / "quickstart.py", CAT]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.startswith("cat-colour.png, by edge-colorizer student on onnx")
    assert np.ptp(np.asarray(Image.open(tmp_path / "cat-colour.png")), axis=-1).mean() > 5


def test_the_flask_service_colours_and_refuses() -> None:
    embed = pytest.importorskip("examples.embed_in_flask", reason="NOT MEASURED: Flask is not installed")
    client = embed.app.test_client()
    answer = client.post("/colorize", data=CAT.read_bytes())
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    refused = client.post("/colorize", data=b"not a photo")
    assert refused.status_code == 400
    assert "not a picture" in refused.text
    assert client.post("/colorize", data=bytes(20_000_001)).status_code == 413


def test_the_device_check_measures_and_holds_to_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "check.json"
    assert device_check.main(["--runs", "3", "--json", str(report), "--least-psnr", "20"]) == 0
    rows = json.loads(report.read_text())["backends"]
    assert rows
    for row in rows:
        assert row["agreement_db"] > 45
        assert 18 < row["psnr_db"] < 30
        assert 0.8 < row["ssim"] < 1
        assert 0 < row["median_ms"] <= row["p95_ms"]
    assert "onnx" in capsys.readouterr().out

    assert device_check.main(["--runs", "3", "--most-ms", "0.001", "--least-psnr", "99"]) == 1
    error = capsys.readouterr().err
    assert "p95_ms" in error
    assert "psnr_db" in error
    assert device_check.main(["--model", str(tmp_path)]) == 2


def test_the_device_check_goes_without_memory_where_python_cannot_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (device_check.peak_mb() or 0) > 10
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert device_check.peak_mb() is None
    assert "not measured" in device_check.table([{"backend": "onnx", "peak_mb": device_check.peak_mb()}])


def test_the_video_example_colours_a_film(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="NOT MEASURED: PyAV is not installed")
    from benchmarks.film import pan, write_film

    write_film(pan(3, step=4, width=64, height=48), tmp_path / "film.mp4")
    command = [sys.executable, PROJECT / "examples" / "video.py", "film.mp4", "coloured.mp4"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with av.open(tmp_path / "coloured.mp4") as coloured:
        assert len(list(coloured.decode(video=0))) == 3


@pytest.mark.slow
def test_finetuning_makes_a_model_that_can_be_used(tmp_path: Path) -> None:
    albums = tmp_path / "albums"
    albums.mkdir()
    for name in ("cat", "coffee", "astronaut", "rocket"):
        photo = Image.open(PHOTOS / f"{name}.jpg")
        for number in range(90):
            photo.crop((number, number, photo.width - number, photo.height - number)).save(
                albums / f"{name}{number}.jpg"
            )
    assert finetune.main([str(albums), "--out", str(tmp_path / "mine"), "--steps", "4"]) == 0
    with Colorizer.load(model_dir=tmp_path / "mine") as colorizer:
        assert colorizer.info().precision == "int8"
        assert np.ptp(np.asarray(colorizer.colorize(CAT)), axis=-1).mean() > 5


def test_finetuning_on_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "albums").mkdir()
    assert finetune.main([str(tmp_path / "albums"), "--out", str(tmp_path / "mine")]) == 2
    assert "finetune: " in capsys.readouterr().err
