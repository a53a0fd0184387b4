"""Films: coloured with their sound, subtitles and times, whole or stopped, or refused in a sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sdk import Colorizer, OptionError, OutputError, PhotoError, cli
from tests.conftest import PHOTOS, PROJECT

av = pytest.importorskip("av", reason="NOT MEASURED: PyAV is not installed")
from benchmarks import film as film_benchmark  # noqa: E402
from benchmarks import flicker as flicker_benchmark  # noqa: E402
from benchmarks.film import flicker, pan, write_film  # noqa: E402
from sdk.film import colorize_film, half_of, stopped_path, with_colours  # noqa: E402

SUBTITLES = "1\n00:00:00,100 --> 00:00:00,900\nThe cat sits.\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A second of a photo that stands still under grain, with a tone and a subtitle."""
    (tmp_path / "words.srt").write_text(SUBTITLES)
    write_film(pan(12, step=0, width=160, height=120), tmp_path / "silent.mp4", rate=12)
    path = tmp_path / "film.mkv"
    with (
        av.open(tmp_path / "silent.mp4") as silent,
        av.open(tmp_path / "words.srt") as words,
        av.open(path, "w") as container,
    ):
        container.metadata["title"] = "The Cat"
        copies = {source: container.add_stream_from_template(source.streams[0]) for source in (silent, words)}
        sound: Any = container.add_stream("aac", rate=48_000, layout="mono")
        sound.metadata["language"] = "fin"
        tone = (0.3 * np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
        for source, copy in copies.items():
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = copy
                    container.mux(packet)
    return path


def packets(path: Path, kind: str) -> list[tuple[float, bytes]]:
    with av.open(path) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        found = [packet for packet in container.demux(stream) if packet.dts is not None]
        return [(round(float(packet.pts * packet.time_base), 2), bytes(packet)) for packet in found]


def decoded(path: Path) -> list[Any]:
    with av.open(path) as container:
        return list(container.decode(video=0))


def test_a_film_is_coloured_by_the_command_and_keeps_what_it_holds(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([str(film)]) == 0
    out = tmp_path / "film-colour.mkv"
    assert capsys.readouterr().out == f"{out}\n"
    for kind in ("audio", "subtitle"):
        assert packets(out, kind) == packets(film, kind) != []
    with av.open(out) as container:
        assert [stream.type for stream in container.streams] == ["video", "subtitle", "audio"]
        assert container.metadata["title"] == "The Cat"
        assert container.streams.audio[0].metadata["language"] == "fin"
    coloured, grey = decoded(out), decoded(film)
    assert [frame.time for frame in coloured] == [frame.time for frame in grey]
    assert np.ptp(coloured[5].to_ndarray(format="rgb24").astype(int), axis=-1).mean() > 5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "film-colour.mkv",
        "film.mkv",
        "silent.mp4",
        "words.srt",
    ]


def test_the_benchmark_times_films_and_measures_flicker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert film_benchmark.main([str(tmp_path / "film.json"), "--frames", "2"]) == 0
    figures, published = (
        json.loads(path.read_text()) for path in (tmp_path / "film.json", PROJECT / "docs" / "benchmarks" / "film.json")
    )
    assert figures.keys() == published.keys()
    assert 0 < figures["flicker of the source"] < figures["flicker without smoothing"]
    page = (PROJECT / "docs" / "command.md").read_text()
    for figure in ("processor seconds a frame without the codec", "flicker with smoothing 0.7"):
        assert f"{published[figure]:.3f}".rstrip("0") in page or f"{published[figure]:.2f}" in page


def test_the_page_shows_the_flicker_of_real_films(film: Path, tmp_path: Path) -> None:
    assert flicker_benchmark.main([str(tmp_path / "flicker.json"), str(film), "--frames", "2"]) == 0
    measured, published = (
        json.loads(path.read_text())["films"]
        for path in (tmp_path / "flicker.json", PROJECT / "docs" / "benchmarks" / "flicker.json")
    )
    assert measured["film.mkv"]["the film's own"] < measured["film.mkv"]["vividness 1, smoothing 0"]
    lines = (PROJECT / "docs" / "command.md").read_text().splitlines()
    for name, figures in published.items():
        assert figures.keys() == measured["film.mkv"].keys()
        (row,) = (line for line in lines if line.startswith(f"| `{name}`"))
        assert sorted(float(cell) for cell in row.split("|")[2:-1]) == sorted(figures.values())


def test_smoothing_calms_what_stands_still(film: Path) -> None:
    halves = [half_of(frame.reformat(format="yuv420p")) for frame in decoded(film)]
    with Colorizer.load() as colorizer:
        smooth, rough = (flicker(colorizer.stream(halves, smoothing=share)) for share in (0.8, 0.0))
    assert smooth < rough / 2


@pytest.mark.parametrize("colorspace", [1, 5])
@pytest.mark.parametrize("color_range", [1, 2])
def test_luma_is_the_films_own_and_chroma_its_colours(colorspace: int, color_range: int) -> None:
    """Told its own colours, a frame comes back."""
    photo = av.VideoFrame.from_image(Image.open(PHOTOS / "coffee.jpg").convert("RGB").resize((160, 120)))
    frame = photo.reformat(format="yuv420p", dst_colorspace=colorspace, dst_color_range=color_range)
    again = with_colours(frame, half_of(frame))
    theirs, ours = (picture.to_ndarray().astype(int) for picture in (frame, again))
    np.testing.assert_array_equal(ours[:120], theirs[:120])
    assert np.abs(ours[120:] - theirs[120:]).mean() < 2


def test_frames_of_an_odd_size_keep_their_uneven_times(tmp_path: Path) -> None:
    film, out = tmp_path / "odd.mkv", tmp_path / "coloured.mkv"
    times = [0, 40, 200, 240, 900]
    with av.open(film, "w") as container:
        picture: Any = container.add_stream("ffv1", rate=25)
        picture.width, picture.height, picture.pix_fmt = 161, 121, "gray"
        picture.codec_context.time_base = Fraction(1, 1000)
        for number, milliseconds in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((121, 161), 40 * number, np.uint8), format="gray")
            frame.pts, frame.time_base = milliseconds, Fraction(1, 1000)
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
    assert cli.main([str(film), "-o", str(out), "--quiet"]) == 0
    kept = decoded(out)
    assert [round(1000 * frame.time) for frame in kept] == times
    assert (kept[0].width, kept[0].height) == (160, 120)
    assert [round(float(frame.to_ndarray()[:120].mean()) / 10) for frame in kept] == [2, 5, 8, 12, 15]


def test_a_film_that_cannot_be_coloured_is_refused_in_a_sentence(film: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a film")
    (tmp_path / "half.mkv").write_bytes(film.read_bytes()[:200])
    (tmp_path / "there.mp4").write_bytes(b"mine")
    before = sorted(path.name for path in tmp_path.iterdir())
    with Colorizer.load() as colorizer:
        for name, out, error, words in (
            ("broken.mp4", "a.mp4", PhotoError, "damaged or no film"),
            ("half.mkv", "a.mp4", PhotoError, "half.mkv"),
            ("words.srt", "a.mp4", PhotoError, "no pictures"),
            ("missing.mp4", "a.mp4", PhotoError, "does not exist"),
            ("film.mkv", "a.webm", OutputError, "no name of a film"),
            ("film.mkv", "there.mp4", OutputError, "exists already"),
            ("film.mkv", "no/such/a.mkv", OutputError, "cannot be written"),
            ("film.mkv", "a.mp4", OutputError, ".mkv"),  # which holds no SubRip
        ):
            with pytest.raises(error, match=words):
                colorize_film(colorizer, tmp_path / name, tmp_path / out)
        wrong: list[dict[str, Any]] = [{"smoothing": 1.0}, {"crf": 52}, {"strength": -1.0}]
        for options in wrong:
            with pytest.raises(OptionError):
                colorize_film(colorizer, film, tmp_path / "a.mkv", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert cli.main([str(film), "-o", str(film), "--overwrite"]) == 2
    assert cli.main([str(film), "--dry-run", "--suffix=-colour"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_films_without_pyav_name_the_extra(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert cli.main([str(film), "-q"]) == 3


@pytest.mark.skipif(os.name != "posix", reason="NOT MEASURED: signals of POSIX systems")
def test_a_film_that_is_stopped_is_playable_up_to_there(tmp_path: Path) -> None:
    write_film(pan(300, step=2, width=320, height=240), tmp_path / "long.mp4")
    out, environment = tmp_path / "long-colour.mp4", os.environ | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "sdk", "long.mp4"]
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    partial, deadline = tmp_path / ".long-colour.partial.mp4", time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 143
    assert "Traceback" not in said
    assert "long-colour.stopped.mp4 is the film up to here" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long-colour.stopped.mp4", "long.mp4"]
    assert 0 < len(decoded(stopped_path(out))) < 300
