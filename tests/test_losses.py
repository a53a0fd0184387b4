"""Each loss against a value worked by hand."""

import math

import pytest
import torch
from torch.nn import functional as F

from training import losses
from training.config import RecipeError, recipe_from_dict


def test_huber_by_hand() -> None:
    # |error| 0.05: 0.5 · 0.05² / 0.1 = 0.0125. |error| 0.3: 0.3 − 0.1/2 = 0.25.
    predicted, truth = torch.tensor([0.05, 0.3]), torch.zeros(2)
    assert losses.huber(predicted, truth, delta=0.1).item() == pytest.approx((0.0125 + 0.25) / 2)


def test_negative_psnr_counts_each_photo_by_its_own_error() -> None:
    # Mean squared errors of 0.01 and 1 (and the 1e-4 that keeps a perfect photo finite): -2 and 0 bels.
    predicted, truth = torch.zeros(2, 2, 4, 4), torch.tensor([0.1, 1.0]).reshape(2, 1, 1, 1).expand(2, 2, 4, 4)
    assert losses.negative_psnr(predicted, truth).item() == pytest.approx(-1, abs=0.003)
    assert losses.negative_psnr(truth, truth).item() == pytest.approx(-4)


def test_l1_by_hand() -> None:
    assert losses.l1(torch.tensor([0.5, -0.25]), torch.zeros(2)).item() == pytest.approx(0.375)


@pytest.mark.parametrize(
    ("objective", "player", "expected"),
    [
        # Logit ln 3 means the discriminator is 75 % sure that a patch is real.
        ("bce", "real", -math.log(0.75)),
        ("bce", "fake", -math.log(0.25)),
        ("bce", "fool", -math.log(0.75)),
        ("least squares", "real", (math.log(3) - 1) ** 2),
        ("least squares", "fake", math.log(3) ** 2),
        ("least squares", "fool", (math.log(3) - 1) ** 2),
        ("hinge", "real", 0),  # ln 3 is more than 1: sure enough
        ("hinge", "fake", 1 + math.log(3)),
        ("hinge", "fool", -math.log(3)),
    ],
)
def test_an_objective_by_hand(objective: str, player: str, expected: float) -> None:
    logits = torch.full((2, 1, 3, 3), math.log(3))
    loss = getattr(losses.OBJECTIVES[objective], player)
    assert loss(logits).item() == pytest.approx(expected, abs=1e-6)


def test_muted_counts_missing_chroma_and_forgives_excess() -> None:
    truth = torch.zeros(2, 2, 1, 1)
    truth[:, 0], truth[:, 1] = 0.3, 0.4  # chroma 0.5
    predicted = truth.clone()
    predicted[0] *= 0.2  # short by 0.4
    predicted[1] *= 1.5  # more than enough
    assert losses.muted(predicted, truth).item() == pytest.approx(0.2)


def test_a_loss_and_an_objective_are_one_entry_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe may then name them; an unknown name is answered with the known ones."""
    recipe = recipe_from_dict({"loss": "squared", "gan": {"objective": "also hinge"}})
    assert recipe.gan
    with pytest.raises(RecipeError, match="loss is one of huber, psnr, not squared"):
        losses.ab_loss(recipe)
    with pytest.raises(RecipeError, match="objective is one of bce, least squares, hinge, not also hinge"):
        losses.gan_objective(recipe.gan)
    monkeypatch.setitem(losses.AB_LOSSES, "squared", lambda _: F.mse_loss)
    monkeypatch.setitem(losses.OBJECTIVES, "also hinge", losses.OBJECTIVES["hinge"])
    assert losses.ab_loss(recipe) is F.mse_loss
    assert losses.gan_objective(recipe.gan) is losses.OBJECTIVES["hinge"]
