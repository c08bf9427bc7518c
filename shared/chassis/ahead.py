"""Reading ahead: the next item is made on another thread while one is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Give the same items, each made while the one before is worked on: compiled loops leave the interpreter to others.

    What making one raises is raised where it is asked for.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="reading-ahead") as reader:
        following = reader.submit(next, items, None)
        while (item := following.result()) is not None:
            following = reader.submit(next, items, None)
            yield item
