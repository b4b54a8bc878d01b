"""Calls that another system triggers: order one, see what became of it, take it back."""

import secrets
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from campaigns import reports, triggers
from campaigns.directory import missing
from campaigns.ledger import NotNow
from campaigns.reports import Triggered
from campaigns.triggers import Place, Wish
from campaigns.words import Outcome, Purpose, Reason, Right, TriggerState
from dialer import egress, subscribing
from dialer.api.moments import Moment
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.problems import Problem, invalid
from dialer.api.resources.campaigns import Column, Extension, Line, Word
from dialer.api.resources.suppressions import Number, PersonId, campaign_id, e164
from dialer.api.routes import Route, Strict, Told, Visit

Value = Annotated[str, Field(max_length=500)] | Annotated[int, Field(ge=-(2**53), le=2**53)]


class Whom(Strict):
    """Who is to be called. With numbers he is put on the campaign's list, and only they are rung; without them he must
    stand there by this id."""

    id: PersonId | None = Field(
        default=None, description="Your own id of him; without one he goes by his first number."
    )
    phone: Number | None = None
    phones: list[Number] = Field(default=[], max_length=10, description="Rung in this order, one a call.")
    name: Line = ""
    contract_number: Annotated[str, Field(max_length=200)] = Field(default="", description="The debt it is about.")
    variables: dict[Column, Value] = Field(default={}, max_length=100, description="What a script may speak.")

    def read(self) -> triggers.Whom:
        """Numbers in E.164, each once. Raises `Refused`."""
        if self.phone is not None and self.phones:
            raise invalid("customer.phone", "and `phones` exclude each other")
        phones = [e164(f"customer.phones.{place}", one) for place, one in enumerate(self.phones)]
        phones += [e164("customer.phone", self.phone)] if self.phone is not None else []
        if not phones and self.id is None:
            raise invalid("customer.phone", "or `phones` or `id` must name somebody")
        return triggers.Whom(
            self.id or "", tuple(dict.fromkeys(phones)), self.name, self.contract_number, self.variables
        )


class NewCall(Strict):
    """Call this person: in a campaign, or with a vendor by one agent."""

    customer: Whom
    campaign: Word | None = Field(default=None, description="A campaign's code.")
    vendor: Word | None = Field(default=None, description="A vendor account: click-to-call, in a campaign of its own.")
    agent: Extension | None = Field(default=None, description="Whose telephone rings first; null: any agent's.")
    purpose: Purpose | None = Field(default=None, description="Must be the campaign's; with `vendor` it is needed.")
    creditor: Line | None = Field(default=None, description="Must be the campaign's; of a new one: who is owed.")
    advertiser: Line | None = Field(default=None, description="Must be the campaign's; of a new one: who advertises.")
    rulebook: Word | None = Field(default=None, description="Must be the campaign's; of a new one: its rules.")
    not_after: Moment | None = Field(
        default=None, description="It is not placed at this moment or later. Null: 15 minutes, or a day if it waits."
    )
    wait: bool = Field(default=False, description="Where it may not be placed now: keep it until it may.")
    callback_url: Annotated[str, Field(max_length=egress.LONGEST)] | None = Field(
        default=None, description="Where its events are told, over TLS."
    )


class TriggeredCall(BaseModel):
    """An order. `reason` tells why it waits, is withheld or ended without a call; `until`: when that is over at the
    latest. `call` is the call that was made for it, by its id; `phone`, `outcome` and `billsec` are that call's."""

    id: str
    state: TriggerState
    reason: Reason | None
    until: datetime | None
    campaign: str
    customer: str
    name: str
    purpose: Purpose
    agent: str | None
    phones: list[str] = Field(description="The only numbers that may be rung for it; empty: any of his.")
    wait: bool
    not_after: datetime
    callback_url: str | None
    created_at: datetime
    closed_at: datetime | None = Field(description="When its call was ordered from the vendor, or it ended without.")
    actor: str
    call: str | None
    phone: str | None
    outcome: Outcome | None
    billsec: int | None


class Orders(Page[TriggeredCall]):
    """A page of orders."""


class Which(Paging):
    waiting: bool | None = Field(
        default=None, description="Only those that wait for their call (or are withheld), or only those that do not."
    )
    campaign: str | None = Field(default=None, max_length=64)
    customer: PersonId | None = None
    sort: Annotated[Literal["id", "-id"], SORT] = Field(default="-id", description="As they came in.")


def list_(visit: Visit) -> BaseModel:
    query, timing = visit.query, visit.settings.timing
    sought = reports.SoughtOrders(query.waiting, campaign_id(visit, query.campaign), query.customer)
    cut = query.cut(reports.TRIGGERED_SORTS)
    part = reports.read_orders(visit.conn, visit.now, timing, visit.tenant, sought, cut)
    return Orders(**dict(page(part, cut, _body)))


def create(visit: Visit) -> Told:
    said: NewCall = visit.body
    whom, end = said.customer.read(), triggers.end(visit.now, said.not_after, said.wait)
    where = (said.callback_url, visit.vault, visit.settings.egress)
    subscribing.for_order(visit.conn, visit.now, visit.tenant.id, *where)
    campaign = triggers.campaign_at(visit.conn, visit.now, visit.tenant.id, _place(said), visit.actor)
    wish = Wish(whom, end, said.wait, said.agent, said.callback_url, visit.request_id)
    reference = f"t{secrets.token_hex(10)}"
    timing = visit.settings.timing
    told = triggers.trigger(
        visit.conn, visit.now, timing, visit.tenant, campaign, wish, reference, visit.actor, visit.client.id
    )
    return Told(_body(told), location=f"/calls/{reference}")


def _place(said: NewCall) -> Place:
    terms = {"creditor": said.creditor, "advertiser": said.advertiser, "rulebook": said.rulebook}
    given = {name: value for name, value in terms.items() if value is not None}
    return Place(said.campaign, said.vendor, said.agent, said.purpose, given)


def cancel(visit: Visit) -> BaseModel:
    reference = visit.path["id"]
    if reports.find_call(visit.conn, visit.tenant.id, reference) is not None:
        raise NotNow(triggers.PLACED)
    triggers.cancel(visit.conn, visit.now, visit.settings.timing, visit.tenant, reference, visit.actor)
    return shown(visit, reference)


def _order(visit: Visit) -> BaseModel:
    return shown(visit, visit.path["id"])


def shown(visit: Visit, reference: str) -> TriggeredCall:
    """The order of this name. Raises `NotFound`."""
    found = find(visit, reference)
    if found is None:
        raise missing("call", "of this id", [])
    return found


def find(visit: Visit, reference: str) -> TriggeredCall | None:
    told: Triggered | None = reports.find_triggered(
        visit.conn, visit.now, visit.settings.timing, visit.tenant, reference
    )
    return _body(told) if told is not None else None


def _body(told: Triggered) -> TriggeredCall:
    return TriggeredCall.model_validate(told, from_attributes=True)


PLACE = (Right.CALL_PLACE,)
ROUTES = (
    Route(
        "GET", "/orders", "Orders, the newest first, also those that have no call yet; each is `/calls/{id}`.",
        (Right.REPORT_READ, Right.CALL_PLACE), list_, Orders, query=Which,
    ),
    Route(
        "POST", "/calls", "Order a call: now, or when it is allowed.", PLACE, create, TriggeredCall,
        body=NewCall, status=201, keyed=True, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "DELETE", "/calls/{id}", "Take an order back that was not placed yet.", PLACE, cancel, TriggeredCall,
        tagged=True, shows=_order, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "POST", "/calls/{id}/cancel", "The same, for clients that know no DELETE.", PLACE, cancel, TriggeredCall,
        tagged=True, shows=_order, problems=(Problem.NOT_NOW,),
    ),
)  # fmt: skip
