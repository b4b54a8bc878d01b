"""A sign of life for whoever watches something long."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

Tell = Callable[[str], None]


@contextmanager
def busy(doing: str) -> Iterator[Tell]:
    """Shows what is being done while it is; call what is given to say something else. On a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Console(stderr=True).status(doing) as status:
        yield status.update
