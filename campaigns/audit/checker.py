"""Was this call allowed? Judged again by counting and looking, on what the ledger says that was known then.

What was learned only later (a hand-dialled call that the vendor told us of the next day, an SMS that was imported
in the evening) is no fault of the call: it is remarked. What cannot be judged is said, and not passed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.audit.cases import Case
from campaigns.audit.reckoning import counts, in_window, same, touches
from campaigns.audit.texts import WEEK
from campaigns.words import CallState, Origin, Purpose, Reason, Role, Subject

LIABLE = (Role.BORROWER, Role.CO_BORROWER, Role.GUARANTOR)


class Outcome(StrEnum):
    LAWFUL = "lawful"
    VIOLATION = "violation"
    UNJUDGEABLE = "unjudgeable"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that stood against the call, and the facts that show it."""

    reason: Reason
    fact: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the checker says of a call. `missing`: what it would have to know; `remarks` change nothing."""

    call: Any
    outcome: Outcome
    wrongs: tuple[Wrong, ...] = ()
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class _Unknown(Exception):
    """Something that must be known to judge is not kept."""


def judge(case: Case) -> Judgement:
    """Every rule is looked at, also after the first that was broken."""
    wrongs: list[Wrong] = []
    missing: list[str] = []
    remarks = list(case.remarks)
    for rule in RULES:
        try:
            for found in rule(case):
                (wrongs if isinstance(found, Wrong) else remarks).append(found)  # type: ignore[arg-type]
        except _Unknown as unknown:
            missing.append(str(unknown))
    unknown_or_lawful = Outcome.UNJUDGEABLE if missing else Outcome.LAWFUL
    outcome = Outcome.VIOLATION if wrongs else unknown_or_lawful
    return Judgement(case.call, outcome, tuple(wrongs), tuple(missing), tuple(dict.fromkeys(remarks)))


Found = Iterator[Wrong | str]


def _text(case: Case) -> Any:
    if case.text is None:
        raise _Unknown(f"no text of the rulebook {case.call.rulebook} {case.call.rulebook_version} was kept")
    return case.text


def _rulebook(case: Case) -> Found:
    text, at, purpose = _text(case), case.call.intended_at, case.call.purpose
    days = {at.date(), at.astimezone(ZoneInfo(case.tenant.zone)).date()}
    if not any(text.in_effect(day) for day in days):
        yield Wrong(Reason.RULEBOOK_NOT_IN_EFFECT, f"{case.call.rulebook} was not in effect on {at.date()}")
    if purpose is None:
        raise _Unknown("the call's purpose was not kept")
    if text.purposes and purpose.value not in text.purposes:
        yield Wrong(Reason.WRONG_PURPOSE, f"{purpose} is none of {', '.join(text.purposes)}")


def _role(case: Case) -> Found:
    role, allowed = case.call.role, _text(case).requires.get("roles", "any")
    if role is None:
        raise _Unknown("whose number it was was not kept")
    if role is Role.REFERENCE:
        yield Wrong(Reason.NO_LIABLE_NUMBER, "the number is a reference's")
    elif case.call.purpose is Purpose.DEBT_REMINDER and role not in LIABLE:
        yield Wrong(Reason.NO_LIABLE_NUMBER, f"the number is of role {role}, who owes nothing")
    elif allowed != "any" and role.value not in allowed:
        yield Wrong(Reason.NO_LIABLE_NUMBER, f"{role} is none of {', '.join(allowed)}")


def _entries(case: Case) -> Found:
    """An entry that stood when the call was claimed. Its own moment is the claim's: an entry must be earlier."""
    at, call, person = case.call.intended_at, case.call, case.person
    for entry in case.entries:
        ours = entry.subject == call.phone if entry.subject_kind is Subject.NUMBER else _is_his(entry, person)
        here = entry.campaign_id in (None, call.campaign_id)
        meant = entry.purpose in ("all", call.purpose)
        if ours and here and meant and entry.since < at and (entry.until is None or entry.until > at):
            yield Wrong(Reason.SUPPRESSED, f"on the do-not-call list since {_when(entry.since)}, entry {entry.id}")


def _is_his(entry: Any, person: Any) -> bool:
    return person is not None and person.key_kind is Subject.PERSON and person.key == entry.subject


def _consent(case: Case) -> Found:
    required = _text(case).requires.get("consent", False)
    at = case.call.intended_at
    known = [
        row
        for row in case.consents
        if row.purpose is case.call.purpose and (row.recorded_at or row.at) <= at and row.at <= at
    ]
    newest = max(known, key=lambda row: (row.at, row.id), default=None)
    if required and newest is not None and not newest.granted:
        yield Wrong(Reason.CONSENT_MISSING, f"refused on {_when(newest.at)}, consent {newest.id}")
    elif required and newest is None:
        yield Wrong(Reason.CONSENT_MISSING, "there was no consent on record")
    elif required and newest is not None and newest.until is not None and newest.until <= at:
        yield Wrong(Reason.CONSENT_MISSING, f"the consent ended on {_when(newest.until)}")


def _mandate(case: Case) -> Found:
    """Who stands behind the call, as the gate saw it, or as the campaign says today."""
    requires = _text(case).requires
    names = {
        "creditor": Reason.CREDITOR_MISSING,
        "advertiser": Reason.ADVERTISER_MISSING,
        "brandname": Reason.BRANDNAME_MISSING,
    }
    for name, reason in names.items():
        if requires.get(name, False) and not _told(case, name):
            yield Wrong(reason, f"no {name} was named")
    until = _granted_until(case)
    if requires.get("brandname", False) and until is not None and case.call.intended_at.date() > until:
        yield Wrong(Reason.BRANDNAME_MISSING, f"the brandname was granted until {until}")
    if case.facts is None:
        yield "what the gate was shown was not written: the campaign is taken as it is today"


def _granted_until(case: Case) -> date | None:
    if case.facts is not None:
        told = case.facts.get("brandname_until")
        return date.fromisoformat(told) if told else None
    return case.campaign.brandname_until if case.campaign is not None else None


def _told(case: Case, name: str) -> Any:
    return case.facts.get(name) if case.facts is not None else getattr(case.campaign, name, None)


def _register(case: Case) -> Found:
    requires = _text(case).requires
    name, oldest = requires.get("register", "none"), requires.get("register_max_age", "any")
    if name == "none":
        return
    at = case.call.intended_at
    loaded = [row.as_of for row in case.registers if row.name == name and row.loaded_at <= at]
    if not loaded:
        yield Wrong(Reason.REGISTER_STALE, f"the register {name} was never loaded")
    elif oldest != "any" and at - max(loaded) > _age(oldest):
        yield Wrong(Reason.REGISTER_STALE, f"the copy of {name} was of {_when(max(loaded))}")


def _age(text: str) -> timedelta:
    return timedelta(hours=int(text[:-1])) if text.endswith("h") else timedelta(days=int(text[:-1]))


def _hours(case: Case) -> Found:
    text = _text(case)
    agreed = _agreed(case)
    if text.hours is None and not agreed:
        return
    # The claim, and the moment at which the telephone rang, where the vendor told it.
    for what, moment in (("claimed", case.call.intended_at), ("rang", case.call.ringing_at)):
        for name in _zones(case) if moment is not None else ():
            local = moment.astimezone(_zone(name)).replace(second=0, microsecond=0)
            if not _open(text, agreed, local):
                yield Wrong(Reason.OUTSIDE_HOURS, f"{what} at {local:%a %H:%M} in {name}")


def _agreed(case: Case) -> list[Any]:
    """The hours that the gate went by; where that was not written, those that are agreed today."""
    if case.facts is not None:
        return list(case.facts.get("agreed_hours", []))
    return list(case.person.agreed_hours) if case.person is not None else []


def _zones(case: Case) -> list[str]:
    """Those that the gate named; else those of the number, else the person's or the tenant's own."""
    if case.facts is not None and (case.facts.get("zones") or case.facts.get("zone")):
        told = case.facts.get("zones") or [case.facts["zone"]]
        return list(told)
    found = _of_the_number(case.call.phone)
    own = case.person.zone if case.person is not None else None
    return list(dict.fromkeys([*found, *([own] if own else [])])) or [case.tenant.zone]


def _of_the_number(phone: str) -> list[str]:
    import phonenumbers
    from phonenumbers import timezone

    try:
        names = timezone.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return []
    return ["Asia/Ho_Chi_Minh"] if phone.startswith("+84") else [one for one in names if one != "Etc/Unknown"]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Unknown(f"the zone {name} is not known") from None


def _open(text: Any, agreed: Sequence[Any], local: datetime) -> bool:
    """Whether this minute of the person's clock is within the hours."""
    promised = any(_within(local, WEEK.index(day), opens, closes) for day, opens, closes in agreed)
    if text.hours is None:
        return promised
    narrows = text.hours.get("agreed", "narrows") == "narrows"
    lawful = _in_windows(text, local) or (bool(agreed) and not narrows)
    return lawful and (promised or not agreed)


def _within(local: datetime, weekday: int, opens: str, closes: str) -> bool:
    clock = f"{local:%H:%M}"
    if opens < closes:
        return local.weekday() == weekday and opens <= clock < closes
    after_midnight = (local - timedelta(days=1)).weekday() == weekday and clock < closes
    return after_midnight or (local.weekday() == weekday and clock >= opens)


def _in_windows(text: Any, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    if any(opens <= minute < closes for opens, closes in text.windows(today)):
        return True
    # A window of yesterday may run into today, unless today has hours of its own.
    late = [closes - 24 * 60 for _, closes in text.windows(yesterday)]
    return not text.set_apart(today) and any(minute < closes for closes in late)


def _caps(case: Case) -> Found:
    caps = _text(case).caps
    zones = [_zone(name) for name in _zones(case)] if any("days" in cap for cap in caps) else []
    for cap in caps:
        debts = case.call.contracts if "debt" in cap["per"] and case.call.contracts else [None]
        for debt in debts:
            all_of_them = [t for t in touches(case) if counts(t, cap) and same(t, case, cap, debt)]
            within = [t for t in all_of_them if in_window(t.at, case, cap, zones)]
            known = [t for t in within if t.known_at <= case.call.intended_at]
            if len(known) >= cap["limit"]:
                span = f"{cap['hours']} hours" if "hours" in cap else f"{cap['days']} days"
                told = f"{len(known)} {cap['of']} before it within {span}, at most {cap['limit']} with it"
                yield Wrong(Reason.CAP_REACHED, f"{cap['id']}: {told}")
                break
            if len(within) >= cap["limit"]:
                yield f"{cap['id']} was over its limit, as was learned later"


def _alone(case: Case) -> Found:
    """Nothing else was live with the number or the person."""
    at = case.call.intended_at
    for row in case.others:
        if row.state is CallState.RELEASED or (row.intended_at, row.id) >= (at, case.call.id):
            continue
        ends = [one for one in (row.ended_at, row.settled_at, case.over.get(row.id)) if one is not None]
        if not ends or min(ends) > at:
            busy = Reason.NUMBER_BUSY if row.phone == case.call.phone else Reason.PERSON_BUSY
            yield Wrong(busy, f"call {row.id} was still live")


def _attempts(case: Case) -> Found:
    """One call and its recalls in a run. What a person was promised, or another system ordered, comes on top."""
    if case.call.origin is not Origin.CAMPAIGN or case.campaign is None:
        return
    allowed = 1 + max(_recalls_then(case), *(_per_run(case.campaign)), 0)
    earlier = [
        row
        for row in case.others
        if row.customer_id == case.call.customer_id
        and row.run_id == case.call.run_id
        and row.origin is Origin.CAMPAIGN
        and row.charged
        and (row.intended_at, row.id) < (case.call.intended_at, case.call.id)
    ]
    if len(earlier) >= allowed:
        yield Wrong(Reason.RECALLS_USED_UP, f"attempt {len(earlier) + 1} of the run, at most {allowed}")


def _per_run(campaign: Any) -> list[int]:
    return [int(told["per_run"]) for told in campaign.recalls.values() if isinstance(told, dict) and "per_run" in told]


def _recalls_then(case: Case) -> int:
    """The campaign's setting, as it was before the first change of it after the call."""
    for change in case.amendments:
        for setting in change.before.split(", "):
            name, _, value = setting.partition("=")
            if name == "max_recall_count" and change.at > case.call.intended_at and value.isdigit():
                return int(value)
    return int(case.campaign.max_recall_count)


def _when(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


RULES: tuple[Callable[[Case], Found], ...] = (
    _rulebook,
    _mandate,
    _register,
    _role,
    _entries,
    _consent,
    _hours,
    _caps,
    _alone,
    _attempts,
)
