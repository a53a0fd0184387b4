"""Which file a photo becomes, what is refused before anything is written, and what counts as done."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from sdk import OptionError, OutputError, PhotoError, cli
from sdk.planning import plan
from sdk.record import FILE_NAME
from tests.conftest import PROJECT

CAT = PROJECT / "examples" / "photos" / "cat.jpg"


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two photos, `photos`, in the working directory."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("a.jpg", "b.png")):
        Image.new("L", (30, 20 + number), 99).save(folder / name)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def run(*arguments: str | Path) -> int:
    return cli.main([*map(str, arguments)])


@pytest.mark.parametrize("out", ["photos", "photos/", "./photos", "photos/../photos"])
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_a_folder_never_becomes_itself(out: str, more: list[str], photos: Path) -> None:
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    assert run("photos", "-o", out, *more) == 2
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before


def test_a_photo_never_becomes_a_photo_that_is_to_be_coloured(photos: Path) -> None:
    (photos / "link.jpg").hardlink_to(photos / "a.jpg")
    (photos.parent / "elsewhere").symlink_to(photos)
    for names, out in (
        (["photos/a.jpg"], "photos/a.jpg"),
        (["photos/a.jpg"], "photos/link.jpg"),
        (["photos/a.jpg", "photos/b.png"], "photos"),
        (["photos/a.jpg", "photos/b.png"], "elsewhere"),
    ):
        with pytest.raises(OutputError, match="is a photo to be coloured"):
            plan(names, out)


@pytest.mark.parametrize("name", ["no/such/x.jpg", "https://somewhere.example/x.jpg", "photos/absent.jpg"])
def test_a_mistyped_photo_makes_nothing(name: str, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(photos.parent.rglob("*"))
    for more in ([], ["-o", "new/x.jpg"], ["-o", "new/"]):
        assert run(name, *more) == 2
        assert ("is an address" if "://" in name else "does not exist") in capsys.readouterr().err
    assert sorted(photos.parent.rglob("*")) == before


def test_a_photo_that_fails_makes_no_folder(photos: Path) -> None:
    whole = CAT.read_bytes()
    (photos / "half.jpg").write_bytes(whole[: len(whole) // 2])
    assert run("photos/half.jpg", "-o", "new/folder/") == 2
    assert not (photos.parent / "new").exists()


def test_a_name_that_ends_with_a_slash_is_a_folder(photos: Path) -> None:
    assert run("photos/a.jpg", "-o", "new/") == 0
    assert files(photos.parent / "new") == ["a.jpg"]


def test_several_photos_are_not_put_in_a_file(photos: Path) -> None:
    for names in (["photos/a.jpg", "photos/b.png"], ["photos"]):
        with pytest.raises(OutputError, match="several photos need a folder"):
            plan(names, "out.png")


def test_an_output_without_its_o_is_understood(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("photos/a.jpg", "out.png") == 2
    assert "to write it: colorize photos/a.jpg -o out.png" in capsys.readouterr().err
    assert files(photos) == ["a.jpg", "b.png"]


def test_results_are_not_coloured_again(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        code = run(*sorted(photos.glob("*")))
    said = capsys.readouterr()
    assert code == 2, "a.jpg and b.png have their files already"
    assert said.err.count("exists already") == 2
    assert said.err.count("its name says that it was coloured here") == 2
    assert files(photos) == ["a-colour.jpg", "a.jpg", "b-colour.png", "b.png"]


def test_a_pattern_that_no_shell_has_replaced_is_matched(photos: Path) -> None:
    (photos / "c[1].jpg").write_bytes((photos / "a.jpg").read_bytes())
    assert [job.photo.name for job in plan(["photos/*.*"], "out").jobs] == ["a.jpg", "b.png", "c[1].jpg"]
    assert [job.photo.name for job in plan(["photos/c[1].jpg"]).jobs] == ["c[1].jpg"]


def test_what_a_folder_holds_besides_is_told(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "film.mp4").write_bytes(b"")
    (photos / "._a.jpg").write_bytes(b"\0\5\26\7Mac OS X")
    (photos / "more").symlink_to(photos.parent)
    assert run("photos", "-o", "out") == 0
    assert "photos also holds what is not read as a photo: 1 .mp4, 1 linked folder" in capsys.readouterr().err


def test_the_format_and_the_suffix_can_be_chosen(photos: Path) -> None:
    assert run("photos/a.jpg", "--suffix", "_color", "--format", "tif") == 0
    assert run("photos", "-o", "out", "--format", "webp", "--quality", "30") == 0
    assert files(photos) == ["a.jpg", "a_color.tif", "b.png"]
    assert [Image.open(photos.parent / "out" / name).format for name in ("a.jpg.webp", "b.png.webp")] == ["WEBP"] * 2
    assert run("photos/a.jpg", "-o", "new.jpg", "--format", "png") == 2
    for suffix in ("", "/x"):
        with pytest.raises(OptionError, match="suffix"):
            plan(["photos/a.jpg"], suffix=suffix)


def test_quality_decides_the_size(photos: Path) -> None:
    for quality in ("20", "98"):
        assert run(CAT, "-o", f"{quality}.jpg", "--quality", quality) == 0
    assert Path("20.jpg").stat().st_size * 3 < Path("98.jpg").stat().st_size


def rows(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {Path(line["photo"]).name: line["status"] for line in lines}


def test_done_is_a_whole_picture_of_this_photo_by_this_model_and_these_options(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ("photos", "-o", "out", "--json")
    assert run(*again) == 0
    assert rows(capsys) == {"a.jpg": "coloured", "b.png": "coloured"}
    assert run(*again) == 0
    assert rows(capsys) == {"a.jpg": "skipped", "b.png": "skipped"}
    assert run(*again, "--strength", "1.5") == 2
    assert rows(capsys) == {"a.jpg": "failed", "b.png": "failed"}

    out = photos.parent / "out"
    os.utime(out / "a.jpg", (1, 1))  # as after a copy: another time, the same content
    (out / "b.png").write_bytes(b"")
    assert run(*again) == 2
    assert rows(capsys) == {"a.jpg": "skipped", "b.png": "failed"}
    (out / "b.png").unlink()
    Image.new("L", (50, 50)).save(photos / "a.jpg")  # another photo by the same name
    assert run(*again) == 2
    assert rows(capsys) == {"a.jpg": "failed", "b.png": "coloured"}
    assert run(*again, "--overwrite") == 0
    assert rows(capsys) == {"a.jpg": "coloured", "b.png": "coloured"}


def test_a_record_that_was_cut_short_loses_one_line(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = ("photos", "-o", "out", "--json", "--workers", "1")
    assert run(*again) == 0
    record = photos.parent / "out" / FILE_NAME
    record.write_bytes(record.read_bytes()[:-10])
    (photos.parent / "out" / "b.png").unlink()
    capsys.readouterr()
    assert run(*again) == 0
    assert rows(capsys) == {"a.jpg": "skipped", "b.png": "coloured"}
    assert run(*again) == 0
    assert rows(capsys) == {"a.jpg": "skipped", "b.png": "skipped"}


def test_a_dry_run_tells_and_writes_nothing(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("photos/a.jpg", "-o", "out/") == 0
    Path("photos-colour").mkdir()
    capsys.readouterr()
    before = files(photos.parent)
    assert run("photos/a.jpg", "photos/absent.jpg", "photos/b.png", "-o", "out", "--dry-run") == 2
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in told] == [
        [f"photos/{n}", f"out/{n}"] for n in ("a.jpg", "absent.jpg", "b.png")
    ]
    assert "exists already" in told[0]
    assert "does not exist" in told[1]
    assert told[2].endswith("would be coloured")
    assert files(photos.parent) == before


def test_an_album_of_grey_and_colour_photos(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.effect_mandelbrot((64, 64), (-3, -2.5, 2, 2.5), 100).save(photos / "grey.png")
    Image.open(PROJECT / "tests" / "photos" / "coffee.jpg").resize((64, 64)).save(photos / "c.png")
    (photos / "bad.jpg").write_bytes(b"no photo")
    assert run("photos", "-o", "out", "--on-color", "keep") == 2
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == "colorize: 3 coloured, 1 kept, 0 skipped, 1 failed"
    assert "c.png (kept: it has colours)" in said.out
    kept, coloured = (Image.open(photos.parent / "out" / name) for name in ("c.png", "a.jpg"))
    assert b"algorithmicallyEnhanced" not in str(kept.info).encode(), "nothing has coloured it"
    assert b"algorithmicallyEnhanced" in coloured.info["xmp"]


def test_quiet_says_only_what_went_wrong_and_verbose_more(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "bad.jpg").write_bytes(b"no photo")
    assert run("photos", "-o", "quiet", "--quiet") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert run("photos/a.jpg", "-o", "loud/", "--verbose") == 0
    said = capsys.readouterr()
    assert "int8 on onnx" in said.err
    assert said.out.startswith("loud/a.jpg in ")


def test_a_sheet_of_nothing_is_not_written(photos: Path) -> None:
    assert run("photos/absent.jpg", "-o", "out.png", "--compare", "sheet.png") == 2
    assert not Path("sheet.png").exists()


def test_a_sheet_shows_the_first_of_several_pages(photos: Path) -> None:
    pages = [Image.new("L", (40, 30), value) for value in (0, 200)]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    assert run("pages.tif", "--compare", "sheet.png") == 0
    assert Path("sheet.png").is_file()


def test_a_folder_without_photos_says_so(photos: Path) -> None:
    (photos / "empty").mkdir()
    with pytest.raises(PhotoError, match="holds no photo"):
        plan(["photos/empty"])


def test_one_file_by_two_names_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "cat.jpg").touch()
    names = [str(tmp_path / "cat.jpg"), str(tmp_path / "album" / ".." / "cat.jpg")]
    with pytest.raises(OutputError, match="would both become"):
        plan(names)
