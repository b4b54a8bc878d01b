"""A customer's status and when his turn is: enlisted, leased back, waiting, final, reopened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, case, func, insert, select, update

from campaigns.ledger import promises
from campaigns.ledger.history import tell
from campaigns.models import Customer, Run
from campaigns.rows import columns_of, ignoring, in_chunks, table
from campaigns.statements import Find, Update
from campaigns.words import WAITING_STATUSES, Reason, Status

CUSTOMER = columns_of(Customer)
RUN = columns_of(Run)
# Why a customer is final although a corrected list, a lifted suppression or another setting may free him.
CURABLE = (
    Reason.SUPPRESSED,
    Reason.NO_NUMBER,
    Reason.NUMBERS_DEAD,
    Reason.NO_LIABLE_NUMBER,
    Reason.NEEDS_REVIEW,
    Reason.CONSENT_MISSING,
    Reason.MISSING_VARIABLE,
    Reason.UNKNOWN_ZONE,
    Reason.MISSING_PURPOSE,
    Reason.CONSENT_MISSING,
    Reason.NEEDS_REVIEW,
)
# What the gate makes a customer wait for, by facts that a list, a lifted suppression or another setting may change.
HELD = (Reason.OUTSIDE_HOURS, Reason.CAP_REACHED, Reason.QUIET_TIME)
find_locked = Find(
    select(table(Customer))
    .where(CUSTOMER.tenant_id == bindparam("tenant_id"))
    .order_by(CUSTOMER.id)
    .with_for_update(key_share=True),
    key=CUSTOMER.id,
)
give_back = Update(
    Customer,
    "due_at = :due_at, reason = :reason, lease_token = NULL, lease_until = NULL, updated_at = :updated_at",
    where="customer.tenant_id = :tenant_id AND customer.id = :id AND customer.lease_token = :lease_token",
    shared=["tenant_id", "lease_token", "updated_at"],
)

finish = Update(
    Customer,
    """status = :status, reason = :reason, finished_at = :finished_at, updated_at = :updated_at,
    lease_token = NULL, lease_until = NULL""",
    where="customer.id = :id",
    shared=["finished_at", "updated_at"],
)


@dataclass(frozen=True, slots=True)
class Enlisted:
    """A person to be put on a campaign's list. A smaller `priority` is called earlier. `until`: he comes only by a
    triggered call that is over then."""

    person_id: int
    code: str
    name: str
    priority: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """A customer that becomes final without a call: why, and as what."""

    customer_id: int
    status: Status
    reason: Reason


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer that goes back to wait until `due_at`."""

    customer_id: int
    due_at: datetime
    reason: Reason


def open_run(conn: Connection, now: datetime, tenant_id: int, campaign_id: int, cause: str) -> int:
    """Begin another pass over a campaign's customers; its id."""
    last = conn.scalar(select(func.max(RUN.ordinal)).where(RUN.tenant_id == tenant_id, RUN.campaign_id == campaign_id))
    row = {
        "tenant_id": tenant_id,
        "campaign_id": campaign_id,
        "ordinal": (last or 0) + 1,
        "cause": cause,
        "opened_at": now,
    }
    return int(conn.execute(insert(table(Run)).returning(RUN.id), row).scalar_one())


def enlist(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    campaign_id: int,
    run_id: int,
    entries: Sequence[Enlisted],
    actor: str,
) -> dict[int, int]:
    """Put new people on the list, due at once; person id -> customer id. Whom another transaction put there meanwhile
    is not among them."""
    customers: dict[int, int] = {}
    for chunk in in_chunks(sorted(entries, key=lambda entry: entry.person_id), 500):
        rows = [_enlisted(now, tenant_id, campaign_id, run_id, entry) for entry in chunk]
        made = conn.execute(ignoring(conn, Customer).returning(CUSTOMER.person_id, CUSTOMER.id), rows)
        customers.update(dict(made.all()))
    return customers


def _enlisted(now: datetime, tenant_id: int, campaign_id: int, run_id: int, entry: Enlisted) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "campaign_id": campaign_id,
        "run_id": run_id,
        "person_id": entry.person_id,
        "code": entry.code,
        "name": entry.name,
        "priority": entry.priority,
        "status": Status.NEW,
        "due_at": now,
        "expires_at": entry.until,
        "updated_at": now,
    }


def reopen(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    campaign_id: int,
    run_id: int,
    customer_ids: Sequence[int],
    actor: str,
) -> int:
    """Take these customers into another run, with all their recalls before them; how many. What was promised to them
    still is."""
    found = _locked(conn, tenant_id, customer_ids)
    chosen = [row for row in found if row.campaign_id == campaign_id and row.run_id != run_id]
    fresh = {
        "status": Status.NEW,
        "reason": None,
        "run_id": run_id,
        "attempts": 0,
        "declines": 0,
        "due_at": now,
        "finished_at": None,
        "updated_at": now,
    }
    _update(conn, tenant_id, [row.id for row in chosen], fresh)
    promises.stand(conn, now, tenant_id, [row.id for row in chosen if row.callback_id is not None])
    tell(conn, now, chosen, Status.NEW, None, actor, "another run")
    return len(chosen)


def reconsider(conn: Connection, now: datetime, tenant_id: int, customer_ids: Sequence[int], actor: str) -> int:
    """Give those another chance whose hindrance may be gone: suppressed, without a number, without a variable. Who
    waits for hours or a cap is looked at again at once: it may have been another number that he waits for."""
    found = _locked(conn, tenant_id, customer_ids)
    held = [row.id for row in found if not row.status.final and row.reason in HELD and row.due_at > now]
    _update(conn, tenant_id, held, {"due_at": now, "updated_at": now})
    # Whom only a triggered call brought here is not called because a list's hindrance is gone.
    chosen = [row for row in found if row.status.final and row.reason in CURABLE and row.expires_at is None]
    again = {"reason": None, "due_at": now, "finished_at": None, "updated_at": now}
    for status in WAITING_STATUSES:
        rows = [row for row in chosen if (row.attempts == 0) == (status is Status.NEW)]
        _update(conn, tenant_id, [row.id for row in rows], {**again, "status": status})
        tell(conn, now, rows, status, None, actor, "reconsidered")
    return len(chosen)


def close(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    closings: Sequence[Closing],
    actor: str,
    detail: str | None = None,
) -> list[int]:
    """Make customers final without a call, and end their leases; the ids of those that were waiting. `detail` is what
    a person said about it, kept in their history. Who was final keeps his status; that he was withdrawn is still
    written as his reason, so that no rerun calls him. What was promised to those who waited is withdrawn too."""
    by_id = {closing.customer_id: closing for closing in closings}
    closed: list[int] = []
    found = _locked(conn, tenant_id, list(by_id))
    waiting = [row for row in found if not row.status.final]
    _withdraw_final(conn, now, tenant_id, [row for row in found if row.status.final], by_id, actor, detail)
    final = [{"id": r.id, "status": by_id[r.id].status, "reason": by_id[r.id].reason} for r in waiting]
    finish(conn, final, finished_at=now, updated_at=now)
    for status, reason in {(c.status, c.reason) for c in closings}:
        rows = [r for r in waiting if (by_id[r.id].status, by_id[r.id].reason) == (status, reason)]
        tell(conn, now, rows, status, reason, actor, detail)
        promises.dissolve(conn, now, rows, status, reason, actor)
        closed += [row.id for row in rows]
    return sorted(closed)


def _withdraw_final(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    final: Sequence[Any],
    by_id: dict[int, Closing],
    actor: str,
    detail: str | None,
) -> None:
    rows = [r for r in final if by_id[r.id].status is Status.WITHDRAWN and r.reason is not Reason.WITHDRAWN]
    _update(conn, tenant_id, [row.id for row in rows], {"reason": Reason.WITHDRAWN, "updated_at": now})
    for row in rows:
        tell(conn, now, [row], row.status, Reason.WITHDRAWN, actor, detail)


def postpone(conn: Connection, now: datetime, tenant_id: int, waits: Sequence[Waiting], token: str) -> None:
    """Give leased customers back, to be due later. A lease that is no longer ours is left alone."""
    rows = [
        {"id": wait.customer_id, "due_at": wait.due_at, "reason": wait.reason}
        for wait in sorted(waits, key=lambda wait: wait.customer_id)
    ]
    give_back(conn, rows, tenant_id=tenant_id, lease_token=token, updated_at=now)


def rename(conn: Connection, now: datetime, tenant_id: int, changes: Sequence[dict[str, Any]]) -> None:
    """Write a corrected list's name and priority: rows of `b_id`, `b_name`, `b_priority`. Who was promised a call keeps
    his place before every list, and has the new priority afterwards."""
    if not changes:
        return
    own = case((CUSTOMER.callback_id.is_(None), bindparam("b_priority", type_=Integer())), else_=CUSTOMER.priority)
    statement = (
        update(table(Customer))
        .where(CUSTOMER.tenant_id == tenant_id, CUSTOMER.id == bindparam("b_id"))
        .values(name=bindparam("b_name"), priority=own, updated_at=now)
    )
    conn.execute(statement, list(changes))
    promises.reprioritise(conn, tenant_id, {row["b_id"]: row["b_priority"] for row in changes})


def waiting_word() -> Any:
    """The status of a customer that waits: new until somebody was once called for him."""
    return case((CUSTOMER.attempts_in_all > 0, Status.QUEUE.value), else_=Status.NEW.value)


def _locked(conn: Connection, tenant_id: int, customer_ids: Sequence[int]) -> list[Any]:
    """These customers' rows, locked in id order."""
    return list(find_locked(conn, customer_ids, tenant_id=tenant_id))


def _update(conn: Connection, tenant_id: int, ids: Iterable[int], values: dict[str, Any]) -> None:
    for chunk in in_chunks(sorted(ids), 500):
        chosen = update(table(Customer)).where(CUSTOMER.tenant_id == tenant_id, CUSTOMER.id.in_(chunk))
        conn.execute(chosen.values(**values))
