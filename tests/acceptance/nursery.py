"""Processes of `dialer serve`, each a real one, born of a parent that has read the program once.

To read the program takes a process longer than most tests let it live. Who is born here is alone with his memory, his
signals and his end, like one who was started; that a started one does the same, `test_serving` holds.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from dialer.__main__ import run

PROGRAM = ["tests.acceptance.nursery", "dialer.commands.serve"]


@contextmanager
def serving(log: Path, environment: Mapping[str, str], *words: str) -> Iterator[tuple[BaseProcess, str]]:
    """`dialer serve` with these words more and with this environment over ours: the process and its address, which is
    empty if it ended before it served. It is killed with the block, and what it logs is appended to `log`."""
    told, telling = _nursery().Pipe(duplex=False)
    process = _nursery().Process(target=_serve, args=(words, {**os.environ, **environment}, telling, str(log)))
    process.start()
    telling.close()
    try:
        with told, open(told.fileno(), encoding="utf-8", closefd=False) as said:
            yield process, (said.readline().split() or [""])[-1]
    finally:
        process.kill()
        process.join()


@cache
def _nursery() -> Any:
    parent = get_context("forkserver")
    parent.set_forkserver_preload(PROGRAM)
    return parent


def _serve(words: tuple[str, ...], environment: dict[str, str], telling: Connection, log: str) -> None:
    os.dup2(telling.fileno(), 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(run(["serve", "--port", "0", *words]))
