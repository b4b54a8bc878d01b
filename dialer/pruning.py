"""The pruning loop: deletes old receipts in small batches, so that no other transaction waits for long; takes away
what is left of people who were erased once no cap counts it any more; and forgets old jobs and their files, and answers
that were kept a day."""

from datetime import datetime, timedelta

from campaigns import answers, evidence, jobs, privacy, retention
from campaigns.events import deliveries
from dialer import chains
from dialer.database import Database
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.vault import Vault

A_WEEK = timedelta(days=7)


class PruningLoop:
    def __init__(
        self, database: Database, keep: timedelta, vault: Vault, metrics: Metrics, delivered: timedelta = A_WEEK
    ) -> None:
        self._database = database
        self._keep = keep
        self._vault = vault
        self._metrics = metrics
        self._delivered = delivered
        self._log = log("pruning")

    async def step(self, now: datetime) -> bool:
        """One batch; whether there may be more."""
        forgotten = await self._forget(now)
        forgotten += await self._database.write(answers.prune, now)
        pruned = await self._database.write(retention.prune, now - self._keep)
        if pruned:
            self._metrics.pruned.inc(pruned)
            self._log.info("receipts pruned", count=pruned)
        files = await self._database.write(jobs.prune, now)
        return bool(pruned or forgotten or files or await self._clear(now))

    async def _clear(self, now: datetime) -> int:
        """Deliveries: what was tried for a day is dead, and what ended some days ago is forgotten."""
        dead = await self._database.write(deliveries.give_up, now)
        if dead:
            self._log.warning("deliveries dead", count=dead)
        return dead + await self._database.write(deliveries.prune, now - self._delivered)

    async def _forget(self, now: datetime) -> int:
        people = await self._database.read(privacy.due, now)
        if people:
            heads = await self._database.read(evidence.heads)
            for person in people:
                keys = chains.keys_of(self._vault, heads[person.tenant_id])
                await self._database.write(privacy.finish, now, person, keys.pseudonyms)
            self._log.info("people forgotten", count=len(people))
        return len(people)
