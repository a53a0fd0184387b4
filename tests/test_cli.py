"""The `colorize` command, as a person types it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk import cli
from tests.conftest import PHOTOS, PROJECT
from tests.test_image import BAD_NAMES, bad_files

SAMPLES = sorted((PROJECT / "examples" / "photos").glob("*.jpg"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_grey_sample_becomes_a_colour_photo(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.png"
    assert cli.main([str(sample), "-o", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    coloured = Image.open(out)
    assert coloured.size == Image.open(sample).size
    assert np.ptp(np.asarray(coloured).astype(int), axis=-1).mean() > 3


def test_the_default_name_says_what_it_is(tmp_path: Path) -> None:
    photo = tmp_path / "grandmother.jpg"
    photo.write_bytes(SAMPLES[0].read_bytes())
    assert cli.main([str(photo)]) == 0
    assert (tmp_path / "grandmother-colour.jpg").is_file()


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_input_is_one_line_exit_2_and_no_output(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = bad_files(tmp_path)[name]
    before = sorted(tmp_path.rglob("*"))
    assert cli.main([str(photo), "-o", str(tmp_path / "out.png")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("colorize: ")
    assert said.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"mine")
    assert cli.main([str(SAMPLES[0]), "-o", str(out)]) == 2
    assert out.read_bytes() == b"mine"
    assert cli.main([str(SAMPLES[0]), "-o", str(out), "--overwrite"]) == 0
    assert Image.open(out).size == Image.open(SAMPLES[0]).size


def test_a_strength_that_is_none_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(SAMPLES[0]), "-o", str(tmp_path / "out.png"), "--strength", "-1"]) == 2
    assert capsys.readouterr().err == "colorize: strength must be zero or more, not -1.0.\n"


def test_a_photo_that_has_colours_can_be_kept(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert cli.main([str(PHOTOS / "coffee.jpg"), "-o", str(out), "--on-color", "keep"]) == 0
    np.testing.assert_array_equal(np.asarray(Image.open(out)), np.asarray(Image.open(PHOTOS / "coffee.jpg")))


def test_a_file_keeps_its_photos_times_on_request(tmp_path: Path) -> None:
    photo = tmp_path / "old.jpg"
    photo.write_bytes(SAMPLES[0].read_bytes())
    os.utime(photo, (10**9, 10**9))
    assert cli.main([str(photo), "--keep-times"]) == 0
    assert (tmp_path / "old-colour.jpg").stat().st_mtime == 10**9


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "examples:" in said
    assert "exit codes:" in said


def album(folder: Path) -> Path:
    """Two good photos, one of them in a folder of its own, and a bad one."""
    (folder / "album" / "1936").mkdir(parents=True)
    for name in ("a.jpg", "1936/b.png"):
        Image.open(SAMPLES[0]).resize((40, 30)).save(folder / "album" / name)
    (folder / "album" / "bad.jpg").write_bytes(b"not a photo")
    (folder / "album" / "notes.txt").write_text("not for us")
    return folder / "album"


def test_a_folder_is_mirrored_and_one_bad_photo_does_not_stop_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = album(tmp_path), tmp_path / "out"
    assert cli.main([str(photos), "-o", str(out), "--workers", "2"]) == 2
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("[!.]*.*")) == ["1936/b.png", "a.jpg"]
    assert "bad.jpg" in capsys.readouterr().err


def test_a_folder_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos, out = album(tmp_path), tmp_path / "out"
    (photos / "bad.jpg").unlink()
    assert cli.main([str(photos), "-o", str(out)]) == 0
    (out / "a.jpg").unlink()
    kept = (out / "1936" / "b.png").stat().st_mtime_ns
    capsys.readouterr()
    assert cli.main([str(photos), "-o", str(out), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {Path(row["photo"]).name: row["status"] for row in rows} == {"a.jpg": "coloured", "b.png": "skipped"}
    assert (out / "1936" / "b.png").stat().st_mtime_ns == kept


def test_a_name_that_is_no_text_does_not_stop_a_folder(tmp_path: Path) -> None:
    photos = tmp_path / "album"
    photos.mkdir()
    Image.new("L", (8, 8)).save(photos / "a.png")
    (photos / "a.png").rename(photos / os.fsdecode(b"Gro\xdfmutter.png"))
    (photos / "._a.png").write_bytes(b"\0\5\26\7Mac OS X")
    (photos / "raw.dng").write_bytes(b"")
    command = [sys.executable, "-m", "sdk", str(photos), "-o", str(tmp_path / "out")]
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, capture_output=True, cwd=PROJECT, env=strict, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("[!.]*"))) == 1
    assert b"not read as a photo: 1 .dng" in done.stderr


def test_two_photos_that_would_become_one_file_are_refused(tmp_path: Path) -> None:
    photos = [tmp_path / folder / "same.jpg" for folder in ("one", "two")]
    for photo in photos:
        photo.parent.mkdir()
        photo.write_bytes(SAMPLES[0].read_bytes())
    assert cli.main([*map(str, photos), "-o", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_a_contact_sheet_shows_before_and_after(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert cli.main([str(SAMPLES[0]), "-o", str(tmp_path / "out.png"), "--compare", str(sheet)]) == 0
    halves = np.split(np.asarray(Image.open(sheet).convert("RGB").crop((0, 0, 100, 608))).astype(int), [300, 308])
    assert np.ptp(halves[0], axis=-1).mean() < 2 < np.ptp(halves[2], axis=-1).mean()


def test_standard_input_becomes_a_png_on_standard_output() -> None:
    command = [sys.executable, "-m", "sdk", "-"]
    done = subprocess.run(command, input=SAMPLES[0].read_bytes(), capture_output=True, cwd=PROJECT, check=True)
    with Image.open(io.BytesIO(done.stdout)) as coloured, Image.open(SAMPLES[0]) as grey:
        assert (coloured.format, coloured.size) == ("PNG", grey.size)


def test_info_names_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["backend"], facts["licence"]) == ("onnx", "Apache-2.0")
    assert cli.main(["info"]) == 0
    assert facts["sha256"] in capsys.readouterr().out


def test_bench_times_the_network_and_photos(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sdk.commands.bench._RUNS", 1)
    assert cli.main(["bench", "--json"]) == 0
    seconds = json.loads(capsys.readouterr().out)["seconds"]
    assert 0 < seconds["network alone"] < seconds["12 MP"]


def test_a_shell_completes_options_files_and_commands(tmp_path: Path) -> None:
    pytest.importorskip("shtab", reason="NOT MEASURED: shtab is not installed")
    (tmp_path / "grandmother.jpg").touch()
    program = f"""
. <({sys.executable} -m sdk completion bash)
complete_words() {{
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _shtab_colorize 2>/dev/null; echo "${{COMPREPLY[*]}}"
}}
complete_words colorize --viv
complete_words colorize --on-color k
complete_words colorize gra
complete_words colorize ser
complete_words colorize grandmother.jpg -o gra
"""
    done = subprocess.run(["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["--vividness", "keep", "grandmother.jpg", "serve", "grandmother.jpg"]


def test_completion_without_shtab_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 2
    assert 'its extra "completion"' in capsys.readouterr().err
