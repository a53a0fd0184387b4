"""The photos to colour, wherever fsspec reads."""

from dataclasses import dataclass, field

import fsspec

from sdk import PhotoError
from sdk.formats import is_photo


@dataclass(frozen=True)
class Source:
    """Photos to colour.

    Attributes:
        files: Where they lie.
        root: The folder that the output mirrors; empty for a listing.
        photos: Paths in `files`, each once.
    """

    files: fsspec.AbstractFileSystem
    root: str
    photos: list[str] = field(repr=False)

    @classmethod
    def find(cls, url: str, *, outside: str) -> "Source":
        """Read a listing, or list a folder's photos, except those in the folder `outside`.

        Raises:
            PhotoError: There are none.
        """
        files, root = fsspec.url_to_fs(url)
        if files.isfile(root):
            lines = [line for line in files.read_text(root).splitlines() if line.strip()]
            files, root = fsspec.url_to_fs(lines[0])[0] if lines else files, ""
            photos = list(dict.fromkeys(str(files._strip_protocol(line.strip())) for line in lines))
        else:
            found = (path for path in files.find(root) if not path.startswith(f"{outside}/"))
            photos = sorted(path for path in found if is_photo(path))
        if not photos:
            raise PhotoError(f"{url} is neither a folder with photos nor a listing of their paths, one a line.")
        return cls(files, root, photos)
