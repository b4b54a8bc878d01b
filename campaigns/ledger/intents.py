"""The intent: a call's row, committed with our own reference before the wire is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns.compliance import Cleared
from campaigns.ledger import promises
from campaigns.ledger.customers import Waiting, postpone
from campaigns.ledger.history import write_facts
from campaigns.models import Call, Customer
from campaigns.rows import columns_of
from campaigns.statements import Find, Insert, Update
from campaigns.timing import Timing
from campaigns.words import CallState, FactKind, Origin, Reason, Role, Verdict

CALL = columns_of(Call)
write_calls = Insert(
    Call,
    (
        "customer_id",
        "person_id",
        "run_id",
        "origin",
        "phone",
        "role",
        "contracts",
        "callback_id",
        "reference",
        "attempt",
        "agent_id",
        "rulebook",
        "rulebook_version",
    ),
    shared=(
        "tenant_id",
        "vendor_account_id",
        "campaign_id",
        "mode",
        "purpose",
        "advertiser",
        "hotline",
        "lease_token",
        "state",
        "charged",
        "call_id_confirmed",
        "recorded",
        "checks",
        "intended_at",
        "check_at",
    ),
    ignoring=True,
)
find_written = Find(select(CALL.reference, CALL.id).where(CALL.tenant_id == bindparam("tenant_id")), key=CALL.reference)
charge = Update(
    Customer,
    """status = 'queue', reason = NULL, attempts = customer.attempts + 1,
    attempts_in_all = customer.attempts_in_all + 1, open_call_id = :open_call_id,
    lease_token = NULL, lease_until = NULL, updated_at = :updated_at""",
    where="customer.id = :id AND customer.lease_token = :lease_token",
    shared=["updated_at", "lease_token"],
)


@dataclass(frozen=True, slots=True)
class Intent:
    """One call that we are about to place: the permission, and what it rests on."""

    cleared: Cleared
    reference: str
    run_id: int
    attempt: int
    role: Role
    agent_id: int | None = None
    contracts: tuple[str, ...] = ()


def intend(
    conn: Connection, now: datetime, timing: Timing, campaign: Any, intents: Sequence[Intent], token: str
) -> dict[str, int]:
    """Commit these intents and charge the attempts; reference -> call id of those that hold.

    The unique indexes over live calls decide between rivals for a number, a person or an agent: the loser's customer
    goes back to wait. Who was promised a call is called for that reason, and the promise is kept. The caller has locked
    the customers under the lease `token`.
    """
    promised = promises.standing(conn, campaign.tenant_id, [intent.cleared.customer_id for intent in intents])
    rows = [_own(intent, promised) for intent in sorted(intents, key=lambda i: i.cleared.phone)]
    write_calls(conn, rows, **_shared(now, timing, campaign, token))
    written = find_written(conn, [intent.reference for intent in intents], tenant_id=campaign.tenant_id)
    held: dict[str, int] = {row.reference: row.id for row in written}
    charged = sorted((i.cleared.customer_id, held[i.reference]) for i in intents if i.reference in held)
    charge(conn, [{"id": one, "open_call_id": call} for one, call in charged], lease_token=token, updated_at=now)
    promises.keep(conn, now, promised, dict(charged))
    _write_history(conn, now, campaign.tenant_id, held)
    lost = [i.cleared.customer_id for i in intents if i.reference not in held]
    later = now + timing.busy_delay
    postpone(conn, now, campaign.tenant_id, [Waiting(c, later, Reason.NUMBER_BUSY) for c in lost], token)
    return held


def _own(intent: Intent, promised: Mapping[int, Any]) -> dict[str, Any]:
    promise = promised.get(intent.cleared.customer_id)
    return {
        "customer_id": intent.cleared.customer_id,
        "person_id": intent.cleared.person_id,
        "run_id": intent.run_id,
        "origin": _origin(promise),
        "phone": intent.cleared.phone,
        "role": intent.role,
        "contracts": list(intent.contracts),
        "callback_id": promise.id if promise is not None else None,
        "reference": intent.reference,
        "attempt": intent.attempt,
        "agent_id": intent.agent_id,
        "rulebook": intent.cleared.rulebook,
        "rulebook_version": intent.cleared.version,
    }


def _origin(promise: Any | None) -> Origin:
    if promise is None:
        return Origin.CAMPAIGN
    return Origin.CALLBACK if promise.not_after is None else Origin.CRM


def _shared(now: datetime, timing: Timing, campaign: Any, token: str) -> dict[str, Any]:
    return {
        "tenant_id": campaign.tenant_id,
        "vendor_account_id": campaign.vendor_account_id,
        "campaign_id": campaign.id,
        "mode": campaign.mode,
        "purpose": campaign.purpose,
        "advertiser": campaign.advertiser,
        "hotline": campaign.hotline,
        "lease_token": token,
        "state": CallState.INTENDED,
        "charged": True,
        "call_id_confirmed": False,
        "recorded": False,
        "checks": 0,
        "intended_at": now,
        "check_at": now + timing.first_check,
    }


def _write_history(conn: Connection, now: datetime, tenant_id: int, held: dict[str, int]) -> None:
    fact: dict[str, Any] = {
        "kind": FactKind.INTENDED,
        "verdict": Verdict.MOVED,
        "before": None,
        "after": CallState.INTENDED,
        "reason": None,
        "detail": {},
        "receipt_id": None,
        "at": now,
    }
    rows = [fact | {"call_id": call} for call in sorted(held.values())]
    write_facts(conn, rows, tenant_id=tenant_id, recorded_at=now)
