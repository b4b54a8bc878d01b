"""The gate. `review` is the only maker of a `Cleared`, and nothing is placed without one. Pure.

First calls, recalls, callbacks and calls that a CRM orders go through this one door, on facts read in the transaction
that commits the intent. It fails closed: what is not known is withheld, with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from campaigns.rulebooks import AgreedHours, Rulebook, UnknownZone
from campaigns.touches import Aim, Touch, freed
from campaigns.words import LIABLE_ROLES, Mode, Purpose, Reason, Role, Status

CLEARANCE: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Mandate:
    """What a campaign shows for itself: why it calls, on whose behalf, and how fresh its registers are."""

    purpose: Purpose | None
    creditor: str | None = None
    advertiser: str | None = None
    brandname: str | None = None
    brandname_until: date | None = None
    register_as_of: datetime | None = None
    """When the copy of the register that the rulebook asks for was made; None: there is none."""


class Dossier(NamedTuple):
    """What the gate is shown of one customer and one number, as it stands at this moment.

    A named tuple, because one is made for each number of each customer whose turn it is.
    """

    customer_id: int
    person_id: int
    phone: str
    role: Role
    mode: Mode
    mandate: Mandate
    zones: tuple[str, ...]
    """Every zone that the person may be in."""
    campaign_id: int = 0
    status: Status = Status.NEW
    suppressed: bool = False
    consent: bool | None = None
    """True: on record and in force. False: refused. None: nothing is known."""
    number_in_call: bool = False
    person_in_call: bool = False
    needs_review: bool = False
    contracts: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()
    """What reached this person or this number, as far back as the rulebook's caps look."""
    agreed: tuple[AgreedHours, ...] = ()
    quiet_time: timedelta = timedelta(0)
    """How long after a conversation the campaign leaves a person alone."""
    ring_for: timedelta = timedelta(seconds=45)
    """How long it may ring: a call whose ringing would end after closing is not started."""
    not_after: datetime | None = None
    """When the order by which he is to be called is over; None: there is no such end."""
    busy_for: timedelta = timedelta(minutes=1)
    """How long a number or a person in another call is left alone before the next look."""
    variables: Mapping[str, Any] = MappingProxyType({})
    required: tuple[str, ...] = ()

    def of(self, customer_id: int, person_id: int, phone: str) -> "Dossier":
        """That of another customer and number, of whom all the rest is true as well."""
        return Dossier._make((customer_id, person_id, phone, *self[3:]))

    @property
    def missing(self) -> tuple[str, ...]:
        if not self.required:
            return ()
        return tuple([name for name in self.required if self.variables.get(name) in (None, "")])

    @property
    def circumstances(self) -> tuple[Any, ...]:
        """All that the verdict over somebody rests on whom nothing has reached, but what his whole campaign shares."""
        person = (self.role, self.status, self.suppressed, self.consent, self.needs_review, self.missing)
        return (*person, self.not_after, self.zones, self.agreed, self.number_in_call, self.person_in_call)

    @property
    def aim(self) -> Aim:
        return Aim(self.person_id, self.phone, self.mandate.advertiser, self.campaign_id, self.contracts)


@dataclass(frozen=True, slots=True)
class Cleared:
    """Permission to place one call, for a few seconds. Made only by `review`."""

    customer_id: int
    person_id: int
    phone: str
    rulebook: str
    version: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Withheld:
    """Not now: why, and until when at the latest (None: until something changes that no clock brings). `rule` names
    the rule of the rulebook, where it is one of several."""

    reason: Reason
    until: datetime | None = None
    rule: str | None = None


def permit(mandate: Mandate, rulebook: Rulebook | None, now: datetime) -> Withheld | None:
    """What stands against a whole campaign, whoever its customers are."""
    if rulebook is None:
        return Withheld(Reason.UNKNOWN_RULEBOOK)
    requires = rulebook.requires
    hindrances = (
        (Reason.MISSING_PURPOSE, mandate.purpose is None),
        (Reason.WRONG_PURPOSE, bool(rulebook.purposes) and mandate.purpose not in rulebook.purposes),
        (Reason.RULEBOOK_NOT_IN_EFFECT, not rulebook.in_effect(now.date())),
        (Reason.CREDITOR_MISSING, requires.creditor and not mandate.creditor),
        (Reason.ADVERTISER_MISSING, requires.advertiser and not mandate.advertiser),
        (Reason.BRANDNAME_MISSING, requires.brandname and not _granted(mandate, now)),
        (Reason.REGISTER_STALE, requires.register is not None and _stale(mandate, rulebook, now)),
    )
    for reason, hinders in hindrances:
        if hinders:
            return Withheld(reason)
    return None


def review(
    dossier: Dossier,
    rulebook: Rulebook | None,
    now: datetime,
    known: dict[tuple[Any, ...], Withheld | None] | None = None,
) -> Cleared | Withheld:
    """May this number be rung for this customer, now? The first hindrance found is the answer. `known` is what
    `review_all` has found of others so far."""
    if rulebook is None:
        return Withheld(Reason.UNKNOWN_RULEBOOK)
    if known is None or dossier.touches:
        hindrance = _hindrance(dossier, rulebook, now)
    elif (alike := dossier.circumstances) in known:
        hindrance = known[alike]
    else:
        hindrance = known[alike] = _hindrance(dossier, rulebook, now)
    if hindrance:
        return hindrance
    return Cleared(
        customer_id=dossier.customer_id,
        person_id=dossier.person_id,
        phone=dossier.phone,
        rulebook=rulebook.name,
        version=rulebook.version,
        expires_at=now + CLEARANCE if dossier.not_after is None else min(now + CLEARANCE, dossier.not_after),
    )


def _hindrance(dossier: Dossier, rulebook: Rulebook, now: datetime) -> Withheld | None:
    return (
        _expired(dossier, now)
        or permit(dossier.mandate, rulebook, now)
        or _of_the_person(dossier, rulebook)
        or _of_the_moment(dossier, rulebook, now)
        or _in_call(dossier, now)
    )


def review_each(
    dossiers: Sequence[Dossier], rulebook: Rulebook | None, now: datetime
) -> tuple[Dossier, Cleared | Withheld]:
    """The first of a customer's numbers that may be rung, or else the one that is free the earliest."""
    return _first(dossiers, rulebook, now, None)


def review_all(
    dossiers: Iterable[Sequence[Dossier]], rulebook: Rulebook | None, now: datetime
) -> list[tuple[Dossier, Cleared | Withheld]]:
    """`review_each` for many customers of one campaign. Whom nothing has reached is judged as others in his
    circumstances were: thousands wait, and few differ."""
    known: dict[tuple[Any, ...], Withheld | None] = {}
    return [_first(own, rulebook, now, known) for own in dossiers]


def _first(
    dossiers: Sequence[Dossier],
    rulebook: Rulebook | None,
    now: datetime,
    known: dict[tuple[Any, ...], Withheld | None] | None,
) -> tuple[Dossier, Cleared | Withheld]:
    verdicts = []
    for dossier in dossiers:
        verdict = review(dossier, rulebook, now, known)
        if isinstance(verdict, Cleared):
            return dossier, verdict
        verdicts.append((dossier, verdict))
    return min(verdicts, key=_wait)


def _wait(verdict: tuple[Dossier, Withheld]) -> tuple[bool, float]:
    until = verdict[1].until
    return (until is None, until.timestamp() if until else 0)


def may_ever_dial(role: Role, purpose: Purpose | None, needs_review: bool) -> bool:
    """Whether a number of this role is dialable at all: a debt is nobody's business but the debtor's
    (Circular 18/2019/TT-NHNN art. 1(7)), and a reference person is never rung."""
    if role is Role.REFERENCE or purpose is None:
        return False
    return purpose is not Purpose.DEBT_REMINDER or (role in LIABLE_ROLES and not needs_review)


def _granted(mandate: Mandate, now: datetime) -> bool:
    granted = mandate.brandname_until is None or now.date() <= mandate.brandname_until
    return bool(mandate.brandname) and granted


def _stale(mandate: Mandate, rulebook: Rulebook, now: datetime) -> bool:
    if mandate.register_as_of is None:
        return True
    longest = rulebook.requires.register_max_age
    return longest is not None and now - mandate.register_as_of > longest


def _expired(dossier: Dossier, now: datetime) -> Withheld | None:
    over = dossier.not_after is not None and dossier.not_after <= now
    return Withheld(Reason.EXPIRED) if over else None


def _of_the_person(dossier: Dossier, rulebook: Rulebook) -> Withheld | None:
    roles = rulebook.requires.roles
    if dossier.status.final:
        return Withheld(Reason.WITHDRAWN)
    if dossier.suppressed:
        return Withheld(Reason.SUPPRESSED)
    if not may_ever_dial(dossier.role, dossier.mandate.purpose, needs_review=False):
        return Withheld(Reason.NO_LIABLE_NUMBER)
    if roles is not None and dossier.role not in roles:
        return Withheld(Reason.NO_LIABLE_NUMBER)
    if not may_ever_dial(dossier.role, dossier.mandate.purpose, dossier.needs_review):
        return Withheld(Reason.NEEDS_REVIEW)
    if rulebook.requires.consent and not dossier.consent:
        return Withheld(Reason.CONSENT_MISSING)
    if dossier.mode is Mode.AUTOCALL and dossier.missing:
        return Withheld(Reason.MISSING_VARIABLE)
    return None


def _of_the_moment(dossier: Dossier, rulebook: Rulebook, now: datetime) -> Withheld | None:
    """Hours and caps. What a cap frees at night is free in the morning."""
    try:
        opens = rulebook.opens(dossier.zones, now, dossier.ring_for, dossier.agreed)
        if opens != now:
            return Withheld(Reason.OUTSIDE_HOURS, opens)
        over = _over(dossier, rulebook, now)
        if over is None:
            return None
        opens = rulebook.opens(dossier.zones, over.until or now, dossier.ring_for, dossier.agreed)
        return Withheld(over.reason, opens, over.rule)
    except UnknownZone:
        return Withheld(Reason.UNKNOWN_ZONE)


def _over(dossier: Dossier, rulebook: Rulebook, now: datetime) -> Withheld | None:
    """The cap that keeps him the longest, or the campaign's own quiet time."""
    waits = []
    for cap in rulebook.caps:
        until = freed(cap, dossier.touches, dossier.aim, dossier.zones, now)
        if until is not None:
            waits.append(Withheld(Reason.CAP_REACHED, until, cap.id))
    spoke = [touch.at for touch in dossier.touches if touch.conversation and touch.person_id == dossier.person_id]
    if spoke and max(spoke) + dossier.quiet_time > now:
        waits.append(Withheld(Reason.QUIET_TIME, max(spoke) + dossier.quiet_time))
    return max(waits, key=lambda wait: wait.until or now, default=None)


def _in_call(dossier: Dossier, now: datetime) -> Withheld | None:
    if dossier.number_in_call:
        return Withheld(Reason.NUMBER_BUSY, now + dossier.busy_for)
    if dossier.person_in_call:
        return Withheld(Reason.PERSON_BUSY, now + dossier.busy_for)
    if any(touch.pending for touch in dossier.touches):
        # In a moment we know whether that was a conversation, and what follows from it.
        return Withheld(Reason.VERDICT_PENDING, now + dossier.busy_for)
    return None
