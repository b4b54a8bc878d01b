"""`dialer job`: work that takes longer than a request may, and what came of it."""

from typing import Annotated, Any

import typer

from campaigns import jobs
from campaigns.words import JobKind, JobState
from dialer.commands.language import label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, facts, say_json, show, table
from dialer.commands.session import Desk, look

app = noun("Jobs: imports, exports and sweeps that were ordered over the API.")
SHOWN = 50
NAMES = ("kind", "campaign", "state", "finished", "total", "fault", "detail", "actor")
TIMES = ("created_at", "started_at", "ended_at")


@app.command("list", epilog=example("dialer job list --state failed"))
def list_(
    kind: Annotated[JobKind | None, typer.Option(help="Only these.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only those that stand so.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The newest jobs, and how they stand."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        rows = jobs.jobs_before(desk.conn, desk.tenant.id, None, SHOWN, kind, state)
        return [_told(row) for row in rows], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"jobs": rows})
        return
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
        return _told(row) | {"result": row.result}, desk.tenant.zone

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


def _told(row: Any) -> dict[str, Any]:
    return {"id": row.reference} | {name: getattr(row, name) for name in (*NAMES, *TIMES)}
