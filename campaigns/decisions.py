"""Keep what the gate decided, where it decided otherwise than before: the evidence for "why was he not called?"."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from campaigns.compliance import Cleared, Dossier, Withheld
from campaigns.dossiers import Brief, Candidate, Hopeless
from campaigns.hours import DAYS
from campaigns.models import Decision
from campaigns.rulebooks import AgreedHours
from campaigns.statements import Insert
from campaigns.words import Reason

write_decisions = Insert(
    Decision,
    ("customer_id", "call_id", "cleared", "reason", "until", "facts"),
    shared=("tenant_id", "campaign_id", "rulebook", "rulebook_version", "at"),
)


class Judged(NamedTuple):
    """What the gate said of a customer, and of which of his numbers."""

    candidate: Candidate
    dossier: Dossier
    verdict: Cleared | Withheld


def keep(conn: Connection, now: datetime, of: Brief, judged: Sequence[Judged], hopeless: Sequence[Hopeless]) -> None:
    """Write a row for each customer whose verdict's reason is not the one that he already waits for."""
    rows = [_row(one.customer.id, one.reason) for one in hopeless]
    for one in judged:
        if isinstance(one.verdict, Withheld) and one.candidate.customer.reason is not one.verdict.reason:
            facts = told(one.dossier) | ({"rule": one.verdict.rule} if one.verdict.rule else {})
            rows.append(_row(one.candidate.customer.id, one.verdict.reason, one.verdict.until, facts))
    _write(conn, now, of, rows)


def keep_cleared(
    conn: Connection, now: datetime, of: Brief, judged: Sequence[Judged], calls: Mapping[int, int]
) -> None:
    """Write on what each call that is about to be placed rests; `calls` gives the call by customer."""
    placed = [one for one in judged if one.candidate.customer.id in calls]
    rows = [
        _row(one.candidate.customer.id, facts=told(one.dossier), call_id=calls[one.candidate.customer.id])
        for one in placed
    ]
    _write(conn, now, of, rows)


def _write(conn: Connection, now: datetime, of: Brief, rows: Sequence[dict[str, Any]]) -> None:
    write_decisions(
        conn,
        rows,
        tenant_id=of.tenant.id,
        campaign_id=of.campaign.id,
        rulebook=of.campaign.rulebook,
        rulebook_version=of.rulebook.version if of.rulebook else "",
        at=now,
    )


def _row(
    customer_id: int,
    reason: Reason | None = None,
    until: datetime | None = None,
    facts: dict[str, Any] | None = None,
    call_id: int | None = None,
) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "call_id": call_id,
        "cleared": call_id is not None,
        "reason": reason,
        "until": until,
        "facts": facts or {},
    }


def told(dossier: Dossier) -> dict[str, Any]:
    """What the gate was shown, without the person's own data: how many touches of each kind, not which."""
    mandate, touches = dossier.mandate, dossier.touches
    facts = {
        "role": dossier.role.value,
        "zones": list(dossier.zones),
        "consent": dossier.consent,
        "attempts": sum(touch.attempt for touch in touches),
        "messages": sum(touch.message for touch in touches),
        "conversations": sum(touch.conversation for touch in touches),
        "agreed_hours": [_spelled(hours) for hours in dossier.agreed],
        "number_in_call": dossier.number_in_call,
        "person_in_call": dossier.person_in_call,
        "missing": list(dossier.missing),
        "creditor": mandate.creditor,
        "advertiser": mandate.advertiser,
        "brandname": mandate.brandname,
        "brandname_until": mandate.brandname_until.isoformat() if mandate.brandname_until else None,
        "register_as_of": mandate.register_as_of.isoformat() if mandate.register_as_of else None,
    }
    return {name: value for name, value in facts.items() if value not in (None, [], 0, False)}


def _spelled(hours: AgreedHours) -> list[str]:
    """As `Person.agreed_hours` keeps them."""
    (weekday,) = hours.weekdays
    return [DAYS[weekday], f"{hours.opens:%H:%M}", f"{hours.closes:%H:%M}"]
