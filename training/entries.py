"""What a recipe's entries may be."""

from types import UnionType
from typing import Any, Literal, get_args, get_origin

_TYPES: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_ANY = float("inf")
# Least, most, and what lies between them.
_RANGES: tuple[tuple[float, float, frozenset[str]], ...] = (
    (1, _ANY, frozenset({"steps", "batch_size", "discriminator_width"})),
    (2, _ANY, frozenset({"levels"})),
    (0, 2**32, frozenset({"seed"})),
    (0.01, 1, frozenset({"smallest_crop"})),
    (0, 1, frozenset({"old_photos", "hinted_photos", "painted_objects", "ema_decay", "betas"})),
    (
        1e-12,
        _ANY,
        frozenset({"huber_delta", "learning_rate", "gradient_clip", "minutes", "strength", "vivid_strength"}),
    ),
    (
        0,
        _ANY,
        frozenset(
            {"frozen_stages", "warmup_steps", "weight_decay", "encoder_learning_rate_scale"}
            | {"discriminator_learning_rate", "l1_weight", "loss_weight", "muted_weight", "perceptual_weight"}
            | {"output_weight", "feature_weight", "truth_weight"}
        ),
    ),
)


def check_entry(name: str, value: Any, hint: Any) -> None:
    """Hold one entry to its field's type and range.

    Raises:
        ValueError: It is of another type, or out of range.
    """
    if get_origin(hint) is Literal and value not in get_args(hint):
        raise ValueError(f"{name} is one of {', '.join(get_args(hint))}, not {value}")
    if not _fits(value, hint):
        hint = next(iter(get_args(hint)), hint) if get_origin(hint) is UnionType else hint
        raise ValueError(f"{name} is {_TYPES.get(hint, 'a list of such values as its default has')}, not {value!r}")
    for least, most, names in _RANGES:
        numbers = value if isinstance(value, list | tuple) else (value,)
        if name in names and not all(number is None or least <= number <= most for number in numbers):
            raise ValueError(f"{name} is {least:g} at least and {most:g} at most, not {value}")


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value from a TOML file, or from a checkpoint's JSON, is of a field's type."""
    if hint in (int, float):
        return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    if get_origin(hint) is tuple:
        length = None if Ellipsis in get_args(hint) else len(get_args(hint))
        right = isinstance(value, list | tuple) and length in (None, len(value))
        return right and all(_fits(entry, get_args(hint)[0]) for entry in value)
    if get_origin(hint) is UnionType:
        return any(_fits(value, option) for option in get_args(hint))
    return isinstance(value, hint) if isinstance(hint, type) else True
