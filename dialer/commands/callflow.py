"""`dialer callflow`: the vendors' scripts, and what each may speak."""

from typing import Annotated, Any

import typer

from campaigns import accounts, callflows
from campaigns.callflows import Script
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import say, say_json, show, table
from dialer.commands.session import Desk, change, look

app = noun("Call flows: the vendors' scripts, and the variables that each may speak.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The vendor's own name for the script.", show_default=False)]
SHOWN = ("name", "vendor", "variables", "description")


@app.command(epilog=example("dialer callflow add IVR-1 --vendor main --variables dpd,total_ovd_amount"))
def add(
    name: Name,
    vendor: Annotated[str, typer.Option(metavar="NAME", help="The vendor account.")],
    variables: Annotated[str, typer.Option(help="What it may speak, as in dpd,total_ovd_amount.")] = "",
    description: Annotated[str, typer.Option(help="What it says.")] = "",
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Register a script. Campaigns with this template are held to its variables when they are made or changed."""
    spoken = _spoken(variables)

    def work(desk: Desk) -> dict[str, Any]:
        account = accounts.find_account(desk.conn, desk.tenant.id, vendor)
        return _told(callflows.add(desk.conn, desk.now, account, Script(name, spoken, description)))

    told = change(tenant, work)
    if as_json:
        say_json(told)
    else:
        say(either(f"callflow {name} registered", f"đã đăng ký kịch bản {name}"))


@app.command("set", epilog=example("dialer callflow set IVR-1 --variables dpd,total_ovd_amount"))
def set_(
    name: Name,
    variables: Annotated[str | None, typer.Option(help="What it may speak; an empty text: nothing.")] = None,
    description: Annotated[str | None, typer.Option(help="What it says.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Change what is told of a script. What is left out stays as it is."""
    told_of = {"variables": None if variables is None else _spoken(variables), "description": description}
    values = {field: value for field, value in told_of.items() if value is not None}

    def work(desk: Desk) -> dict[str, Any]:
        callflows.change(desk.conn, callflows.find(desk.conn, desk.tenant.id, name), values)
        return _told(callflows.find(desk.conn, desk.tenant.id, name))

    told = change(tenant, work)
    if as_json:
        say_json(told)
    else:
        say(either(f"callflow {name} changed", f"đã sửa kịch bản {name}"))


def _spoken(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@app.command("list", epilog=example("dialer callflow list"))
def list_(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The scripts that are registered."""

    def work(desk: Desk) -> list[dict[str, Any]]:
        return [_told(row) for row in callflows.list_flows(desk.conn, desk.tenant.id)]

    rows = look(tenant, work)
    if as_json:
        say_json({"callflows": rows})
    else:
        lines = [[row["name"], row["vendor"], ", ".join(row["variables"]), row["description"]] for row in rows]
        show(table([label(word) for word in SHOWN], lines))


@app.command(epilog=example("dialer callflow remove IVR-1"))
def remove(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Register it no more: campaigns are held to it no longer."""

    def work(desk: Desk) -> None:
        callflows.remove(desk.conn, desk.now, callflows.find(desk.conn, desk.tenant.id, name))

    change(tenant, work)
    if as_json:
        say_json({"name": name, "removed": True})
    else:
        say(either(f"callflow {name} removed", f"đã bỏ kịch bản {name}"))


def _told(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SHOWN}
