"""One telephone call as the PBX knows it, and the words for it."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """By which door a call came in."""

    CLICK2CALL = "click2call"
    AUTOCALL = "autocall"
    AUTODIALER = "autodialer"
    CUSTOMER = "customer"
    """An uploaded customer, dialed by the PBX (9.5)."""
    HAND = "hand"
    INBOUND = "inbound"


class OrderedBy(StrEnum):
    """Who made the telephone ring."""

    API = "api"
    QUEUE = "queue"
    RECALL = "recall"
    """The PBX itself, after a failure, because `max_recall_count` let it."""
    CUSTOMER = "customer"
    HAND = "hand"
    INBOUND = "inbound"


class Result(StrEnum):
    """How a call ended (5.3)."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWERED = "no-answered"
    CANCEL = "cancel"
    NOT_AVAILABLE = "not-available"
    INVALID = "invalid"


class HookState(StrEnum):
    """The four events that fire (4.5)."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HANGUP = "hangup"
    CDR = "cdr"


@dataclass(slots=True, eq=False)
class Call:
    """A call from its creation to its record. Times are whole unscaled seconds after `started_at`."""

    call_id: str
    sip_call_id: str
    mode: Mode
    ordered_by: OrderedBy
    phone: str
    """The customer's number, as it was given."""
    started_at: int
    """Wall clock, seconds since 1970."""
    hotline: str
    nth: int
    """The how manieth call with this number: with the number, what chance depends on."""
    extension: str = ""
    customer_id: str = ""
    queue_code: str = ""
    receive_dest: str = ""
    """The ring group or queue that took the call."""
    flow_id: str = ""
    """The id of its record, where that is another one (4.6)."""
    elapsed: int = 0
    """How old the call is by now."""
    answered_after: int | None = None
    """When customer and agent (or script) were connected."""
    result: Result | None = None
    """None while it lives."""

    @property
    def record_id(self) -> str:
        return self.flow_id or self.call_id

    @property
    def inbound(self) -> bool:
        return self.mode is Mode.INBOUND

    @property
    def direction(self) -> str:
        return "inbound" if self.inbound else "outbound"

    @property
    def billsec(self) -> int:
        return 0 if self.answered_after is None else self.elapsed - self.answered_after

    @property
    def answered_at(self) -> int | None:
        return None if self.answered_after is None else self.started_at + self.answered_after

    @property
    def ended_at(self) -> int:
        return self.started_at + self.elapsed

    def numbers(self) -> tuple[str, str]:
        """Calling and called number as a record has them: outbound comes from the hotline (quirk 19)."""
        if self.inbound:
            return self.phone, self.receive_dest or self.extension
        return self.hotline, self.phone
