"""Metrics for Prometheus. What this process did is counted as it happens; what the database knows is asked at each
scrape, so that every web worker tells the same truth."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import Connection, and_, func, select

from campaigns import callbacks
from campaigns.breaker import Breaker, Position
from campaigns.events import deliveries
from campaigns.models import Call, Callback, Campaign, Customer, Receipt, VendorAccount
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import WAITING_STATUSES, DeliveryState
from dialer.database import clock

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
POSITIONS = list(Position)


class Metrics:
    """One registry a process: two engines in one test do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.placed = self._counter("dialer_placings_total", "orders handed to a vendor, by what came of it", "result")
        self.hooks = self._counter("dialer_hooks_total", "webhooks received, by answer", "status")
        self.receipts = self._counter("dialer_receipts_total", "receipts settled, by outcome", "outcome")
        self.contradictions = self._counter("dialer_contradictions_total", "facts refused as contradictions")
        self.failures = self._counter("dialer_step_failures_total", "loop steps that failed", "loop", "error")
        self.vendor_faults = self._counter(
            "dialer_vendor_faults_total",
            "faults of a vendor that were got over, and refused log-ins",
            "vendor",
            "fault",
        )
        self.conclusions = self._counter("dialer_conclusions_total", "what asking the vendor concluded", "conclusion")
        self.clock_jumps = self._counter("dialer_clock_jumps_total", "times that the database's clock was set")
        self.outdated = self._gauge("dialer_schema_outdated", "1 while this process drains for another's schema")
        self.leases = self._counter("dialer_leases_expired_total", "customers whom a worker held and did not call")
        self.pruned = self._counter("dialer_receipts_pruned_total", "settled hooks that were forgotten")
        self.announced = self._counter("dialer_announced_total", "events that a sink acknowledged", "sink")
        self.sink_up = self._gauge("dialer_sink_up", "1 where the sink took the last batch, 0 while it is away", "sink")
        self.sink_lag = self._gauge("dialer_sink_lag_seconds", "age of the oldest event that a sink is owed", "sink")
        self.deliveries = self._counter("dialer_deliveries_total", "posts to webhooks, by what came of them", "outcome")
        self.owed = self._gauge("dialer_deliveries_owed", "deliveries that wait or are dead", "state")
        self.claim_seconds = self._histogram("dialer_claim_seconds", "one claim transaction")
        self.place_seconds = self._histogram("dialer_place_seconds", "one placing request, until its answer")
        self.intake_seconds = self._histogram("dialer_intake_seconds", "one webhook, from arrival to acknowledgement")
        self.api_requests = self._counter(
            "dialer_api_requests_total", "requests to the API, by route and answer", "method", "route", "status"
        )
        self.api_seconds = self._histogram("dialer_api_seconds", "one request to the API, until its answer", "route")
        self.waiting = self._gauge("dialer_intake_waiting", "hooks of this process that wait to be written")
        self.calls = self._gauge("dialer_calls", "calls by state, outcome and reason", "state", "outcome", "reason")
        self.customers = self._gauge("dialer_customers", "customers by campaign and status", "campaign", "status")
        self.due = self._gauge("dialer_due_customers", "customers whose turn it is", "campaign")
        self.missed = self._gauge("dialer_missed_callbacks", "promised calls that are late", "campaign")
        self.unsettled = self._gauge("dialer_unsettled_receipts", "receipts that wait to be settled")
        self.lag = self._gauge("dialer_settle_lag_seconds", "age of the oldest receipt that waits to be settled")
        self.breaker = self._gauge(
            "dialer_breaker_position", "1 at the position taken", "vendor", "hotline", "position"
        )
        self.trouble = self._gauge("dialer_vendor_trouble", "1 while a person must look at it", "vendor", "reason")
        self.up = self._gauge("dialer_database_up", "1 where the database answered this scrape, else 0")
        self.pool = self._gauge("dialer_database_connections", "connections by use", "use")

    def _counter(self, name: str, of_what: str, *labels: str) -> Counter:
        return Counter(name, of_what, labels, registry=self.registry)

    def _gauge(self, name: str, of_what: str, *labels: str) -> Gauge:
        return Gauge(name, of_what, labels, registry=self.registry)

    def _histogram(self, name: str, of_what: str, *labels: str) -> Histogram:
        return Histogram(name, of_what, labels, buckets=QUICK, registry=self.registry)

    def page(self, asked: "Asked | None", pool: dict[str, int]) -> bytes:
        """The page for a scrape, with what the database just answered; None: it did not."""
        for gauge in (self.calls, self.customers, self.due, self.missed, self.breaker, self.trouble, self.pool):
            gauge.clear()
        for use, count in pool.items():
            self.pool.labels(use).set(count)
        self.up.set(asked is not None)
        if asked is not None:
            self._show(asked)
        return generate_latest(self.registry)

    def _show(self, asked: "Asked") -> None:
        for words, count in asked.calls.items():
            self.calls.labels(*words).set(count)
        for (campaign, status), count in asked.customers.items():
            self.customers.labels(campaign, status).set(count)
        for campaign, count in asked.due.items():
            self.due.labels(campaign).set(count)
        for campaign, count in asked.missed.items():
            self.missed.labels(campaign).set(count)
        for (vendor, hotline), breaker in asked.breakers.items():
            for position in POSITIONS:
                self.breaker.labels(vendor, hotline, position.value).set(breaker.position is position)
        for vendor, reason in asked.troubles:
            self.trouble.labels(vendor, reason).set(1)
        for state in (DeliveryState.PENDING, DeliveryState.DEAD):
            self.owed.labels(state.value).set(asked.deliveries.get(state.value, 0))
        self.unsettled.set(asked.unsettled)
        self.lag.set(asked.lag)


@contextmanager
def timed(histogram: Histogram) -> Iterator[Callable[[], float]]:
    """Observe how long the block took; what it yields tells the seconds since it began."""
    start = perf_counter()
    try:
        yield lambda: perf_counter() - start
    finally:
        histogram.observe(perf_counter() - start)


class Asked:
    """What a scrape asks of the database."""

    def __init__(self, conn: Connection, timing: Timing) -> None:
        call, campaign, customer = columns_of(Call), columns_of(Campaign), columns_of(Customer)
        told = (call.state, call.outcome, call.reason)
        self.calls = _counted(conn.execute(select(*told, func.count()).group_by(*told)))
        waiting = and_(customer.status.in_(WAITING_STATUSES), customer.open_call_id.is_(None))
        named = customer.campaign_id == campaign.id
        joined = table(Customer).join(table(Campaign), named)
        standing = campaign.deleted_at.is_(None)
        of_campaign = callbacks.CALLBACK.campaign_id == campaign.id
        by_status = select(campaign.code, customer.status, func.count()).select_from(joined).where(standing)
        self.customers = _counted(conn.execute(by_status.group_by(campaign.code, customer.status)))
        now = clock(conn)
        due = select(campaign.code, func.count()).select_from(joined).where(standing, waiting, customer.due_at <= now)
        self.due: dict[str, int] = dict(conn.execute(due.group_by(campaign.code)).all())
        late = select(campaign.code, func.count()).join_from(table(Callback), table(Campaign), of_campaign)
        late = late.where(standing, callbacks.OPEN, callbacks.CALLBACK.at < now - timing.callback_grace)
        self.missed: dict[str, int] = dict(conn.execute(late.group_by(campaign.code)).all())
        receipt = columns_of(Receipt)
        oldest = select(func.count(), func.min(receipt.received_at)).where(receipt.settled_at.is_(None))
        self.unsettled, since = conn.execute(oldest).one()
        self.lag = max((now - since).total_seconds(), 0) if since else 0
        self.breakers = _breakers(conn)
        self.deliveries = deliveries.counts(conn)
        account = columns_of(VendorAccount)
        troubled = select(account.name, account.trouble).where(
            account.trouble.is_not(None), account.removed_at.is_(None)
        )
        self.troubles = [(name, reason.value) for name, reason in conn.execute(troubled)]


def _counted(rows: Iterable[Any]) -> dict[tuple[str, ...], int]:
    """Counts by words; what has none is an empty one."""
    return {tuple(str(word or "") for word in words): count for *words, count in rows}


def _breakers(conn: Connection) -> dict[tuple[str, str], Breaker]:
    columns = columns_of(VendorAccount)
    chosen = select(columns.name, columns.breaker).where(columns.removed_at.is_(None))
    return {
        (name, hotline): Breaker.from_json(data)
        for name, kept in conn.execute(chosen)
        for hotline, data in kept.items()
    }
