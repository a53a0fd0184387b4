"""This tree's speed beside an older commit's."""

from pathlib import Path

import pytest

from benchmarks import against
from converters import budgets

STAND_IN = """
from time import process_time

def spend(seconds):
    end = process_time() + seconds
    while process_time() < end:
        pass

class Colorizer:
    @classmethod
    def load(cls, backend, *, threads):
        return cls()

    def colorize(self, photo):
        spend({seconds})

    def colorize_file(self, photo, path, *, overwrite):
        spend({seconds})

    def warmup(self):
        spend({seconds} / 10)
"""


def test_a_slower_tree_is_seen_beside_a_faster_one(tmp_path: Path) -> None:
    for name, seconds in {"old": 0, "new": 0.2}.items():
        (tmp_path / name / "sdk").mkdir(parents=True)
        (tmp_path / name / "sdk" / "__init__.py").write_text(STAND_IN.format(seconds=seconds))
    measured = against.compare(tmp_path / "old", tmp_path / "new", rounds=1)
    assert set(measured) == {bound.figure for bound in budgets.budgets(against.BUDGETS)["against"]}
    assert all(new > old + 0.1 for old, new in measured.values())


@pytest.mark.parametrize(("ratio", "code"), [(1.04, 0), (1.06, 1)])
def test_a_slower_tree_ends_with_1(
    ratio: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compare(old: Path, new: Path, *, rounds: int, ways: list[str]) -> dict[str, tuple[float, float]]:
        assert ways == ["network"]
        assert (old / "sdk" / "models" / "manifest.json").is_file()
        return {"network": (0.01, 0.01 * ratio)}

    monkeypatch.setattr(against, "compare", compare)
    assert against.main(["HEAD", "--way", "network"]) == code
    said = capsys.readouterr()
    assert f"{ratio} of it" in said.out
    assert ("network is 1.06, must be at most 1.05" in said.err) == (code == 1)


def test_a_commit_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert against.main(["no-such-commit"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("against: ")
    assert said.count("\n") == 1


def test_an_sdk_that_cannot_colour_is_named(tmp_path: Path) -> None:
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "__init__.py").write_text("Colorizer = None")
    with pytest.raises(RuntimeError, match=str(tmp_path)):
        against.compare(tmp_path, tmp_path, rounds=1)
