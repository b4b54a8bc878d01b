"""What the engine says to a vendor and what it hears back, in our words. One file a vendor speaks theirs.

A placing answers with a *value*, because each one is an everyday event with its own next step:

    Placed      the vendor took it: wait for hooks
    NotPlaced   certainly nothing rang: give the customer back (`reason` says whom it blames)
    Unsure      it may ring: never repeat, ask later

Every other request raises one of

    GatewayError
    ├── Unreachable     no answer, or a broken one; such a request rings nobody, so it may be asked again
    ├── Throttled       too many requests: ask again after `retry_after` seconds
    ├── Refused         the vendor understood and said no
    └── Misconfigured   wrong queue or campaign: pause the campaign, tell a human
        └── LoginRefused    wrong credentials: nothing of this account works, pause all that is placed with it
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from campaigns.compliance import Cleared
from campaigns.words import FactKind, Mode, Outcome, Reason


class GatewayError(Exception):
    """A vendor request failed. The subclass says what we do next."""


class Unreachable(GatewayError):
    """The vendor did not answer, or answered what nobody can read."""


class Throttled(GatewayError):
    """The vendor asks us to slow down."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(GatewayError):
    """The vendor understood the request and said no."""


class Misconfigured(GatewayError):
    """The account or the campaign is set up wrongly; no repetition helps."""


class LoginRefused(Misconfigured):
    """The vendor refuses the account's credentials; the message repeats none of them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a vendor must know of the campaign for which it places calls."""

    mode: Mode
    queue_code: str | None = None
    vendor_campaign_id: str | None = None
    template: str | None = None
    queue_agents: str | None = None
    precall_ratio: int | None = None
    concurrent_call: int | None = None
    hotline: str | None = None


def terms_of(campaign: Any) -> Terms:
    """What the vendor must know of a campaign, from its row."""
    return Terms(
        mode=campaign.mode,
        queue_code=campaign.queue_code,
        vendor_campaign_id=campaign.vendor_campaign_id,
        template=campaign.template,
        queue_agents=campaign.queue_agents,
        precall_ratio=campaign.precall_ratio,
        concurrent_call=campaign.concurrent_call,
        hotline=campaign.hotline,
    )


@dataclass(frozen=True, slots=True)
class Order:
    """One call to place: the permission, our own reference for it, and what travels with it."""

    cleared: Cleared
    reference: str
    name: str = ""
    """The customer's name, shown to the agent where the vendor can."""
    extension: str | None = None
    """The agent who is rung first (click2call)."""
    customer_code: str | None = None
    """The list's own id, sent in place of `reference` where the account is set so."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    """Of the request by which somebody ordered the call; empty: nobody's request."""


@dataclass(frozen=True, slots=True)
class Placed:
    reference: str
    call_id: str | None = None
    """Queues give none: the call becomes known by its hooks and records."""


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """Certainly nothing rang. `reason`: `declined` (this customer), `agent-busy`, `agent-away` (the agent),
    `throttled` (with `retry_after` seconds), `unreachable` (never reached the vendor), `clearance-expired`,
    `misconfigured` (pause the campaign)."""

    reference: str
    reason: Reason
    detail: str = ""
    retry_after: float | None = None
    locked_out: bool = False
    """The vendor refuses the account's credentials: it would refuse every other order too."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """The request may have reached the vendor. `reason`: `timed-out` or `connection-lost`."""

    reference: str
    reason: Reason
    detail: str = ""


Placing = Placed | NotPlaced | Unsure


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook in our words. `phone` is the customer's number in E.164, found by shape, not by position."""

    kind: FactKind
    call_id: str
    sip_call_id: str | None = None
    inbound: bool = False
    phone: str | None = None
    extension: str | None = None
    hotline: str | None = None
    duration: int | None = None
    billsec: int | None = None
    disposition: Outcome | None = None
    recording_url: str | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A webhook that cannot be read; `why` names the field, never a person's number."""

    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """The vendor's own account of one call, times in UTC, durations in seconds."""

    record_id: str
    started_at: datetime
    disposition: Outcome
    sip_call_id: str | None = None
    inbound: bool = False
    phone: str | None = None
    extension: str | None = None
    hotline: str | None = None
    customer_id: str | None = None
    """What we sent as the customer's id: our reference."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int | None = None
    billsec: int | None = None
    recording_url: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class LiveCall:
    call_id: str
    phone: str | None
    extension: str | None
    inbound: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgentStatus:
    extension: str
    logged_in: bool
    name: str = ""
    vendor_user: str = ""


@dataclass(frozen=True, slots=True)
class VendorCustomer:
    """A customer as the vendor lists him (contract section 9.2)."""

    customer_id: str
    customer_code: str
    customer_name: str
    contract_number: str
    phone_number: str
    status: str
    campaign_id: str
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Registration:
    """What registering our hooks did: event names in each list."""

    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    """Ours, but with another key or an earlier address of ours: taken off and registered again."""
    foreign: tuple[str, ...] = ()
    """Of other systems: left alone."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What `vendor check` found: plain words for a person, and the same as data."""

    logged_in: bool
    hooks: Mapping[str, str] = field(default_factory=dict)
    """event name -> `ours`, `missing` or `foreign`."""
    extensions: Mapping[str, bool] = field(default_factory=dict)
    """extension -> logged in."""
    clock_skew: timedelta | None = None
    cdr_mapping: str | None = None
    """`default`, `flex`, or None where there is no record to see it by."""
    remarks: tuple[str, ...] = ()


class Gateway(Protocol):
    """A vendor. One conformance suite holds every implementation to this."""

    async def place(self, terms: Terms, orders: Sequence[Order]) -> Sequence[Placing]:
        """Hand over these calls; one answer an order, in their order. Reaches the wire once and never raises.

        An order whose clearance has expired when a connection is at hand is answered `NotPlaced` and not sent.
        """
        ...

    async def pause_queue(self, terms: Terms) -> None:
        """The vendor stops dialing what it holds. A queue that it does not know is paused already."""
        ...

    async def resume_queue(self, terms: Terms) -> None: ...

    async def withdraw_queue(self, terms: Terms) -> None:
        """The vendor forgets what it holds: pause first, then delete. An unknown queue is withdrawn already."""
        ...

    async def block(self, terms: Terms, references: Sequence[str]) -> None:
        """Autocall only: these customers are skipped for good; what is dialed or in a call stays."""
        ...

    def read(self, body: bytes) -> Hook | Malformed:
        """The meaning of a webhook's raw body. The vendor's words end here."""
        ...

    async def record(self, call_id: str) -> Record | None:
        """The record of one call by its call id (or SIP Call-ID), None where there is none (yet)."""
        ...

    def records(self, since: datetime, until: datetime, phone: str | None = None) -> AsyncIterator[Record]:
        """Every record whose call *started* in the window, page by page; `phone` in E.164 narrows it."""
        ...

    async def live_calls(self) -> Sequence[LiveCall]: ...

    async def agent_status(self, vendor_user: str) -> AgentStatus | None:
        """Whether an agent's extension is logged in; None where the vendor does not know him."""
        ...

    def customers(self, vendor_campaign_id: str) -> AsyncIterator[VendorCustomer]: ...

    async def register_hooks(self, url: str, key: str) -> Registration:
        """See to it that each event comes to `url` with `key`. Repeating it changes nothing."""
        ...

    async def remove_hooks(self, url: str) -> Sequence[str]:
        """Take off only ours: those for `url`, or for an address that ends in the same unguessable segment."""
        ...

    async def check(self, url: str, vendor_users: Mapping[str, str], now: datetime) -> Findings:
        """Log in and look around. `vendor_users`: extension -> the vendor's name for its user."""
        ...

    async def aclose(self) -> None:
        """Close the connections; the next request would open new ones."""
        ...
