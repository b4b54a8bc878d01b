"""Signs of life of long work: a bar, or what is being done. On standard error, and only where a person watches."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

Tell = Callable[[str], None]
Progressed = Callable[[int, int], None]
Told = Callable[[int, int], Awaitable[None]]


@contextmanager
def progress(what: str) -> Iterator[Progressed]:
    """Call what is given with how much is done by now, and of how much."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def awaited(what: str) -> Iterator[Told]:
    """The same for long work that waits for whoever hears of it."""
    with progress(what) as told:

        async def tell(done: int, total: int) -> None:
            told(done, total)

        yield tell


@contextmanager
def busy(doing: str) -> Iterator[Tell]:
    """Shows what is being done while it is; call what is given to say something else. On a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Console(stderr=True).status(doing) as status:
        yield status.update
