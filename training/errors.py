"""What people can get wrong in training and in converting: catch `TrainingError` to catch it all."""

from typing import ClassVar


class TrainingError(Exception):
    """Base of the family; its message is one sentence that says what is wrong, and mostly what to do.

    Attributes:
        exit_code: What a command ends with that met it.
    """

    exit_code: ClassVar[int] = 2
