"""The settling loop: receipts -> facts -> ledger, in batches, one transaction each.

A hook is matched by its vendor call id, else by its number to the only live call of ours that has no id yet. What
matches neither is a call of others: kept where its number stands on a list, else only marked as seen.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import binding, ledger, receipts, states
from campaigns.ledger import Heard, Step, Told
from campaigns.ledger.strangers import latest_inbound
from campaigns.timing import Timing
from campaigns.words import FactKind, Mode, ReceiptOutcome
from dialer.database import Database, clock
from dialer.gateways import Hook, Malformed
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.vendors import Reader, Vendors

BATCH = 500
# No vendor's call id comes near it; an index could not hold one that is much longer.
LONGEST_ID = 500


@dataclass(slots=True)
class Batch:
    """One account's receipts of one step, and what became of each."""

    account_id: int
    hooks: list[tuple[Any, Hook]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    outcomes: dict[int, ReceiptOutcome] = field(default_factory=dict)


class SettlingLoop:
    def __init__(
        self, database: Database, vendors: Vendors, timing: Timing, settled: Callable[[], None], metrics: Metrics
    ) -> None:
        self._database = database
        self._vendors = vendors
        self._timing = timing
        self._settled = settled
        self._metrics = metrics
        self._log = log("settling")

    async def step(self, now: datetime) -> bool:
        """Settle one batch; whether there was one."""
        readers = await self._vendors.readers()
        outcomes, steps = await self._database.write(settle, self._timing, readers)
        if not outcomes:
            return False
        self._settled()
        for word, count in outcomes.items():
            self._metrics.receipts.labels(word.value).inc(count)
        self._log.info("settled", **{word.value: count for word, count in outcomes.items()})
        for step in steps:
            self._tell(step)
        return True

    def _tell(self, step: Step) -> None:
        self._metrics.contradictions.inc(len(step.refused))
        if step.moved:
            self._log.info("heard", **step.told())
        for why in step.refused:
            self._log.warning("contradiction", call=step.call.id, why=why)


def settle(
    conn: Connection, timing: Timing, readers: Mapping[int, Reader], at_most: int = BATCH
) -> tuple[Counter[ReceiptOutcome], list[Step]]:
    """One batch of receipts, from bytes to state. How many came to what, and what that did to the calls."""
    now = clock(conn)
    counted: Counter[ReceiptOutcome] = Counter()
    steps: list[Step] = []
    accounts = receipts.free_to_settle(conn, readers.keys())
    for batch in _read(receipts.unsettled(conn, at_most, accounts), readers):
        _match(conn, now, timing, batch)
        rule = {batch.account_id: readers[batch.account_id].abandoned_without_extension}
        steps += ledger.apply(conn, now, timing, batch.told, rule)
        receipts.mark(conn, now, batch.outcomes)
        counted.update(batch.outcomes.values())
    return counted, steps


def _read(found: Sequence[Any], readers: Mapping[int, Reader]) -> list[Batch]:
    """Receipts by account, understood. Those of an account that cannot be read now were not asked for."""
    batches: dict[int, Batch] = {}
    for receipt in found:
        reader = readers[receipt.vendor_account_id]
        batch = batches.setdefault(receipt.vendor_account_id, Batch(receipt.vendor_account_id))
        hook = reader.read(receipt.body)
        if isinstance(hook, Malformed) or len(hook.call_id) > LONGEST_ID:
            batch.outcomes[receipt.id] = ReceiptOutcome.MALFORMED
        else:
            batch.hooks.append((receipt, reader.known(hook)))
    return list(batches.values())


def _match(conn: Connection, now: datetime, timing: Timing, batch: Batch) -> None:
    """Find each hook's call, and give the facts to it in the order of arrival."""
    known = {
        call_id: row.id
        for call_id, row in binding.by_vendor_id(conn, batch.account_id, (h.call_id for _, h in batch.hooks)).items()
    }
    phones = _phones(batch)
    open_calls = binding.awaiting_id(conn, batch.account_id, phones.values())
    speakers = {hook.call_id: hook.extension for _, hook in batch.hooks if hook.extension}
    strangers: dict[str, list[tuple[Any, Hook]]] = defaultdict(list)
    for receipt, hook in batch.hooks:
        ours = open_calls.get(phones.get(hook.call_id, ""))
        if hook.call_id not in known and ours and _fits(ours, speakers.get(hook.call_id)):
            known[hook.call_id] = open_calls.pop(ours.phone).id
        if hook.call_id in known:
            _take(batch, known[hook.call_id], receipt, hook)
        else:
            strangers[hook.call_id].append((receipt, hook))
    _hear(conn, now, timing, batch, strangers)


def _fits(ours: Any, extension: str | None) -> bool:
    """Whether a call of ours can be one in which this extension speaks. In a script none does (contract section 8.2),
    and click-to-call rings the agent whom we reserved: anybody else dials the number by hand."""
    if extension is None or ours.mode is Mode.AUTODIALER:
        return True
    return ours.mode is Mode.CLICK2CALL and ours.reserved in (None, extension)


def _phones(batch: Batch) -> dict[str, str]:
    """The number of each outgoing call, told by any of its hooks: not each of them carries one."""
    return {hook.call_id: hook.phone for _, hook in batch.hooks if hook.phone and not hook.inbound}


def _take(batch: Batch, call_id: int, receipt: Any, hook: Hook) -> None:
    batch.told.append(Told(call_id, fact_of(hook, receipt.received_at), receipt.id))
    batch.outcomes[receipt.id] = ReceiptOutcome.APPLIED


def _hear(
    conn: Connection,
    now: datetime,
    timing: Timing,
    batch: Batch,
    strangers: Mapping[str, Sequence[tuple[Any, Hook]]],
) -> None:
    """Calls of others: a row for each whose number is somebody's on a list."""
    for arrived in strangers.values():
        receipt, hook = arrived[0]
        phone = next((hook.phone for _, hook in arrived if hook.phone), None)
        found = _stranger(conn, now, timing, batch, receipt, hook, phone) if phone else None
        for receipt, hook in arrived:
            if found is None:
                foreign = phone is not None or hook.inbound
                batch.outcomes[receipt.id] = ReceiptOutcome.FOREIGN if foreign else ReceiptOutcome.UNKNOWN_CALL
            else:
                _take(batch, found, receipt, hook)


def _stranger(
    conn: Connection, now: datetime, timing: Timing, batch: Batch, receipt: Any, hook: Hook, phone: str
) -> int | None:
    if hook.inbound and hook.kind is FactKind.CDR:
        # Of a ring group: the flow's own id, unlike that of its legs. It must not become a call of its own.
        return latest_inbound(conn, receipt.tenant_id, batch.account_id, phone)
    heard = Heard(receipt.tenant_id, batch.account_id, hook.call_id, phone, hook.inbound, hook.extension)
    return ledger.hear(conn, now, timing, [heard]).get(hook.call_id)


def fact_of(hook: Hook, at: datetime) -> states.Fact:
    """What a hook says, as a fact. Hooks carry no time: `at` is when it arrived."""
    return states.Fact(
        kind=hook.kind,
        at=at,
        call_id=None if hook.inbound else hook.call_id,
        sip_call_id=hook.sip_call_id,
        duration=hook.duration,
        billsec=hook.billsec,
        disposition=hook.disposition,
        extension=hook.extension,
        hotline=hook.hotline,
        recording_url=hook.recording_url,
    )
