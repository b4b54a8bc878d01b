"""The command line's door: finds the noun that was meant, and sees to it that what goes wrong is said in one line."""

import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from dialer import __version__
from dialer.commands.complaints import told
from dialer.commands.options import typed

NOUNS = {
    "db": "The database's schema.",
    "vendor": "Vendor accounts: where calls are placed.",
    "campaign": "Campaigns: create, set, start, stop, watch, report.",
    "list": "Lists of customers: import them, withdraw people from them.",
    "dnc": "The do-not-call list.",
    "optout": "Somebody does not want to be called: one step, every campaign.",
    "person": "One person: consents, refusals, agreed hours, doubtful numbers.",
    "contact": "Messages and visits that count as reminders.",
    "rulebook": "Rulebooks: under which rules people are called.",
    "customer": "Customers: why was one (not) called? Put one on the list, correct him.",
    "number": "One number: every call with it, and why.",
    "call": "Calls: what there was; order one, take it back.",
    "callback": "Promised calls: give, see and take back.",
    "callflow": "The vendors' scripts, and what each may speak.",
    "allowlist": "From where clients and hooks may come.",
    "job": "Jobs: order a sweep, and see what came of each.",
    "export": "Reports as files: order them, fetch them.",
    "audit": "The evidence: verify it, judge every call again.",
    "agent": "Agents: who can take a call now.",
    "client": "Clients of the API: who may ask, and what.",
    "webhook": "Webhooks: who is told what happens.",
    "serve": "The engine and its webhook server.",
    "simulate": "A vendor to try things with.",
    "demo": "The main job in about a minute, on shipped samples.",
}


class Nouns(TyperGroup):
    """Shows every noun and imports only the one that is meant, so that `dialer --help` answers at once."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = {name: TyperCommand(name, help=explained) for name, explained in NOUNS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in NOUNS:
            self.commands[args[0]] = _commands_of(args[0])
        return super().resolve_command(ctx, args)


@cache
def _commands_of(noun: str) -> Any:
    """What can be typed after a noun: read off its functions once, however often this process is asked."""
    return typer.main.get_command(import_module(f"dialer.commands.{noun}").app)


app = typer.Typer(cls=Nouns, add_completion=False, rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def root(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option(metavar="CODE", help="The company to speak for.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    """Dial the people on a list, under the rules, and be able to say why."""
    if version:
        typer.echo(f"dialer {__version__}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def run(words: Sequence[str]) -> int:
    """Do what was typed; the exit code. 2: it could not be done, and one line on standard error says why."""
    try:
        code = typer.main.get_command(app).main(list(words), prog_name="dialer", standalone_mode=False)
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        return _complain(error.format_message().replace("Value error, ", ""))
    except Exception as error:
        sentence = told(error)
        if sentence is None:
            raise
        return _complain(_as_help_shows(sentence))
    return code if isinstance(code, int) else 0


def _as_help_shows(sentence: str) -> str:
    """The sentence, which begins with an option's name: what is none but an argument is named as help shows it."""
    ctx = typed.get()
    named, _, rest = sentence.partition(" ")
    name = named.removeprefix("--").replace("-", "_")
    for param in ctx.command.params if ctx is not None and named.startswith("--") else ():
        if param.param_type_name == "argument" and param.name in (name, f"{name}s"):
            return f"{str(param.metavar).strip('[].…')} {rest}"
    return sentence


def _complain(sentence: str) -> int:
    print("dialer:", *sentence.split(), file=sys.stderr)
    return 2


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
