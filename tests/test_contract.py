"""What the numbers in a network's tensors mean."""

import numpy as np

from sdk.color import rgb_to_lab
from sdk.contract import AB, HINTS, INPUTS, OUTPUTS, STANDARD, VIVID_AB, VIVID_ALONE, Contract
from sdk.hints import Hint, place_hints

EVERYTHING = Contract(side=64, inputs=tuple(INPUTS.values()), outputs=tuple(OUTPUTS.values()))


def test_lightness_lies_in_minus_one_to_one() -> None:
    small = np.zeros((256, 256, 3), np.uint8)
    small[:128] = 255
    (lightness,) = STANDARD.encode(small).values()
    assert lightness.shape == (1, 1, 256, 256)
    np.testing.assert_allclose([lightness[0, 0, 0, 0], lightness[0, 0, -1, 0]], [1, -1], atol=1e-5)


def test_values_become_the_quantities_they_were_made_of() -> None:
    for spec in (*INPUTS.values(), *OUTPUTS.values()):
        quantity = np.random.default_rng(0).uniform(-100, 100, (spec.channels, 8, 8)).astype(np.float32)
        np.testing.assert_allclose(spec.quantity(spec.normalize(quantity)), quantity, rtol=1e-4, atol=1e-4)


def test_nobodys_hints_are_zeros() -> None:
    given = EVERYTHING.encode(np.zeros((64, 64, 3), np.uint8))
    assert {name: values.shape for name, values in given.items()} == {
        "lightness": (1, 1, 64, 64),
        "hints": (1, 3, 32, 32),
    }
    assert not given["hints"].any()


def test_vividness_blends_the_heads() -> None:
    answers = {
        AB.name: np.full((1, 2, 32, 32), 0.1, np.float32),
        VIVID_AB.name: np.full((1, 2, 32, 32), 0.5, np.float32),
    }
    blended = [EVERYTHING.chroma(answers, vividness=by)[0, 0, 0] for by in (0, 0.4, VIVID_ALONE, 0.9, 1)]
    np.testing.assert_allclose(blended, [11, 27.5, 44, 49.5, 55], rtol=1e-5)
    np.testing.assert_allclose(STANDARD.chroma(answers, vividness=1), 11, rtol=1e-5)  # no vivid head


def test_a_hint_covers_its_disc_in_the_photos_own_pixels() -> None:
    placed = place_hints([Hint(300, 50, "red", radius=40)], EVERYTHING, height=200, width=400)
    rows, columns = np.nonzero(placed[2])
    # Cells of 12.5 by 6.25 pixels: the disc is an ellipse of about 3.2 by 6.4 cells around column 24, row 8.
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (21, 26, 2, 13)
    np.testing.assert_allclose(placed[:2, 8, 24], rgb_to_lab(np.array([255, 0, 0], np.uint8))[1:])
    assert not placed[:, placed[2] == 0].any()


def test_the_smallest_hint_counts_and_the_later_of_two() -> None:
    placed = place_hints(
        [Hint(0, 0, "red", radius=0.1), Hint(0, 0, "blue", radius=0.1)], EVERYTHING, height=900, width=900
    )
    assert placed[2].sum() == 1
    np.testing.assert_allclose(placed[:, 0, 0], [*rgb_to_lab(np.array([0, 0, 255], np.uint8))[1:], 1])
    given = EVERYTHING.encode(np.zeros((64, 64, 3), np.uint8), hints=placed)
    np.testing.assert_allclose(HINTS.quantity(given["hints"]), placed, rtol=1e-5)
