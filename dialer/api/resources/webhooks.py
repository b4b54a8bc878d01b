"""Webhooks: where a company's events are posted, and what became of each post. Secrets are told once, when made."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from campaigns.directory import missing
from campaigns.events import deliveries, webhooks
from campaigns.events.kinds import unknown
from campaigns.words import DeliveryState, Miss, Right
from dialer import subscribing
from dialer.api.pages import SORT, Page, Paging, of_all, page
from dialer.api.problems import Problem, invalid
from dialer.api.routes import Route, Strict, Visit

HOUR = timedelta(hours=1)


class Webhook(BaseModel):
    """A webhook without its secret."""

    name: str
    url: str = Field(description="Empty for `per-call`: each call has an address of its own.")
    per_call: bool
    events: list[str] = Field(description="Kinds, `call.*`, or `*`.")
    created_at: datetime
    failures: int = Field(description="Posts in a row that failed.")
    held_until: datetime | None = Field(description="It failed too often: nothing is posted before this moment.")
    disabled_at: datetime | None
    disabled_because: Miss | None


class WithSecret(Webhook):
    """A webhook with the secret that signs from now on: this once."""

    secret: str


class Webhooks(Page[Webhook]):
    """A page of webhooks."""


class NewWebhook(Strict):
    name: str = Field(min_length=1, max_length=64)
    url: str = Field(min_length=1, max_length=2000, description="Where to; encrypted, and not within the house.")
    events: list[str] = Field(default=["*"], min_length=1, max_length=50, description="Kinds, `call.*`, or `*`.")


class Rotation(Strict):
    overlap_hours: float = Field(
        default=subscribing.OVERLAP / HOUR, ge=0, le=24 * 30, description="So long the old secret signs, too."
    )


class Delivery(BaseModel):
    """One event for one webhook."""

    id: str
    webhook: str
    kind: str
    subject: str
    event: str = Field(description="The event's id, which is `webhook-id` in the post.")
    state: DeliveryState
    attempts: int
    status: int | None = Field(description="HTTP status of the last answer.")
    miss: Miss | None = Field(description="Why it was not taken the last time.")
    due_at: datetime | None = Field(description="When it is tried next; null: not any more.")
    created_at: datetime
    ended_at: datetime | None


class Deliveries(Page[Delivery]):
    """A page of deliveries."""


class Which(Paging):
    state: DeliveryState | None = None
    webhook: str | None = Field(default=None, max_length=64)
    kind: str | None = Field(default=None, max_length=32, description="Such as `call.settled`.")
    sort: Annotated[Literal["id", "-id"], SORT] = "-id"


def list_(visit: Visit) -> BaseModel:
    found = webhooks.list_webhooks(visit.conn, visit.tenant.id)
    return Webhooks(**dict(of_all(found, visit.query, _webhook, lambda row: [row.name])))


def get(visit: Visit) -> BaseModel:
    return _webhook(_found(visit))


def create(visit: Visit) -> BaseModel:
    said: NewWebhook = visit.body
    vault, allowed = visit.vault, visit.settings.egress
    if wrong := unknown(said.events):
        raise invalid(f"events.{said.events.index(wrong[0])}", "is no kind of event")
    secret = subscribing.add(visit.conn, visit.now, visit.tenant.id, said.name, said.url, said.events, vault, allowed)
    return _with_secret(webhooks.find(visit.conn, visit.tenant.id, said.name), secret)


def remove(visit: Visit) -> BaseModel:
    row = _found(visit)
    webhooks.remove(visit.conn, visit.now, visit.tenant.id, row.name)
    return _webhook(row)


def rotate(visit: Visit) -> BaseModel:
    said: Rotation = visit.body
    name, overlap = visit.path["name"], said.overlap_hours * HOUR
    secret = subscribing.rotate(visit.conn, visit.now, visit.tenant.id, name, visit.vault, overlap)
    return _with_secret(_found(visit), secret)


def enable(visit: Visit) -> BaseModel:
    webhooks.enable(visit.conn, _found(visit))
    return _webhook(_found(visit))


def try_out(visit: Visit) -> BaseModel:
    made = deliveries.try_out(visit.conn, visit.now, _found(visit))
    return _delivery(deliveries.find(visit.conn, visit.tenant.id, made))


def deliveries_(visit: Visit) -> BaseModel:
    query = visit.query
    cut = query.cut(deliveries.SORTS)
    of_webhook = webhooks.find(visit.conn, visit.tenant.id, query.webhook).id if query.webhook else None
    part = deliveries.read_deliveries(visit.conn, visit.tenant.id, cut, query.state, of_webhook, query.kind)
    return Deliveries(**dict(page(part, cut, _delivery)))


def delivery(visit: Visit) -> BaseModel:
    return _delivery(_sought(visit))


def replay(visit: Visit) -> BaseModel:
    row = _sought(visit)
    deliveries.replay(visit.conn, visit.now, visit.tenant.id, [row.id])
    return _delivery(_sought(visit))


def _found(visit: Visit) -> Any:
    return webhooks.find(visit.conn, visit.tenant.id, visit.path["name"])


def _sought(visit: Visit) -> Any:
    text = visit.path["id"]
    known = text.isascii() and text.isdecimal() and len(text) < 19
    row = deliveries.find(visit.conn, visit.tenant.id, int(text)) if known else None
    if row is None:
        raise missing("delivery", "of this id", [])
    return row


def _webhook(row: Any) -> Webhook:
    return Webhook.model_validate({name: getattr(row, name) for name in Webhook.model_fields})


def _with_secret(row: Any, secret: str) -> WithSecret:
    return WithSecret(secret=secret, **dict(_webhook(row)))


def _delivery(row: Any) -> Delivery:
    told = dict(row._mapping) | {"id": str(row.id), "event": f"{row.source}-{row.row_id}"}
    told["due_at"] = row.due_at if row.state is DeliveryState.PENDING else None
    return Delivery.model_validate({name: told[name] for name in Delivery.model_fields})


READ, WRITE = (Right.REPORT_READ,), (Right.ADMIN,)
CONFLICTS = (Problem.TAKEN,)
ROUTES = (
    Route("GET", "/webhooks", "Webhooks, by their names.", READ, list_, Webhooks, query=Paging),
    Route(
        "POST", "/webhooks", "Have events posted from now on; the secret is told this once.", WRITE, create, WithSecret,
        body=NewWebhook, status=201, problems=CONFLICTS,
    ),
    Route("GET", "/webhooks/{name}", "One webhook, and how it does.", READ, get, Webhook, tagged=True),
    Route(
        "DELETE", "/webhooks/{name}", "Post nothing more there, also not what still waits.", WRITE, remove, Webhook,
        tagged=True,
    ),
    Route(
        "POST", "/webhooks/{name}/rotate", "Sign with a new secret, which is told this once.", WRITE, rotate,
        WithSecret, body=Rotation, tagged=True, shows=get,
    ),
    Route(
        "POST", "/webhooks/{name}/enable", "Try again what is disabled or held.", WRITE, enable, Webhook, tagged=True
    ),
    Route("POST", "/webhooks/{name}/test", "Post a `webhook.test`; look at the delivery.", WRITE, try_out, Delivery),
    Route("GET", "/deliveries", "Deliveries, the newest first.", READ, deliveries_, Deliveries, query=Which),
    Route("GET", "/deliveries/{id}", "One delivery.", READ, delivery, Delivery, tagged=True),
    Route(
        "POST", "/deliveries/{id}/replay", "Try a dead one again, for another day.", WRITE, replay, Delivery,
        tagged=True,
    ),
)  # fmt: skip
