"""`dialer customer`: one person's story, and why he was (not) called."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from sqlalchemy import select

from campaigns import directory, reports
from campaigns.models import Customer
from campaigns.reports import Timeline
from campaigns.rows import columns_of
from campaigns.withdrawals import customers_by_id
from dialer.commands.entering import ADDING, LISTING, SETTING, add, list_, set_
from dialer.commands.happenings import at_home, events_at_home, show_events
from dialer.commands.language import label, vietnamese
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, facts, say, say_json, show
from dialer.commands.session import Desk, look

app = noun("Customers: why was one (not) called? Put one on the list, correct him.")
app.command("list", epilog=LISTING)(list_)
app.command("add", epilog=ADDING)(add)
app.command("set", epilog=SETTING)(set_)
ANSWERS = {
    "customer": ("He is final: {status} ({reason}).", "Đã xong: {status} ({reason})."),
    "call": ("A call with him is {detail}: {reason}.", "Cuộc gọi đang ở trạng thái {detail}: {reason}."),
    "campaign": ("Not now: the campaign is {detail}{because}.", "Chưa gọi: chiến dịch {detail}{because}."),
    "vendor": ("Not now: the vendor account, {reason}{until}.", "Chưa gọi: tài khoản tổng đài, {reason}{until}."),
    "wait": ("He waits: {reason}{until}.", "Đang chờ: {reason}{until}."),
    "gate": ("He may not be called: {reason}{until}.", "Không được gọi: {reason}{until}."),
    "turn": (
        "His turn has come: he is called as soon as an engine serves and there is room.",
        "Đã đến lượt: sẽ gọi khi hệ thống chạy và còn chỗ.",
    ),
}
PROMISED = (" He was promised a call at {at} ({zone}){by}{missed}.", " Đã hẹn gọi lúc {at} ({zone}){by}{missed}.")
BY = (" by agent {agent}", ", nhân viên {agent}")
MISSED = ("; it was missed", "; đã lỡ hẹn")


@app.command("show", epilog=example("dialer customer show NHAC-NO KH0042"))
def show_(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The campaign's code.", show_default=False)],
    customer: Annotated[str, typer.Argument(metavar="ID", help="His id on the list, or his number.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """His calls, facts, decisions and reasons, in order; the first line says why he was (not) called."""
    told, zone = look(tenant, _told, code, customer)
    sentence = answer(told, zone)
    if as_json:
        say_json({"campaign": code, "why": sentence} | asdict(told))
        return
    say(sentence)
    show(facts(_facts(told), f"{told.code} {told.name}"))
    show_events(told.events, zone)


def _told(desk: Desk, code: str, customer: str) -> tuple[Timeline, str]:
    campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
    rows = customers_by_id(desk.conn, campaign, [customer])[customer]
    if not rows:
        raise directory.missing("customer", customer, _alike(desk, campaign, customer), f"on the list of {code}")
    timing = desk.settings.timing
    told = reports.timeline(desk.conn, desk.now, timing, desk.tenant, campaign, rows[0])
    numbers = [at_home(number) for number in told.numbers]
    return replace(told, numbers=numbers, events=events_at_home(told.events)), desk.tenant.zone


def _alike(desk: Desk, campaign: Any, code: str) -> list[str]:
    """Some ids of the list that begin alike."""
    column = columns_of(Customer)
    mine = (column.tenant_id == campaign.tenant_id, column.campaign_id == campaign.id)
    alike = select(column.code).where(
        *mine, column.code.startswith(code[:2], autoescape=True), ~column.code.contains("+")
    )
    return list(desk.conn.scalars(alike.order_by(column.code).limit(500)))


def answer(told: Timeline, zone: str) -> str:
    """Why he was (not) called, in a sentence."""
    found = told.answer
    reason = label(found.reason) if found.reason else "-"
    until = at(found.until, zone)
    until_words = f", {'đến' if vietnamese() else 'until'} {until}" if until else ""
    because = f" ({reason})" if found.reason else ""
    sentence = ANSWERS[found.about][vietnamese()]
    words = {"status": label(told.status), "reason": reason, "until": until_words, "because": because}
    return sentence.format(**words, detail=label(found.detail or "-")) + _promised(told)


def _promised(told: Timeline) -> str:
    if (line := told.callback) is None:
        return ""
    tongue = vietnamese()
    by = BY[tongue].format(agent=line.agent) if line.agent else ""
    missed = MISSED[tongue] if line.missed else ""
    return PROMISED[tongue].format(at=(at(line.at, line.zone) or "")[:-3], zone=line.zone, by=by, missed=missed)


def _facts(told: Timeline) -> dict[str, Any]:
    return {
        label("status"): label(told.status),
        label("attempts"): f"{told.attempts} ({told.attempts_in_all})",
        label("number"): ", ".join(told.numbers) or None,
        label("contract"): ", ".join(told.contracts) or None,
    }
