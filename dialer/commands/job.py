"""`dialer job`: work that takes longer than a request may, and what came of it."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import typer

from campaigns import directory, jobs
from campaigns.pages import Cut
from campaigns.words import JobKind, JobState
from dialer import ordering
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, facts, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look

app = noun("Jobs: sweeps to be ordered, and what came of imports, exports and sweeps.")
SHOWN = 50
NAMES = ("kind", "campaign", "state", "finished", "total", "fault", "detail", "actor")
TIMES = ("created_at", "started_at", "ended_at")


class Sweep(StrEnum):
    """What can be ordered here; imports and exports are ordered at their own places."""

    RECALL_SWEEP = JobKind.RECALL_SWEEP.value
    RECONCILIATION = JobKind.RECONCILIATION.value


@app.command(epilog=example("dialer job start recall-sweep --campaign NHAC-NO", "dialer job start reconciliation"))
def start(
    kind: Annotated[Sweep, typer.Argument(help="Look again at who waits; or ask the vendor about silent calls.")],
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="Of this campaign; a sweep needs one.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Order a sweep, which the engine does as soon as it serves."""

    def work(desk: Desk) -> dict[str, Any]:
        of = directory.find_campaign(desk.conn, desk.tenant.id, campaign) if campaign else None
        return told_of(ordering.order(desk.conn, desk.now, desk.tenant.id, JobKind(kind.value), {}, desk.actor, of))

    tell_ordered(change(tenant, work), as_json)


def tell_ordered(told: dict[str, Any], as_json: bool) -> None:
    """What is said of a job that was just ordered."""
    if as_json:
        say_json(told)
    else:
        say(either(f"job {told['id']} is ordered", f"đã giao việc {told['id']}"))
        note(either(f"see dialer job show {told['id']}", f"xem dialer job show {told['id']}"))


@app.command("list", epilog=example("dialer job list --state failed"))
def list_(
    kind: Annotated[JobKind | None, typer.Option(help="Only these.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only those that stand so.")] = None,
    sort: Annotated[
        Literal["created_at", "-created_at"], typer.Option(help="The oldest first, or with - the newest.")
    ] = "-created_at",
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Jobs, the newest first, and how they stand."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        cut = Cut(SHOWN, sort, window=None)
        part = jobs.read_jobs(desk.conn, desk.tenant.id, cut, kind=kind, state=state)
        return [told_of(row) for row in part.rows], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"jobs": rows})
    else:
        show_all(rows, zone)


def show_all(rows: list[dict[str, Any]], zone: str) -> None:
    """Jobs as a table."""
    headings = [label(word) for word in ("id", "kind", "campaign", "state", "since", "until", "who")]
    lines = [
        [
            row["id"],
            label(row["kind"]),
            row["campaign"],
            label(row["fault"] or row["state"]),
            at(row["created_at"], zone),
            at(row["ended_at"], zone),
            row["actor"],
        ]
        for row in rows
    ]
    show(table(headings, lines))


@app.command("show", epilog=example("dialer job show j_0123456789abcdef"))
def show_(
    job: Annotated[str, typer.Argument(metavar="ID", help="The job's id.", show_default=False)],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """One job: how far it is, what came of it, and what went wrong."""

    def work(desk: Desk) -> tuple[dict[str, Any], str]:
        row = jobs.find(desk.conn, desk.tenant.id, job)
        return told_of(row) | {"result": row.result}, desk.tenant.zone

    told, zone = look(tenant, work)
    if as_json:
        say_json(told)
        return
    pairs = {label(name): told[name] for name in NAMES if told[name] is not None}
    pairs |= {label(name): at(told[name], zone) for name in TIMES if told[name] is not None}
    show(facts(pairs | {name: str(value) for name, value in told["result"].get("counts", {}).items()}, told["id"]))
    if rejected := told["result"].get("rejected"):
        rows = [[one["row"], one["column"], one["reason"], one["en"]] for one in rejected]
        show(table([label(word) for word in ("row", "column", "reason", "detail")], rows))


def told_of(row: Any) -> dict[str, Any]:
    """A job's row, as programs read it."""
    return {"id": row.reference} | {name: getattr(row, name) for name in (*NAMES, *TIMES)}
