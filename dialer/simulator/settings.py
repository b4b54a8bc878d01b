"""Everything that can be switched before the simulator starts. What may be switched while it runs is in `faults`.

Seconds are the PBX's own, which `speed` divides, unless a field says *real*. Sections are those of the TEL4VN contract.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from dialer.simulator.calls import Result
from dialer.simulator.faults import Faults, Rate, Seconds

DEFAULT_PORT = 8790
SCRIPT = re.compile(rf"answered:\d+|{'|'.join(Result)}")


def _ascending(span: tuple[int, int]) -> tuple[int, int]:
    if not 0 <= span[0] <= span[1]:
        raise ValueError("a range is (shortest, longest), not negative")
    return span


Span = Annotated[tuple[int, int], AfterValidator(_ascending)]
"""Shortest and longest, in whole seconds."""

EVERYDAY: dict[str, float] = {
    "answer_rate": 0.40,
    "busy_rate": 0.12,
    "no_answer_rate": 0.33,
    "cancel_rate": 0.02,
    "not_available_rate": 0.11,
    "invalid_rate": 0.02,
}
"""How calls end where no rate is named."""


class SimulatorSettings(BaseModel):
    """A PBX, its account, its people and its habits. The defaults are a well-behaved TEL4VN on an ordinary day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65535)
    """None: any free port in `async with Simulator`, and 8790 in `serve`. Kept when stopped and started again."""
    speed: float = Field(default=1.0, gt=0)
    """How many times faster waits pass. Reported seconds stay unscaled."""
    seed: int = 0
    timezone: str = "Asia/Ho_Chi_Minh"
    """Of the zone-less local times in records and live calls (5.1)."""
    journal_path: Path | None = None
    faults: Faults = Field(default_factory=Faults)
    """The faults to start with."""

    # The account (3).
    domain: str = "test.tel4vn.com"
    hotline: str = "19001919"
    username: str = "foo@test.tel4vn.com"
    password: str = Field(default="simulator-password", repr=False)
    api_key: str = Field(default="simulator-api-key", repr=False)
    expired_in: int = 14763877
    """What the vendor says of a token's life, in no unit (3.2). How long it really lives is a fault."""
    http_errors: Literal["code", "ok", "strict"] = "code"
    """The HTTP status of a refusal, which is undocumented: the body's numeric `code` where it has one and else 200;
    always 200; or 4xx always. A bad token is 401 in any case."""
    user_status_path: Literal["both", "user", "customer"] = "both"
    """Which of the two contradicting paths exists (quirk 8)."""

    # The floor.
    agents: dict[str, str] = {"101": "test.user01", "102": "test.user02", "103": "test.user03"}
    """Extension -> user name. All are logged in at the start."""
    agent_groups: dict[str, tuple[str, ...]] = {}
    """A queue's `queue_agents` -> its extensions. One that is not named here means every agent."""
    agent_miss_rate: Rate = 0.0
    """How often an agent does not take a click-to-call; the customer is then never rung."""
    pickup_seconds: Span = (1, 3)
    agent_ring_seconds: Seconds = 15
    """How long the extension of an agent who misses it rings."""
    agent_wait_seconds: Seconds = 2
    """How long an answered customer of an autodialer queue waits for an agent before he is abandoned."""

    # The customers.
    answer_rate: Rate = 0.0
    busy_rate: Rate = 0.0
    no_answer_rate: Rate = 0.0
    cancel_rate: Rate = 0.0
    not_available_rate: Rate = 0.0
    invalid_rate: Rate = 0.0
    """Name one rate and those not named are 0; what remains is no-answered. Name none and they are `EVERYDAY`."""
    outcomes: dict[str, tuple[str, ...]] = {}
    """Telephone -> how its dialings end, in turn; the last one repeats. Words of 5.3, or `answered:7` to talk 7 s.
    `invalid` is the agent's fault in click-to-call: he does not pick up and the customer is not rung."""
    ring_seconds: Span = (3, 20)
    no_answer_seconds: Span = (25, 40)
    failed_seconds: Span = (1, 4)
    """Until a busy, unreachable or failed call is known to be so."""
    talk_seconds: Span = (10, 90)

    # Queues (8) and uploaded customers (9).
    campaign_ids: frozenset[str] = frozenset()
    """The known campaigns of autodialer queues and uploaded customers. Empty: any."""
    default_concurrent_call: int = Field(default=5, ge=1)
    refeed: Literal["append", "replace"] = "append"
    """What a second import into a queue does with what waits there."""
    repeated_id: Literal["ignore", "dial"] = "dial"
    """What happens to a customer id that the queue still holds: waiting, in a call, or due for a recall."""
    recall_seconds: Seconds = 30
    """Until the PBX recalls by itself, where `max_recall_count` lets it."""
    dnc_stops_recalls: bool = False
    """Whether a customer who waits for a recall counts as not yet dialled (8.3)."""
    customer_dial_seconds: Seconds = 5
    """Until the PBX dials an uploaded customer by itself (9.5)."""

    # Hooks and records (4, 5).
    hook_key: Literal["bearer", "x-api-key", "none"] = "bearer"
    hook_latency: Seconds = 0.2
    hook_retries: int = Field(default=3, ge=0)
    hook_retry_seconds: Seconds = 5
    hook_timeout: float = Field(default=10.0, gt=0)
    """*Real* seconds that a receiver has to answer."""
    duplicate_events: bool = True
    """Whether an event registered twice for one address fires twice; otherwise the second replaces the first."""
    status_case: Literal["upper", "lower", "mixed"] = "upper"
    cdr_mapping: Literal["default", "flex"] = "default"
    swap_numbers: bool = False
    """Hooks with `from_number` and `to_number` exchanged, as in the vendor's own example (quirk 17)."""
    recording_on_hangup: bool = False
    """Quirk 17 again: the recording comes with `hangup` too."""
    agent_leg_hooks: bool = False
    """Whether a click-to-call tells `answered` when the agent picks up, and again when the customer does."""
    trailing_blank_in_id: bool = False
    """Records whose id ends with a blank (quirk 23)."""

    @model_validator(mode="before")
    @classmethod
    def _everyday_unless_told(cls, given: Any) -> Any:
        if not isinstance(given, dict) or any(given.get(rate) is not None for rate in EVERYDAY):
            return given
        return {**given, **EVERYDAY}

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        if sum(getattr(self, rate) for rate in EVERYDAY) > 1 + 1e-9:
            raise ValueError("the rates of outcomes add up to more than 1")
        return self

    @field_validator(*EVERYDAY, mode="before")
    @classmethod
    def _not_named(cls, rate: float | None) -> float:
        return 0.0 if rate is None else rate

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError) as unknown:
            raise ValueError("not a time zone, such as Asia/Ho_Chi_Minh") from unknown
        return name

    @field_validator("outcomes")
    @classmethod
    def _readable_scripts(cls, outcomes: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for script in outcomes.values():
            if not script or not all(SCRIPT.fullmatch(word) for word in script):
                raise ValueError(f"a script is a list of {', '.join(Result)}, or answered:SECONDS")
        return outcomes
