"""What several commands share: how they are made, `--tenant`, `--json`, options that come from a table."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Annotated, Any, TypeVar

import typer

F = TypeVar("F", bound=Callable[..., Any])


def noun(explained: str) -> typer.Typer:
    """The commands of a noun; the noun alone shows them."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True, help=explained)

    @app.callback()
    def alone(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            typer.echo(ctx.get_help())

    return app


def example(*lines: str) -> str:
    """The end of a command's help. The mark keeps the lines as they are."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


typed: ContextVar[typer.Context | None] = ContextVar("typed", default=None)
"""The command that is being done, with its words, for the record of who did what."""


def _inherited(ctx: typer.Context, value: str | None) -> str | None:
    """`dialer --tenant acme campaign list` means the same as `dialer campaign list --tenant acme`."""
    typed.set(ctx)
    return value if value is not None else ctx.find_root().params.get("tenant")


Tenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="CODE", help="The company to speak for; else DIALER_TENANT.", callback=_inherited),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, and nothing else on standard output.")]


def taking(options: Mapping[str, str]) -> Callable[[F], F]:
    """Give a command one option a name in the table (`recall_delay` -> `--recall-delay`), each a text or None, in
    place of its `**` parameter. The table's values explain them."""
    return taking_also([_parameter(name, explained) for name, explained in options.items()])


def taking_also(added: Sequence[inspect.Parameter]) -> Callable[[F], F]:
    """Give a command these parameters in place of its `**` one."""

    def widen(function: F) -> F:
        signature = inspect.signature(function, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        # `inspect`, and with it typer, believes what stands here.
        function.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        return function

    return widen


def _parameter(name: str, explained: str) -> inspect.Parameter:
    option = typer.Option(f"--{name.replace('_', '-')}", help=explained, metavar="TEXT")
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=None, annotation=Annotated[str | None, option])


def given(options: Mapping[str, str | None]) -> dict[str, str]:
    """Those that were typed."""
    return {name: text for name, text in options.items() if text is not None}
