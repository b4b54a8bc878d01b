"""`dialer call`: order one call, see what became of it, take it back. The API's `POST /v1/calls` does the same."""

import secrets
from typing import Annotated, Any

import typer

from campaigns import accounts, directory, reports, triggers
from campaigns.directory import missing
from campaigns.pages import Cut
from campaigns.phones import Phone, normalise
from campaigns.reports import Triggered
from campaigns.terms import BadTerms
from campaigns.triggers import Place, Whom, Wish
from campaigns.words import Purpose
from dialer import subscribing
from dialer.commands.calls import ENDINGS, HAPPENED, LISTING, events, found_call, list_, outcomes, tell_call
from dialer.commands.language import label, vietnamese
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.periods import promised
from dialer.commands.printing import at, facts, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look
from dialer.vault import open_vault

app = noun("Calls: what there was; order one, see it, take it back.")
app.command("list", epilog=LISTING)(list_)
app.command("events", epilog=HAPPENED)(events)
app.command("outcomes", epilog=ENDINGS)(outcomes)
Id = Annotated[str, typer.Argument(metavar="ID", help="The order's id.", show_default=False)]
Either = Annotated[str, typer.Argument(metavar="ID", help="The call's id, or an order's.", show_default=False)]
ORDERED = ("order {id}: {state}{because}", "lệnh {id}: {state}{because}")
UNTIL = (", until {until}", ", đến {until}")


@app.command(
    epilog=example(
        "dialer call trigger 0912345678 --campaign NHAC-NO --id KH0042 --wait",
        "dialer call trigger 0912345678 --vendor sim --agent 101 --purpose debt_reminder --creditor ACME",
    )
)
def trigger(
    numbers: Annotated[list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Rung in this order.")] = None,
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="The campaign in which he is called.")] = None,
    vendor: Annotated[str | None, typer.Option(metavar="NAME", help="Or: the vendor account, by one agent.")] = None,
    agent: Annotated[str | None, typer.Option(metavar="EXT", help="Whose telephone rings first. click2call.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="Must be the campaign's; needed with --vendor.")] = None,
    creditor: Annotated[str | None, typer.Option(help="Must be the campaign's; of a new one: who is owed.")] = None,
    advertiser: Annotated[
        str | None, typer.Option(help="Must be the campaign's; of a new one: who advertises.")
    ] = None,
    rulebook: Annotated[str | None, typer.Option(help="Must be the campaign's; of a new one: its rules.")] = None,
    id_: Annotated[str, typer.Option("--id", metavar="ID", help="His id on the list; alone: he stands there.")] = "",
    name: Annotated[str, typer.Option(help="His name.")] = "",
    contract: Annotated[str, typer.Option(metavar="NUMBER", help="The debt that it is about.")] = "",
    variable: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What a script may speak; several times.")
    ] = None,
    not_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="The end of it, as in '2026-11-22 15:30', 15:30 or +2h.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Where he may not be called now: when he may.")] = False,
    callback_url: Annotated[str | None, typer.Option(metavar="URL", help="Where its events are told.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Order one call, before every list and under the law all the same: at most one attempt."""
    given = {"creditor": creditor, "advertiser": advertiser, "rulebook": rulebook}
    place = Place(campaign, vendor, agent, purpose, {key: text for key, text in given.items() if text is not None})
    whom = Whom(id_, _e164(numbers or []), name, contract, _variables(variable or []))
    if not whom.phones and not id_:
        raise BadTerms("id", "or a number must name somebody")
    _tell(*change(tenant, _trigger, place, whom, agent, not_after, wait, callback_url), as_json)


def _trigger(
    desk: Desk, place: Place, whom: Whom, agent: str | None, not_after: str | None, wait: bool, url: str | None
) -> tuple[Triggered, str]:
    # Here somebody reads the answer who can choose another: what there is is named.
    if place.campaign is not None:
        directory.find_campaign(desk.conn, desk.tenant.id, place.campaign)
    if place.vendor is not None:
        accounts.find_account(desk.conn, desk.tenant.id, place.vendor)
    vault = open_vault(desk.settings)
    subscribing.for_order(desk.conn, desk.now, desk.tenant.id, url, vault, desk.settings.egress)
    moment = promised(not_after, "not_after", desk.tenant.zone, desk.now) if not_after is not None else None
    wish = Wish(whom, triggers.end(desk.now, moment, wait), wait, agent, url)
    campaign = triggers.campaign_at(desk.conn, desk.now, desk.tenant.id, place, desk.actor)
    reference = f"t{secrets.token_hex(10)}"
    timing = desk.settings.timing
    try:
        told = triggers.trigger(desk.conn, desk.now, timing, desk.tenant, campaign, wish, reference, desk.actor)
    except BadTerms as error:
        # The API has a field for whom it is; here he is named by his id.
        raise BadTerms("id" if error.option == "customer" else error.option, error.sentence) from None
    return told, desk.tenant.zone


@app.command("show", epilog=example("dialer call show t0123456789abcdef0123"))
def show_(id_: Either, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """One call with all that was learned about it; or one order: where it is, and why."""
    if (call := look(tenant, found_call, id_)) is not None:
        tell_call(*call, as_json)
    else:
        _tell(*look(tenant, _found, id_), as_json)


@app.command(epilog=example("dialer call orders --waiting", "dialer call orders --campaign NHAC-NO"))
def orders(
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="Only those in this campaign.")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for their call.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Calls that were ordered one by one, the newest first, also those that have no call yet."""

    def work(desk: Desk) -> tuple[list[Triggered], str]:
        only = directory.find_campaign(desk.conn, desk.tenant.id, campaign).id if campaign else None
        sought = reports.SoughtOrders(waiting or None, only)
        cut = Cut(limit, "-id", window=None)
        part = reports.read_orders(desk.conn, desk.now, desk.settings.timing, desk.tenant, sought, cut)
        return list(part.rows), desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"orders": [_as_data(row) for row in rows]})
        return
    headings = ("order", "time", "campaign", "customer", "state", "reason", "until", "last outcome")
    show(table([label(word) for word in headings], [_line(row, zone) for row in rows]))
    if len(rows) == limit:
        note(f"--limit {limit}")


def _line(told: Triggered, zone: str) -> list[Any]:
    where = [told.id, at(told.created_at, zone), told.campaign, told.name or told.customer, label(told.state)]
    why = [label(told.reason) if told.reason else None, at(told.until, zone) if told.until else None]
    return [*where, *why, told.outcome and label(told.outcome)]


def _as_data(told: Triggered) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Triggered.__slots__}


@app.command(epilog=example("dialer call cancel t0123456789abcdef0123"))
def cancel(id_: Id, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Take an order back that was not placed yet."""

    def work(desk: Desk) -> tuple[Triggered, str]:
        triggers.cancel(desk.conn, desk.now, desk.settings.timing, desk.tenant, id_, desk.actor)
        return _found(desk, id_)

    _tell(*change(tenant, work), as_json)


def _found(desk: Desk, reference: str) -> tuple[Triggered, str]:
    found = reports.find_triggered(desk.conn, desk.now, desk.settings.timing, desk.tenant, reference)
    if found is None:
        raise missing("call or order", reference, [], "see `dialer call list` and `dialer call orders`")
    return found, desk.tenant.zone


def _tell(told: Triggered, zone: str, as_json: bool) -> None:
    if as_json:
        say_json(_as_data(told))
        return
    tongue = vietnamese()
    until = UNTIL[tongue].format(until=at(told.until, zone)) if told.until else ""
    because = f" ({label(told.reason)}{until})" if told.reason else ""
    say(ORDERED[tongue].format(id=told.id, state=label(told.state), because=because))
    show(facts(_facts(told, zone), told.name or told.customer))


def _facts(told: Triggered, zone: str) -> dict[str, Any]:
    return {
        label("campaign"): told.campaign,
        label("customer"): told.customer,
        label("purpose"): label(told.purpose),
        label("agent"): told.agent or label("any"),
        label("not after"): at(told.not_after, zone),
        label("call"): told.call,
        label("last outcome"): told.outcome and label(told.outcome),
    }


def _e164(numbers: list[str]) -> tuple[str, ...]:
    read = [normalise(one) for one in numbers]
    for place, one in enumerate(read, 1):
        if not isinstance(one, Phone):
            raise BadTerms("number", f"must be a telephone number: the {place}. is none")
    return tuple(dict.fromkeys(one.e164 for one in read if isinstance(one, Phone)))


def _variables(given: list[str]) -> dict[str, str | int]:
    told: dict[str, str | int] = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not (name and mark):
            raise BadTerms("variable", "must be NAME=VALUE")
        told[name] = int(value) if value.isascii() and value.isdigit() else value
    return told
