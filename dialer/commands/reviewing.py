"""`dialer person review`: the end of a doubt about a number that may be a land line of before 2018."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from campaigns import reviews
from campaigns.phones import Phone, national, normalise
from campaigns.terms import BadTerms
from dialer.commands.language import either
from dialer.commands.options import AsJson, Tenant
from dialer.commands.printing import say, say_json
from dialer.commands.session import Desk, change
from dialer.logs import masked


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
