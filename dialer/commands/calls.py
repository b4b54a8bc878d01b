"""`dialer call list`, `events` and `outcomes`: every hand-over that we know of, and what happened to one."""

from typing import Annotated, Any

import typer

from campaigns import directory, reports
from campaigns.directory import missing
from campaigns.pages import Cut
from campaigns.phones import Phone, national, normalise
from campaigns.reports import Event
from campaigns.terms import BadTerms
from campaigns.words import CallState, Origin, Outcome
from dialer.commands import periods
from dialer.commands.happenings import events_at_home, show_events
from dialer.commands.language import label, vietnamese
from dialer.commands.options import AsJson, Tenant, example
from dialer.commands.printing import at, facts, note, say_json, show, spoken, table
from dialer.commands.session import Desk, look

LISTING = example(
    "dialer call list --campaign NHAC-NO --outcome busy --since 2026-11-01", "dialer call list --limit 20"
)
HAPPENED = example("dialer call events t0123456789abcdef0123")
ENDINGS = example("dialer call outcomes")
TOLD = ("campaign", "customer", "origin", "mode", "purpose", "role", "state", "outcome", "reason", "attempt", "charged")
ALSO = ("hotline", "billsec", "recording_url", "rulebook", "rulebook_version")
TIMES = ("intended_at", "placed_at", "ringing_at", "answered_at", "ended_at", "settled_at")


def list_(
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="Only those of this campaign.")] = None,
    number: Annotated[
        str | None, typer.Option("--number", metavar="NUMBER", help="Only those with this number.")
    ] = None,
    state: Annotated[CallState | None, typer.Option(help="Only those that stand so.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only those that ended so.")] = None,
    origin: Annotated[Origin | None, typer.Option(help="Only those that came about so.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="The first day, on the tenant's clock.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day, on the tenant's clock.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 100,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Calls, the newest first."""
    phone = _e164(number) if number is not None else None

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        zone = desk.tenant.zone
        only = directory.find_campaign(desk.conn, desk.tenant.id, campaign).id if campaign else None
        period = (periods.begins(since, "since", zone), periods.ends(until, "until", zone))
        sought = reports.SoughtCalls(only, phone, None, state, outcome, origin, *period)
        cut = Cut(limit, "-intended_at", window=None)
        return [_told(row) for row in reports.read_calls(desk.conn, desk.tenant.id, sought, cut).rows], zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"calls": rows})
        return
    headings = ("call", "time", "campaign", "customer", "number", "state", "last outcome", "talk time", "agent")
    show(table([label(word) for word in headings], [_row(row, zone) for row in rows]))
    if len(rows) == limit:
        note(f"--limit {limit}")


def _e164(number: str) -> str:
    read = normalise(number)
    if not isinstance(read, Phone):
        raise BadTerms("number", "must be a telephone number")
    return read.e164


def _told(row: Any) -> dict[str, Any]:
    who = {"id": row.reference, "phone": national(row.phone), "extension": row.extension or row.reserved}
    return who | {name: getattr(row, name) for name in (*TOLD, *ALSO, *TIMES)}


def _row(row: dict[str, Any], zone: str) -> list[Any]:
    where = [row["id"], at(row["intended_at"], zone), row["campaign"], row["customer"], row["phone"]]
    ended = [label(row["state"]), label(row["outcome"]) if row["outcome"] else None]
    return [*where, *ended, spoken(row["billsec"]) if row["billsec"] else None, row["extension"]]


def found_call(desk: Desk, reference: str) -> tuple[dict[str, Any], list[dict[str, Any]], str] | None:
    """A call of this id with its facts, and the tenant's clock; None where there is none."""
    found = reports.find_call(desk.conn, desk.tenant.id, reference)
    if found is None:
        return None
    names = ("kind", "verdict", "before", "after", "reason", "at", "recorded_at")
    learned = [{name: getattr(fact, name) for name in names} for fact in found[1]]
    return _told(found[0]), learned, desk.tenant.zone


def tell_call(told: dict[str, Any], learned: list[dict[str, Any]], zone: str, as_json: bool) -> None:
    if as_json:
        say_json(told | {"facts": learned})
        return
    names = ("campaign", "customer", "state", "outcome", "reason", "hotline")
    pairs = {label("last outcome" if n == "outcome" else n): label(str(told[n])) for n in names if told[n] is not None}
    show(facts({label("number"): told["phone"], label("agent"): told["extension"]} | pairs, told["id"]))
    rows = [
        [at(one["at"], zone), one["kind"], one["verdict"], label(one["after"] or ""), label(one["reason"] or "")]
        for one in learned
    ]
    show(table([label(word) for word in ("time", "event", "what", "state", "reason")], rows))


def events(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The call's id, or an order's.", show_default=False)],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """What happened to one call, or for one order, in order of time."""
    happened, zone = look(tenant, _happened, id_)
    if as_json:
        say_json({"id": id_, "events": happened})
        return
    show_events(happened, zone)


def _happened(desk: Desk, reference: str) -> tuple[list[Event], str]:
    conn, tenant = desk.conn, desk.tenant
    if reports.find_triggered(conn, desk.now, desk.settings.timing, tenant, reference) is not None:
        return events_at_home(reports.events(conn, tenant, reference)), tenant.zone
    found = reports.find_call(conn, tenant.id, reference)
    if found is None:
        raise missing("call", reference, [], "see `dialer call list`")
    return events_at_home(reports.events_of_call(conn, found[0])), tenant.zone


def outcomes(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """How a call can end, and what a screen calls it."""
    # Read here: the other commands need nothing of the API.
    from dialer.api.resources.outcomes import SAID

    if as_json:
        say_json({"outcomes": [{"word": word, "vi": vi, "en": en} for word, (vi, en) in SAID.items()]})
        return
    rows = [[word.value, said[not vietnamese()]] for word, said in SAID.items()]
    show(table([label(word) for word in ("result", "meaning")], rows))
