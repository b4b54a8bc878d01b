"""What a person reads, and what a program reads: tables and lines, or one JSON object on standard output."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from campaigns.sheets import as_json


def say_json(told: Mapping[str, Any]) -> None:
    """The one object of a command with `--json`."""
    print(as_json(told))


def say(line: str) -> None:
    """A fact, for a person."""
    print(line)


def note(line: str) -> None:
    """Beside the facts: on standard error."""
    print(line, file=sys.stderr)


def show(shown: RenderableType, file: IO[str] | None = None) -> None:
    # Piped into a file or another program, a table is not cut at the width of a terminal that is not there.
    out = file or sys.stdout
    Console(file=out, width=None if out.isatty() else 200, highlight=False).print(shown)


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> Table:
    """A plain table; numbers stand right, None is a dash."""
    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for index, header in enumerate(headers):
        numeric = bool(rows) and all(isinstance(row[index], (int, float)) for row in rows)
        made.add_column(header, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        # As text, because a name may hold brackets, which would be markup.
        made.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    return made


def facts(pairs: Mapping[str, Any], title: str = "") -> Table:
    """One fact a line."""
    made = table(("", ""), list(pairs.items()), title)
    made.show_header = False
    return made


def at(moment: datetime | None, zone: str) -> str | None:
    """A moment on the tenant's clock."""
    return None if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def spoken(seconds: float) -> str:
    """How long people talked: `1:02:03`."""
    return str(timedelta(seconds=int(seconds)))


def share(rate: float | None) -> str | None:
    return None if rate is None else f"{rate:.1%}"
