"""Row: what the law costs the claim, on a tenant whose ledger is long: `vn-debt` held against `none`.

A ledger of so many rows is calls with three facts and a change each, two calls a person and day, so that every claim
has calls to count. Every hundredth person had five messages today and is withheld by the law alone; another hundredth
is on the do-not-call list, for both. Both claim the same customers.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text, update

from campaigns.models import Campaign
from campaigns.rows import columns_of, table
from campaigns.words import Mode
from dialer.database import CLOCK
from dialer.handovers import choose
from tests.bench import populating
from tests.bench.ground import TIMING, Ground
from tests.bench.measuring import Figure, by_turns, compared, timed
from tests.bench.scale import Scale

NAME = "law"
AIM = 0.5
LAW, NO_LAW = "vn-debt", "none"
ROWS_A_CALL = 5
CALLS_EACH, A_DAY = 20, 2
# An embedded database is a small company's, and filling more than this takes longer than all other rows together.
MOST_EMBEDDED = 1_000_000
# Two in the afternoon of a Monday in Ho Chi Minh City, five hours after the newest call.
NOW = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
CAMPAIGN = columns_of(Campaign)
BACK_IN_LINE = """UPDATE customer SET status = 'new', reason = NULL, finished_at = NULL, lease_token = NULL,
    lease_until = NULL, due_at = :now WHERE tenant_id = 1 AND (lease_token IS NOT NULL AND lease_until > :now
    OR id IN (SELECT customer_id FROM decision WHERE tenant_id = 1))"""


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    campaign = await ground.campaign("LAW", Mode.AUTOCALL, rulebook=LAW, creditor="Bench Finance")
    rows = min(scale.ledger, MOST_EMBEDDED) if ground.embedded else scale.ledger
    calls = rows // ROWS_A_CALL
    people = calls // CALLS_EACH
    await populating.suppressions(ground, people, scale.suppressed)
    await populating.debtors(ground, campaign, 1, people)
    await populating.ledger(ground, campaign, people, calls, A_DAY)
    await populating.settle_down(ground)
    pairs = await by_turns(scale.rounds, _round(ground, scale, campaign, LAW), _round(ground, scale, campaign, NO_LAW))
    case = f"{rows:,} rows in the ledger, {people:,} customers, {scale.claim} a claim"
    return [compared(NAME, ground.kind, case, "customers/s", pairs, at_least=AIM)]


def _round(ground: Ground, scale: Scale, campaign: Any, rulebook: str) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        await ground.database.write(_under, campaign.id, rulebook)
        seconds, chosen = 0.0, 0
        for _ in range(scale.claims):
            took, count = await timed(lambda: ground.database.write(_claim, campaign, scale.claim))
            seconds, chosen = seconds + took, chosen + count
            await ground.database.write(_back_in_line)
        return chosen / seconds

    return once


def _under(conn: Connection, campaign_id: int, rulebook: str) -> None:
    conn.execute(update(table(Campaign)).where(CAMPAIGN.id == campaign_id).values(rulebook=rulebook))


def _claim(conn: Connection, campaign: Any, count: int) -> int:
    """A claim in the afternoon: at night the law would have nothing to count."""
    chosen, _ = choose(conn.execution_options(**{CLOCK: lambda: NOW}), TIMING, campaign, count, secrets.token_hex(16))
    return len(chosen)


def _back_in_line(conn: Connection) -> None:
    """Who was chosen or withheld goes to the end of the line."""
    shown = NOW.replace(tzinfo=None).isoformat(" ", "microseconds") if conn.dialect.name == "sqlite" else NOW
    conn.execute(text(BACK_IN_LINE), {"now": shown})
    conn.execute(text("DELETE FROM decision"))
