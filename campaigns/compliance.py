"""The gate. `review` is the only maker of a `Cleared`, and nothing is placed without one. Pure.

First calls, recalls, callbacks and calls that a CRM orders go through this one door, on facts read in the transaction
that commits the intent. It fails closed: what is not known is withheld, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.rulebooks import Rulebook, UnknownZone
from campaigns.words import LIABLE_ROLES, Mode, Purpose, Reason, Role, Status

CLEARANCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the gate is shown of one customer and one number, as it stands at this moment."""

    customer_id: int
    person_id: int
    phone: str
    role: Role
    mode: Mode
    purpose: Purpose | None
    zone: str
    status: Status = Status.NEW
    suppressed: bool = False
    number_in_call: bool = False
    person_in_call: bool = False
    needs_review: bool = False
    ring_for: timedelta = timedelta(seconds=45)
    """How long it may ring: a call whose ringing would end after closing is not started."""
    busy_for: timedelta = timedelta(minutes=1)
    """How long a number or a person in another call is left alone before the next look."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self.required if self.variables.get(name) in (None, ""))


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
    """Not now: why, and until when at the latest (None: until something changes that no clock brings)."""

    reason: Reason
    until: datetime | None = None


def review(dossier: Dossier, rulebook: Rulebook | None, now: datetime) -> Cleared | Withheld:
    """May this number be rung for this customer, now? The first hindrance found is the answer."""
    if rulebook is None:
        return Withheld(Reason.UNKNOWN_RULEBOOK)
    if hindrance := _of_the_person(dossier, now) or _of_the_campaign(dossier, rulebook):
        return hindrance
    try:
        opens = rulebook.opens((dossier.zone,), now, dossier.ring_for)
    except UnknownZone:
        return Withheld(Reason.UNKNOWN_ZONE)
    if opens != now:
        return Withheld(Reason.OUTSIDE_HOURS, opens)
    return Cleared(
        customer_id=dossier.customer_id,
        person_id=dossier.person_id,
        phone=dossier.phone,
        rulebook=rulebook.name,
        version=rulebook.version,
        expires_at=now + CLEARANCE,
    )


def may_ever_dial(role: Role, purpose: Purpose | None, needs_review: bool) -> bool:
    """Whether a number of this role is dialable at all: a debt is nobody's business but the debtor's
    (Circular 18/2019/TT-NHNN art. 1(7)), and a reference person is never rung."""
    if role is Role.REFERENCE or purpose is None:
        return False
    return purpose is not Purpose.DEBT_REMINDER or (role in LIABLE_ROLES and not needs_review)


def _of_the_person(dossier: Dossier, now: datetime) -> Withheld | None:
    if dossier.status.final:
        return Withheld(Reason.WITHDRAWN)
    if dossier.suppressed:
        return Withheld(Reason.SUPPRESSED)
    if dossier.number_in_call:
        return Withheld(Reason.NUMBER_BUSY, now + dossier.busy_for)
    if dossier.person_in_call:
        return Withheld(Reason.PERSON_BUSY, now + dossier.busy_for)
    return None


def _of_the_campaign(dossier: Dossier, rulebook: Rulebook) -> Withheld | None:
    if dossier.purpose is None:
        return Withheld(Reason.MISSING_PURPOSE)
    if not may_ever_dial(dossier.role, dossier.purpose, dossier.needs_review):
        return Withheld(Reason.NO_LIABLE_NUMBER)
    if dossier.mode is Mode.AUTOCALL and dossier.missing:
        return Withheld(Reason.MISSING_VARIABLE)
    return None
