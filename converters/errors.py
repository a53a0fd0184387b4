"""What people can get wrong in converting; the base is `training.errors.TrainingError`."""

from training.errors import TrainingError


class TooFewPhotosError(TrainingError):
    """A collection has too few photos in colour to calibrate and to prove with."""


class UselessStudentError(TrainingError):
    """A student answers with no numbers, or no better than leaving photos grey; nothing is exported."""

    exit_code = 1


class UnknownTargetError(TrainingError):
    """There is no such format, precision or variant; the message names those there are."""


class UnknownOperatorError(TrainingError):
    """An operator, or a way of using one, that `converters.mil` cannot compute or `converters.litert` not translate."""
