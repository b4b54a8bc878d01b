"""`dialer person`: what one person said and what was agreed with him, over all campaigns."""

from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns import consents, dnc, hours, optouts, people
from campaigns.consents import Said
from campaigns.hours import BadHours
from campaigns.optouts import Freed, Refusal
from campaigns.phones import national
from campaigns.terms import BadTerms
from campaigns.words import Purpose
from dialer.commands import privacy
from dialer.commands.consenting import bring
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.optout import Channel, Proof, Purposes, When, Wish, refuse, tell_refused, tell_still
from dialer.commands.periods import past, typed
from dialer.commands.printing import at, facts, say, say_json, show, table
from dialer.commands.reviewing import doubtful, review
from dialer.commands.session import Desk, change, look
from dialer.commands.whom import AsWhat, Who, find_person

app = noun("One person, whatever lists he stands on: consents, refusals, agreed hours, doubtful numbers.")
app.command("export", epilog=privacy.EXPORTING)(privacy.export)
app.command("erase", epilog=privacy.ERASING)(privacy.erase)
app.command("review", epilog=example("dialer person review 0383123456 --ok"))(review)
app.command("doubtful", epilog=example("dialer person doubtful"))(doubtful)


@app.command("show", epilog=example("dialer person show KH0042"))
def show_(who: Who, as_: AsWhat = None, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """What he said, what was agreed with him, his numbers, and what forbids to call him."""
    told, zone = look(tenant, _told, who, as_)
    if as_json:
        say_json(told)
        return
    pairs = {
        label("time zone"): told["zone"],
        label("agreed hours"): hours.written(told["agreed_hours"]) or None,
        label("numbers"): ", ".join(f"{one['number']} ({_about(one)})" for one in told["numbers"]) or None,
    }
    show(facts(pairs, f"{told['id']} {told['name']}"))
    if told["said"]:
        show(table([label(word) for word in SAID], [_said_row(one, zone) for one in told["said"]], label("said")))
    if told["suppressions"]:
        rows = [_entry_row(one, zone) for one in told["suppressions"]]
        show(table([label(word) for word in ENTRY], rows, label("suppressions")))


SAID = ("time", "purpose", "what", "channel", "proof", "until", "who")
ENTRY = ("number", "purpose", "source", "reason", "since", "until", "who")


def _told(desk: Desk, who: str, as_: Any) -> tuple[dict[str, Any], str]:
    conn, tenant_id = desk.conn, desk.tenant.id
    person = find_person(desk, who, as_)
    numbers = people.numbers(conn, tenant_id, [person.id]).get(person.id, [])
    subjects = [person.key, *(one.phone for one in numbers if one.phone != person.key)]
    entries = [row for subject in subjects for row in dnc.history(conn, tenant_id, subject)]
    told = {
        "id": national(person.key),
        "name": person.name,
        "zone": person.zone or desk.tenant.zone,
        "agreed_hours": person.agreed_hours,
        "numbers": [_number(one) for one in numbers],
        "said": [_said(row) for row in consents.history(conn, tenant_id, person.id)],
        "suppressions": [_entry(row) for row in entries],
    }
    return told, desk.tenant.zone


def _number(row: Any) -> dict[str, Any]:
    names = ("role", "vintage", "needs_review", "reviewed_at", "removed_at")
    return {"number": national(row.phone)} | {name: getattr(row, name) for name in names}


def _about(one: dict[str, Any]) -> str:
    doubt = [label("needs-review")] if one["needs_review"] and not one["removed_at"] else []
    return ", ".join([one["role"], *doubt, *([label("removed")] if one["removed_at"] else [])])


def _said(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("at", "purpose", "granted", "channel", "proof", "until", "actor")}


def _entry(row: Any) -> dict[str, Any]:
    names = ("purpose", "source", "reason", "since", "until", "actor", "lifted_by")
    return {"subject": national(row.subject)} | {name: getattr(row, name) for name in names}


def _said_row(one: dict[str, Any], zone: str) -> list[Any]:
    what = label("consented" if one["granted"] else "refused")
    times = at(one["at"], zone), at(one["until"], zone)
    return [
        times[0],
        label("every purpose" if one["purpose"] == "all" else one["purpose"]),
        what,
        one["channel"],
        one["proof"] or None,
        times[1],
        one["actor"],
    ]


def _entry_row(one: dict[str, Any], zone: str) -> list[Any]:
    since, until = at(one["since"], zone), at(one["until"], zone)
    by = one["lifted_by"] or one["actor"]
    return [
        one["subject"],
        label("every purpose" if one["purpose"] == "all" else one["purpose"]),
        one["source"],
        one["reason"] or None,
        since,
        until,
        by,
    ]


@app.command(
    "consent",
    epilog=example(
        "dialer person consent KH0042 --purpose marketing --channel web --proof form-77 --at 2026-11-01T10:00",
        "dialer person consent --import dong-y.csv --purpose marketing",
    ),
)
def consent(
    who: Annotated[str | None, typer.Argument(metavar="ID|NUMBER", help="A list id or a telephone number.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="What he agreed to be called for.")] = None,
    channel: Annotated[str | None, typer.Option(help="How he said it: web, zalo, paper, phone, …")] = None,
    proof: Proof = "",
    at_: When = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="When it ends by itself.")] = None,
    import_: Annotated[Path | None, typer.Option("--import", metavar="FILE", help="Many of them, CSV or XLSX.")] = None,
    rejects: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write what was wrong.")] = None,
    as_: AsWhat = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Record a consent with its channel, time and proof. It ends what he refused of the same purpose before."""
    if (import_ is None) == (who is None):
        raise BadTerms("import", "stands for an id or number: give one of the two")
    if import_ is not None:
        bring(tenant, import_, purpose, channel, rejects, as_json)
        return
    freed = change(tenant, _consent, who or "", _complete(purpose, channel, proof), at_, until, as_)
    if as_json:
        names = ("records", "ended", "reopened")
        say_json({name: getattr(freed, name) for name in names} | {"still": [national(one) for one in freed.still]})
        return
    say(
        either(
            f"{freed.records} consents recorded, {freed.ended} entries ended, {freed.reopened} customers may be called"
            " again",
            f"ghi {freed.records} sự đồng ý, kết thúc {freed.ended} mục, {freed.reopened} khách hàng có thể được gọi"
            " lại",
        )
    )
    tell_still(freed.still)


def _complete(purpose: Purpose | None, channel: str | None, proof: str) -> tuple[Purpose, str, str]:
    """What a consent is not one without. Raises `BadTerms`."""
    if purpose is None:
        raise BadTerms("purpose", "is needed: what did he agree to?")
    if not channel:
        raise BadTerms("channel", "is needed: how did he say it?")
    if not proof:
        raise BadTerms("proof", "is needed: without one it is no consent")
    return purpose, channel, proof


def _consent(
    desk: Desk, who: str, said: tuple[Purpose, str, str], at_: str | None, until: str | None, as_: Any
) -> Freed:
    person = find_person(desk, who, as_)
    purpose, channel, proof = said
    begins = past(desk, "at", at_)
    ends = typed(desk, "until", until) if until else None
    if ends is not None and ends <= begins:
        raise BadTerms("until", "must be after --at")
    record = Said(person.id, purpose, True, channel, begins, proof, ends)
    return optouts.consent(desk.conn, desk.now, desk.tenant.id, [record], desk.actor)


@app.command("refuse", epilog=example("dialer person refuse KH0042 --purpose marketing --channel phone"))
def refuse_(
    who: Who,
    purpose: Purposes = Wish.ALL,
    channel: Channel = "phone",
    proof: Proof = "",
    at_: When = None,
    as_: AsWhat = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Record a refusal, and suppress him for what it says: the same as `dialer optout` for one person."""
    done = change(tenant, refuse, [who], Refusal(purpose.purpose, channel, proof), at_, as_)
    if as_json:
        say_json(done.as_json())
    else:
        tell_refused(done)


@app.command("hours", epilog=example('dialer person hours KH0042 --set "mon-fri 18:00-20:00, sat 09:00-11:00"'))
def hours_(
    who: Who,
    set_: Annotated[str | None, typer.Option("--set", metavar="HOURS", help="On his own clock.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Nothing is agreed any more.")] = False,
    as_: AsWhat = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """The hours in which he agreed to be called; without an option, what is agreed now."""
    if set_ is not None and clear:
        raise BadTerms("set", "and --clear exclude each other")
    agreed = _hours(set_) if set_ is not None else []

    def work(desk: Desk) -> tuple[str, list[list[str]]]:
        person = find_person(desk, who, as_)
        if set_ is not None or clear:
            people.agree(desk.conn, desk.tenant.id, person.id, agreed)
            return person.key, agreed
        return person.key, person.agreed_hours

    key, told = (change if set_ is not None or clear else look)(tenant, work)
    if as_json:
        say_json({"id": national(key), "agreed_hours": told})
        return
    nothing = either("nothing is agreed", "chưa hẹn giờ nào")
    say(f"{national(key)}: {hours.written(told) or nothing}")


def _hours(text: str) -> list[list[str]]:
    try:
        return hours.read(text)
    except BadHours as error:
        raise BadTerms("set", str(error)) from None
