"""`dialer campaign`: what is called, on what terms, and how it stands."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
import typer

from campaigns import accounts, directory, recalls, reports, revising, runs
from campaigns.terms import BadTerms, agree, amend, written
from campaigns.words import Mode, Wanted
from dialer.commands import explaining, sheets, watching
from dialer.commands.language import label
from dialer.commands.options import AsJson, Tenant, example, given, noun, taking
from dialer.commands.printing import facts, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look
from dialer.commands.watching import warnings

app = noun("Campaigns: create, set, start, stop, watch, report.")
Code = Annotated[str, typer.Argument(metavar="CODE", help="The campaign's code.", show_default=False)]
TERMS = {
    "purpose": "Why we call: debt_reminder (the default), marketing or service.",
    "creditor": "For whom: who is owed.",
    "advertiser": "For whom: who advertises.",
    "brandname": "The registered name that advertising calls show (tên định danh).",
    "brandname_until": "The last day of the brandname's grant, as in 2027-12-31.",
    "queue_code": "The vendor's queue; autodialer and autocall.",
    "vendor_campaign_id": "The vendor's own campaign; autodialer.",
    "template": "The vendor's script; autocall.",
    "queue_agents": "The vendor's agent queue, as in 5001; autodialer.",
    "agents": "Who takes the calls, as in 101=user,102; autodialer and click2call.",
    "wrap_up": "An agent's rest after a call, as in 30s.",
    "hotline": "The number to call out with; click2call.",
    "precall_ratio": "Calls per 100 free agents, 150 by default; autodialer.",
    "concurrent_call": "Calls at the same time; 5 by default in autocall.",
    "max_recall_count": "Recalls after the first attempt, 2 by default.",
    "min_recall_duration": "Talk shorter than this is recalled, 3 s by default.",
    "recall_delay": "Until a recall, one wait for every outcome.",
    "recalls": "Waits by outcome, as in 'busy=5m x2 day 3, no-answered=2h run 4 all 9'; by default busy 5m, "
    "no-answered 2h, not-available 4h, any other 15m.",
    "quiet_time": "Nobody is called again so soon after a conversation, in whatever campaign; 0s by default.",
    "variables": "The list's columns that the script speaks, as in dpd,total_ovd_amount; autocall.",
    "rulebook": "The rules to call under (see `dialer rulebook list`); vn-debt or vn-marketing by purpose.",
    "weight": "This campaign's share of the vendor account, against others; 1 by default.",
}
DURATIONS = ("wrap_up", "min_recall_duration", "recall_delay", "quiet_time")


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


@app.command(
    epilog=example(
        "dialer campaign create NHAC-NO --vendor main --mode autocall --queue-code Q1 --template IVR-1 "
        "--variables dpd,total_ovd_amount"
    )
)
@taking(TERMS)
def create(
    code: Code,
    vendor: Annotated[str, typer.Option(metavar="NAME", help="The vendor account.")],
    mode: Annotated[Mode, typer.Option(help="How the vendor places the calls.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    **options: str | None,
) -> None:
    """Make a campaign, as a draft: nobody is called before it is started."""
    terms = agree(mode, given(options))

    def work(desk: Desk) -> dict[str, Any]:
        account = accounts.find_account(desk.conn, desk.tenant.id, vendor)
        return _shown(desk, directory.create_campaign(desk.conn, desk.now, account, code, mode, terms, desk.actor))

    _tell(change(tenant, work), as_json, f"campaign {code} created; give it a list with `dialer list import {code}`")


@app.command("set", epilog=example("dialer campaign set NHAC-NO --recall-delay 30m --concurrent-call 8"))
@taking(TERMS)
def set_(
    code: Code,
    vendor: Annotated[str | None, typer.Option(metavar="NAME", hidden=True)] = None,
    mode: Annotated[Mode | None, typer.Option(hidden=True)] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    **options: str | None,
) -> None:
    """Change a campaign, also while it runs: acts from the next claim on. An empty text takes an option away; without
    options, what is set is shown."""

    def work(desk: Desk) -> dict[str, Any]:
        campaign = revising.hold(desk.conn, desk.tenant.id, code)
        for option, wanted, standing in (("mode", mode, campaign.mode), ("vendor", vendor, campaign.vendor)):
            if wanted not in (None, standing):
                raise BadTerms(option, f"of a campaign is for good ({standing}): create another campaign")
        revising.revise(desk.conn, desk.now, campaign, amend(campaign.mode, given(options)), desk.actor)
        return _shown(desk, directory.find_campaign(desk.conn, desk.tenant.id, code))

    told = change(tenant, work)
    if as_json or given(options):
        _tell(told, as_json, f"campaign {code} changed")
    else:
        _warn(told)
        show(
            facts({label(name): _readable(name, value) for name, value in told.items() if value not in (None, [], {})})
        )


@app.command(epilog=example("dialer campaign start NHAC-NO"))
def start(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Call this campaign's customers, as soon as an engine serves and the rules allow."""
    _command(code, Wanted.RUNNING, tenant, as_json)


@app.command(epilog=example("dialer campaign pause NHAC-NO"))
def pause(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Place no more calls; those that ring or talk go on. The vendor keeps its queue and stops dialing it."""
    _command(code, Wanted.PAUSED, tenant, as_json)


@app.command(epilog=example("dialer campaign resume NHAC-NO"))
def resume(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Go on with a paused campaign."""
    _command(code, Wanted.RUNNING, tenant, as_json, resuming=True)


@app.command(epilog=example("dialer campaign stop NHAC-NO"))
def stop(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Place no more calls and take back what the vendor's queue holds. It may be started again."""
    _command(code, Wanted.STOPPED, tenant, as_json)


def _command(code: str, wanted: Wanted, tenant: str | None, as_json: bool, resuming: bool = False) -> None:
    def work(desk: Desk) -> dict[str, Any]:
        campaign = revising.hold(desk.conn, desk.tenant.id, code)
        revising.command(desk.conn, desk.now, campaign, wanted, desk.actor, resuming)
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        return _shown(desk, campaign) | {"empty": runs.newest_run(desk.conn, campaign) is None}

    told = change(tenant, work)
    _tell(told, as_json, f"campaign {code} is {wanted}")
    if wanted is Wanted.RUNNING and told["empty"]:
        note(f"campaign {code} has no customers yet: dialer list import {code} FILE")


@app.command(epilog=example("dialer campaign delete NHAC-NO"))
def delete(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Hide a stopped campaign. Its ledger stays."""

    change(tenant, lambda desk: revising.delete(desk.conn, desk.now, desk.tenant.id, code, desk.actor))
    _tell({"code": code, "deleted": True}, as_json, f"campaign {code} deleted; its ledger stays")


@app.command(epilog=example("dialer campaign rerun NHAC-NO"))
def rerun(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Call everybody again: another run over all customers but those withdrawn or on the do-not-call list."""

    def work(desk: Desk) -> dict[str, Any]:
        campaign = revising.hold(desk.conn, desk.tenant.id, code)
        done = runs.rerun(desk.conn, desk.now, campaign, desk.actor)
        return {"code": code, "run": done.ordinal, "reopened": done.reopened, "left": done.left}

    told = change(tenant, work)
    _tell(told, as_json, f"run {told['run']} of {code}: {told['reopened']} customers, {told['left']} left as they are")


@app.command("list", epilog=example("dialer campaign list", "dialer campaign list --sort=-created_at"))
def list_(
    sort: Annotated[
        Literal["code", "-code", "created_at", "-created_at"], typer.Option(help="In which order; - turns it round.")
    ] = "code",
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The campaigns and how they stand."""

    def work(desk: Desk) -> list[dict[str, Any]]:
        rows = []
        for campaign in directory.list_campaigns(desk.conn, desk.tenant.id, sort):
            seen = reports.standing(desk.conn, desk.now, desk.settings.timing, campaign)
            counts = {"customers": seen.customers, "waiting": seen.waiting, "final": seen.final, "calls": seen.calls}
            names = {"code": seen.code, "state": seen.state, "mode": seen.mode, "vendor": campaign.vendor}
            rows.append(names | counts | {"rulebook": seen.rulebook, "warnings": warnings(seen)})
        return rows

    rows = look(tenant, work)
    if as_json:
        say_json({"campaigns": rows})
    else:
        for row in rows:
            _warn(row)
        shown = ("code", "state", "mode", "vendor", "customers", "waiting", "final", "calls", "rulebook")
        headers = [label("campaign" if name == "code" else name) for name in shown]
        show(table(headers, [[label(str(row[n])) if n == "state" else row[n] for n in shown] for row in rows]))


@app.command(epilog=example("dialer campaign status NHAC-NO --watch"))
def status(
    code: Code,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every second until it is finished.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """How it stands: customers by status and reason, calls, answer rate, talk time, agents."""
    if watch and as_json:
        raise BadTerms("watch", "and --json exclude each other: ask again instead")
    seen, zone = look(tenant, watching.numbers, code)
    if as_json:
        say_json(asdict(seen) | {"warnings": warnings(seen)})
        return
    for warning in warnings(seen):
        note(f"warning: {warning}")
    if watch:
        anyio.run(watching.watch, tenant, code)
    else:
        show(watching.picture(seen, zone))


@app.command(epilog=example("dialer campaign check NHAC-NO"))
def check(code: Code, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Before a start: what would stand against everybody, and is there anybody to call?"""

    def work(desk: Desk) -> reports.Check:
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        return reports.check(desk.conn, desk.now, desk.tenant, campaign)

    told = look(tenant, work)
    if as_json:
        say_json(asdict(told))
        return
    against = told.against
    why = label(against.reason or against.detail or "") if against else None
    pairs = {"ready": label("yes" if told.ready else "no"), "reason": why, "waiting": told.waiting}
    show(facts({label(name): value for name, value in (pairs | {"agents": told.agents}).items() if value is not None}))


@app.command(epilog=example("dialer campaign explain NHAC-NO"))
def explain(
    code: Code,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every few seconds until it is finished.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Why is nobody called? In a sentence; then every reason with what would change it, who is next, and the coming
    day."""
    if watch and as_json:
        raise BadTerms("watch", "and --json exclude each other: ask again instead")
    told = explaining.ask(tenant, code)
    if as_json:
        say_json(explaining.as_told(told) | {"warnings": warnings(told.explanation)})
        return
    for warning in warnings(told.explanation):
        note(f"warning: {warning}")
    if watch:
        anyio.run(explaining.watch, tenant, code)
    else:
        show(explaining.picture(told))


@app.command(epilog=example("dialer campaign report NHAC-NO --format xlsx --out ket-qua.xlsx"))
def report(
    code: Code,
    format_: Annotated[Format | None, typer.Option("--format", help="Else by --out's ending, else table.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write it, else standard output.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The uploaded rows with the result beside each. XLSX needs --out."""
    endings = {f".{word}": word for word in Format}
    by_ending = endings.get(out.suffix.lower(), Format.TABLE) if out else Format.TABLE
    chosen = Format.JSON if as_json else format_ or by_ending
    if chosen is Format.XLSX and out is None:
        raise BadTerms("format", "xlsx needs --out FILE")
    written_rows = look(tenant, sheets.report, code, chosen.value, out)
    if out is not None:
        note(f"{written_rows} rows written to {out}")


def _shown(desk: Desk, campaign: Any) -> dict[str, Any]:
    """A campaign's terms, under the names of its options."""
    users = {line.extension: line.user for line in _roster(desk, campaign)}
    terms = {name: getattr(campaign, name) for name in TERMS if name != "agents"}
    names = {"code": campaign.code, "vendor": campaign.vendor, "mode": campaign.mode, "state": campaign.wanted}
    return names | terms | {"agents": users, "warnings": warnings(campaign)}


def _roster(desk: Desk, campaign: Any) -> list[reports.AgentLine]:
    return reports.roster(desk.conn, desk.now, desk.settings.timing, desk.tenant.id, campaign.id)


def _readable(name: str, value: Any) -> Any:
    if name in DURATIONS:
        return written(value)
    if name == "recalls":
        return recalls.written(value, written)
    if name == "agents":
        return ", ".join(f"{extension}={user}" if user else extension for extension, user in value.items())
    return ", ".join(value) if isinstance(value, list) else value


def _warn(told: dict[str, Any]) -> None:
    for warning in told.get("warnings", ()):
        note(f"warning: {warning}")


def _tell(told: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        say_json(told)
    else:
        _warn(told)
        say(sentence)
