"""The evidence examined page by page: its chain verified, its calls folded and judged again.

The command line does it at once, the API by a job; both by these functions only.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio.to_thread

from campaigns import audit, evidence
from campaigns.audit import Judgement, judge
from campaigns.audit.cases import Case
from campaigns.evidence import Examination, Finding, Period
from campaigns.terms import BadTerms
from dialer import chains
from dialer.database import Database
from dialer.vault import Vault

Tell = Callable[[int, int], Awaitable[None]]
"""Hears how many of how many are done."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what is wrong. `head` is the newest link; None: nothing was sealed yet."""

    seals: int
    rows: int
    unsealed: int
    calls: int
    head: str | None
    findings: list[Finding] = field(default_factory=list)


def noted(head: str | None) -> dict[int, str]:
    """A head that was noted elsewhere, `ORDINAL:HEX`. Raises `BadTerms`."""
    if head is None:
        return {}
    ordinal, _, link = head.partition(":")
    if not (ordinal.isascii() and ordinal.isdecimal() and len(ordinal) < 19) or len(link) != 64:
        raise BadTerms("head", "must be an ordinal and a link, such as 12:5f…, as the log and a manifest have them")
    return {int(ordinal): link.lower()}


async def verify(
    database: Database, vault: Vault, tenant_id: int, period: Period, heads: dict[int, str], tell: Tell
) -> Verified:
    """Compute a tenant's chain again, and fold its calls of the period again from their facts. Raises `KeyLost`."""
    chain = (await database.read(evidence.heads)).get(tenant_id)
    calls, wrong = await _refolded(database, tenant_id, period)
    if chain is None:
        return Verified(0, 0, 0, calls, None, wrong)
    keys = chains.keys_of(vault, chain)
    examination = Examination(chain, keys.pseudonyms, keys.genuine, period, heads)
    found: list[Finding] = []
    while (page := await database.read(examination.examine)) is not None:
        found += page
        await tell(examination.seals, chain.seals)
    found += await database.read(examination.finish)
    counted = (examination.seals, examination.rows, examination.unsealed)
    return Verified(*counted, calls, chain.head.hex(), [*found, *wrong])


async def _refolded(database: Database, tenant_id: int, period: Period) -> tuple[int, list[Finding]]:
    """How many calls were folded again, and those that are not what their facts come to."""
    found: list[Finding] = []
    calls = after = 0
    while (page := await database.read(evidence.refold, tenant_id, period, after)) is not None:
        found, calls, after = found + page.findings, calls + page.calls, page.last
    return calls, found


async def replay(
    database: Database,
    tenant: Any,
    begins: datetime,
    ends: datetime,
    campaign_id: int | None,
    add: Callable[[Judgement], None],
    tell: Tell,
) -> None:
    """Judge every call of a time again; `add` is given each judgement."""
    total = await database.read(audit.count, tenant.id, begins, ends, campaign_id)
    after = done = 0
    while page := await database.read(audit.cases, tenant, begins, ends, campaign_id, after):
        # Judging is slow on purpose, and the engine has other work meanwhile.
        for one in await anyio.to_thread.run_sync(_judged, page):
            add(one)
        after, done = page[-1].call.id, done + len(page)
        await tell(done, total)


def _judged(page: Sequence[Case]) -> list[Judgement]:
    return [judge(case) for case in page]
