"""Steps of a chain side by side."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, cast

Item = TypeVar("Item")
_END: Final = object()


def ahead(items: Iterable[Item]) -> Generator[Item]:
    """The same items, each made on another thread while the one before is used."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, iterator, _END)
            yield cast("Item", item)
