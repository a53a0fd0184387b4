"""Everything the SDK raises on purpose. Catch `ColorizerError` to catch them all."""


class ColorizerError(Exception):
    """Base of the family; its message is one sentence that says what to do."""


class PhotoError(ColorizerError, ValueError):
    """A photo cannot be read, is not a photo, or holds values no photo has."""


class OutputError(ColorizerError, OSError):
    """A coloured photo cannot be written where it was asked to go."""


class BackendUnavailable(ColorizerError, ImportError):
    """A backend is unknown, or its runtime is not installed; the message names what to install."""


class ModelIntegrityError(ColorizerError):
    """A model is not what its manifest says, or was not made for this version of the SDK."""
