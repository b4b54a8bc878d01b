"""Whom a command is about, as people name them at a command line."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from dialer import naming
from dialer.commands.session import Desk
from dialer.naming import As

__all__ = ["As", "AsWhat", "Who", "Whom", "find_person", "sort_out"]
Whom = Annotated[list[str], typer.Argument(metavar="NUMBER|ID...", help="Telephone numbers or list ids.")]
Who = Annotated[str, typer.Argument(metavar="ID|NUMBER", help="A list id or a telephone number.", show_default=False)]
AsWhat = Annotated[As | None, typer.Option("--as", help="What is meant, where it could be a number or an id.")]


def sort_out(desk: Desk, whom: Sequence[str], as_: As | None, known_only: bool = False) -> list[tuple[As, str]]:
    """As `naming.sort_out`, for the desk's company."""
    return naming.sort_out(desk.conn, desk.tenant.id, whom, as_, known_only)


def find_person(desk: Desk, who: str, as_: As | None = None) -> Any:
    """As `naming.find_person`, for the desk's company."""
    return naming.find_person(desk.conn, desk.tenant.id, who, as_)
