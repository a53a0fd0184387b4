"""Every option is in the table of docs/command.md, and its example there works."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

from sdk import cli
from sdk.colorizer import BUNDLED_MODEL
from sdk.commands import photos
from sdk.contract import HINTS
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS, PROJECT

ROW = re.compile(r"^\| `([^`]+)`[^|]*\| `colorize ([^`]+)` \|", re.MULTILINE)
ROWS = ROW.findall((PROJECT / "docs" / "command.md").read_text())
TAKES_HINTS = HINTS in load_manifest(BUNDLED_MODEL).tensors.inputs


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("albums").mkdir()
    Image.open(PHOTOS / "cat.jpg").convert("L").resize((60, 40)).save("cat.jpg")
    for name in ("coffee", "rocket"):
        Image.open(PHOTOS / f"{name}.jpg").resize((40, 30)).save(f"albums/{name}.jpg")
    Path("hints.json").write_text('[{"x": "10%", "y": "10%", "color": "teal"}]')
    shutil.copytree(BUNDLED_MODEL, "models")
    return tmp_path


def test_the_table_has_every_option_and_no_other() -> None:
    flags = {flag for action in photos.parser()._actions for flag in action.option_strings if flag.startswith("--")}
    assert {name for name, _ in ROWS} == {"PHOTO", *flags - {"--help"}}


@pytest.mark.parametrize(("name", "words"), ROWS, ids=[f"{name} {number}" for number, (name, _) in enumerate(ROWS)])
def test_each_example_works(name: str, words: str, here: Path) -> None:
    if "film.mp4" in words:
        pytest.importorskip("av", reason="NOT MEASURED: PyAV is not installed")
        from benchmarks.film import pan, write_film

        write_film(pan(2, step=2, width=64, height=48), Path("film.mp4"))
    before = set(here.rglob("*"))
    code: object = 0
    try:
        code = cli.main(shlex.split(words))
    except SystemExit as left:
        code = left.code
    needs_hints = name in ("--hint", "--hints") and not TAKES_HINTS
    assert code == (2 if needs_hints else 0)
    assert (set(here.rglob("*")) > before) == (not needs_hints and name not in ("--dry-run", "--version"))
    assert name == "PHOTO" or name in words or {"--output": "-o"}.get(name, name) in words
