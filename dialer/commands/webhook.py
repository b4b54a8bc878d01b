"""`dialer webhook`: where a company's events are posted, with which secret, and what could not be delivered."""

from datetime import timedelta
from typing import Annotated, Any

import anyio
import typer

from campaigns.directory import missing
from campaigns.events import deliveries, kinds, telling, webhooks
from campaigns.events.deliveries import Answer, Errand
from campaigns.pages import Cut
from campaigns.words import DeliveryState
from dialer import subscribing
from dialer.commands.language import label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look, opened
from dialer.posting import Poster
from dialer.vault import open_vault

MOST = 1000
SHOWN = ("name", "url", "events", "created_at", "failures", "held_until", "disabled_at", "disabled_because")
OF_DELIVERY = (
    "id",
    "webhook",
    "kind",
    "subject",
    "state",
    "attempts",
    "status",
    "miss",
    "due_at",
    "created_at",
    "ended_at",
)

app = noun("Webhooks: where a company's events are posted, signed.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name.", show_default=False)]


@app.command(epilog=example("dialer webhook add crm https://crm.example.com/events --event 'call.*'"))
def add(
    name: Name,
    url: Annotated[str, typer.Argument(metavar="URL", help="https://…", show_default=False)],
    event: Annotated[
        list[str], typer.Option("--event", metavar="KIND", help="A kind, `call.*`, or `*`. Repeatable.")
    ] = ["*"],  # noqa: B006 (typer copies it)
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Have events posted from now on. The secret that signs them is shown once, now."""

    def work(desk: Desk) -> str:
        vault, allowed = open_vault(desk.settings), desk.settings.egress
        return subscribing.add(desk.conn, desk.now, desk.tenant.id, name, url, event, vault, allowed)

    _show_secret(name, change(tenant, work), as_json)


def _show_secret(name: str, secret: str, as_json: bool) -> None:
    if as_json:
        say_json({"name": name, "secret": secret})
        return
    say(f"secret  {secret}")
    note("the secret is shown this once: keep it where secrets are kept")


@app.command("list", epilog=example("dialer webhook list"))
def list_(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The webhooks, and how they do."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        rows = webhooks.list_webhooks(desk.conn, desk.tenant.id)
        return [{name: getattr(row, name) for name in SHOWN} for row in rows], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"webhooks": rows})
        return
    headings = [label(word) for word in ("name", "url", "events", "since", "failures", "held until", "disabled")]
    lines = [
        [
            row["name"],
            row["url"],
            " ".join(row["events"]),
            at(row["created_at"], zone),
            row["failures"],
            at(row["held_until"], zone),
            label(row["disabled_because"].value) if row["disabled_because"] else None,
        ]
        for row in rows
    ]
    show(table(headings, lines))


@app.command("events", epilog=example("dialer webhook events", "dialer webhook events --json"))
def events(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The kinds of events, and which webhooks get them; with --json their JSON schemas."""
    if as_json:
        say_json({kind.name: kind.schema() for kind in kinds.KINDS})
        return
    rows = look(tenant, lambda desk: webhooks.list_webhooks(desk.conn, desk.tenant.id))
    lines = [
        [kind.name, kind.said, " ".join(row.name for row in rows if webhooks.wants(row, kind.name)) or None]
        for kind in kinds.KINDS
    ]
    show(table([label(word) for word in ("kind", "meaning", "webhook")], lines))


@app.command(epilog=example("dialer webhook rotate crm --overlap-hours 48", "dialer webhook rotate per-call"))
def rotate(
    name: Name,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=24 * 30, help="For so long the old secret signs beside the new one.")
    ] = subscribing.OVERLAP / timedelta(hours=1),
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Sign with a new secret, shown once, now. `per-call` is the webhook of single calls."""

    def work(desk: Desk) -> str:
        overlap, vault = timedelta(hours=overlap_hours), open_vault(desk.settings)
        return subscribing.rotate(desk.conn, desk.now, desk.tenant.id, name, vault, overlap)

    _show_secret(name, change(tenant, work), as_json)


@app.command(epilog=example("dialer webhook remove crm"))
def remove(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Post nothing more there, also not what still waits."""
    change(tenant, lambda desk: webhooks.remove(desk.conn, desk.now, desk.tenant.id, name))
    if as_json:
        say_json({"name": name, "removed": True})
    else:
        say(f"webhook {name} is removed")


@app.command(epilog=example("dialer webhook enable crm"))
def enable(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Try a webhook again that is disabled or held."""
    change(tenant, lambda desk: webhooks.enable(desk.conn, webhooks.find(desk.conn, desk.tenant.id, name)))
    if as_json:
        say_json({"name": name, "enabled": True})
    else:
        say(f"webhook {name} is tried again")


@app.command("test", epilog=example("dialer webhook test crm"))
def try_out(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Post a `webhook.test` now, and say what was answered. Exit code 1 where it was not taken."""
    answer = anyio.run(_posted, tenant, name)
    told = {"name": name, "delivered": answer.miss is None, "status": answer.status, "miss": answer.miss}
    if as_json:
        say_json(told)
    elif answer.miss is None:
        say(f"webhook {name} answered {answer.status}")
    else:
        say(f"webhook {name} did not take it: {label(answer.miss.value)} ({answer.status or '-'})")
    if answer.miss is not None:
        raise typer.Exit(1)


async def _posted(tenant: str | None, name: str) -> Answer:
    async with opened(tenant) as session:
        poster = Poster(session.settings.egress)
        try:
            errand, secrets, now = await session.read(_errand, name)
            return await poster.post(errand, secrets, now)
        finally:
            await poster.aclose()


def _errand(desk: Desk, name: str) -> tuple[Errand, list[str], Any]:
    webhook = webhooks.find(desk.conn, desk.tenant.id, name)
    event = telling.of_test(name, desk.tenant.code, deliveries.ordinal(desk.now), desk.now)
    secrets = subscribing.signing_secrets(open_vault(desk.settings), webhook, desk.now)
    return Errand(None, webhook, webhook.url, event), secrets, desk.now


@app.command("deliveries", epilog=example("dialer webhook deliveries --state pending --webhook crm"))
def deliveries_(
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that stand so.")] = None,
    webhook: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this webhook.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="So many at most.")] = 100,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """What is posted, was posted or was given up, the newest first."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        only = webhooks.find(desk.conn, desk.tenant.id, webhook).id if webhook else None
        cut = Cut(limit, "-id", window=None)
        rows = deliveries.read_deliveries(desk.conn, desk.tenant.id, cut, state, only).rows
        return [{name: getattr(row, name) for name in OF_DELIVERY} for row in rows], desk.tenant.zone

    _show_deliveries(*look(tenant, work), as_json)


@app.command(epilog=example("dialer webhook dead", "dialer webhook dead --replay", "dialer webhook dead --replay 17"))
def dead(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID…]", help="Only these.", show_default=False)] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Try them again, for another day.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """What was given up after a day, the newest first."""

    def seek(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        rows = deliveries.read_deliveries(desk.conn, desk.tenant.id, Cut(MOST, "-id"), DeliveryState.DEAD).rows
        chosen = [row for row in rows if not ids or row.id in ids]
        if ids and len(chosen) < len(set(ids)):
            raise missing("dead delivery", str(min(set(ids) - {row.id for row in chosen})), [])
        return [{name: getattr(row, name) for name in OF_DELIVERY} for row in chosen], desk.tenant.zone

    def again(desk: Desk) -> int:
        return deliveries.replay(desk.conn, desk.now, desk.tenant.id, [row["id"] for row in seek(desk)[0]])

    if replay:
        done = change(tenant, again)
        if as_json:
            say_json({"replayed": done})
        else:
            say(f"{done} deliveries are tried again")
        return
    _show_deliveries(*look(tenant, seek), as_json)


def _show_deliveries(rows: list[dict[str, Any]], zone: str, as_json: bool) -> None:
    if as_json:
        say_json({"deliveries": rows})
        return
    headings = ("entry", "webhook", "kind", "subject", "state", "attempts", "reason", "until")
    names = ("id", "webhook", "kind", "subject")
    lines = [
        [*(row[n] for n in names), label(row["state"].value), row["attempts"], _why(row), at(row["ended_at"], zone)]
        for row in rows
    ]
    show(table([label(word) for word in headings], lines))


def _why(row: dict[str, Any]) -> str | None:
    if row["miss"] is None:
        return None
    told = label(row["miss"].value)
    return f"{told} ({row['status']})" if row["status"] else told
