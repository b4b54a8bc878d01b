"""The expiring loop: ends orders whose time is over, so that whoever gave them hears of it.

A claim ends those that it meets. But of a campaign that is paused, or has no channel free, nobody is claimed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import triggers
from campaigns.timing import Timing
from dialer.database import Database, clock
from dialer.logs import log


class ExpiringLoop:
    def __init__(self, database: Database, timing: Timing) -> None:
        self._database = database
        self._timing = timing
        self._log = log("expiring")

    async def step(self, now: datetime) -> bool:
        """A batch of each campaign; whether there may be more."""
        ended = 0
        for campaign in await self._database.read(triggers.expired, now):
            ended += (count := await self._database.write(_expire, self._timing, campaign))
            self._log.info("orders expired", campaign=campaign.code, count=count)
        return ended > 0


def _expire(conn: Connection, timing: Timing, campaign: Any) -> int:
    return triggers.expire(conn, clock(conn), timing, campaign)
