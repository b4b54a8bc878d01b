"""Deliveries: rows written in the transaction that moves the cursor, claimed under a lease, and then delivered or dead.

Within a webhook and a subject the earlier one comes first: a later event of a call waits while an earlier one is
pending. One that is dead holds nobody up.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, func, or_, select, update

from campaigns import pages
from campaigns.events import patience, reading, sinks, telling, webhooks
from campaigns.events.kinds import Event
from campaigns.events.webhooks import Target
from campaigns.models import Delivery, Tenant, Webhook
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import columns_of, in_chunks, spelled, table
from campaigns.statements import Insert, Update, own
from campaigns.words import DeliveryState, Miss

DELIVERY = columns_of(Delivery)
WEBHOOK = columns_of(Webhook)
TENANT = columns_of(Tenant)
PENDING = spelled(DELIVERY.state, [DeliveryState.PENDING])
DEAD = spelled(DELIVERY.state, [DeliveryState.DEAD])
SORTS: pages.Sorts = {"id": Sort((DELIVERY.id,))}
LEASE = timedelta(seconds=60)
AT_ONCE = 8
"""So many posts may be under way to one webhook, over all workers."""
BATCH = 1000
TEST = "test"
write_deliveries = Insert(
    Delivery,
    ("webhook_id", "url", "source", "row_id", "kind", "subject"),
    shared=("tenant_id", "state", "attempts", "due_at", "created_at"),
    ignoring=True,
)
write_answers = Update(
    Delivery,
    own("state", "attempts", "due_at", "status", "miss", "ended_at") + ", lease_token = NULL, lease_until = NULL",
    where="delivery.id = :id AND delivery.lease_token = :lease_token",
    shared=["lease_token"],
)


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be posted where; `event` is None where its row is gone."""

    delivery: Any
    webhook: Any
    url: str
    event: Event | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an errand: an HTTP status, or why there is none. Neither: it was taken."""

    errand: Errand
    status: int | None
    miss: Miss | None

    @property
    def state(self) -> DeliveryState:
        if self.miss is None:
            return DeliveryState.DELIVERED
        return DeliveryState.DEAD if self.miss is Miss.GONE else DeliveryState.PENDING


def dispatch(conn: Connection, now: datetime, tenant: Any, upto: Mapping[str, int], batch: int = reading.BATCH) -> bool:
    """The tenant's next events become deliveries, and the cursor moves; whether there are more."""
    cursor = sinks.locked(conn, webhooks.SINK, tenant.id)
    if cursor is None:
        return False
    told = reading.gather(conn, tenant, cursor.positions, upto, batch)
    write(conn, now, tenant.id, webhooks.targets_of(conn, tenant.id, told.items))
    sinks.rest_at(conn, cursor.id, told.positions)
    return not told.whole


def write(conn: Connection, now: datetime, tenant_id: int, targets: Sequence[Target]) -> int:
    """One delivery a target; how many are new."""
    rows = [
        {
            "webhook_id": target.webhook_id,
            "url": target.url,
            "source": target.item.source,
            "row_id": target.item.row_id,
            "kind": target.item.event.type,
            "subject": target.subject or target.item.event.subject,
        }
        for target in targets
    ]
    shared = {"state": DeliveryState.PENDING, "attempts": 0, "due_at": now, "created_at": now}
    return write_deliveries(conn, rows, tenant_id=tenant_id, **shared)


def try_out(conn: Connection, now: datetime, webhook: Any) -> int:
    """Something to try a webhook with is on its way; the delivery's id."""
    row_id = ordinal(now)
    event = telling.of_test(webhook.name, "", row_id, now)
    write(conn, now, webhook.tenant_id, [Target(reading.Item(event, TEST, row_id), webhook.id)])
    mine = (DELIVERY.tenant_id == webhook.tenant_id, DELIVERY.webhook_id == webhook.id, DELIVERY.row_id == row_id)
    return int(conn.execute(select(DELIVERY.id).where(*mine, DELIVERY.source == TEST)).scalar_one())


def ordinal(now: datetime) -> int:
    """What stands for a row where a webhook is only tried: the microsecond."""
    return int(now.timestamp() * 1_000_000)


def claim(conn: Connection, now: datetime, token: str) -> list[Errand]:
    """What is to be posted now, held for a while: to each webhook the oldest few, of each subject the first."""
    ready = (WEBHOOK.removed_at.is_(None), WEBHOOK.disabled_at.is_(None))
    rested = or_(WEBHOOK.held_until.is_(None), WEBHOOK.held_until <= now)
    # Locked, because a limit that several workers count at once is none.
    chosen = select(table(Webhook)).where(*ready, rested).order_by(WEBHOOK.id).with_for_update(key_share=True)
    rows = [(webhook, row) for webhook in conn.execute(chosen).all() for row in _next(conn, now, webhook)]
    held = {"lease_token": token, "lease_until": now + LEASE}
    ids = [row.id for _, row in rows]
    conn.execute(update(table(Delivery)).where(DELIVERY.id.in_(ids)).values(**held))
    return _errands(conn, rows)


def _next(conn: Connection, now: datetime, webhook: Any) -> Sequence[Any]:
    mine = (DELIVERY.tenant_id == webhook.tenant_id, DELIVERY.webhook_id == webhook.id, PENDING)
    busy = conn.scalar(select(func.count()).where(*mine, DELIVERY.lease_until >= now)) or 0
    # A webhook that failed is tried with one before it gets the others.
    room = (1 if webhook.failures >= patience.HOLDS else AT_ONCE) - busy
    if room <= 0:
        return []
    earlier = table(Delivery).alias("earlier")
    before = exists().where(
        earlier.c.tenant_id == DELIVERY.tenant_id,
        earlier.c.webhook_id == DELIVERY.webhook_id,
        earlier.c.subject == DELIVERY.subject,
        spelled(earlier.c.state, [DeliveryState.PENDING]),
        earlier.c.id < DELIVERY.id,
    )
    free = or_(DELIVERY.lease_until.is_(None), DELIVERY.lease_until < now)
    due = select(table(Delivery)).where(*mine, DELIVERY.due_at <= now, free, ~before)
    return conn.execute(due.order_by(DELIVERY.due_at, DELIVERY.id).limit(room)).all()


def _errands(conn: Connection, rows: Sequence[tuple[Any, Any]]) -> list[Errand]:
    errands = []
    wanted = {webhook.tenant_id for webhook, _ in rows}
    for tenant in conn.execute(select(table(Tenant)).where(TENANT.id.in_(wanted))).all():
        mine = [(webhook, row) for webhook, row in rows if webhook.tenant_id == tenant.id]
        named = [(row.source, row.row_id) for _, row in mine if row.source != TEST]
        events = reading.again(conn, tenant, named)
        for webhook, row in mine:
            event = events.get((row.source, row.row_id))
            if row.source == TEST:
                event = telling.of_test(webhook.name, tenant.code, row.row_id, row.created_at)
            errands.append(Errand(row, webhook, row.url or webhook.url, event))
    return errands


def settle(conn: Connection, now: datetime, token: str, answers: Sequence[Answer], chance: float) -> None:
    """Write what came of errands; what was not taken is tried again, or is dead after a day."""
    concerned = {answer.errand.webhook.id for answer in answers}
    # Before any delivery, as a claim locks them: two that meet wait for each other.
    chosen = select(table(Webhook)).where(WEBHOOK.id.in_(concerned)).order_by(WEBHOOK.id)
    locked = conn.execute(chosen.with_for_update(key_share=True)).all()
    rows = [_settled(now, answer, chance) for answer in sorted(answers, key=lambda one: int(one.errand.delivery.id))]
    write_answers(conn, rows, lease_token=token)
    for webhook in locked:
        # Each call has an address of its own: one that fails says nothing about the others.
        if not webhook.per_call:
            _judge(conn, now, webhook, [one for one in answers if one.errand.webhook.id == webhook.id], chance)


def _settled(now: datetime, answer: Answer, chance: float) -> dict[str, Any]:
    delivery, state = answer.errand.delivery, answer.state
    attempts = delivery.attempts + 1
    due = patience.next_try(delivery.created_at, now, attempts, chance)
    if state is DeliveryState.PENDING and due is None:
        state = DeliveryState.DEAD
    told = {"id": delivery.id, "state": state, "attempts": attempts, "status": answer.status, "miss": answer.miss}
    return told | {"due_at": due or now, "ended_at": None if state is DeliveryState.PENDING else now}


def _judge(conn: Connection, now: datetime, webhook: Any, answers: Sequence[Answer], chance: float) -> None:
    """A webhook that only fails is held after a while; one of which one answer was good is well."""
    if any(answer.miss is Miss.GONE for answer in answers):
        webhooks.disable(conn, now, webhook, Miss.GONE)
    failures = 0 if any(answer.miss is None for answer in answers) else webhook.failures + 1
    if failures or webhook.failures:
        webhooks.hold(conn, webhook, failures, patience.held_until(now, failures, chance))


def give_up(conn: Connection, now: datetime) -> int:
    """What was tried for a day without ever being taken is dead: one batch; how many."""
    old = select(DELIVERY.id).where(PENDING, DELIVERY.created_at < now - patience.A_DAY)
    free = or_(DELIVERY.lease_until.is_(None), DELIVERY.lease_until < now)
    ids = list(conn.scalars(old.where(free).order_by(DELIVERY.created_at).limit(BATCH)))
    values = {"state": DeliveryState.DEAD, "ended_at": now, "miss": func.coalesce(DELIVERY.miss, Miss.TOO_OLD.value)}
    conn.execute(update(table(Delivery)).where(DELIVERY.id.in_(ids)).values(**values))
    return len(ids)


def prune(conn: Connection, before: datetime) -> int:
    """Forget one batch of what ended before this moment; how many."""
    old = select(DELIVERY.id).where(DELIVERY.ended_at < before).order_by(DELIVERY.ended_at).limit(BATCH)
    ids = list(conn.scalars(old))
    conn.execute(delete(table(Delivery)).where(DELIVERY.id.in_(ids)))
    return len(ids)


def replay(conn: Connection, now: datetime, tenant_id: int, ids: Collection[int]) -> int:
    """Try dead ones again, for another day; how many of these were dead."""
    again = {"state": DeliveryState.PENDING, "attempts": 0, "due_at": now, "created_at": now, "ended_at": None}
    done = 0
    for chunk in in_chunks(sorted(ids), BATCH):
        mine = (DELIVERY.tenant_id == tenant_id, DELIVERY.id.in_(chunk), DELIVERY.state == DeliveryState.DEAD)
        done += conn.execute(update(table(Delivery)).where(*mine).values(**again)).rowcount
    return done


def read_deliveries(
    conn: Connection,
    tenant_id: int,
    cut: Cut,
    state: DeliveryState | None = None,
    webhook_id: int | None = None,
    kind: str | None = None,
) -> Part:
    """Deliveries with the name of their `webhook`."""
    scope = [DELIVERY.tenant_id == tenant_id]
    if state is DeliveryState.DEAD:
        # So spelled, the index over the dead is seen to fit.
        scope.append(DEAD)
    filters = pages.matching(state=None if state is DeliveryState.DEAD else state, webhook_id=webhook_id, kind=kind)
    return pages.read(conn, Listing(Delivery, SORTS, scope, (), filters, _with_webhook), cut)


def _with_webhook(source: Any) -> Any:
    joined = source.join(table(Webhook), WEBHOOK.id == source.c.webhook_id)
    return select(source, WEBHOOK.name.label("webhook")).select_from(joined)


def find(conn: Connection, tenant_id: int, delivery_id: int) -> Any | None:
    """One delivery as `read_deliveries` gives it."""
    chosen = _with_webhook(table(Delivery)).where(DELIVERY.tenant_id == tenant_id, DELIVERY.id == delivery_id)
    return conn.execute(chosen).first()


def counts(conn: Connection) -> dict[str, int]:
    """How many there are in each state that a person may have to look at."""
    shown = spelled(DELIVERY.state, [DeliveryState.PENDING, DeliveryState.DEAD])
    rows = conn.execute(select(DELIVERY.state, func.count()).where(shown).group_by(DELIVERY.state))
    return {state.value: count for state, count in rows}
