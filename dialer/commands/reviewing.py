"""`dialer person doubtful` and `review`: numbers that may be land lines of before 2018, and the end of a doubt."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from campaigns import reviews
from campaigns.pages import Cut
from campaigns.phones import Phone, national, normalise
from campaigns.terms import BadTerms
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant
from dialer.commands.printing import note, say, say_json, show, table
from dialer.commands.session import Desk, change, look
from dialer.logs import masked


def doubtful(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 200,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Numbers that wait for somebody to look: they are not called about a debt before that."""

    def work(desk: Desk) -> list[dict[str, Any]]:
        return [_doubt(row) for row in reviews.waiting(desk.conn, desk.tenant.id, Cut(limit, "id", window=None)).rows]

    rows = look(tenant, work)
    if as_json:
        say_json({"numbers": rows})
        return
    names = ("row", "number", "id", "name", "vintage", "note")
    show(table([label(name) for name in names], [[row[name] for name in names] for row in rows]))
    if len(rows) == limit:
        note(f"--limit {limit}")


def _doubt(row: Any) -> dict[str, Any]:
    who = {"row": row.id, "number": national(row.phone), "id": national(row.key), "name": row.person}
    return who | {"role": row.role, "vintage": row.vintage, "note": row.note or None}


def review(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number in doubt.", show_default=False)],
    ok: Annotated[bool, typer.Option("--ok", help="It is his: it may be called.")] = False,
    wrong: Annotated[bool, typer.Option("--wrong", help="It is not his: it is taken away.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a number in doubt is right. What you say stands, whatever a list says after it."""
    if ok == wrong:
        raise BadTerms("ok", "or --wrong: say one of the two")
    read = normalise(number)
    if not isinstance(read, Phone):
        raise BadTerms("ok", f"and --wrong are about a telephone number, which {masked(number)} is not")
    told = change(tenant, _review, read.e164, ok)
    if as_json:
        say_json(told)
        return
    what = either("may be called", "được gọi") if ok else either("is taken away", "đã được bỏ")
    people_, reopened = told["people"], told["reopened"]
    say(
        either(
            f"{told['number']} {what} for {people_} people; {reopened} customers are considered again",
            f"{told['number']} {what} cho {people_} người; xét lại {reopened} khách hàng",
        )
    )


def _review(desk: Desk, phone: str, right: bool) -> dict[str, Any]:
    done = reviews.judge(desk.conn, desk.now, desk.tenant.id, phone, right, desk.actor)
    return {"number": national(phone)} | asdict(done)
