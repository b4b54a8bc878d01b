"""Keep what the gate decided, where it decided otherwise than before: the evidence for "why was he not called?"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.compliance import Cleared, Withheld
from campaigns.dossiers import Candidate, Hopeless
from campaigns.models import Decision
from campaigns.rulebooks import Rulebook
from campaigns.statements import Insert
from campaigns.words import Reason

write_decisions = Insert(
    Decision,
    ("customer_id", "reason", "until", "facts"),
    shared=("tenant_id", "campaign_id", "cleared", "rulebook", "rulebook_version", "at"),
)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one pass of the gate said."""

    reviewed: Sequence[tuple[Candidate, Cleared | Withheld]]
    hopeless: Sequence[Hopeless] = ()


def keep(conn: Connection, now: datetime, campaign: Any, verdicts: Verdicts, rulebook: Rulebook | None) -> None:
    """Write a row for each customer whose verdict's reason is not the one that he already waits for.

    A clearance that follows no hindrance is kept by the call itself, which names rulebook and version.
    """
    rows = [_row(h.customer, h.reason, None, {}) for h in verdicts.hopeless]
    for candidate, verdict in verdicts.reviewed:
        if isinstance(verdict, Withheld) and candidate.customer.reason is not verdict.reason:
            rows.append(_row(candidate.customer, verdict.reason, verdict.until, _facts(candidate)))
    write_decisions(
        conn,
        rows,
        tenant_id=campaign.tenant_id,
        campaign_id=campaign.id,
        cleared=False,
        rulebook=campaign.rulebook,
        rulebook_version=rulebook.version if rulebook else "",
        at=now,
    )


def _row(customer: Any, reason: Reason, until: datetime | None, facts: dict[str, Any]) -> dict[str, Any]:
    return {"customer_id": customer.id, "reason": reason, "until": until, "facts": facts}


def _facts(candidate: Candidate) -> dict[str, Any]:
    dossier = candidate.dossier
    return {
        "role": dossier.role.value,
        "zone": dossier.zone,
        "number_in_call": dossier.number_in_call,
        "person_in_call": dossier.person_in_call,
        "missing": list(dossier.missing),
    }
