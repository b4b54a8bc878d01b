"""`dialer dnc`: whom not to call."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from campaigns import barring, directory, dnc
from campaigns.dnc import Entry
from campaigns.pages import Cut
from campaigns.phones import national
from campaigns.registers import NumberFile, read_numbers
from campaigns.terms import BadTerms
from campaigns.withdrawals import Underway, underway
from campaigns.words import Subject
from dialer.commands import registering
from dialer.commands.language import either, label
from dialer.commands.list import say_underway
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.optout import Wish
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.rejects import write_rejects
from dialer.commands.session import Desk, change, look, opened
from dialer.commands.whom import As, AsWhat, Whom, sort_out

app = noun("The do-not-call list, tenant-wide or a campaign's, by number or person.")


OfCampaign = Annotated[str | None, typer.Option("--campaign", metavar="CODE", help="For this campaign only.")]
Why = Annotated[str, typer.Option(help="Why, for the history.")]


@dataclass(frozen=True, slots=True)
class Added:
    """How many entries are new, how many stood there, and the calls that they come too late for."""

    added: int
    already: int
    underway: list[Underway]


@app.command(
    "import",
    epilog=example(
        "dialer dnc import khong-goi.csv", "dialer dnc import dnc-quoc-gia.csv --register national --as-of 2026-11-20"
    ),
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.", show_default=False)],
    campaign: OfCampaign = None,
    reason: Why = "",
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write what was no number; else beside the file.")
    ] = None,
    register: Annotated[
        str | None, typer.Option(metavar="NAME", help="The file is the whole copy of this register.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="When the register's owner made the copy.")] = None,
    purpose: Annotated[
        Wish | None, typer.Option(help="What the register's numbers are not to be called for; else marketing.")
    ] = None,
    allow_shrinking: Annotated[
        bool, typer.Option("--allow-shrinking", help="Also where more than half of the register would be freed.")
    ] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Put every number of a file on the list, effective from the next call on. With --register, numbers of the
    register's last copy that the file no longer holds are taken off it."""
    if register is not None:
        if campaign is not None:
            raise BadTerms("register", "and --campaign exclude each other: a register holds everywhere")
        options = registering.Options(register, as_of, purpose or Wish.MARKETING, allow_shrinking)
        registering.bring(tenant, file, options, rejects, as_json)
        return
    for option, typed in {"as_of": as_of, "purpose": purpose}.items():
        if typed is not None:
            raise BadTerms(option, "means something with --register only")

    async def work() -> tuple[NumberFile, Path | None, Added]:
        async with opened(tenant, founding=True) as session:
            read = read_numbers(file)
            remarks = sorted((*read.rejects, *read.notes), key=lambda remark: remark.row)
            told = write_rejects(remarks, rejects, file)
            subjects = [(As.NUMBER, phone) for phone in read.phones]
            return read, told, await session.write(_suppress, subjects, campaign, f"file {file.name}", reason)

    read, told, done = anyio.run(work)
    counts = {"rows_read": read.rows_read, "numbers": len(read.phones), "rejected": read.rejected}
    if as_json:
        say_json(counts | _as_data(done) | {"rejects_file": str(told) if told else None})
        return
    say(f"{read.rows_read} rows, {len(read.phones)} numbers: {done.added} added, {done.already} were there")
    if read.rejects:
        note(f"{len(read.rejects)} rows hold no number that could be called: see {told}")
    say_underway(done.underway)


@app.command(epilog=example('dialer dnc add 0912345678 --reason "asked us to stop"'))
def add(
    whom: Whom,
    reason: Annotated[str, typer.Option(help="Why, for the history.")],
    campaign: OfCampaign = None,
    as_: AsWhat = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Put numbers or people on the list, effective from the next call on. Calls it comes too late for are named."""

    async def work() -> Added:
        async with opened(tenant, founding=True) as session:
            subjects = await session.read(sort_out, whom, as_, known_only=True)
            return await session.write(_suppress, subjects, campaign, "command line", reason)

    done = anyio.run(work)
    if as_json:
        say_json(_as_data(done))
        return
    say(f"{done.added} added, {done.already} were there")
    say_underway(done.underway)


@app.command(epilog=example("dialer dnc remove 0912345678"))
def remove(
    whom: Whom, campaign: OfCampaign = None, as_: AsWhat = None, tenant: Tenant = None, as_json: AsJson = False
) -> None:
    """Take numbers or people off the list; customers who were final because of it are called again while recalls
    remain. History keeps the entries."""

    def work(desk: Desk) -> dict[str, Any]:
        subjects = [subject for _, subject in sort_out(desk, whom, as_)]
        campaign_id = _campaign_id(desk, campaign)
        freed = barring.free(desk.conn, desk.now, desk.tenant.id, subjects, desk.actor, campaign_id)
        absent = [national(one) for one in subjects if one not in freed.subjects]
        return {"lifted": len(freed.subjects), "not_listed": absent, "reopened": freed.reopened}

    told = change(tenant, work)
    if as_json:
        say_json(told)
        return
    say(f"{told['lifted']} taken off the list, {told['reopened']} customers may be called again")
    for one in told["not_listed"]:
        note(f"was not on {f'the list of {campaign}' if campaign else 'the tenant-wide list'}: {one}")


@app.command(epilog=example("dialer dnc check 0912345678"))
def check(
    who: Annotated[str, typer.Argument(metavar="NUMBER", help="A telephone number or a list id.", show_default=False)],
    as_: AsWhat = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Whether a number or a person is on the list, and was."""

    def work(desk: Desk) -> tuple[dict[str, Any], str]:
        [(kind, subject)] = sort_out(desk, [who], as_)
        entries = [_entry(row) for row in dnc.histories(desk.conn, desk.tenant.id, [subject])[subject]]
        standing = any(entry["until"] is None for entry in entries)
        told = {"subject": national(subject), "kind": kind.value, "suppressed": standing, "entries": entries}
        return told, desk.tenant.zone

    told, zone = look(tenant, work)
    if as_json:
        say_json(told)
        return
    say(f"{told['subject']} ({told['kind']}) is {'' if told['suppressed'] else 'not '}on the do-not-call list")
    shown = ("scope", "purpose", "reason", "source", "actor", "since", "until")
    times = [entry | {name: at(entry[name], zone) for name in ("since", "until")} for entry in told["entries"]]
    if times:
        show(table(shown, [[entry[name] for name in shown] for entry in times]))


@app.command("list", epilog=example("dialer dnc list", "dialer dnc list --campaign NHAC-NO --lifted"))
def list_(
    campaign: OfCampaign = None,
    lifted: Annotated[
        bool, typer.Option("--lifted", help="Those that hold no more, in place of those that do.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 200,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The entries that hold, the oldest first."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        scope = _campaign_id(desk, campaign)
        sought = dnc.Sought(campaign_id=scope, standing=not lifted)
        rows = dnc.read_entries(desk.conn, desk.tenant.id, sought, Cut(limit, "since", window=None)).rows
        told = [
            {"id": row.id, "kind": row.subject_kind, "subject": national(row.subject)} | _entry(row) for row in rows
        ]
        return told, desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"entries": rows})
        return
    headings = ("id", "number", "scope", "purpose", "reason", "source", "who", "since", "until")
    names = ("id", "subject", "scope", "purpose", "reason", "source", "actor")
    lines = [[*(row[name] for name in names), at(row["since"], zone), at(row["until"], zone)] for row in rows]
    show(table([label("entry" if word == "id" else word) for word in headings], lines))
    if len(rows) == limit:
        note(f"--limit {limit}")


@app.command(epilog=example("dialer dnc registers"))
def registers(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """The registers that we have copies of, and how old each copy is."""
    told, zone = look(tenant, registering.ages)
    if as_json:
        say_json({"registers": told})
    elif told:
        show(registering.picture(told, zone))
    else:
        say(either("no copy of a register is loaded", "chưa nạp bản sao sổ đăng ký nào"))


def _suppress(desk: Desk, subjects: list[tuple[As, str]], campaign: str | None, source: str, reason: str) -> Added:
    kinds = {As.NUMBER: Subject.NUMBER, As.ID: Subject.PERSON}
    campaign_id = _campaign_id(desk, campaign)
    entries = [
        Entry(kinds[kind], subject, campaign_id, source=source, reason=reason)
        for kind, subject in dict.fromkeys(subjects)
    ]
    done = barring.bar(desk.conn, desk.now, desk.tenant.id, entries, desk.actor, campaign)
    return Added(done.added, done.already, underway(done.late))


def _campaign_id(desk: Desk, code: str | None) -> int | None:
    return directory.find_campaign(desk.conn, desk.tenant.id, code).id if code else None


def _entry(row: Any) -> dict[str, Any]:
    names = ("purpose", "reason", "source", "actor", "since", "until", "lifted_by")
    return {"scope": row.campaign or "tenant"} | {name: getattr(row, name) for name in names}


def _as_data(done: Added) -> dict[str, Any]:
    return {"added": done.added, "already": done.already, "underway": done.underway}
