"""A recipe is read whole, or refused in a sentence."""

from pathlib import Path

import pytest

from training.config import RecipeError, load_recipe


@pytest.mark.parametrize(
    "text",
    ["steps = ", "speed = 3", "[student]\ndepth = 3", 'loss = "hope"'],
    ids=["not TOML", "unknown key", "unknown student key", "unknown choice"],
)
def test_a_bad_recipe_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(RecipeError, match=r"bad\.toml"):
        load_recipe(tmp_path / "bad.toml")
