"""`dialer allowlist`: from where a company's API clients and its vendors' hooks may come."""

from typing import Annotated, Any

import typer

from campaigns import allowing
from campaigns.words import Entrance
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look

app = noun("The allow-list: networks from which clients and hooks may come. Without an entry an entrance is open.")
SHOWN = ("id", "entrance", "network", "note", "actor", "created_at")


@app.command(epilog=example("dialer allowlist add 203.0.113.0/24 --entrance api --note office"))
def add(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="An address or a network.", show_default=False)],
    entrance: Annotated[Entrance, typer.Option(help="For API clients, or for the vendors' hooks.")] = Entrance.API,
    note_: Annotated[str, typer.Option("--note", help="Whose it is.")] = "",
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Let a network in. The first one of an entrance shuts everybody else out, within a second."""

    def work(desk: Desk) -> tuple[dict[str, Any], bool]:
        alone = not allowing.networks(desk.conn, entrance, desk.tenant.id)
        row = allowing.add(desk.conn, desk.now, desk.tenant.id, entrance, network, note_, desk.actor)
        return _told(row), alone

    told, alone = change(tenant, work)
    if as_json:
        say_json(told)
        return
    say(either(f"{told['network']} is let in ({entrance})", f"cho phép {told['network']} ({entrance})"))
    if alone:
        note(either("everybody else is shut out from now on", "từ giờ mọi nguồn khác bị chặn"))


@app.command("list", epilog=example("dialer allowlist list"))
def list_(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """What is let in."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        return [_told(row) for row in allowing.list_sources(desk.conn, desk.tenant.id)], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"allowlist": rows})
        return
    lines = [[at(row[name], zone) if name == "created_at" else row[name] for name in SHOWN] for row in rows]
    show(table([label(word) for word in SHOWN], lines))


@app.command(epilog=example("dialer allowlist remove 3"))
def remove(
    entry: Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.", show_default=False)],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Let it in no more. Where it was the last of its entrance, that is open to all again."""

    def work(desk: Desk) -> None:
        allowing.remove(desk.conn, desk.now, desk.tenant.id, entry, desk.actor)

    change(tenant, work)
    if as_json:
        say_json({"id": entry, "removed": True})
    else:
        say(either(f"entry {entry} removed", f"đã bỏ mục {entry}"))


def _told(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SHOWN}
