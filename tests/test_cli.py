"""The `colorize` command, as a person types it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk import cli
from tests.conftest import PROJECT
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


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "examples:" in said
    assert "exit codes:" in said
