"""The monitor: how the vendors do in the last hour, and what waits with us."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from campaigns import reports
from campaigns.breaker import Position
from campaigns.words import Right
from dialer.api.routes import Route, Visit


class Spread(BaseModel):
    """Seconds."""

    median: float
    p95: float


class Health(BaseModel):
    """One account in the last hour, by its newest thousand calls at most. Ratios are null where there was no call."""

    vendor: str
    trouble: str | None = Field(description="What keeps calls from being placed, as far as we know.")
    breakers: dict[str, Position] = Field(description="By hotline; empty: any.")
    calls: int
    live: int
    answer_ratio: float | None
    error_rate: float | None = Field(description="Hand-overs that failed, or of which nobody knows.")
    request: Spread | None = Field(description="From our intent to the vendor's answer.")
    hooks: Spread | None = Field(description="From what happened, by the vendor's clock, to when we knew it.")
    records_missing: int = Field(description="Calls that are over, and of which no verdict came in time.")
    no_evidence: int = Field(description="Calls of which the vendor never knew anything.")


class Monitor(BaseModel):
    """All accounts, and what waits with us. No sound passes through us: nothing is said of its quality."""

    at: datetime
    vendors: list[Health]
    unsettled_hooks: int
    settle_lag: float = Field(description="Seconds for which the oldest of them waits.")
    open_jobs: int


def get(visit: Visit) -> BaseModel:
    seen = reports.monitor(visit.conn, visit.now, visit.settings.timing, visit.tenant.id)
    return Monitor.model_validate(asdict(seen))


ROUTES = (Route("GET", "/monitor", "How the vendors do, and what waits.", (Right.REPORT_READ,), get, Monitor),)
