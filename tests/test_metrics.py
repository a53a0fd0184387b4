"""The figures everything is judged by, against values worked by hand or by others."""

import math

import numpy as np
import pytest

from sdk.contract import AB
from tests.conftest import PHOTOS
from training import metrics
from training.data import decode_rgb


def flat(*rgb: int) -> np.ndarray:
    return np.full((16, 16, 3), rgb, np.uint8)


def test_psnr_is_ten_log_of_peak_over_error() -> None:
    assert metrics.psnr(flat(10, 10, 10), flat(20, 10, 10)) == pytest.approx(10 * math.log10(255**2 / (100 / 3)))
    assert metrics.psnr(flat(1, 2, 3), flat(1, 2, 3)) == math.inf


def test_psnr_does_not_wrap_around_in_eight_bits() -> None:
    assert metrics.psnr(flat(0, 0, 0), flat(255, 255, 255)) == 0


def test_colourfulness_of_flat_colours() -> None:
    assert metrics.colourfulness(flat(90, 90, 90)) == 0
    # One colour has no spread: 0.3 times the length of its mean opponent vector.
    assert metrics.colourfulness(flat(255, 0, 0)) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_colourfulness_is_signed() -> None:
    # Red and cyan halves: opposite signs cancel in the mean and spread fully; absolute values would not.
    halves = np.concatenate([flat(255, 0, 0), flat(0, 255, 255)])
    assert metrics.colourfulness(halves) == pytest.approx(math.hypot(255, 127.5))


def test_ciede2000_and_ssim_at_their_ends() -> None:
    assert metrics.ciede2000(flat(90, 90, 90), flat(90, 90, 90)) == 0
    assert metrics.ciede2000(flat(0, 0, 0), flat(255, 255, 255)) == pytest.approx(100, abs=0.01)
    assert metrics.ssim(flat(5, 5, 5), flat(5, 5, 5)) == pytest.approx(1)


def test_grey_has_the_photos_lightness_and_no_colour() -> None:
    truth = decode_rgb((PHOTOS / "coffee.jpg").read_bytes(), 256)
    assert metrics.colourfulness(metrics.grey(truth)) < 0.01
    assert 10 < metrics.psnr(metrics.grey(truth), truth) < 30


def test_the_protocol_gives_a_perfect_network_a_near_perfect_score() -> None:
    from sdk import color

    truth = decode_rgb((PHOTOS / "cat.jpg").read_bytes(), 256)
    ab = AB.normalize(np.moveaxis(color.rgb_to_lab(truth)[..., 1:], -1, 0))
    figures = metrics.measure([(metrics.colorize(metrics.Network(lambda _: {AB.name: ab}), truth), truth)])
    assert figures["psnr"] > 50
    assert figures["colourfulness"] == pytest.approx(metrics.colourfulness(truth), abs=0.1)


def test_a_collection_is_measured_against_leaving_it_grey() -> None:
    truth = decode_rgb((PHOTOS / "coffee.jpg").read_bytes(), 64)
    wrong = truth[..., ::-1].copy()  # blue coffee
    figures = metrics.measure([(metrics.grey(truth), truth), (wrong, truth)])
    worst = metrics.gain(wrong, truth)
    assert worst < 0
    assert figures["worst_gain"] == worst
    assert figures["gain"] == pytest.approx(worst / 2)
    assert figures["worse_than_grey"] == 0.5
    assert figures["colourfulness_ratio"] == pytest.approx(
        metrics.colourfulness(wrong) / metrics.colourfulness(truth) / 2, abs=0.01
    )
