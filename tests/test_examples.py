"""Every example runs, on real photos, as its first lines say."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples import device_check, finetune, video
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
    (row,) = json.loads(report.read_text())["backends"]
    assert row["agreement_db"] > 45
    assert 20 < row["psnr_db"] < 30
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


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A second of a photo panned slowly above one that stands still, with a tone."""
    av = pytest.importorskip("av", reason="NOT MEASURED: PyAV is not installed")
    still, moving = (np.asarray(Image.open(PHOTOS / f"{name}.jpg").resize((320, 120))) for name in ("cat", "coffee"))
    path = tmp_path / "film.mp4"
    random = np.random.default_rng(0)
    with av.open(path, "w") as container:
        picture = container.add_stream("libx264", rate=12, options={"crf": "12"})
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        for number in range(12):
            rgb = (
                np.vstack([np.roll(moving, 4 * number, axis=1), still]).mean(axis=-1, keepdims=True).repeat(3, axis=-1)
            )
            grainy = (rgb + random.normal(0, 6, (240, 320, 1))).clip(0, 255).astype(np.uint8)
            container.mux(picture.encode(av.VideoFrame.from_ndarray(grainy, format="rgb24")))
        container.mux(picture.encode())
        tone = (0.3 * np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return path


def test_a_film_is_coloured_with_its_sound_and_flickers_less(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import av

    out = tmp_path / "coloured.mp4"
    assert video.main([str(film), str(out), "--smoothing", "0.8"]) == 0
    with av.open(out) as coloured, av.open(film) as grey:
        assert [stream.type for stream in coloured.streams] == ["video", "audio"]
        ours, theirs = (sum(packet.size for packet in file.demux(audio=0)) for file in (coloured, grey))
        assert ours == theirs  # copied, not encoded anew
    pictures = list(video.frames(out))
    assert len(pictures) == 12
    assert np.ptp(pictures[5].astype(int), axis=-1).mean() > 5
    said = capsys.readouterr().out
    smooth, without = (float(part.split(",")[0]) for part in said.split("by ")[1:])
    assert smooth < without
    with Colorizer.load() as colorizer:  # both are of the frames as they are coloured, not of the film as it is encoded
        for reported, smoothing in ((smooth, 0.8), (without, 0)):
            measured = video.flicker(colorizer.stream(video.frames(film), smoothing=smoothing))
            assert reported == pytest.approx(measured, abs=0.006)  # printed with two digits
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_frames_of_an_odd_size_keep_their_uneven_times(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="NOT MEASURED: PyAV is not installed")
    film, out = tmp_path / "odd.mkv", tmp_path / "coloured.mkv"
    times = [0, 40, 200, 240, 900]
    with av.open(film, "w") as container:
        picture = container.add_stream("ffv1", rate=25)
        picture.width, picture.height, picture.pix_fmt = 161, 121, "gray"
        picture.codec_context.time_base = Fraction(1, 1000)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((121, 161), 40 * number, np.uint8), format="gray")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
    assert video.main([str(film), str(out)]) == 0
    with av.open(out) as coloured:
        kept = list(coloured.decode(video=0))
    assert [round(1000 * frame.time) for frame in kept] == times
    assert (kept[0].width, kept[0].height) == (160, 120)


def test_a_film_that_cannot_be_coloured_is_refused_in_a_sentence(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a film")
    for names in ("broken.mp4 a.mp4", "missing.mp4 a.mp4", "film.mp4 film.mp4", "film.mp4 a.x"):
        assert video.main([str(tmp_path / name) for name in names.split()]) == 2
        assert capsys.readouterr().err.startswith("video: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.mp4", "film.mp4"]


def test_flicker_is_the_change_of_chroma_where_lightness_stands_still() -> None:
    grey = np.full((8, 8, 3), 128, np.uint8)
    warm = grey + np.array([6, 0, 0], np.uint8)
    assert video.flicker(iter([grey, grey])) == 0
    assert 1 < video.flicker(iter([grey, warm])) < 6


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
