"""What the ends of calls mean for promises: a promised call that never rang leaves its promise open, and whoever was
promised a call waits for it, whatever his last call would have made of him.

Evidence may change its mind. A promise remembers the last call that was to keep it, so what rang after all keeps it
again, unless another call has done so meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, func, select

from campaigns.ledger import promises
from campaigns.ledger.promises import CALLBACK
from campaigns.models import Call, Callback
from campaigns.rows import columns_of, table
from campaigns.statements import Find
from campaigns.states import Progress
from campaigns.timing import Timing
from campaigns.words import CallState, Outcome, Promise, Reason, Status

CALL = columns_of(Call)
CLOSED = (Status.WITHDRAWN, Status.DNC, Status.EXPIRED)
find_newest_attempts = Find(
    select(CALL.customer_id, func.max(CALL.id).label("newest"))
    .where(CALL.tenant_id == bindparam("tenant_id"), CALL.charged.is_(True), CALL.state != CallState.RELEASED)
    .group_by(CALL.customer_id),
    key=CALL.customer_id,
)


class Step(Protocol):
    """A call's row, and its evidence before and after."""

    @property
    def call(self) -> Any: ...
    @property
    def before(self) -> Progress: ...
    @property
    def after(self) -> Progress: ...


@dataclass(slots=True)
class Promised:
    """A promise while it is worked on. `moved`: it opened or closed, and its customer's place goes with it."""

    id: int
    campaign_id: int
    customer_id: int
    tenant_id: int
    at: datetime
    priority: int
    promise: Promise
    call_id: int | None
    not_after: datetime | None
    reason: Reason | None
    closed_at: datetime | None
    moved: bool = False

    @classmethod
    def of(cls, row: Any) -> "Promised":
        return cls(**{name: getattr(row, name) for name in cls.__slots__ if name != "moved"})


class Appointments:
    """The promises to the customers of a batch of calls, while what follows from these is worked out."""

    def __init__(
        self, conn: Connection, now: datetime, timing: Timing, steps: Sequence[Step], customers: Mapping[int, Any]
    ) -> None:
        self._now, self._timing = now, timing
        tenant_id = steps[0].call.tenant_id
        waiting = [key for key, customer in customers.items() if customer["callback_id"] is not None]
        self._open = {key: Promised.of(row) for key, row in promises.standing(conn, tenant_id, waiting).items()}
        self._own_priority = {key: customer["priority"] for key, customer in customers.items()}
        self._own_priority |= {key: promise.priority for key, promise in self._open.items()}
        turned = [step.call.id for step in steps if step.before.charged != step.after.charged]
        self._of_call = self._kept_by(conn, tenant_id, turned)
        concerned = {promise.customer_id for promise in self._of_call.values()}
        newest = find_newest_attempts(conn, concerned, tenant_id=tenant_id)
        self._newest: dict[int, int] = {row.customer_id: row.newest for row in newest}
        self._changed: dict[int, Promised] = {}
        self._withdrawn: list[tuple[Promised, Status, Reason | None]] = []

    def _kept_by(self, conn: Connection, tenant_id: int, calls: Sequence[int]) -> dict[int, Promised]:
        """The promises that these calls were to keep, by call; one that is open again is the one among the open."""
        if not calls:
            return {}
        chosen = select(table(Callback)).where(CALLBACK.tenant_id == tenant_id, CALLBACK.call_id.in_(calls))
        standing = {promise.id: promise for promise in self._open.values()}
        rows = conn.execute(chosen.order_by(CALLBACK.id)).all()
        return {row.call_id: standing.get(row.id) or Promised.of(row) for row in rows}

    def after(self, step: Step, customer: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """What becomes of a customer whose call ended so, in place of what would without a promise."""
        stands = {**customer, **values}
        told = self._of_call.get(step.call.id)
        if told is not None and step.before.charged != step.after.charged:
            self._turn(step, stands, told)
        promise = self._open.get(customer["id"])
        if promise is None:
            return values
        if stands["status"].final and stands["reason"] is Reason.VENDOR_DECLINED:
            promise.reason = stands["reason"]
            self._change(promise, Promise.WITHDRAWN)
            self._withdrawn.append((promise, stands["status"], stands["reason"]))
        elif "due_at" in values or stands["status"].final:
            return {**values, **self._wait(step, stands, values, promise)}
        return values

    def _turn(self, step: Step, stands: Mapping[str, Any], told: Promised) -> None:
        """The call that was to keep this promise turned out not to have rung, or to have rung after all."""
        if step.after.charged and told.promise is Promise.OPEN:
            self._change(told, Promise.KEPT)
        elif not step.after.charged and told.promise is Promise.KEPT:
            self._renew(stands, told, step.call.id)

    def _renew(self, stands: Mapping[str, Any], told: Promised, call_id: int) -> None:
        since = self._newest.get(told.customer_id, 0)
        if since > call_id:
            # He was called since.
            told.call_id = since
            self._changed[told.id] = told
        elif stands["status"] in CLOSED or stands["reason"] is Reason.WITHDRAWN or told.customer_id in self._open:
            told.promise, told.reason, told.closed_at = Promise.WITHDRAWN, stands["reason"], self._now
            self._changed[told.id] = told
            self._withdrawn.append((told, stands["status"], stands["reason"]))
        else:
            told.priority = self._own_priority[told.customer_id]
            self._change(told, Promise.OPEN)

    def _change(self, told: Promised, promise: Promise) -> None:
        told.promise, told.moved = promise, True
        if promise is Promise.OPEN:
            told.reason, told.closed_at = None, None
        else:
            told.closed_at = self._now
        self._changed[told.id] = told
        if promise is Promise.OPEN:
            self._open[told.customer_id] = told
        else:
            self._open.pop(told.customer_id)

    def _wait(
        self, step: Step, stands: Mapping[str, Any], values: Mapping[str, Any], promise: Promised
    ) -> dict[str, Any]:
        """He waits for the promised time. What certainly did not ring keeps its own wait, and after a call of which we
        do not know he is left alone for as long as anybody else."""
        due_at, reason = promise.at, promises.reason_of(promise)
        if step.after.outcome is Outcome.UNKNOWN or not step.after.charged:
            wait = (self._now + self._timing.unknown_recall_delay, Reason.RECALL)
            otherwise = (values["due_at"], values["reason"]) if "due_at" in values else wait
            due_at, reason = max((due_at, reason), otherwise, key=lambda one: one[0])
        status = Status.QUEUE if stands["attempts"] else Status.NEW
        return {"status": status, "reason": reason, "due_at": due_at, "finished_at": None}

    def write(self, conn: Connection) -> None:
        """Write the promises that changed, and the places of their customers."""
        changed = promises.by_id(self._changed.values())
        promises.write_callbacks(conn, [asdict(one) for one in changed])
        promises.write_places(conn, _places(one for one in changed if one.moved), updated_at=self._now)
        for one, status, reason in self._withdrawn:
            promises.tell_withdrawn(conn, self._now, [one], status, reason, "engine")


def _places(moved: Iterable[Promised]) -> list[dict[str, Any]]:
    """Where each customer stands now; of two promises to one, the open one decides."""
    places: dict[int, dict[str, Any]] = {}
    for one in sorted(moved, key=lambda one: (one.customer_id, one.promise is Promise.OPEN)):
        standing = one.promise is Promise.OPEN
        priority = promises.place_of(one) if standing else one.priority
        places[one.customer_id] = {
            "id": one.customer_id,
            "priority": priority,
            "callback_id": one.id if standing else None,
        }
    return [places[key] for key in sorted(places)]
