"""Row: from receipts to states, held against batches by hand that read, lock and write the same rows.

The reference knows one shape of a hook and one way in which a call may end; ours takes any order, doubt and
contradiction. Both read the receipts, lock calls, customers and numbers, and write calls, facts, customers, changes,
numbers and receipts.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, func, select

from campaigns import receipts
from campaigns.models import Receipt
from campaigns.receipts import Delivery
from campaigns.rows import columns_of, in_chunks
from campaigns.words import Mode
from dialer.database import clock
from dialer.settling import settle
from dialer.vendors import Vendors
from tests.bench import populating
from tests.bench.ground import TIMING, Ground
from tests.bench.hooks import HOOKS, hooks_of
from tests.bench.measuring import Figure, by_turns, compared
from tests.bench.scale import Scale

NAME = "settling"
AIM = 0.4
TOGETHER = 200
"""So many hooks come in at once: those of fifty calls, as many as the reference takes in a batch."""
RECEIPT = columns_of(Receipt)


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    campaign = await ground.campaign("SETTLING", Mode.AUTOCALL)
    known = 0

    async def prepare() -> int:
        """Another round's calls, with the vendor, and all their hooks stored."""
        nonlocal known
        first, known = known + 1, known + scale.calls_settled
        await populating.debtors(ground, campaign, first, known)
        await populating.calls(ground, campaign, first, known)
        bodies = [body for n in range(first, known + 1) for body in hooks_of(f"v{n}", populating.phone(n), n)]
        for together in in_chunks(bodies, TOGETHER):
            await ground.database.write(_deliver, together)
        await populating.settle_down(ground)
        return len(bodies)

    async with Vendors(ground.database, ground.vault) as vendors:
        readers = await vendors.readers()

        async def ours() -> None:
            while (await ground.database.write(settle, TIMING, readers))[0]:
                pass

        batch, close = await _reference(ground)
        try:
            ours_, reference = _round(prepare, ours), _round(prepare, _until_none(batch))
            pairs = await by_turns(scale.rounds, ours_, reference)
        finally:
            await close()
    assert await ground.database.read(_unsettled) == 0
    case = f"{scale.calls_settled:,} calls a round, {HOOKS} hooks each"
    return [compared(NAME, ground.kind, case, "facts/s", pairs, at_least=AIM)]


def _round(
    prepare: Callable[[], Awaitable[int]], work: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        count = await prepare()
        started = perf_counter()
        await work()
        return count / (perf_counter() - started)

    return once


def _until_none(batch: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        while await batch():
            pass

    return run


def _deliver(conn: Connection, bodies: Sequence[bytes]) -> None:
    now = clock(conn)
    receipts.store(conn, [Delivery(1, 1, body, now) for body in bodies])


def _unsettled(conn: Connection) -> int:
    return int(conn.scalar(select(func.count()).where(RECEIPT.settled_at.is_(None))) or 0)


# The reference: what the hooks of a batch make of each call, in the fewest words.


def _fold(calls: dict[str, list[Any]], rows: Sequence[Any], now: Any) -> dict[str, list[tuple[Any, ...]]]:
    """The facts of a batch by kind of row to be written; `calls` are (id, customer, person, phone) by vendor id."""
    facts, ended = [], {}
    for receipt, body in rows:
        said = json.loads(body)
        call = calls[said["call_id"]]
        facts.append((call[0], said["state"], json.dumps(said), receipt))
        if said["state"] == "hangup":
            call[4] = said["billsec"]
        if said["state"] == "cdr":
            ended[said["call_id"]] = said["status"].lower().replace("_", "-")
    done = [(calls[one], outcome) for one, outcome in ended.items()]
    return {"facts": facts, "done": done}


async def _reference(ground: Ground) -> tuple[Callable[[], Awaitable[int]], Callable[[], Awaitable[None]]]:
    return _by_file(ground) if ground.embedded else await _by_asyncpg(ground)


OLDEST = """SELECT id, body FROM receipt WHERE settled_at IS NULL AND vendor_account_id = 1 ORDER BY id
    LIMIT 200 {lock}"""
CALLS = """SELECT c.vendor_call_id, c.* FROM unnest($1::text[]) k CROSS JOIN LATERAL (SELECT * FROM call
    WHERE tenant_id = 1 AND vendor_account_id = 1 AND vendor_call_id = k OFFSET 0) c ORDER BY c.id"""
CALLS_LOCKED = "SELECT * FROM call WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
CUSTOMERS = "SELECT * FROM customer WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
NUMBERS = """SELECT id, person_id FROM number WHERE tenant_id = 1 AND person_id = ANY($1) ORDER BY id
    FOR NO KEY UPDATE"""
WRITE_CALLS = """UPDATE call SET state = 'settled', outcome = g.outcome, disposition = g.outcome, billsec = g.billsec,
        duration = g.billsec, ringing_at = coalesce(ringing_at, $1::timestamptz),
        answered_at = CASE WHEN g.outcome = 'answered' THEN $1::timestamptz END, ended_at = $1::timestamptz,
        settled_at = $1::timestamptz, check_at = NULL
    FROM unnest($2::bigint[], $3::text[], $4::int[]) AS g(id, outcome, billsec) WHERE call.id = g.id"""
WRITE_FACTS = """INSERT INTO fact (tenant_id, call_id, kind, verdict, before, after, detail, receipt_id, at,
        recorded_at)
    SELECT 1, g.call, g.kind, 'moved', 'placed', 'settled', g.detail, g.receipt, $1, $1
    FROM unnest($2::bigint[], $3::text[], $4::jsonb[], $5::bigint[]) AS g(call, kind, detail, receipt)"""
WRITE_CUSTOMERS = """UPDATE customer SET status = g.status, reason = g.reason, open_call_id = NULL,
        due_at = CASE WHEN g.status = 'queue' THEN $2::timestamptz ELSE due_at END,
        finished_at = CASE WHEN g.status <> 'queue' THEN $1::timestamptz END, updated_at = $1::timestamptz
    FROM unnest($3::bigint[], $4::text[], $5::text[]) AS g(id, status, reason) WHERE customer.id = g.id"""
WRITE_CHANGES = """INSERT INTO change (tenant_id, campaign_id, customer_id, call_id, before, after, reason, detail,
        actor, at)
    SELECT 1, 1, g.id, g.call, 'queue', g.status, g.reason, g.outcome, 'engine', $1
    FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
        AS g(id, call, status, reason, outcome)"""
WRITE_NUMBERS = """UPDATE number SET last_outcome = g.outcome, last_outcome_at = $1
    FROM unnest($2::bigint[], $3::text[]) AS g(person, outcome) WHERE tenant_id = 1 AND person_id = g.person"""
WRITE_RECEIPTS = "UPDATE receipt SET settled_at = $1, outcome = 'applied' WHERE id = ANY($2)"


def _verdict(outcome: str) -> tuple[str, str | None]:
    return ("answered", "spoke") if outcome == "answered" else ("queue", "recall")


async def _by_asyncpg(ground: Ground) -> tuple[Callable[[], Awaitable[int]], Callable[[], Awaitable[None]]]:
    raw = await ground.raw()
    # A plan for the very batch: with one for any batch the reference would be no reference.
    await raw.execute("SET plan_cache_mode = force_custom_plan")

    async def batch() -> int:
        async with raw.transaction():
            now = await raw.fetchval("SELECT clock_timestamp()")
            rows = await raw.fetch(OLDEST.format(lock="FOR NO KEY UPDATE SKIP LOCKED"))
            if not rows:
                return 0
            ids = sorted({json.loads(row[1])["call_id"] for row in rows})
            found = await raw.fetch(CALLS, ids)
            await raw.fetch(CALLS_LOCKED, [row["id"] for row in found])
            calls = {r[0]: [r["id"], r["customer_id"], r["person_id"], r["phone"], 0] for r in found}
            folded = _fold(calls, rows, now)
            await raw.execute(WRITE_FACTS, now, *map(list, zip(*folded["facts"], strict=True)))
            if done := sorted(folded["done"]):
                await _follow(raw, now, done)
            await raw.execute(WRITE_RECEIPTS, now, [row[0] for row in rows])
        return len(rows)

    return batch, raw.close


async def _follow(raw: Any, now: datetime, done: Sequence[tuple[list[Any], str]]) -> None:
    ids, customers, people, _, billsecs = map(list, zip(*(call for call, _ in done), strict=True))
    outcomes = [outcome for _, outcome in done]
    verdicts = [_verdict(outcome) for outcome in outcomes]
    statuses, reasons = [status for status, _ in verdicts], [reason for _, reason in verdicts]
    await raw.execute(WRITE_CALLS, now, ids, outcomes, billsecs)
    await raw.fetch(CUSTOMERS, customers)
    await raw.execute(WRITE_CUSTOMERS, now, now + timedelta(seconds=900), customers, statuses, reasons)
    await raw.execute(WRITE_CHANGES, now, customers, ids, statuses, reasons, outcomes)
    await raw.fetch(NUMBERS, people)
    await raw.execute(WRITE_NUMBERS, now, people, outcomes)


LITE_CALL = """SELECT vendor_call_id, id, customer_id, person_id, phone FROM call WHERE tenant_id = 1
    AND vendor_account_id = 1 AND vendor_call_id IN (SELECT value FROM json_each(?))"""
LITE_WRITES = {
    "call": """UPDATE call SET state = 'settled', outcome = ?2, disposition = ?2, billsec = ?3, duration = ?3,
        ringing_at = coalesce(ringing_at, ?4), answered_at = ?4, ended_at = ?4, settled_at = ?4, check_at = NULL
        WHERE id = ?1""",
    "fact": """INSERT INTO fact (tenant_id, call_id, kind, verdict, before, after, detail, receipt_id, at, recorded_at)
        VALUES (1, ?1, ?2, 'moved', 'placed', 'settled', ?3, ?4, ?5, ?5)""",
    "customer": """UPDATE customer SET status = ?2, reason = ?3, open_call_id = NULL, due_at = ?5, finished_at = ?4,
        updated_at = ?4 WHERE id = ?1""",
    "change": """INSERT INTO change (tenant_id, campaign_id, customer_id, call_id, before, after, reason, detail, actor,
        at) VALUES (1, 1, ?1, ?2, 'queue', ?3, ?4, ?5, 'engine', ?6)""",
    "number": "UPDATE number SET last_outcome = ?2, last_outcome_at = ?3 WHERE tenant_id = 1 AND person_id = ?1",
    "receipt": "UPDATE receipt SET settled_at = ?2, outcome = 'applied' WHERE id = ?1",
}


def _by_file(ground: Ground) -> tuple[Callable[[], Awaitable[int]], Callable[[], Awaitable[None]]]:
    file = ground.file()

    async def batch() -> int:
        at = datetime.now(UTC).replace(tzinfo=None)  # noqa: TID251 a reference has its own clock
        now, later = at.isoformat(" ", "microseconds"), (at + timedelta(seconds=900)).isoformat(" ", "microseconds")
        file.execute("BEGIN IMMEDIATE")
        rows = file.execute(OLDEST.format(lock="")).fetchall()
        if rows:
            ids = json.dumps(sorted({json.loads(body)["call_id"] for _, body in rows}))
            calls = {row[0]: [*row[1:], 0] for row in file.execute(LITE_CALL, (ids,))}
            folded = _fold(calls, rows, now)
            done = [(*call, outcome, *_verdict(outcome)) for call, outcome in sorted(folded["done"])]
            told = {
                "call": [(d[0], d[5], d[4], now) for d in done],
                "fact": [(*fact, now) for fact in folded["facts"]],
                "customer": [(d[1], d[6], d[7], now, later) for d in done],
                "change": [(d[1], d[0], d[6], d[7], d[5], now) for d in done],
                "number": [(d[2], d[5], now) for d in done],
                "receipt": [(receipt, now) for receipt, _ in rows],
            }
            for table, values in told.items():
                file.executemany(LITE_WRITES[table], values)
        file.execute("COMMIT")
        return len(rows)

    async def close() -> None:
        file.close()

    return batch, close
