"""The kinds of events, each a model, and so a JSON schema with a version. docs/events.md is drawn from them.

A field is never taken away from a kind nor given another meaning; where that must be, its `version` becomes a larger
one. New fields may come at any time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from campaigns.words import Mode, Origin, Outcome, Purpose, Reason, Scope, Subject, TriggerState

Phone = Annotated[str, Field(description="In E.164.")]


class Told(BaseModel):
    """What an event tells."""

    model_config = ConfigDict(frozen=True)


class OfCall(Told):
    """A call: what does not change any more once it was ordered."""

    call: str = Field(description="The call's id, as at `GET /v1/calls/{id}`.")
    campaign: str | None = Field(description="The campaign's code; null for a call that is not ours.")
    customer: str | None = Field(description="The list's own id of the customer.")
    phone: Phone
    origin: Origin
    mode: Mode | None
    purpose: Purpose | None
    attempt: int = Field(description="Which one of its run it was.")
    order: str | None = Field(description="The order by which it was made, as `POST /v1/calls` named it.")


class Doubted(OfCall):
    """A call of which something is to be explained."""

    reason: Reason | None


class Settled(Doubted):
    """A call with its result, as it stands when this is told."""

    outcome: Outcome | None
    charged: bool = Field(description="Whether it counts as an attempt: it may have rung.")
    answered_at: datetime | None
    ended_at: datetime | None
    billsec: int | None = Field(description="Seconds of talk.")
    extension: str | None = Field(description="Who talked.")
    recording_url: str | None


class OfCustomer(Told):
    """A customer of a campaign."""

    campaign: str
    customer: str = Field(description="The list's own id of him.")


class Changed(OfCustomer):
    """A customer came to another status, or to the same for another reason."""

    before: str
    after: str
    reason: Reason | None
    call: str | None = Field(description="The call that brought it about.")
    actor: str


class Held(OfCustomer):
    """The gate said: not now. Told when the verdict or its reason changes."""

    reason: Reason | None
    until: datetime | None = Field(description="Not before then; null: until something changes that no clock brings.")
    rulebook: str
    rulebook_version: str


class Promised(OfCustomer):
    """A call that somebody was promised."""

    due_at: datetime
    zone: str
    actor: str


class Kept(OfCustomer):
    """The promised call is being placed. If it turns out not to have rung, `call.released` says so."""

    call: str


class Withdrawn(OfCustomer):
    """The promised call is not owed any more."""

    reason: Reason | None
    actor: str


class Ordered(OfCustomer):
    """Another system ordered a call to him."""

    order: str = Field(description="Its id, as `POST /v1/calls` named it.")
    not_after: datetime
    actor: str


class Ended(OfCustomer):
    """An order that is over, and by which nobody was rung. Where its customer came to, too."""

    order: str = Field(description="Its id, as `POST /v1/calls` named it.")
    state: TriggerState = Field(description="`withheld`, `expired` or `cancelled`.")
    reason: Reason | None
    before: str
    after: str
    actor: str


class Listed(Told):
    """An entry of the do-not-call list. Those of a copied register are too many to be told one by one."""

    suppression: int
    scope: Scope
    campaign: str | None
    kind: Subject
    subject: str = Field(description="A number in E.164, or the list's own id of a person.")
    purpose: str
    source: str
    actor: str


class Lifted(Listed):
    """An entry that does not hold any more."""

    until: datetime
    lifted_by: str | None


class Consented(Told):
    """A consent (`granted`) or a refusal of a person."""

    person: str = Field(description="The list's own id of him, or his first number.")
    purpose: Purpose
    granted: bool
    channel: str
    given_at: datetime
    until: datetime | None
    actor: str | None


class OfCampaign(Told):
    """A campaign was made, commanded, set, or paused itself."""

    campaign: str
    before: str
    after: str
    reason: Reason | None
    actor: str


class Tested(Told):
    """Somebody tries whether a webhook works."""

    webhook: str


class Event(BaseModel):
    """What happened, as every sink is told it."""

    model_config = ConfigDict(frozen=True)
    id: str = Field(description="Names the event: told twice, it is the same one.")
    type: str
    version: int = Field(description="Of the schema of `data`.")
    timestamp: datetime = Field(description="When it happened, RFC 3339.")
    recorded_at: datetime = Field(description="When the ledger learned it.")
    tenant: str = Field(description="The company's code.")
    key: str = Field(description="Whom it is about, as a word that means nothing: events of one key come in order.")
    subject: str = Field(description="The call, customer or entry.")
    sequence: int = Field(description="Grows, with gaps, among events of one subject whose ids begin alike.")
    data: SerializeAsAny[Told]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: when it is told, and what."""

    name: str
    said: str
    model: type[Told]
    version: int = 1

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a whole event of this kind."""
        told = Event.model_json_schema(mode="serialization")
        data = self.model.model_json_schema(mode="serialization")
        definitions = {**told.pop("$defs", {}), **data.pop("$defs", {})}
        definitions.pop("Told", None)
        fixed = {"type": {"const": self.name}, "version": {"const": self.version}, "data": data}
        named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": self.name}
        return {**told, **named, "properties": {**told["properties"], **fixed}, "$defs": definitions}


KINDS: tuple[Kind, ...] = (
    Kind("call.placed", "The vendor took the order.", OfCall),
    Kind("call.unsure", "The order may have reached the vendor, or not: he is asked. It is never sent again.", Doubted),
    Kind("call.ringing", "The customer's telephone rings.", OfCall),
    Kind("call.answered", "Somebody picked up.", OfCall),
    Kind("call.ended", "It is over; the result is not known yet.", OfCall),
    Kind("call.settled", "The result is known; told again where the vendor's record corrects it.", Settled),
    Kind("call.released", "It certainly never rang, and counts for nothing.", Doubted),
    Kind("customer.changed", "A customer waits, with another status or for another reason.", Changed),
    Kind("customer.final", "A customer is not called any more in this run.", Changed),
    Kind("customer.withheld", "The gate does not let him be called now.", Held),
    Kind("callback.promised", "Somebody was promised a call.", Promised),
    Kind("callback.kept", "The promised call is placed.", Kept),
    Kind("callback.withdrawn", "The promise was taken back, or nobody may keep it.", Withdrawn),
    Kind("order.taken", "Another system ordered a call; what becomes of it is told by its calls, or it ends.", Ordered),
    Kind("order.ended", "An order is over without a call: withheld, expired or cancelled.", Ended),
    Kind("suppression.added", "Somebody was put on the do-not-call list.", Listed),
    Kind("suppression.lifted", "Somebody was taken off it; told when the lifting is sealed.", Lifted),
    Kind("consent.recorded", "A person consented, or refused.", Consented),
    Kind("campaign.changed", "A campaign was made, commanded, set, or paused itself.", OfCampaign),
    Kind("webhook.test", "`dialer webhook test`.", Tested),
)
BY_NAME = {kind.name: kind for kind in KINDS}


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern means this kind: `*`, `call.*`, `call.settled`."""
    return pattern in ("*", name) or (pattern.endswith(".*") and name.startswith(pattern[:-1]))


def unknown(patterns: list[str]) -> list[str]:
    """Those that mean no kind."""
    return [one for one in patterns if not any(matches(one, kind.name) for kind in KINDS)]
