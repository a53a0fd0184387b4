"""Whatever people get wrong in training ends with exit code 2 and one sentence."""

from pathlib import Path

import pytest

from training import loop, progress
from training.__main__ import main
from training.errors import TrainingError

SMALL = "steps = 2\nsize = 32\nbatch_size = 4\n[student]\nwidth = 0.35\ndecoder = [16, 16, 16, 16]\n"


def pretrain(text: str, packed: Path, folder: Path, *more: str, task_name: str = "pretrain") -> int:
    (folder / "recipe.toml").write_text(text)
    named = ["--recipe", str(folder / "recipe.toml"), "--photos", str(packed), "--from-random-weights"]
    return main([task_name, *named, "--run-folder", str(folder / "run"), *more])


@pytest.mark.parametrize(
    ("task_name", "text", "said"),
    [
        ("pretrain", "frozen_stages = 99\n" + SMALL, "frozen_stages is 5 at most"),
        ("pretrain", "size = 100", "size is a multiple of 32"),
        ("pretrain", 'loss = "hope"\n' + SMALL, "loss is one of huber, psnr, not hope"),
        ("gan", SMALL.replace("32", "64"), "[gan]"),
        ("gan", SMALL + "[gan]\n", "the discriminator needs size 64 or more"),
        ("gan", SMALL.replace("32", "64") + '[gan]\nobjective = "hope"\n', "objective is one of bce"),
        ("distill", SMALL, "[distill]"),
        ("distill", SMALL + "[distill]\nteachers = []\n", "names no teacher"),
        ("qat", SMALL, "round_weights"),
    ],
)
def test_a_recipe_that_does_not_fit_is_one_sentence(  # noqa: PLR0917 - three of them are fixtures
    task_name: str, text: str, said: str, packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pretrain(text, packed, tmp_path, task_name=task_name) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_no_steps_between_checkpoints_are_refused(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        pretrain(SMALL, packed, tmp_path, "--save-every", "0")


@pytest.mark.parametrize("content", [b"", b"not a state", b"PK\x03\x04 cut off"])
def test_a_damaged_state_says_what_to_do(
    content: bytes, packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / progress.STATE_FILE).write_bytes(content)
    assert pretrain(SMALL, packed, tmp_path) == 2
    assert "delete it" in capsys.readouterr().err.splitlines()[-1]


def test_every_error_of_training_is_of_the_family() -> None:
    import training.data.coco
    import training.perceptual
    from training import checkpoint, config, data

    errors = [checkpoint.CheckpointError, config.RecipeError, data.EmptyDatasetError, data.ShardError]
    errors += [loop.DivergedError, training.data.coco.DownloadError, training.perceptual.PerceptualUnavailable]
    assert all(issubclass(error, TrainingError) for error in errors)
