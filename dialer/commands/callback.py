"""`dialer callback`: calls that were promised, to whom, for when, and those that were missed."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from campaigns import callbacks, directory, ledger
from campaigns.callbacks import Line
from campaigns.compliance import Withheld
from campaigns.ledger import Appointment
from campaigns.terms import BadTerms
from campaigns.withdrawals import customers_by_id
from dialer.commands.language import label, vietnamese
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.periods import known_zone, promised
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look

app = noun("Promised calls: give, see and take back.")
Code = Annotated[str, typer.Argument(metavar="CODE", help="The campaign's code.", show_default=False)]
Whom = Annotated[str, typer.Argument(metavar="ID", help="The id on the list, or the number.", show_default=False)]
LONGEST_NOTE = 500
PROMISED = ("{id} is promised a call at {at} ({zone}){by}", "{id} được hẹn gọi lúc {at} ({zone}){by}")
BY = (" by agent {agent}", ", nhân viên {agent}")
WARNING = (
    "warning: at that time he may not be called: {reason}{until}",
    "cảnh báo: lúc đó không được gọi: {reason}{until}",
)
UNTIL = (", until {until}", ", đến {until}")
TAKEN_BACK = ("{id} is promised no call any more", "{id} không còn hẹn gọi")


@app.command(epilog=example('dialer callback add NHAC-NO KH0042 --at "2026-11-22 15:30" --note "sau giờ họp"'))
def add(
    code: Code,
    customer: Whom,
    at_: Annotated[str, typer.Option("--at", metavar="TIME", help="As in '2026-11-22 15:30', 15:30 (today) or +2h.")],
    zone: Annotated[
        str | None, typer.Option("--zone", metavar="ZONE", help="By which clock; else the person's own.")
    ] = None,
    agent: Annotated[str | None, typer.Option(metavar="EXT", help="Who calls; else any agent. click2call.")] = None,
    note_: Annotated[str, typer.Option("--note", help="What was agreed.")] = "",
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Promise a customer a call: he comes before the list, under the law all the same. A second promise takes the first
    one's place."""
    if len(note_) > LONGEST_NOTE or not note_.isprintable():
        raise BadTerms("note", f"must be one line of at most {LONGEST_NOTE} letters")
    told, hindrance = change(tenant, _add, code, customer, at_, zone, agent, note_)
    if as_json:
        warnings = [_warning(hindrance, told["zone"], english=True)] if hindrance else []
        say_json({"campaign": code} | told | {"warnings": warnings})
        return
    by = BY[vietnamese()].format(agent=agent) if agent else ""
    words = {"id": told["id"], "at": _there(told["at"], told["zone"]), "zone": told["zone"], "by": by}
    say(PROMISED[vietnamese()].format(**words))
    if hindrance:
        note(_warning(hindrance, told["zone"]))


def _add(
    desk: Desk, code: str, customer: str, at_: str, zone: str | None, agent: str | None, said: str
) -> tuple[dict[str, Any], Withheld | None]:
    campaign, row = _found(desk, code, customer)
    agent_id = callbacks.agent_of(desk.conn, campaign, agent)
    prospect = callbacks.prospect(desk.conn, desk.now, desk.settings.timing, desk.tenant, campaign, row)
    clock = known_zone(zone, "zone") if zone else prospect.zone
    moment = callbacks.check_time(desk.now, promised(at_, "at", clock, desk.now))
    wish = Appointment(moment, clock, agent_id, said)
    made = ledger.promise(desk.conn, desk.now, campaign, row.id, wish, desk.actor)
    told = {"id": row.code, "callback": made, "at": moment, "zone": clock, "agent": agent, "note": said}
    return told, prospect.forecast(moment)


@app.command("list", epilog=example("dialer callback list NHAC-NO --missed"))
def list_(
    code: Code,
    missed: Annotated[bool, typer.Option("--missed", help="Only those whose time is over.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The open promises of a campaign, the earliest first, and why each still waits."""

    def work(desk: Desk) -> list[Line]:
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        found = callbacks.lines(desk.conn, desk.now, desk.settings.timing, campaign)
        return [line for line in found if line.missed or not missed]

    lines = look(tenant, work)
    if as_json:
        say_json({"campaign": code, "callbacks": lines})
    else:
        show(_table(lines))


def _table(lines: list[Line]) -> Table:
    headings = ("promised for", "zone", "id", "name", "agent", "reason", "note", "missed")
    rows = [
        [
            _there(line.at, line.zone),
            line.zone,
            line.id,
            line.name,
            line.agent or label("any"),
            line.reason and label(line.reason),
            line.note or None,
            label("missed") if line.missed else None,
        ]
        for line in lines
    ]
    made = table([label(heading) for heading in headings], rows)
    for line, row in zip(lines, made.rows, strict=True):
        row.style = "red" if line.missed else None
    return made


@app.command(epilog=example("dialer callback remove NHAC-NO KH0042"))
def remove(code: Code, customer: Whom, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Take a promise back: the customer stands where his calls have brought him."""

    def work(desk: Desk) -> str:
        campaign, row = _found(desk, code, customer)
        ledger.take_back(desk.conn, desk.now, desk.settings.timing, campaign, row.id, desk.actor)
        return str(row.code)

    found = change(tenant, work)
    if as_json:
        say_json({"campaign": code, "id": found, "removed": True})
    else:
        say(TAKEN_BACK[vietnamese()].format(id=found))


def _found(desk: Desk, code: str, customer: str) -> tuple[Any, Any]:
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    rows = customers_by_id(desk.conn, campaign, [customer])[customer]
    if not rows:
        raise directory.missing("customer", customer, (), f"on the list of {code}")
    return campaign, rows[0]


def _there(moment: datetime, zone: str) -> str:
    """To the minute: people promise no seconds."""
    return (at(moment, zone) or "")[: len("2026-11-22 15:30")]


def _warning(hindrance: Withheld, zone: str, english: bool = False) -> str:
    tongue = vietnamese() and not english
    until = UNTIL[tongue].format(until=_there(hindrance.until, zone)) if hindrance.until else ""
    reason = hindrance.reason.value if english else label(hindrance.reason)
    return WARNING[tongue].format(reason=reason, until=until)
