"""Signs of life of long work: a bar, or what is being done. On standard error, and only where a person watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

Tell = Callable[[str], None]


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Call what is given with how much is done by now."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def busy(doing: str) -> Iterator[Tell]:
    """Shows what is being done while it is; call what is given to say something else. On a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Console(stderr=True).status(doing) as status:
        yield status.update
