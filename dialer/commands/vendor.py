"""`dialer vendor`: accounts with vendors, their secrets sealed, looked at, taken off again."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import anyio
import typer

from campaigns import accounts, reports
from campaigns.accounts import Account
from campaigns.terms import BadTerms
from dialer import inquiring
from dialer.commands.credentials import known_secrets, login
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import facts, note, say, say_json, share, show, table
from dialer.commands.session import Desk, look, opened
from dialer.enrolling import Entered, account_of
from dialer.gateways import Findings
from dialer.vault import open_vault
from dialer.vendors import KINDS

app = noun("Vendor accounts: where calls are placed.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.", show_default=False)]
PublicUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Where the vendor reaches our webhooks; else DIALER_PUBLIC_URL.")
]


@app.command(epilog=example("dialer vendor add main --kind tel4vn --url https://pbx.example.com --channels 10"))
def add(
    name: Name,
    kind: Annotated[str, typer.Option(help=f"Which vendor: {', '.join(KINDS)}.")] = KINDS[0],
    url: Annotated[str | None, typer.Option(help="The vendor's API, http(s)://host[:port].")] = None,
    api_key_env: Annotated[str | None, typer.Option(metavar="VAR", help="The variable that holds the key.")] = None,
    username: Annotated[str | None, typer.Option(help="Log in as this user instead of by a key.")] = None,
    password_env: Annotated[str | None, typer.Option(metavar="VAR", help="The variable that holds it.")] = None,
    channels: Annotated[int | None, typer.Option(min=1, help="Calls at the same time on this account.")] = None,
    reserve: Annotated[int | None, typer.Option(min=0, help="Of these, kept for inbound and manual calls.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the gateway; may be repeated.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Add an account, or change the one of that name. Secrets come from the environment, or are asked for; they are
    encrypted and never shown."""
    if username is not None and api_key_env is not None:
        raise BadTerms("username", "and --api-key-env exclude each other")

    async def run() -> dict[str, Any]:
        async with opened(tenant, founding=True) as session:
            standing = await session.read(_seek, name)
            vault = open_vault(session.settings)
            known = known_secrets(vault, standing)
            entered = login(known, api_key_env, username, password_env)
            told = Entered(name, kind, url, entered, channels, reserve, _settings(settings or []))
            account = account_of(vault, standing, known, told)
            return _shown(account) | {"created": await session.write(_keep, account)}

    told = anyio.run(run)
    if as_json:
        say_json(told)
    else:
        say(f"vendor {name} {'added' if told['created'] else 'changed'}; try it with `dialer vendor check {name}`")


@app.command("set", epilog=example("dialer vendor set main --channels 20", "dialer vendor set main --set cdr_page=50"))
def set_(
    name: Name,
    url: Annotated[str | None, typer.Option(help="The vendor's API, http(s)://host[:port].")] = None,
    api_key_env: Annotated[str | None, typer.Option(metavar="VAR", help="The variable that holds another key.")] = None,
    username: Annotated[str | None, typer.Option(help="Log in as this user from now on.")] = None,
    password_env: Annotated[str | None, typer.Option(metavar="VAR", help="The variable that holds it.")] = None,
    channels: Annotated[int | None, typer.Option(min=1, help="Calls at the same time on this account.")] = None,
    reserve: Annotated[int | None, typer.Option(min=0, help="Of these, kept for inbound and manual calls.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the gateway; may be repeated.")
    ] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Change an account that is there. Nothing is asked for: what is left out stays as it is."""
    if username is not None and api_key_env is not None:
        raise BadTerms("username", "and --api-key-env exclude each other")

    async def run() -> dict[str, Any]:
        async with opened(tenant) as session:
            standing = await session.read(_find, name)
            vault = open_vault(session.settings)
            known = vault.open(standing.sealed_credentials, f"vendor {name}")
            secret = username is not None or api_key_env is not None
            entered = login({}, api_key_env, username, password_env) if secret else None
            told = Entered(name, None, url, entered, channels, reserve, _settings(settings or []))
            account = account_of(vault, standing, known, told)
            await session.write(_keep, account)
            return _shown(account)

    told = anyio.run(run)
    if as_json:
        say_json(told)
    else:
        say(either(f"vendor {name} changed", f"đã sửa tài khoản {name}"))


@app.command(epilog=example("dialer vendor check main"))
def check(name: Name, public_url: PublicUrl = None, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Log in, look around and say what was found: hooks, extensions, clock, which CDR mapping."""

    async def run() -> Findings:
        async with opened(tenant) as session:
            account, users, now = await session.read(_with_users, name)
            vault, public = open_vault(session.settings), public_url or session.settings.public_url
            return await inquiring.findings(vault, account, users, now, public)

    found = anyio.run(run)
    if as_json:
        say_json(inquiring.as_data(found))
    else:
        _show_findings(name, found)
    if not found.logged_in:
        note(f"dialer: vendor {name}: {'; '.join(found.remarks) or 'cannot log in'}")
        raise typer.Exit(2)


@app.command(epilog=example("dialer vendor remove main"))
def remove(
    name: Name,
    public_url: PublicUrl = None,
    keep_hooks: Annotated[bool, typer.Option("--keep-hooks", help="Do not ask the vendor: it is gone.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Take our hooks off at the vendor, nobody else's, and the account out of use. Its calls stay in the ledger."""

    async def run() -> list[str]:
        async with opened(tenant) as session:
            account = await session.read(_unused, name)
            taken_off: list[str] = []
            if not keep_hooks:
                vault, public = open_vault(session.settings), public_url or session.settings.public_url
                taken_off += await inquiring.take_hooks_off(vault, account, public)
            await session.write(_remove, name)
            return taken_off

    taken_off = anyio.run(run)
    if as_json:
        say_json({"name": name, "removed": True, "hooks_removed": taken_off})
    else:
        say(f"vendor {name} removed; hooks taken off: {', '.join(taken_off) or 'none'}")


@app.command("list", epilog=example("dialer vendor list"))
def list_(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The accounts, without their secrets."""
    rows = [_shown(row) | {"trouble": accounts.trouble(row)} for row in look(tenant, _all)]
    if as_json:
        say_json({"vendors": rows})
    else:
        shown = ("name", "kind", "url", "channels", "reserve", "trouble")
        show(table(shown, [[row[column] for column in shown] for row in rows]))


@app.command(epilog=example("dialer vendor monitor"))
def monitor(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """How the vendors did in the last hour, by what we know of their calls; and what waits with us."""

    def work(desk: Desk) -> reports.Monitor:
        return reports.monitor(desk.conn, desk.now, desk.settings.timing, desk.tenant.id)

    seen = look(tenant, work)
    if as_json:
        say_json(asdict(seen))
        return
    headings = (
        "vendor",
        "calls",
        "live calls",
        "answer rate",
        "errors",
        "request",
        "hooks",
        "records missing",
        "trouble",
    )
    rows = [
        [one.vendor, one.calls, one.live, share(one.answer_ratio), share(one.error_rate)]
        + [f"{took.median:.1f} s" if took else None for took in (one.request, one.hooks)]
        + [one.records_missing, one.trouble]
        for one in seen.vendors
    ]
    show(table([label(word) for word in headings], rows))
    note(f"{seen.unsettled_hooks} hooks wait, the oldest for {seen.settle_lag:.0f} s; {seen.open_jobs} jobs are open")


def _seek(desk: Desk, name: str) -> Any:
    return accounts.seek_account(desk.conn, desk.tenant.id, name)


def _find(desk: Desk, name: str) -> Any:
    return accounts.find_account(desk.conn, desk.tenant.id, name)


def _keep(desk: Desk, account: Account) -> bool:
    return accounts.keep_account(desk.conn, desk.now, desk.tenant.id, account)


def _all(desk: Desk) -> list[Any]:
    return accounts.list_accounts(desk.conn, desk.tenant.id)


def _with_users(desk: Desk, name: str) -> tuple[Any, dict[str, str], Any]:
    account = accounts.find_account(desk.conn, desk.tenant.id, name)
    return account, accounts.users_of(desk.conn, account), desk.now


def _unused(desk: Desk, name: str) -> Any:
    account = accounts.find_account(desk.conn, desk.tenant.id, name)
    accounts.check_unused(desk.conn, account)
    return account


def _remove(desk: Desk, name: str) -> None:
    accounts.remove_account(desk.conn, desk.now, accounts.find_account(desk.conn, desk.tenant.id, name))


def _settings(pairs: list[str]) -> dict[str, Any]:
    """Settings of the gateway; a value is JSON, or else text, and an empty one goes back to the default."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise BadTerms("set", f"{pair} must be NAME=VALUE")
        settings[name] = _value(text) if text else None
    return settings


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _shown(account: Any) -> dict[str, Any]:
    """An account's row or `Account` without its secrets."""
    return {name: getattr(account, name) for name in ("name", "kind", "url", "channels", "reserve", "settings")}


def _show_findings(name: str, found: Findings) -> None:
    words = {True: "logged in", False: "not logged in"}
    pairs: dict[str, Any] = {"login": "works" if found.logged_in else "refused"}
    pairs |= {f"hook {event}": word for event, word in found.hooks.items()}
    pairs |= {f"extension {extension}": words[there] for extension, there in found.extensions.items()}
    if found.clock_skew is not None:
        pairs["clock"] = f"{found.clock_skew.total_seconds():+.0f} s"
    pairs["CDR mapping"] = found.cdr_mapping
    show(facts(pairs, f"vendor {name}"))
    for remark in found.remarks:
        note(remark)
