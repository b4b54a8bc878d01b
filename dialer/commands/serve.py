"""`dialer serve`: the engine and its webhook server."""

from enum import StrEnum
from typing import Annotated

import anyio
import typer

from dialer import logs, runtime
from dialer.commands.options import Tenant, example
from dialer.commands.session import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Role(StrEnum):
    ALL = "all"
    WEB = "web"
    ENGINE = "engine"


@app.command(epilog=example("dialer serve --port 8780 --public-url https://dialer.example.com"))
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8780,
    role: Annotated[Role, typer.Option(help="What this process does; parts need PostgreSQL.")] = Role.ALL,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the vendor reaches us; else DIALER_PUBLIC_URL.")
    ] = None,
    tenant: Tenant = None,
) -> None:
    """Take webhooks and place the calls of every running campaign, of all tenants, until SIGTERM or SIGINT."""
    settings = read_settings()
    if public_url is not None:
        settings = settings.model_copy(update={"public_url": public_url})
    logs.configure(settings.log_level, settings.log_format)

    def ready(address: str) -> None:
        print(f"dialer serves at {address}", flush=True)

    anyio.run(runtime.serve, settings, host, port, role.value, ready)
