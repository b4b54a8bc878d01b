"""The reconciling loop: silent calls, missing verdicts and unconfirmed ids -> ask the vendor -> ledger.

Nothing here ever dials. What the vendor's records and live calls prove becomes a fact; what they do not prove within
the grace is closed as unknown. The vendor's silence alone is never proof that nobody was rung.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, update
from sqlalchemy.exc import IntegrityError

from campaigns import binding, ledger, queue, receipts, states
from campaigns.ledger import Step, Told
from campaigns.models import Call
from campaigns.rows import columns_of, table
from campaigns.timing import Timing
from campaigns.words import OUR_ORIGINS, CallState, FactKind, Reason
from dialer.database import Database, clock
from dialer.gateways import Gateway, GatewayError, LiveCall, LoginRefused, Record
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.vendors import Reader, Vendors

BATCH = 200
# Below this many, records are fetched one by one; above, the window's list costs fewer requests.
FEW = 4
# The vendor's clock and ours may differ by this much.
SLACK = timedelta(minutes=5)
# A vendor's record may start this much before our intent, by a clock that is a little behind.
NEAR = timedelta(seconds=5)
# A settled call's id is asked about this often before we let it stand.
CONFIRMATIONS = 3

CALL = columns_of(Call)
THESE = CALL.id.in_(bindparam("ids", expanding=True))
look_again = (
    update(table(Call))
    .where(THESE, CALL.check_at <= bindparam("now"))
    .values(check_at=bindparam("again_at"), checks=CALL.checks + 1)
)
look_closer = (
    update(table(Call))
    .where(THESE, CALL.check_at <= bindparam("now"))
    .values(check_at=bindparam("again_at"), checks=bindparam("looks"))
)
let_be = (
    update(table(Call))
    .where(THESE, CALL.state == CallState.SETTLED, CALL.checks >= CONFIRMATIONS)
    .values(check_at=None)
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the vendor says: records by call id and by the customer id that we sent, and the calls live there.

    It proves nothing of what happened after `asked_at`, however late it is written down.
    """

    asked_at: datetime
    by_id: dict[str, Record]
    by_customer: dict[str, list[Record]]
    live: Sequence[LiveCall]

    def of(self, call: Any, list_id: str | None = None) -> Record | None:
        """The record of a call. Under `list_id` several attempts share a name: the first that started after ours."""
        named = self.by_customer.get(list_id or call.reference, [])
        if list_id is not None:
            named = [r for r in named if r.phone == call.phone and r.started_at >= call.intended_at - NEAR]
        return min(named, key=_started, default=None) or self.by_id.get(call.vendor_call_id or "")

    def lives(self, call: Any) -> bool:
        return any(
            live.call_id == call.vendor_call_id or (live.phone == call.phone and not live.inbound) for live in self.live
        )


def _started(record: Record) -> datetime:
    return record.started_at


class ReconcilingLoop:
    def __init__(self, database: Database, vendors: Vendors, timing: Timing, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._vendors = vendors
        self._timing = timing
        self._log = log("reconciling")

    async def step(self, now: datetime) -> bool:
        """Ask after every call whose check is due; whether there were any."""
        if expired := await self._database.write(queue.expire, now):
            self._metrics.leases.inc(expired)
            self._log.warning("leases expired", customers=expired)
        due = await self._database.read(binding.to_check, now, BATCH)
        by_account: dict[int, list[Any]] = defaultdict(list)
        for call in due:
            by_account[call.vendor_account_id].append(call)
        readers = await self._vendors.readers()
        for account_id, calls in by_account.items():
            gateway = await self._vendors.gateway(account_id)
            await self._ask(gateway, calls, now, readers.get(account_id))
        return bool(due)

    async def _ask(self, gateway: Gateway | None, calls: Sequence[Any], now: datetime, reader: Reader | None) -> None:
        if gateway is None or reader is None:
            await self._database.write(postpone, self._timing, [call.id for call in calls])
            return
        try:
            evidence = await ask(gateway, calls, now)
        except GatewayError as error:
            self._log.warning("vendor cannot be asked", error=type(error).__name__, detail=str(error))
            if isinstance(error, LoginRefused):
                await self._vendors.locked_out(calls[0].vendor_account_id, str(error))
            await self._database.write(postpone, self._timing, [call.id for call in calls])
            return
        await self._vendors.admitted(calls[0].vendor_account_id)
        counted, steps = await self._database.write(
            conclude, self._timing, calls[0].vendor_account_id, [c.id for c in calls], evidence, reader
        )
        for conclusion, count in counted.items():
            self._metrics.conclusions.labels(conclusion).inc(count)
        self._log.info("reconciled", **counted)
        for step in steps:
            if step.moved:
                self._log.info("concluded", **step.told())


async def ask(gateway: Gateway, calls: Sequence[Any], now: datetime) -> Evidence:
    """The vendor's evidence about these calls, in as few requests as it takes. Raises `GatewayError`."""
    settled = all(call.state.final for call in calls)
    # Who is live is asked first: a call that ends between the two questions is then found by the second.
    live = [] if settled else await gateway.live_calls()
    records: list[Record] = []
    by_number = [call for call in calls if call.vendor_call_id is None or not call.call_id_confirmed]
    if len(calls) <= FEW and not by_number:
        found = [await gateway.record(call.vendor_call_id) for call in calls]
        records = [record for record in found if record is not None]
    else:
        phone = calls[0].phone if len(calls) == 1 else None
        since = min(call.intended_at for call in calls) - SLACK
        records = [record async for record in gateway.records(since, now + SLACK, phone)]
        records += await _older(gateway, calls, records)
    return Evidence(
        asked_at=now,
        by_id={record.record_id: record for record in records},
        by_customer=_by_customer(records),
        live=live,
    )


async def _older(gateway: Gateway, calls: Sequence[Any], records: Sequence[Record]) -> list[Record]:
    """Records of ids that are bound to these calls and did not start in their time: a hook may come hours late, of a
    call that was over before ours began."""
    seen = {record.record_id for record in records}
    bound = [call.vendor_call_id for call in calls if call.vendor_call_id and call.vendor_call_id not in seen]
    found = [await gateway.record(call_id) for call_id in bound[: FEW * FEW]]
    return [record for record in found if record is not None]


def _by_customer(records: Sequence[Record]) -> dict[str, list[Record]]:
    named: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.customer_id:
            named[record.customer_id].append(record)
    return named


def conclude(
    conn: Connection, timing: Timing, account_id: int, call_ids: Sequence[int], evidence: Evidence, reader: Reader
) -> tuple[dict[str, int], list[Step]]:
    """Write what the evidence proves of these calls, all of one account; counts by conclusion, and what became of the
    calls."""
    receipts.wait_to_settle(conn, account_id)
    now = clock(conn)
    rule = reader.abandoned_without_extension
    counted: dict[str, int] = defaultdict(int)
    told: list[Told] = []
    calls = ledger.locked(conn, call_ids)
    list_ids = binding.list_ids(conn, calls) if reader.by_list_id else {}
    for call in calls:
        if call.check_at is None:
            continue
        record = evidence.of(call, list_ids.get(call.id))
        if record is not None:
            counted["records"] += 1
            found = _kept_apart(conn, _recorded, now, timing, call, record, reader)
            counted["held_back"] += found is None
            told += found or []
        elif (fact := _without_record(timing, call, evidence)) is not None:
            counted[fact.kind.value] += 1
            told.append(Told(call.id, fact))
    account = {call.vendor_account_id: rule for call in calls}
    steps = _kept_apart(conn, ledger.apply, now, timing, told, account)
    if steps is None:
        counted["held_back"] += 1
        steps = _apply_each(conn, now, timing, told, account)
    _look_closer(conn, now, timing, calls, evidence)
    postpone(conn, timing, list(call_ids))
    return {conclusion: count for conclusion, count in counted.items() if count}, steps


def _apply_each(
    conn: Connection, now: datetime, timing: Timing, told: Sequence[Told], account: dict[int, bool]
) -> list[Step]:
    """Call by call, where all at once did not go: what one of them cannot be told now holds up no other."""
    steps: list[Step] = []
    for one in told:
        steps += _kept_apart(conn, ledger.apply, now, timing, [one], account) or []
    return steps


def _kept_apart(conn: Connection, work: Callable[..., list[T]], *args: Any) -> list[T] | None:
    """None where a call would come to life again while another with the same person or number is live: what was taken
    for its own turned out to be a stranger's, and he was called again meanwhile. It is looked at again when that is
    over, and holds up nobody else's evidence."""
    try:
        with conn.begin_nested():
            return work(conn, *args)
    except IntegrityError:
        return None


def _recorded(conn: Connection, now: datetime, timing: Timing, call: Any, record: Record, reader: Reader) -> list[Told]:
    """A record decides whose call it was: ours as bound, another of ours, a stranger's, or one that nobody ordered."""
    fact, rule = fact_of(record), reader.abandoned_without_extension
    if _a_stranger_s(call, record, reader):
        ledger.unbind(conn, now, timing, call.id, record.record_id, rule)
        return []
    named = binding.by_reference(conn, call.vendor_account_id, [record.customer_id or ""]).get(record.customer_id or "")
    owner = named if named is not None else call
    if owner.id != call.id:
        if owner.call_id_confirmed and owner.vendor_call_id != record.record_id:
            _unordered(conn, now, owner)
            return [Told(call.id, fact)]
        ledger.rebind(conn, now, timing, call.id, owner.id, record.record_id, rule)
        return [Told(owner.id, fact)]
    if call.vendor_call_id not in (None, record.record_id) and call.call_id_confirmed:
        _unordered(conn, now, call)
        return []
    # First what is not its own goes: beside it, what comes would be taken for known or for a contradiction.
    if call.vendor_call_id not in (None, record.record_id):
        ledger.unbind(conn, now, timing, call.id, call.vendor_call_id, rule)
    holder = binding.by_vendor_id(conn, call.vendor_account_id, [record.record_id]).get(record.record_id)
    if holder is not None and holder.id != call.id:
        ledger.rebind(conn, now, timing, holder.id, call.id, record.record_id, rule)
    return [Told(call.id, fact)]


def _a_stranger_s(call: Any, record: Record, reader: Reader) -> bool:
    """Whether hooks of a call that we never ordered were taken for this one's by their number: what we order is
    recorded under the name that we gave it."""
    ours = call.origin in OUR_ORIGINS and not call.call_id_confirmed
    return ours and reader.records_name_customers and not record.customer_id and call.vendor_call_id == record.record_id


def _unordered(conn: Connection, now: datetime, call: Any) -> None:
    """The vendor rang somebody a second time by itself: stop before it does so again, and say so."""
    if call.campaign_id is not None:
        detail = f"the vendor made a second call for one order (call {call.id}): check its recall settings"
        ledger.pause(conn, now, call.campaign_id, Reason.UNORDERED_RING, detail)


def _without_record(timing: Timing, call: Any, evidence: Evidence) -> states.Fact | None:
    """What may be concluded where the vendor has no record of a call: None means wait and ask again."""
    now = evidence.asked_at
    if call.state.final or evidence.lives(call):
        return None
    if call.state is CallState.INTENDED:
        return states.Fact(FactKind.UNSURE, now, reason=Reason.CRASHED)
    if call.state is CallState.PLACED and call.mode is not None and call.mode.queued:
        return _still_queued(now, timing, call)
    return states.Fact(FactKind.GIVEN_UP, now, reason=Reason.NO_EVIDENCE) if _too_long(now, timing, call) else None


def _still_queued(now: datetime, timing: Timing, call: Any) -> states.Fact | None:
    """A fed call that was not seen to ring stays the vendor's until its queue was deleted. When that is done, the
    grace is over, and two looks found that it neither lives nor has a record, it never rang. One look proves nothing:
    a call that has just ended lives no more and is not on record yet."""
    if call.withdrawn_at is None or now < call.withdrawn_at + timing.take_back_grace:
        return None
    # What was asked before this look was due is the first look again, by another process.
    if call.checks == 0 or now < call.check_at:
        return None
    return states.Fact(FactKind.TAKEN_BACK, now, reason=Reason.TAKEN_BACK)


def _look_closer(conn: Connection, now: datetime, timing: Timing, calls: Sequence[Any], evidence: Evidence) -> None:
    """What was taken back is looked at a second time when another grace is over, counted from when it was last seen."""
    taken = [call for call in calls if _is_taken_back(call)]
    seen = {call.id for call in taken if evidence.lives(call)}
    for looks, ids in ((0, seen), (1, {call.id for call in taken} - seen)):
        when = {"now": now, "again_at": now + timing.take_back_grace}
        conn.execute(look_closer, {"ids": sorted(ids), "looks": looks, **when})


def _is_taken_back(call: Any) -> bool:
    return call.state is CallState.PLACED and call.withdrawn_at is not None and call.check_at is not None


def _too_long(now: datetime, timing: Timing, call: Any) -> bool:
    if call.state is CallState.ENDED:
        since, wait = call.ended_at or call.intended_at, timing.record_wait
    elif call.state is CallState.ANSWERED:
        since, wait = call.answered_at or call.intended_at, timing.record_wait
    else:
        since, wait = call.ringing_at or call.intended_at, timing.unsure_grace
    return bool(now >= since + wait or now >= call.intended_at + timing.patience)


def fact_of(record: Record) -> states.Fact:
    """A record as a fact. It names our reference, so it confirms its call id."""
    return states.Fact(
        kind=FactKind.RECORD,
        at=record.ended_at or record.started_at,
        call_id=record.record_id,
        sip_call_id=record.sip_call_id,
        duration=record.duration,
        billsec=record.billsec,
        disposition=record.disposition,
        extension=record.extension,
        hotline=record.hotline,
        recording_url=record.recording_url,
        answered_at=record.answered_at,
        ended_at=record.ended_at,
        confirms=True,
    )


def postpone(conn: Connection, timing: Timing, call_ids: Sequence[int]) -> None:
    """Look at these again later; a settled call whose id nobody confirms is let be after a few times."""
    now, ids = clock(conn), list(call_ids)
    conn.execute(look_again, {"ids": ids, "now": now, "again_at": now + timing.check_again})
    conn.execute(let_be, {"ids": ids})
