"""A recipe is read whole, or refused in a sentence."""

import json
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from training.config import RecipeError, load_recipe, recipe_as_dict, recipe_from_dict


@pytest.mark.parametrize(
    "text",
    [
        "size = 100",
        'size = "large"',
        "size = 128.5",
        "batch_size = 0",
        "seed = -1",
        "smallest_crop = 2",
        "ema_decay = 2",
        "steps = 0",
        "steps = true",
        "learning_rate = 0",
        "learning_rate = nan",
        "betas = [0.9]",
        "round_weights = 1",
        'training_data = "photos"',
        "teacher = 3",
        '[teacher]\nencoder = "pix2pix"\nlevels = 8',
        '[student]\ndecoder = ["wide"]',
    ],
)
def test_a_value_of_wrong_type_or_range_is_one_sentence_that_names_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    name = "size" if "levels" in text else text.rpartition("\n")[2].partition(" ")[0]
    with pytest.raises(RecipeError, match=rf"bad\.toml: {name} is"):
        load_recipe(tmp_path / "bad.toml")


@pytest.mark.parametrize("path", sorted((PROJECT / "training" / "recipes").glob("*.toml")), ids=lambda path: path.name)
def test_published_recipes_are_within_their_ranges(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe_from_dict(json.loads(json.dumps(recipe_as_dict(recipe)))) == recipe


@pytest.mark.parametrize(
    "text",
    ["steps = ", "speed = 3", "[student]\ndepth = 3", '[gan]\ndiscriminator = "hope"'],
    ids=["not TOML", "unknown key", "unknown student key", "unknown choice"],
)
def test_a_bad_recipe_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(RecipeError, match=r"bad\.toml"):
        load_recipe(tmp_path / "bad.toml")
