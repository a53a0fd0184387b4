"""What people can get wrong in converting; the base is `training.errors.TrainingError`."""

from training.errors import TrainingError


class UnknownTargetError(TrainingError):
    """There is no such format, precision or variant; the message names those there are."""


class UnknownOperatorError(TrainingError):
    """An operator, or a way of using one, that `converters.mil` cannot compute or `converters.litert` not translate."""
