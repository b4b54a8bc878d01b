"""The pruning loop: deletes old receipts in small batches, so that no other transaction waits for long."""

from datetime import datetime, timedelta

from campaigns import retention
from dialer.database import Database
from dialer.logs import log
from dialer.metrics import Metrics


class PruningLoop:
    def __init__(self, database: Database, keep: timedelta, metrics: Metrics) -> None:
        self._database = database
        self._keep = keep
        self._metrics = metrics
        self._log = log("pruning")

    async def step(self, now: datetime) -> bool:
        """One batch; whether there may be more."""
        pruned = await self._database.write(retention.prune, now - self._keep)
        if pruned:
            self._metrics.pruned.inc(pruned)
            self._log.info("receipts pruned", count=pruned)
        return bool(pruned)
