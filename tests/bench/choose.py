"""Row: whom to call, with the do-not-call list and all ceilings on, held against the best statement by hand."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from campaigns.words import Mode
from dialer.database import clock
from dialer.handovers import choose
from tests.bench import populating
from tests.bench.ground import TIMING, Ground
from tests.bench.measuring import Figure, by_turns, compared, timed
from tests.bench.scale import Scale

NAME = "choose"
AIM, FLAT = 0.6, 1.3
Claim = Callable[[int, str], Awaitable[int]]

LOCK = """SELECT t.max_live_calls, a.channels, a.reserve, a.placing_resumes_at, c.concurrent_call, c.wanted
    FROM campaign c JOIN vendor_account a ON a.id = c.vendor_account_id JOIN tenant t ON t.id = c.tenant_id
    WHERE c.tenant_id = $1 AND c.id = $2"""
COUNTED = """SELECT (SELECT count(*) FROM call WHERE tenant_id = $1
        AND state IN ('intended', 'placed', 'unsure', 'ringing', 'answered')),
    (SELECT count(*) FROM customer WHERE tenant_id = $1 AND lease_token IS NOT NULL AND lease_until > $2)"""
DUE = """SELECT * FROM customer {hint} WHERE tenant_id = $1 AND campaign_id = $2 AND status IN ('new', 'queue')
    AND open_call_id IS NULL AND due_at <= $3 AND (lease_token IS NULL OR lease_until <= $3)
    ORDER BY priority, due_at, id LIMIT {count}"""
# A scalar look-up a row: PostgreSQL would answer an `EXISTS` by reading the whole list into memory first.
BARRED = """(SELECT true FROM suppression s
    WHERE s.tenant_id = $1 AND s.subject_kind = '{kind}' AND s.subject = {subject}
    AND s.until IS NULL AND s.purpose IN ('all', 'debt_reminder') AND (s.campaign_id IS NULL OR s.campaign_id = $2)
    LIMIT 1)"""
BUSY = """(SELECT true FROM call l WHERE l.{column} = {value} AND {tenant} = $1
    AND l.state IN ('intended', 'placed', 'unsure', 'ringing', 'answered') LIMIT 1)"""
JUDGED = f"""SELECT due.id, due.person_id, due.code, due.attempts, p.name, p.zone, n.phone, n.role, n.needs_review,
    coalesce({BARRED.format(kind="number", subject="n.phone")}, {BARRED.format(kind="person", subject="p.key")}, false)
        AS barred,
    coalesce({BUSY.format(column="phone", value="n.phone", tenant="+l.tenant_id")},
        {BUSY.format(column="person_id", value="due.person_id", tenant="+l.tenant_id")}, false) AS busy
    FROM due JOIN person p ON p.id = due.person_id JOIN number n ON n.tenant_id = $1 AND n.person_id = due.person_id
    WHERE n.removed_at IS NULL"""
CLAIM = f"""WITH due AS MATERIALIZED ({DUE} FOR NO KEY UPDATE SKIP LOCKED), judged AS MATERIALIZED ({JUDGED}),
closed AS (UPDATE customer c SET status = 'dnc', reason = 'suppressed', finished_at = $3, updated_at = $3
    FROM judged j WHERE c.id = j.id AND j.barred RETURNING c.id),
told AS (INSERT INTO change (tenant_id, campaign_id, customer_id, before, after, reason, actor, at)
    SELECT $1, $2, id, 'new', 'dnc', 'suppressed', 'engine', $3 FROM closed),
decided AS (INSERT INTO decision (tenant_id, campaign_id, customer_id, cleared, reason, rulebook, rulebook_version,
        facts, at)
    SELECT $1, $2, id, false, 'suppressed', 'none', '1', '{{{{}}}}', $3 FROM closed)
UPDATE customer c SET lease_token = $4, lease_until = $5 FROM judged j
    WHERE c.id = j.id AND NOT j.barred AND NOT j.busy RETURNING c.*, j.phone, j.role, j.zone, j.needs_review"""
LEASE = "UPDATE customer SET lease_token = ?1, lease_until = ?2 WHERE id IN (SELECT value FROM json_each(?3))"
CLOSE = """UPDATE customer SET status = 'dnc', reason = 'suppressed', finished_at = ?2, updated_at = ?2 WHERE id = ?1"""
TELL = """INSERT INTO change (tenant_id, campaign_id, customer_id, before, after, reason, actor, at)
    VALUES (1, ?2, ?1, 'new', 'dnc', 'suppressed', 'engine', ?3)"""
DECIDE = """INSERT INTO decision (tenant_id, campaign_id, customer_id, cleared, reason, rulebook, rulebook_version,
    facts, at) VALUES (1, ?2, ?1, 0, 'suppressed', 'none', '1', '{}', ?3)"""
# Those who were chosen go to the end of the line, as after a call that nobody answered.
BACK_IN_LINE = """UPDATE customer SET status = 'new', reason = NULL, finished_at = NULL, lease_token = NULL,
    lease_until = NULL, due_at = :now WHERE tenant_id = 1 AND (lease_token IS NOT NULL AND lease_until > :now
    OR id IN (SELECT customer_id FROM decision WHERE tenant_id = 1))"""


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    campaign = await ground.campaign("CHOOSE", Mode.AUTOCALL)
    few, many = scale.customers
    await populating.suppressions(ground, many, scale.suppressed)
    figures, known = [], 0
    for size in (few, many):
        await populating.debtors(ground, campaign, known + 1, size)
        await populating.settle_down(ground)
        known = size
        figures.append(await _at_size(ground, campaign, scale, size))
    cost = figures[0].ours / figures[1].ours
    case = f"cost of one at {many:,} customers, over that at {few:,}"
    return [*figures, Figure(NAME, ground.kind, case, "times", cost, at_most=FLAT)]


async def _at_size(ground: Ground, campaign: Any, scale: Scale, size: int) -> Figure:
    reference, close = await _reference(ground, campaign)

    async def ours(count: int, token: str) -> int:
        chosen, _ = await ground.database.write(choose, TIMING, campaign, count, token)
        return len(chosen)

    try:
        pairs = await by_turns(scale.rounds, _round(ground, scale, ours), _round(ground, scale, reference))
    finally:
        await close()
    case = f"{size:,} customers, {scale.suppressed:,} suppressed, {scale.claim} a claim"
    return compared(NAME, ground.kind, case, "customers/s", pairs, at_least=AIM)


def _round(ground: Ground, scale: Scale, claim: Claim) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        seconds, chosen = 0.0, 0
        for _ in range(scale.claims):
            took, count = await timed(lambda: claim(scale.claim, secrets.token_hex(16)))
            seconds, chosen = seconds + took, chosen + count
            await ground.database.write(_back_in_line)
        return chosen / seconds

    return once


def _back_in_line(conn: Connection) -> None:
    now = clock(conn)
    shown = now.replace(tzinfo=None).isoformat(" ", "microseconds") if conn.dialect.name == "sqlite" else now
    conn.execute(text(BACK_IN_LINE), {"now": shown})
    conn.execute(text("DELETE FROM decision"))


async def _reference(ground: Ground, campaign: Any) -> tuple[Claim, Callable[[], Awaitable[None]]]:
    return _by_file(ground, campaign) if ground.embedded else await _by_asyncpg(ground, campaign)


async def _by_asyncpg(ground: Ground, campaign: Any) -> tuple[Claim, Callable[[], Awaitable[None]]]:
    raw = await ground.raw()

    async def claim(count: int, token: str) -> int:
        async with raw.transaction():
            now = await raw.fetchval("SELECT clock_timestamp()")
            await raw.fetchrow(f"{LOCK} FOR NO KEY UPDATE", 1, campaign.id)
            live, leased = await raw.fetchrow(COUNTED, 1, now)
            room = min(count, 100_000 - live - leased)
            statement = CLAIM.format(count=room, hint="")
            return len(await raw.fetch(statement, 1, campaign.id, now, token, now + TIMING.lease))

    return claim, raw.close


def _by_file(ground: Ground, campaign: Any) -> tuple[Claim, Callable[[], Awaitable[None]]]:
    file = ground.file()

    async def claim(count: int, token: str) -> int:
        now = file.execute("SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now')").fetchone()[0]
        until = datetime.fromisoformat(f"{now}+00:00").astimezone(UTC) + timedelta(seconds=60)
        file.execute("BEGIN IMMEDIATE")
        file.execute(LOCK, (1, campaign.id)).fetchone()
        live, leased = file.execute(COUNTED, (1, now)).fetchone()
        due = DUE.format(count=min(count, 100_000 - live - leased), hint="INDEXED BY ix_customer_due")
        rows = file.execute(f"WITH due AS MATERIALIZED ({due}) {JUDGED}", (1, campaign.id, now)).fetchall()
        barred = [row[0] for row in rows if row[-2]]
        chosen = [row[0] for row in rows if not row[-2] and not row[-1]]
        file.execute(LEASE, (token, until.replace(tzinfo=None).isoformat(" "), json.dumps(chosen)))
        file.executemany(CLOSE, [(one, now) for one in barred])
        file.executemany(TELL, [(one, campaign.id, now) for one in barred])
        file.executemany(DECIDE, [(one, campaign.id, now) for one in barred])
        file.execute("COMMIT")
        return len(chosen)

    async def close() -> None:
        file.close()

    return claim, close
