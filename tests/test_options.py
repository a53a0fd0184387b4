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
from tests.edited import Edit, run_edited

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


CHECK = "    def __post_init__(self) -> None:\n"
WARMTH = (
    Edit("look.py", "    on_color: OnColor\n\n", "    on_color: OnColor\n    warmth: float\n\n"),
    Edit(
        "look.py",
        CHECK,
        f"""    warmth: float = field(default=0.0, metadata={{"--warmth": {{"type": float}}}})\n
{CHECK}        if self.warmth < 0: raise OptionError("warmth must be zero or more.")\n""",
    ),
    Edit("pipeline.py", "ab * np.float32(look.strength)", "ab + np.float32([0, look.warmth])[:, None, None]"),
)
WARM_EVERYWHERE = f"""
import asyncio, io
from pathlib import Path
import numpy as np
from PIL import Image
from sdk import Colorizer, OptionError, aio, cli

Path("album").mkdir()
Image.open({str(PHOTOS / "cat.jpg")!r}).convert("L").resize((60, 40)).save("album/cat.png")
photo = Path("album/cat.png")
colorizer = Colorizer.load()
cold, warm = (np.asarray(colorizer.colorize(photo, **look)) for look in ({{}}, {{"warmth": 40.0}}))
assert warm[..., 2].mean() < cold[..., 2].mean() - 20

colorizer.colorize_file(photo, "file.png", warmth=40)
Path("bytes.png").write_bytes(colorizer.colorize_to_png(photo, warmth=40))
colorizer.colorize_batch([photo], warmth=40)[0].save("batch.png")
next(colorizer.stream([photo], warmth=40)).save("stream.png")
asyncio.run(aio.AsyncColorizer(colorizer).colorize(photo, warmth=40)).save("awaited.png")
assert cli.main(["album/cat.png", "-o", "command.png", "--quiet", "--warmth", "40"]) == 0
assert cli.main(["album", "-o", "coloured", "--quiet", "--warmth", "40"]) == 0
files = [*Path().glob("*.png"), Path("coloured/cat.png")]
assert len(files) == 7
for file in files:
    assert np.array_equal(np.asarray(Image.open(file)), warm), file

try:
    colorizer.colorize(photo, warmth=-1)
except OptionError:
    pass
else:
    raise AssertionError("not checked")
assert cli.main(["album/cat.png", "-o", "command.png", "--overwrite", "--quiet", "--warmth", "-1"]) == 2
"""


def test_one_more_option_is_two_files(tmp_path: Path) -> None:
    run_edited(tmp_path, WARMTH, WARM_EVERYWHERE)
