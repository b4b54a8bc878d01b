"""The guarding loop: looks after the vendor accounts' circuit breakers, and says when one moves."""

from datetime import datetime
from typing import Any

from campaigns import carrier
from campaigns.timing import Timing
from dialer.database import Database, clock
from dialer.logs import log
from dialer.vendors import Vendors


class GuardingLoop:
    def __init__(self, database: Database, vendors: Vendors, timing: Timing) -> None:
        self._database = database
        self._vendors = vendors
        self._timing = timing
        self._log = log("guarding")

    async def step(self, now: datetime) -> bool:
        """Judge every account's newest dials."""
        for account in await self._vendors.accounts():
            for hotline, before, after in await self._database.write(_watch, self._timing, account.id):
                told = {"before": before.position.value, "after": after.position.value}
                reason = after.reason.value if after.reason else None
                self._log.warning("breaker", vendor=account.name, hotline=hotline, reason=reason, **told)
        return False


def _watch(conn: Any, timing: Timing, account_id: int) -> Any:
    return carrier.watch(conn, clock(conn), timing, account_id)
