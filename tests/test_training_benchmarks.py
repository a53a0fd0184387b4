"""What measures training does measure it."""

import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks import clipping, loader
from tests.conftest import PROJECT
from tests.small_runs import TINY_GAN
from training.data import PackedPhotos


def test_clipping_is_measured_for_each_player(packed: Path) -> None:
    recipe = dataclasses.replace(TINY_GAN, steps=3, gradient_clip=1e-6)
    figures = clipping.measure("gan", recipe, PackedPhotos(packed), "random")
    for norm in ("network_gradient_norm", "discriminator_gradient_norm"):
        assert figures[f"{norm}, largest"] >= figures[f"{norm}, median"] > 1e-3
        assert figures[f"{norm}, share clipped"] == 1
    assert figures["ab_truth"] > 0


def test_rows_that_were_measured_are_kept(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"clipped to": 1.0, "ab": 0.5}
    (tmp_path / "figures.json").write_text(json.dumps({"a run, clipped to 1": done}))
    monkeypatch.setattr(clipping, "RUNS", {"a run": ("pretrain", TINY_GAN)})
    monkeypatch.setattr(clipping, "measure", lambda *_: {"clipped to": 100.0, "ab": 0.25})
    assert clipping.main([str(packed), "no encoder", "--json", str(tmp_path / "figures.json")]) == 0
    rows = json.loads((tmp_path / "figures.json").read_text())
    assert rows == {"a run, clipped to 1": done, "a run, clipped to 100": {"clipped to": 100.0, "ab": 0.25}}
    assert "| a run, clipped to 100 | 100 | 0.25 |" in capsys.readouterr().out


def test_a_tree_makes_batches_as_fast_as_itself(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "BATCHES", 1)
    rates = loader.compare(PROJECT, PROJECT, packed, rounds=1)
    assert [*rates] == ["aged 0%", "aged 15%", "aged 30%"]
    assert all(0.2 < row["times"] < 5 for row in rates.values())


def test_a_commit_that_is_not_there_is_one_line(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert loader.main(["no-such-commit", str(packed)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
