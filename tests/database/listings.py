"""Every list that is read part by part: in each order, from its beginning and from its middle, with each filter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from campaigns import acts, callbacks, directory, dnc, jobs, reports, reviews
from campaigns.events import deliveries
from campaigns.pages import Cut, Part, Sorts
from campaigns.timing import Timing
from campaigns.words import (
    CallState,
    DeliveryState,
    JobKind,
    JobState,
    Mode,
    Origin,
    Outcome,
    Purpose,
    Reason,
    Status,
    Subject,
    Wanted,
)

WINDOW = 1000
SHOWN = 50
TIMING = Timing()


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: how a part of it is read, in which orders, and what it is asked for."""

    read: Callable[[Cut, Mapping[str, Any]], Part]
    sorts: Sorts
    asked: Sequence[Mapping[str, Any]]

    def ways(self) -> list[str]:
        return [f"{way}{order}" for order in self.sorts for way in ("", "-")]

    def whole(self, sort: str, asked: Mapping[str, Any], limit: int = 1000, window: int | None = None) -> list[Any]:
        """Part after part."""
        rows: list[Any] = []
        cut: Cut | None = Cut(limit, sort, None, window)
        while cut is not None:
            part = self.read(cut, asked)
            assert len(part.rows) <= limit
            rows += part.rows
            cut = None if part.after is None else Cut(limit, sort, part.after, window)
        return rows


def listings(conn: Connection, now: datetime, campaign: Any, at: datetime) -> dict[str, Listed]:
    """By name. `at` is a moment in the middle of what happened."""
    of, tenant = campaign.tenant_id, SimpleNamespace(id=campaign.tenant_id, zone="UTC", max_live_calls=None)
    phone, late = "+84900000007", at + timedelta(milliseconds=5)
    return {
        "customers": Listed(
            lambda cut, asked: reports.read_customers(conn, now, campaign, reports.Sought(**asked), cut),
            reports.CUSTOMER_SORTS,
            [
                {},
                *({"status": one} for one in (Status.NEW, Status.ANSWERED, Status.DNC)),
                *({"reason": one.value} for one in (Reason.NEVER_CALLED, Reason.IN_CALL)),
                {"due": late},
                {"number": phone},
                {"status": Status.NEW, "reason": Reason.RECALL.value, "due": late},
            ],
        ),
        "calls": Listed(
            lambda cut, asked: reports.read_calls(conn, of, reports.SoughtCalls(**asked), cut),
            reports.CALL_SORTS,
            [
                {},
                {"campaign_id": campaign.id},
                {"campaign_id": campaign.id, "outcome": Outcome.BUSY},
                {"phone": phone},
                {"customer": "K7"},
                {"since": late},
                {"until": late},
                {"since": at, "until": late, "state": CallState.SETTLED},
                {"state": CallState.PLACED},
                {"origin": Origin.INBOUND},
            ],
        ),
        "campaigns": Listed(
            lambda cut, asked: directory.read_campaigns(conn, of, cut, **asked),
            directory.SORTS,
            [{}, {"wanted": Wanted.RUNNING}, {"mode": Mode.CLICK2CALL}],
        ),
        "suppressions": Listed(
            lambda cut, asked: dnc.read_entries(conn, of, dnc.Sought(**asked), cut),
            dnc.SORTS,
            [
                {},
                {"subject": phone},
                {"kind": Subject.PERSON},
                {"purpose": Purpose.MARKETING.value},
                {"campaign_id": campaign.id},
                {"standing": True},
                {"standing": False},
            ],
        ),
        "jobs": Listed(
            lambda cut, asked: jobs.read_jobs(conn, of, cut, **asked),
            jobs.SORTS,
            [{}, {"kind": JobKind.EXPORT}, {"state": JobState.FAILED}, {"campaign_id": campaign.id}],
        ),
        "deliveries": Listed(
            lambda cut, asked: deliveries.read_deliveries(conn, of, cut, **asked),
            deliveries.SORTS,
            [{}, *({"state": one} for one in DeliveryState), {"webhook_id": 1}, {"kind": "call.placed"}],
        ),
        "audit": Listed(
            lambda cut, asked: acts.read_acts(conn, of, acts.Asked(**asked), cut),
            acts.SORTS,
            [{}, {"actor": "nobody"}, {"object": "campaigns/C7"}, {"route": "r"}, {"since": at}, {"until": at}],
        ),
        "doubts": Listed(lambda cut, asked: reviews.waiting(conn, of, cut), reviews.SORTS, [{}]),
        "callbacks": Listed(
            lambda cut, asked: callbacks.read_lines(conn, now, TIMING, campaign, cut=cut, **asked),
            callbacks.SORTS,
            [{"late": False}, {"late": True}],
        ),
        "orders": Listed(
            lambda cut, asked: reports.read_orders(conn, now, TIMING, tenant, reports.SoughtOrders(**asked), cut),
            reports.TRIGGERED_SORTS,
            [{}, {"waiting": True}, {"waiting": False}, {"campaign_id": campaign.id}, {"customer": "K7"}],
        ),
    }


def works(conn: Connection, now: datetime, campaign: Any, at: datetime) -> Iterator[Callable[[], object]]:
    """Reading the first part of each, and the one after it: each order with nothing asked, each question in one."""
    for one in listings(conn, now, campaign, at).values():
        first, *orders = one.ways()
        for sort, asked in [*((sort, one.asked[0]) for sort in orders), *((first, asked) for asked in one.asked)]:
            yield lambda one=one, sort=sort, asked=asked: _two(one, sort, asked)  # type: ignore[misc]


def _two(one: Listed, sort: str, asked: Mapping[str, Any]) -> None:
    part = one.read(Cut(SHOWN, sort, None, WINDOW), asked)
    if part.after is not None:
        one.read(Cut(SHOWN, sort, part.after, WINDOW), asked)
