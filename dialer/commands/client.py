"""`dialer client`: who may ask over the API, and what."""

from collections.abc import Mapping
from typing import Annotated, Any

import anyio
import typer

from campaigns import clients
from campaigns.terms import BadTerms
from campaigns.words import Right
from dialer.commands.language import label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look, opened

app = noun("Clients of the API: programs that speak for a company, and what each may do.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The client's name.", show_default=False)]


@app.command(epilog=example("dialer client add crm --scope call:place --scope campaign:read"))
def add(
    name: Name,
    scope: Annotated[
        list[str], typer.Option("--scope", metavar="SCOPE", help=f"What it may: {', '.join(Right)}. Repeatable.")
    ],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Make a client. Its secret is shown once, now, and kept nowhere."""
    from dialer.tokens import hashed, new_client_id, new_secret

    rights = _rights(scope)
    client_id, secret = new_client_id(), new_secret()

    async def run() -> None:
        async with opened(tenant, founding=True) as session:
            await session.write(_add, name, client_id, hashed(secret), rights)

    anyio.run(run)
    if as_json:
        say_json({"name": name, "client_id": client_id, "client_secret": secret, "scopes": sorted(rights)})
        return
    say(f"client_id      {client_id}")
    say(f"client_secret  {secret}")
    note("the secret is shown this once: keep it where secrets are kept")


def _add(desk: Desk, name: str, client_id: str, secret_hash: str, rights: set[Right]) -> None:
    clients.add(desk.conn, desk.now, desk.tenant.id, name, client_id, secret_hash, rights)


@app.command("list", epilog=example("dialer client list"))
def list_(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The clients, also those that were revoked; their secrets are not known to anybody."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        return [_shown(row._mapping) for row in clients.list_clients(desk.conn, desk.tenant.id)], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"clients": rows})
        return
    headings = [label(word) for word in ("name", "client id", "scopes", "since", "until")]
    lines = [
        [r["name"], r["client_id"], " ".join(r["scopes"]), at(r["created_at"], zone), at(r["revoked_at"], zone)]
        for r in rows
    ]
    show(table(headings, lines))


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("name", "client_id", "scopes", "created_at", "revoked_at")}


@app.command(epilog=example("dialer client revoke crm"))
def revoke(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """End a client: its tokens are good no more, within a second."""

    def work(desk: Desk) -> None:
        clients.revoke(desk.conn, desk.now, desk.tenant.id, name)

    change(tenant, work)
    if as_json:
        say_json({"name": name, "revoked": True})
    else:
        say(f"client {name} is revoked")


@app.command("rotate-keys", epilog=example("dialer client rotate-keys"))
def rotate_keys(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Sign tokens with a new key. Tokens that are out stay good until they end by themselves."""
    from dialer.tokens import rotate
    from dialer.vault import open_vault

    def work(desk: Desk) -> str:
        return rotate(desk.conn, desk.now, desk.tenant.id, open_vault(desk.settings))

    kid = change(tenant, work)
    if as_json:
        say_json({"kid": kid})
    else:
        say(f"tokens are signed with key {kid} from now on")


def _rights(scopes: list[str]) -> set[Right]:
    known = {right.value: right for right in Right}
    if wrong := [scope for scope in scopes if scope not in known]:
        raise BadTerms("scope", f"{wrong[0]} must be one of {', '.join(Right)}")
    return {known[scope] for scope in scopes}
