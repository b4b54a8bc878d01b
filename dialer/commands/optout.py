"""`dialer optout`: somebody does not want to be called, in one step."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from campaigns import optouts
from campaigns.optouts import Freed, Refusal
from campaigns.phones import national
from campaigns.terms import BadTerms
from campaigns.withdrawals import Underway, underway
from campaigns.words import Purpose
from dialer.commands.language import either
from dialer.commands.list import say_underway
from dialer.commands.options import AsJson, Tenant, example
from dialer.commands.periods import past
from dialer.commands.printing import note, say, say_json
from dialer.commands.session import Desk, change
from dialer.commands.whom import As, AsWhat, Whom, sort_out

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Wish(StrEnum):
    ALL = "all"
    DEBT_REMINDER = "debt_reminder"
    MARKETING = "marketing"
    SERVICE = "service"

    @property
    def purpose(self) -> Purpose | None:
        return None if self is Wish.ALL else Purpose(self.value)


@dataclass(frozen=True, slots=True)
class Done:
    """What an opt-out wrote, and the calls that it comes too late for."""

    people: int
    records: int
    entries: int
    underway: list[Underway]

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


Purposes = Annotated[Wish, typer.Option(help="Calls of which purpose.")]
Channel = Annotated[str, typer.Option(help="How he said it: phone, zalo, web, paper, …")]
Proof = Annotated[str, typer.Option(help="Where it is proved: a recording, a message, a form.")]
When = Annotated[str | None, typer.Option("--at", metavar="TIME", help="When he said it; else now.")]


@app.command(epilog=example("dialer optout 0912345678", "dialer optout KH0042 --purpose marketing --channel zalo"))
def optout(
    whom: Whom,
    purpose: Purposes = Wish.ALL,
    channel: Channel = "phone",
    proof: Proof = "",
    at_: When = None,
    lift: Annotated[bool, typer.Option("--lift", help="End it instead; needs --reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why it is lifted.")] = "",
    as_: AsWhat = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """He and all his numbers are called no more, in any campaign, from the next call on. Whom a vendor's queue holds
    is taken back; calls that it comes too late for are named."""
    if lift:
        _lift(whom, purpose, reason, as_, tenant, as_json)
        return
    done = change(tenant, refuse, whom, Refusal(purpose.purpose, channel, proof), at_, as_)
    if as_json:
        say_json(done.as_json())
    else:
        tell_refused(done)


def refuse(desk: Desk, whom: list[str], refusal: Refusal, at_: str | None, as_: As | None) -> Done:
    """Write a refusal of these people."""
    said = Refusal(refusal.purpose, refusal.channel, refusal.proof, past(desk, "at", at_))
    done = optouts.opt_out(desk.conn, desk.now, desk.tenant.id, meant(desk, whom, as_), said, desk.actor)
    return Done(done.people, done.records, done.entries, underway(done.late))


def meant(desk: Desk, whom: list[str], as_: As | None) -> optouts.Whom:
    """Whom the words of a command name."""
    subjects = sort_out(desk, whom, as_, known_only=True)
    return optouts.Whom(
        ids=[subject for kind, subject in subjects if kind is As.ID],
        phones=[subject for kind, subject in subjects if kind is As.NUMBER],
    )


def tell_refused(done: Done) -> None:
    say(
        either(
            f"{done.people} people known, {done.records} refusals recorded, {done.entries} entries added to the"
            " do-not-call list",
            f"{done.people} người đã biết, ghi {done.records} lời từ chối, thêm {done.entries} mục không gọi",
        )
    )
    say_underway(done.underway)


def _lift(whom: list[str], wish: Wish, reason: str, as_: As | None, tenant: str | None, as_json: bool) -> None:
    if not reason.strip():
        raise BadTerms("lift", "needs a --reason, for the history")

    def work(desk: Desk) -> Freed:
        named = meant(desk, whom, as_)
        return optouts.lift(desk.conn, desk.now, desk.tenant.id, named, wish.purpose, desk.actor, reason.strip())

    freed = change(tenant, work)
    if as_json:
        say_json({"ended": freed.ended, "reopened": freed.reopened, "still": [national(one) for one in freed.still]})
        return
    say(
        either(
            f"{freed.ended} entries ended, {freed.reopened} customers may be called again",
            f"kết thúc {freed.ended} mục, {freed.reopened} khách hàng có thể được gọi lại",
        )
    )
    tell_still(freed.still)


def tell_still(subjects: list[str]) -> None:
    """Who is on the do-not-call list for another reason."""
    for one in subjects:
        shown = national(one)
        note(
            either(
                f"still on the do-not-call list: {shown} (see dialer dnc check)",
                f"vẫn trong danh sách không gọi: {shown} (xem dialer dnc check)",
            )
        )
