"""The soak of `tests.soak` in short, so that it is known to run."""

from pathlib import Path

import pytest

from tests.soak.concerns import CONCERNS


@pytest.mark.parametrize("name", CONCERNS)
def test_a_short_soak_holds(name: str, tmp_path: Path) -> None:
    figures = CONCERNS[name](2, tmp_path)
    assert figures.get("photos", figures.get("files", 0)) > 0
