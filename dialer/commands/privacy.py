"""`dialer person export` and `dialer person erase`: what a person may ask for."""

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from campaigns import directory, privacy
from campaigns.privacy import Erased
from campaigns.sheets import as_json as written
from campaigns.terms import BadTerms
from dialer.commands.options import AsJson, Tenant, example
from dialer.commands.printing import at, note, say, say_json
from dialer.commands.session import Desk, actor, look, opened
from dialer.errands import erasing
from dialer.logs import masked
from dialer.vault import open_vault

Who = Annotated[str, typer.Argument(metavar="ID|NUMBER", help="His id on the list, or his number.")]
EXPORTING = example("dialer person export KH0042 --out kh0042")
ERASING = example("dialer person erase KH0042 --yes")


def export(
    who: Who,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write it.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Write everything that is kept about a person: one JSON file, and a table for each kind of row."""
    told = look(tenant, _about, who)
    out.mkdir(parents=True, exist_ok=True)
    (out / "person.json").write_text(written(told) + "\n", encoding="utf-8")
    for name, rows in told.items():
        _write_table(out / f"{name}.csv", rows)
    counts = {name: len(rows) for name, rows in told.items()}
    if as_json:
        say_json({"folder": str(out), "rows": counts})
        return
    say(f"{sum(counts.values())} rows in {out}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))


def _about(desk: Desk, who: str) -> dict[str, list[dict[str, Any]]]:
    return privacy.about(desk.conn, _person(desk, who))


def _person(desk: Desk, who: str) -> Any:
    """The one who is meant. Raises `NotFound`, and `BadTerms` where several are."""
    found = privacy.find(desk.conn, desk.tenant.id, who.strip())
    if not found:
        raise directory.missing("person", masked(who), [], "no list knows such an id or number")
    if len(found) > 1:
        ids = ", ".join(masked(person.key) for person in found)
        raise BadTerms("id", f"is needed: {masked(who)} is of several people, who are {ids}")
    return found[0]


def _write_table(file: Path, rows: list[dict[str, Any]]) -> None:
    with open(file, "w", encoding="utf-8-sig", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]) if rows else ["id"])
        table.writeheader()
        for row in rows:
            table.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    text = written(value) if isinstance(value, (dict, list)) else value
    # A spreadsheet would take what begins like a formula for one.
    return f"'{text}" if isinstance(text, str) and text[:1] in ("=", "+", "-", "@") else text


def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="It cannot be undone.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Forget a person: withdraw him everywhere and wipe what is personal. The do-not-call list stays in force, and what
    caps count stays until no window reaches it."""
    if not yes:
        raise BadTerms("yes", "is needed: this cannot be undone")

    async def work() -> tuple[Erased, str]:
        async with opened(tenant) as session:
            person = await session.read(_person, who)
            vault = open_vault(session.settings)
            told = await erasing.forget(session.database, vault, person, actor())
            return told, await session.read(lambda desk: str(desk.tenant.zone))

    told, zone = anyio.run(work)
    if as_json:
        say_json(asdict(told))
        return
    say(f"forgotten: {told.customers} customers, {told.calls} calls, {told.numbers} numbers, {told.receipts} raw hooks")
    note(
        f"numbers of recent calls are wiped on {at(told.complete_at, zone)} by `dialer serve`, when no cap counts them"
    )
    if told.entries:
        note(f"{told.entries} entries of the do-not-call list stay in force")
