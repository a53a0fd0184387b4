"""What people can get wrong in training. Catch `TrainingError` to catch it all."""

from typing import ClassVar


class TrainingError(Exception):
    """Base of the family; its message is one sentence that says what is wrong, and mostly what to do.

    Attributes:
        exit_code: What `python -m training` ends with.
    """

    exit_code: ClassVar[int] = 2
