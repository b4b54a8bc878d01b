"""The attending loop: asks the vendor which agents are logged in, so that no answer is older than five seconds."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import anyio

from campaigns import agents, queue
from campaigns.timing import Timing
from campaigns.words import Wanted
from dialer.database import Database, clock
from dialer.gateways import Gateway, GatewayError, LoginRefused
from dialer.logs import log
from dialer.vendors import Vendors

AT_ONCE = 8


class AttendingLoop:
    def __init__(self, database: Database, vendors: Vendors, timing: Timing) -> None:
        self._database = database
        self._vendors = vendors
        self._timing = timing
        self._log = log("attending")

    async def step(self, now: datetime) -> bool:
        """Look at every agent whose last sighting is getting old, of accounts with a running campaign."""
        running = await self._database.read(queue.running)
        accounts = {row.vendor_account_id for row in running if row.wanted is Wanted.RUNNING and row.mode.uses_agents}
        looked = False
        for account_id in sorted(accounts):
            stale = await self._database.read(_stale, self._timing, account_id)
            gateway = await self._vendors.gateway(account_id)
            if stale and gateway is not None:
                looked |= await self._look(account_id, gateway, stale)
        return looked

    async def _look(self, account_id: int, gateway: Gateway, stale: list[Any]) -> bool:
        """Ask after these; whether the vendor answered. Where he did not, the next look has to wait for its time."""
        seen: dict[int, bool] = {}
        failed: dict[str, int] = defaultdict(int)
        refused: list[LoginRefused] = []
        limit = anyio.CapacityLimiter(AT_ONCE)

        async def ask(agent: Any) -> None:
            async with limit:
                try:
                    status = await gateway.agent_status(agent.vendor_user or agent.extension)
                except GatewayError as error:
                    failed[type(error).__name__] += 1
                    refused.extend([error] if isinstance(error, LoginRefused) else [])
                    return
            seen[agent.id] = status is not None and status.logged_in

        async with anyio.create_task_group() as tasks:
            for agent in stale:
                tasks.start_soon(ask, agent)
        if failed:
            self._log.warning("agents cannot be asked after", **failed)
        if refused:
            await self._vendors.locked_out(account_id, str(refused[0]))
        elif seen:
            await self._vendors.admitted(account_id)
        await self._database.write(_write, seen)
        return not failed


def _write(conn: Any, seen: dict[int, bool]) -> None:
    agents.seen(conn, clock(conn), seen)


def _stale(conn: Any, timing: Timing, account_id: int) -> list[Any]:
    now = clock(conn)
    return agents.to_look_at(conn, now, account_id, now - timing.agent_snapshot / 2)
