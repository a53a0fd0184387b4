"""The blind test's page gives nothing away, and its report is arithmetic."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from examples.human_eval.__main__ import main
from tests.conftest import PHOTOS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of the bundled photos and its key; a grey photo was left out."""
    folder = tmp_path_factory.mktemp("made")
    photos = shutil.copytree(PHOTOS, folder / "photos")
    Image.open(PHOTOS / "cat.jpg").convert("L").save(photos / "grey.jpg")
    noted = Image.open(PHOTOS / "coffee.jpg")
    exif = noted.getexif()
    exif[ExifTags.Base.Artist] = "somebody"
    noted.save(photos / "coffee.jpg", quality=95, comment=b"a secret", exif=exif, dpi=(300, 300))
    assert main(["make", str(photos), "--out", str(folder / "page"), "--seconds", "1.5"]) == 0
    return folder


def test_half_are_coloured_and_half_as_they_were(made: Path) -> None:
    entries = json.loads((made / "page-key.json").read_text())["photos"]
    assert sorted(entry["photo"] for entry in entries.values()) == sorted(path.name for path in PHOTOS.glob("*.jpg"))
    assert sum(entry["generated"] for entry in entries.values()) == 2
    for photo, entry in entries.items():
        original, shown = (
            np.asarray(Image.open(path)).astype(float)
            for path in (made / "photos" / entry["photo"], made / "page" / "photos" / f"{photo}.jpg")
        )
        assert original.shape == shown.shape
        assert bool(np.abs(original - shown).mean() > 5) is entry["generated"]


def test_nothing_but_pixels_tells_photos_apart(made: Path) -> None:
    page = made / "page"
    paths = sorted((page / "photos").iterdir())
    listing = json.loads(re.findall(r"json\">(.*)</script>", (page / "index.html").read_text())[0])
    assert listing["photos"] == [path.stem for path in paths]
    assert listing.keys() == {"page", "seconds", "photos"}
    assert len({path.stat().st_mtime for path in paths}) == 1
    assert sorted(path.name for path in page.iterdir()) == ["index.html", "photos"]
    assert all(re.fullmatch(r"[0-9a-f]{16}", path.stem) for path in paths)
    pictures = [JpegImageFile(path) for path in paths]
    assert set().union(*(picture.info for picture in pictures)) == {"jfif", "jfif_density", "jfif_unit", "jfif_version"}
    assert len({str((picture.quantization, picture.layer)) for picture in pictures}) == 1


def test_what_cannot_be_made_is_refused_and_leaves_nothing(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "photo.jpg").write_bytes(b"not a photo")
    new = str(tmp_path / "page")
    for line, said in (
        ([str(tmp_path / "empty"), "--out", new], "fewer than two photos"),
        ([str(tmp_path / "missing"), "--out", new], "fewer than two photos"),
        ([str(tmp_path / "bad"), "--out", new], "photo.jpg"),
        ([str(PHOTOS), "--out", str(made / "page")], "exists already"),
        ([str(PHOTOS), "--out", new, "--key", f"{new}/key.json"], "would lie in the page"),
        ([str(PHOTOS), "--out", new, "--key", str(tmp_path / "no" / "key.json")], "No such file"),
        ([str(PHOTOS), "--out", new, "--seconds", "0"], "at least 2"),
    ):
        assert main(["make", *line]) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("human_eval: ")
        assert said in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "empty"]


def _write_key(path: Path) -> None:
    photos = {f"g{number}": {"photo": "", "generated": True} for number in range(10)}
    photos |= {f"r{number}": {"photo": "", "generated": False} for number in range(10)}
    path.write_text(json.dumps({"page": "p", "seconds": 3, "photos": photos}))


def _write_results(path: Path, *, viewer: str, fooled: int, right: int) -> dict:
    """Answers that judge real `fooled` of the ten generated photos and `right` of the ten real ones."""
    answers = [
        {"photo": f"{kind}{number}", "answer": "real" if number < judged_real else "generated", "ms": 900}
        for kind, judged_real in (("g", fooled), ("r", right))
        for number in range(10)
    ]
    content = {"page": "p", "viewer": viewer, "answers": answers}
    path.write_text(json.dumps(content))
    return content


def test_the_report_has_wilson_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write_key(tmp_path / "key.json")
    _write_results(tmp_path / "a.json", viewer="anna", fooled=3, right=10)
    _write_results(tmp_path / "b.json", viewer="ben", fooled=0, right=5)
    assert main(["report", *(str(tmp_path / name) for name in ("key.json", "a.json", "b.json"))]) == 0
    # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), z = 1.95996. Where p is 0, n = 10: z² / (n + z²) = 27.8 %;
    # where it is 1/2: 0.5 ± z / (2 √(n + z²)) = 0.5 ± 0.2634.
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| anna | 3 of 10 | 30.0% | 10.8% to 60.3% | 10 of 10 | 100.0% | 72.2% to 100.0% |",
        "| ben | 0 of 10 | 0.0% | 0.0% to 27.8% | 5 of 10 | 50.0% | 23.7% to 76.3% |",
        "| all | 3 of 20 | 15.0% | 5.2% to 36.0% | 15 of 20 | 75.0% | 53.1% to 88.8% |",
    ]


def test_results_that_do_not_belong_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, path = tmp_path / "key.json", tmp_path / "a.json"
    _write_key(key)
    good = _write_results(path, viewer="anna", fooled=3, right=9)
    shutil.copy(path, tmp_path / "again.json")
    assert main(["report", str(key), str(path), str(tmp_path / "again.json")]) == 2
    assert "given already" in capsys.readouterr().err
    for text, said in (
        (json.dumps(good | {"page": "other"}), "another page"),
        (json.dumps(good)[:-9], "not JSON, or damaged"),
        (json.dumps([]), "not a file of results"),
        (json.dumps(good | {"answers": good["answers"][1:]}), "every photo of the page once"),
        (json.dumps(good | {"answers": [*good["answers"][1:], good["answers"][1]]}), "every photo of the page once"),
        (json.dumps(good | {"answers": [{"photo": 1, "answer": "real"}]}), "every photo of the page once"),
    ):
        path.write_text(text)
        assert main(["report", str(key), str(path)]) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert error.startswith("human_eval: ")
        assert said in error
    assert main(["report", str(path), str(path)]) == 2
    assert "not a key" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "missing.json"), str(path)]) == 2
    assert "missing.json" in capsys.readouterr().err
