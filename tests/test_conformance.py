"""The conformance run judges files, and says so where one differs."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tests import conformance
from tests.conftest import PHOTOS


def test_our_own_photos_are_as_two_decoders_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    monkeypatch.setattr(sys, "argv", ["conformance", str(PHOTOS), str(tmp_path)])
    assert conformance.main() == 0
    said = capsys.readouterr().out
    assert f"| {PHOTOS} | {len(list(PHOTOS.glob('*.jpg')))} | 0 | 0 | 0 | 0 | 0 |" in said
    assert f"| {tmp_path} | 0 | 0 | 0 | 1 | 0 | 0 |" in said


def test_a_picture_that_differs_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(conformance, "by_vips", lambda _: np.zeros((9, 9)))
    monkeypatch.setattr(conformance, "by_opencv", lambda _: np.zeros((9, 9)))
    monkeypatch.setattr(sys, "argv", ["conformance", str(PHOTOS)])
    assert conformance.main() == 1
    assert "cat.jpg: inf of L" in capsys.readouterr().out
