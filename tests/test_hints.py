"""Colours that somebody says: what is a hint, where it comes from, and what a photo makes of it."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sdk import Colorizer, Hint, OptionError
from sdk.cli import main
from sdk.colorizer import BUNDLED_MODEL
from sdk.contract import AB, HINTS, INPUTS, VIVID_AB, Contract, Tensors
from sdk.hints import MOST_HINTS, parse_hint, read_hints
from sdk.manifest import load_manifest
from tests.conftest import PHOTOS

STEERED = Contract(side=32, inputs=tuple(INPUTS.values()), outputs=(AB, VIVID_AB))


class Parrot:
    """A network that answers faithfully with the hints it was given, and vividly with twice as much."""

    name = "parrot"

    def run(self, inputs: Tensors) -> Tensors:
        said = inputs[HINTS.name][:, :2]
        return {AB.name: said, VIVID_AB.name: 2 * said}

    def close(self) -> None: ...


@pytest.fixture
def parrot() -> Colorizer:
    return Colorizer(Parrot(), contract=STEERED)


def redness(picture: Image.Image) -> np.ndarray:
    red, green, _ = np.moveaxis(np.asarray(picture, int), -1, 0)
    return red - green


def test_a_hint_colours_its_place_and_no_other(parrot: Colorizer) -> None:
    grey = Image.new("L", (64, 64), 128)
    red = redness(parrot.colorize(grey, hints=[Hint(16, 48, "red", radius=8)], vividness=0))
    assert red[48, 16] > 100
    assert red[16, 48] == 0


def test_a_place_may_be_a_share_of_the_photo(parrot: Colorizer) -> None:
    grey = Image.new("L", (64, 32), 128)
    in_pixels, in_shares = (
        np.asarray(parrot.colorize(grey, hints=[hint])) for hint in (Hint(16, 24, "teal"), Hint("25%", "75%", "teal"))
    )
    np.testing.assert_array_equal(in_pixels, in_shares)


def test_vividness_goes_from_one_head_to_the_other(parrot: Colorizer) -> None:
    grey = Image.new("L", (64, 64), 128)
    hints = [Hint(32, 32, "#997777", radius=20)]
    reds = [int(redness(parrot.colorize(grey, hints=hints, vividness=by))[32, 32]) for by in (0, 0.5, 1)]
    assert reds[0] < reds[1] < reds[2]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: Hint(1, 1, "mauvish"), "no colour"),
        (lambda: Hint(1, 1, None), "no colour"),  # type: ignore[arg-type]
        (lambda: Hint("left", 1, "red"), "place"),
        (lambda: Hint(float("nan"), 1, "red"), "place"),
        (lambda: Hint(1, 1, "red", radius=0), "radius"),
        (lambda: Hint(1, 1, "red", radius="wide"), "radius"),  # type: ignore[arg-type]
        (lambda: parse_hint("12,red"), "X,Y,COLOR"),
    ],
)
def test_a_wrong_hint_is_one_sentence(wrong: Any, why: str) -> None:
    with pytest.raises(OptionError, match=why):
        wrong()


def test_a_photo_refuses_hints_outside_it_and_too_many(parrot: Colorizer) -> None:
    grey = Image.new("L", (64, 64), 128)
    with pytest.raises(OptionError, match="outside the photo of 64×64"):
        parrot.colorize(grey, hints=[Hint(64, 5, "red")])
    with pytest.raises(OptionError, match=f"at most {MOST_HINTS}"):
        parrot.colorize(grey, hints=[Hint(1, 1, "red")] * (MOST_HINTS + 1))
    with pytest.raises(OptionError, match="vividness"):
        parrot.colorize(grey, vividness=1.5)


def test_a_colour_with_commas_is_one_hint() -> None:
    assert parse_hint("40%, 25%, rgb(10, 20, 30)") == Hint("40%", "25%", "rgb(10, 20, 30)")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"x": 1}]', '[{"x": 1, "y": 1, "color": "red", "size": 2}]'])
def test_a_file_that_holds_no_hints_is_one_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "x.hints.json").write_text(content)
    with pytest.raises(OptionError, match=r"x\.hints\.json"):
        read_hints(tmp_path / "x.hints.json")


def test_the_command_takes_hints_and_finds_those_beside_a_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Colorizer, "load", lambda *_, **__: Colorizer(Parrot(), contract=STEERED))
    photo = tmp_path / "cat.jpg"
    photo.write_bytes((PHOTOS / "cat.jpg").read_bytes())
    hints = [{"x": 100, "y": 100, "color": "red", "radius": 40}]
    (tmp_path / "cat.jpg.hints.json").write_text(json.dumps(hints))
    ways = {
        "none": [],
        "given": ["--hint", "100,100,red", "--hint", "50%,50%,#00ff00"],
        "file": ["--hints", str(tmp_path / "cat.jpg.hints.json")],
        "beside": ["--with-hints"],
    }
    pictures = {}
    for name, arguments in ways.items():
        out = tmp_path / f"{name}.png"
        assert main([str(photo), "-o", str(out), *arguments]) == 0
        pictures[name] = np.asarray(Image.open(out))
    np.testing.assert_array_equal(pictures["file"], pictures["beside"])
    assert np.ptp(pictures["none"], axis=-1).max() == 0
    assert np.ptp(pictures["given"], axis=-1).max() > 50
    assert not np.array_equal(pictures["given"], pictures["file"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"x": 1}', "it is not a list"),
        (b"[1, 2", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b'[{"x": 1, "y": 2}]', "hint 1: it must be an object of x, y, color and perhaps radius"),
        (b'[{"x": 1, "y": 2, "color": "teal"}, {"x": 1, "y": 2, "color": "teal", "a": 1}]', "hint 2: it must be"),
        (b'["teal"]', "hint 1: it must be"),
        (b'[{"x": 1, "y": 2, "color": "mauvish"}]', "hint 1: 'mauvish' is no colour"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_wrong_file_of_hints_is_one_plain_sentence(
    content: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hints.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main(["photo.jpg", "--hints", str(path)])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not re.search(r"__init__|Errno|codec|must be a mapping|\.\.", line)


def test_a_wrong_hint_ends_the_command_with_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["photo.jpg", "--hint", "1,2,mauvish"])
    assert ended.value.code == 2
    assert "'mauvish' is no colour" in capsys.readouterr().err


def test_a_model_without_hints_says_so() -> None:
    if HINTS in load_manifest(BUNDLED_MODEL).tensors.inputs:
        pytest.skip("NOT MEASURED: the bundled model takes hints")
    with Colorizer.load() as plain, pytest.raises(OptionError, match="takes no hints"):
        plain.colorize(PHOTOS / "cat.jpg", hints=[Hint(1, 1, "red")])
