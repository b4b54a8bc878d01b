"""What was typed is kept with what it changed: the same evidence as a request over the API leaves."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

import typer
from sqlalchemy import Connection

from campaigns import acts
from campaigns.acts import Done
from dialer import witness
from dialer.commands.options import typed
from dialer.logs import masked

PLAIN = ("code", "name", "extension", "campaign", "file", "rulebook")
"""Words of a command that name a thing and nobody."""
COMMAND = "command line"


@dataclass
class Record:
    """One command's act. It is written once, with the first thing that the command changes."""

    began: float = field(default_factory=perf_counter)
    written: bool = False

    def keep(self, conn: Connection, now: datetime, tenant_id: int, actor: str) -> None:
        command = typed.get()
        if self.written or command is None:
            return
        took = round((perf_counter() - self.began) * 1000)
        acts.record(conn, now, tenant_id, _done(command, actor), 0, took)
        self.written = True


def _done(command: typer.Context, actor: str) -> Done:
    words = command.command_path.split()[1:]
    told = {name: _plain(value) for name, value in command.params.items() if value not in (None, False, (), [])}
    whom = {name: [_named(name, one) for one in _each(told[name])] for name in told if _is_argument(command, name)}
    asked = {name: value for name, value in told.items() if name not in (*whom, "tenant", "as_json")}
    thing = "/".join([words[0], *[one for several in whom.values() for one in several][:1]])
    asked = witness.seen(asked) | whom
    return Done(actor, COMMAND, secrets.token_hex(8), "command", " ".join(words), thing, asked, {}, {})


def _is_argument(command: typer.Context, name: str) -> bool:
    return any(one.name == name and one.param_type_name == "argument" for one in command.command.params)


def _plain(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else value if value is True else str(value)


def _each(value: Any) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def _named(name: str, word: str) -> str:
    return str(masked(word)) if name in PLAIN else witness.person(word)
