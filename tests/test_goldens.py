"""The golden vectors other languages are held to are what this SDK computes today."""

import base64
import json

import numpy as np
import pytest
from PIL import Image

from goldens import FOLDER, SAMPLES
from goldens.vectors import color_vectors, contract_vectors
from sdk import Colorizer
from sdk.colorizer import BUNDLED_MODEL
from sdk.manifest import load_manifest
from training.metrics import psnr

EXPECTED = json.loads((FOLDER / "photos" / "expected.json").read_text())


def test_the_colour_paths_vectors_are_fresh() -> None:
    stored = json.loads((FOLDER / "color.json").read_text())
    fresh = json.loads(json.dumps(color_vectors()))
    assert stored.keys() == fresh.keys()
    for ours, theirs in zip(fresh["lightness"], stored["lightness"], strict=True):
        np.testing.assert_allclose(ours["lightness"], theirs["lightness"], atol=1e-3)
    assert [case["small"] for case in fresh["resize"]] == [case["small"] for case in stored["resize"]]
    for ours, theirs in zip(fresh["merge"], stored["merge"], strict=True):
        assert ours["rgb"] == theirs["rgb"]
        merged, stored_merged = (np.frombuffer(base64.b64decode(case["merged"]), np.uint8) for case in (ours, theirs))
        assert np.abs(merged.astype(int) - stored_merged).max() <= 1  # processors round the last bit differently


def test_the_contracts_vectors_are_fresh() -> None:
    stored = json.loads((FOLDER / "contract.json").read_text())
    fresh = json.loads(json.dumps(contract_vectors()))
    assert stored["side"] == fresh["side"]
    for kind, answer in (("hints", "placed"), ("blend", "chroma")):
        for ours, theirs in zip(fresh[kind], stored[kind], strict=True):
            np.testing.assert_allclose(ours.pop(answer), theirs.pop(answer), atol=1e-4)
            assert ours == theirs


def test_they_are_of_the_bundled_model() -> None:
    assert EXPECTED["model_sha256"] == load_manifest(BUNDLED_MODEL).find_artifact("litert", None).sha256


@pytest.mark.parametrize("name", SAMPLES)
def test_the_pictures_are_what_the_bundled_model_paints(name: str) -> None:
    grey, stored = (np.asarray(Image.open(FOLDER / "photos" / f"{name}-{kind}.webp")) for kind in ("grey", "python"))
    with Colorizer.load("onnx") as colorizer:
        assert psnr(colorizer.colorize(grey), stored) > 45
