"""Webhooks of a company: where its events are posted. Secrets come sealed: nothing here could show one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from campaigns.directory import Taken, checked_code, missing
from campaigns.events import frontier, sinks
from campaigns.events.kinds import KINDS, Ended, Event, OfCall, matches, unknown
from campaigns.events.reading import Item
from campaigns.models import TriggeredCall, Webhook
from campaigns.rows import columns_of, ignoring, in_chunks, table
from campaigns.terms import BadTerms
from campaigns.words import Miss

TRIGGERED, WEBHOOK = columns_of(TriggeredCall), columns_of(Webhook)
SINK = "webhooks"
PER_CALL = "per-call"
"""The name of the webhook by which events of single calls go to whoever ordered them."""
LONGEST = 2000
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Target:
    """An event that a webhook is to have. `url` stands in place of the webhook's own, and `subject`, within which order
    is kept, in place of the event's."""

    item: Item
    webhook_id: int
    url: str | None = None
    subject: str | None = None


def add(conn: Connection, now: datetime, tenant_id: int, name: str, url: str, events: list[str], sealed: bytes) -> Any:
    """A new webhook; it gets what happens from now on. Raises `BadCode`, `BadTerms`, `Taken`."""
    if name == PER_CALL:
        raise Taken(f"{PER_CALL} is the webhook of single calls: give this one another name")
    return _made(conn, now, tenant_id, checked_code(name, "webhook"), url, checked(events), sealed, per_call=False)


def ensure_per_call(conn: Connection, now: datetime, tenant_id: int, sealed: Callable[[], bytes]) -> Any:
    """The webhook of single calls, made where there is none yet with a secret of its own."""
    found = _per_call(conn, tenant_id)
    return found or _made(conn, now, tenant_id, PER_CALL, "", [], sealed(), per_call=True)


def _per_call(conn: Connection, tenant_id: int) -> Any:
    standing = (WEBHOOK.tenant_id == tenant_id, WEBHOOK.removed_at.is_(None), WEBHOOK.per_call)
    return conn.execute(select(table(Webhook)).where(*standing)).first()


def checked(events: list[str]) -> list[str]:
    """The kinds of events that are wanted. Raises `BadTerms`."""
    wrong = unknown(events)
    if wrong or not events:
        said = f"{wrong[0]} is no kind of event: " if wrong else ""
        raise BadTerms("event", f"{said}it must be *, call.* or one of {', '.join(kind.name for kind in KINDS)}")
    return sorted(set(events))


def _made(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    name: str,
    url: str,
    events: list[str],
    sealed: bytes,
    per_call: bool,
) -> Any:
    row = {
        "tenant_id": tenant_id,
        "name": name,
        "url": url,
        "per_call": per_call,
        "events": events,
        "sealed_secrets": sealed,
        "failures": 0,
        "created_at": now,
    }
    if conn.execute(ignoring(conn, Webhook).values(row)).rowcount == 0 and not per_call:
        raise Taken(f"there is a webhook {name} already: remove it first with `dialer webhook remove {name}`")
    sinks.found(conn, SINK, [tenant_id], frontier.draw(conn).upto)
    return find(conn, tenant_id, name)


def find(conn: Connection, tenant_id: int, name: str) -> Any:
    """Raises `NotFound`."""
    standing = (WEBHOOK.tenant_id == tenant_id, WEBHOOK.removed_at.is_(None))
    found = conn.execute(select(table(Webhook)).where(*standing, WEBHOOK.name == name)).first()
    if found is None:
        names = conn.scalars(select(WEBHOOK.name).where(*standing))
        raise missing("webhook", name, names, "make one with `dialer webhook add`")
    return found


def list_webhooks(conn: Connection, tenant_id: int) -> list[Any]:
    standing = (WEBHOOK.tenant_id == tenant_id, WEBHOOK.removed_at.is_(None))
    return list(conn.execute(select(table(Webhook)).where(*standing).order_by(WEBHOOK.name)))


def remove(conn: Connection, now: datetime, tenant_id: int, name: str) -> None:
    """Nothing is sent there any more, also not what still waits. Raises `NotFound`."""
    _write(conn, find(conn, tenant_id, name), removed_at=now)


def reseal(conn: Connection, webhook: Any, sealed: bytes) -> None:
    """Other secrets. A webhook that had been disabled is tried again: somebody looked after it."""
    _write(conn, webhook, sealed_secrets=sealed, **_fresh())


def enable(conn: Connection, webhook: Any) -> None:
    """Try again what was disabled or is held."""
    _write(conn, webhook, **_fresh())


def _fresh() -> dict[str, Any]:
    return {"disabled_at": None, "disabled_because": None, "failures": 0, "held_until": None}


def disable(conn: Connection, now: datetime, webhook: Any, why: Miss) -> None:
    """Nothing is sent there until somebody enables it."""
    _write(conn, webhook, disabled_at=now, disabled_because=why)


def hold(conn: Connection, webhook: Any, failures: int, until: datetime | None) -> None:
    """How often it failed in a row, and until when it is left alone for it."""
    _write(conn, webhook, failures=failures, held_until=until)


def _write(conn: Connection, webhook: Any, **values: Any) -> None:
    mine = (WEBHOOK.tenant_id == webhook.tenant_id, WEBHOOK.id == webhook.id)
    conn.execute(update(table(Webhook)).where(*mine).values(**values))


def targets_of(conn: Connection, tenant_id: int, items: Sequence[Item]) -> list[Target]:
    """Who is to have which of these events, in the events' order. Whoever else wants some is one more in `ASKING`."""
    ordinals = {id(item): ordinal for ordinal, item in enumerate(items)}
    targets = (target for asking in ASKING for target in asking(conn, tenant_id, items))
    return sorted(targets, key=lambda target: ordinals[id(target.item)])


def wants(webhook: Any, kind: str) -> bool:
    """Whether a webhook asked for this kind of event."""
    return any(matches(pattern, kind) for pattern in webhook.events)


def _subscribed(conn: Connection, tenant_id: int, items: Sequence[Item]) -> Iterator[Target]:
    """The webhooks that asked for these kinds."""
    for webhook in list_webhooks(conn, tenant_id):
        if webhook.disabled_at is None:
            for item in items:
                if wants(webhook, item.event.type):
                    yield Target(item, webhook.id)


def _whoever_ordered(conn: Connection, tenant_id: int, items: Sequence[Item]) -> Iterator[Target]:
    """The addresses that came with orders: the events of an order's calls and its end, all in one order, so that who
    reads the last one knows what came of it."""
    named = {id(item): order for item in items if (order := _order_of(item.event)) is not None}
    webhook = _per_call(conn, tenant_id) if named else None
    if webhook is None:
        return
    urls = _addresses(conn, tenant_id, set(named.values()))
    for item in items:
        order = named.get(id(item))
        if order in urls:
            yield Target(item, webhook.id, urls[order], f"order-{order}")


def _order_of(event: Event) -> str | None:
    told = event.data
    return told.order if isinstance(told, OfCall | Ended) else None


def _addresses(conn: Connection, tenant_id: int, orders: set[str]) -> dict[str | None, str]:
    found: dict[str | None, str] = {}
    for chunk in in_chunks(sorted(orders), CHUNK):
        mine = (TRIGGERED.tenant_id == tenant_id, TRIGGERED.reference.in_(chunk), TRIGGERED.callback_url.is_not(None))
        found |= dict(conn.execute(select(TRIGGERED.reference, TRIGGERED.callback_url).where(*mine)).all())
    return found


ASKING: tuple[Callable[[Connection, int, Sequence[Item]], Iterable[Target]], ...] = (
    _subscribed,
    _whoever_ordered,
)
"""Who wants events: each says which, and where to."""
