"""Row: calls that a CRM orders, each durable when it is answered, held against hooks taken in during the same run.

An order puts somebody on a list, asks the gate and keeps its answer, a transaction each; hooks share theirs. Then the
pace that one client may keep, 1000 a minute, beside a campaign that runs in another process.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from aiohttp import ClientSession, encode_basic_auth
from sqlalchemy import Connection

from campaigns import clients
from campaigns.words import Mode, Right
from dialer.api.server import Api
from dialer.database import clock
from dialer.metrics import Metrics
from dialer.registering import doors_of
from dialer.tokens import hashed
from dialer.webhooks import Webhooks
from tests.bench import campaign, intake, populating
from tests.bench.ground import HOOK_PATH, Ground
from tests.bench.intake import CONNECTIONS
from tests.bench.measuring import Figure, by_turns, compared
from tests.bench.scale import Scale
from tests.bench.serving import serving
from tests.bench.vendor import vendor

NAME = "ordering"
A_MINUTE, PATIENCE = 1000, 1000
CODE, CLIENT, PACED, SECRET = "ORDERS", "c_bench", "c_paced", "a secret of the bench"


async def measure(ground: Ground, scale: Scale) -> list[Figure]:
    running = await ground.campaign("RUNS", Mode.AUTOCALL, max_recall_count="0")
    await populating.debtors(ground, running, 1, scale.customers[0])
    await ground.campaign(CODE, Mode.AUTOCALL)
    await ground.database.write(_clients)
    return [await _beside_hooks(ground, scale), await _at_a_pace(ground, scale)]


def _clients(conn: Connection) -> None:
    # What one asked without a limit would be counted against the other's minute.
    for client in (CLIENT, PACED):
        clients.add(conn, clock(conn), 1, client, client, hashed(SECRET), (Right.CALL_PLACE,))


async def _beside_hooks(ground: Ground, scale: Scale) -> Figure:
    unlimited = ground.settings.model_copy(update={"api_requests_a_minute": 10**6})
    hooks = Webhooks(ground.database, ground.settings, doors_of(ground.database, ground.vault), lambda: None, Metrics())

    async def ready() -> list[str]:
        return []

    app = hooks.application(ready)
    Api(ground.database, unlimited, ground.vault).mount(app)
    async with intake.served(app) as url, ClientSession() as session:
        writing = asyncio.create_task(hooks.intake.run())
        try:
            token = await _token(session, url, CLIENT)
            orders = _round(session, url, token, scale.calls_placed)
            pairs = await by_turns(scale.rounds, orders, intake.posted(url, scale, []))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    return compared(NAME, ground.kind, f"{CONNECTIONS} connections, against hooks", "orders/s", pairs)


def _round(session: ClientSession, url: str, token: str, count: int) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        left = iter(range(count))

        async def connection() -> None:
            for _ in left:
                await _order(session, url, token)

        started = perf_counter()
        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
        return count / (perf_counter() - started)

    return once


async def _token(session: ClientSession, url: str, client: str) -> str:
    headers = {"Authorization": encode_basic_auth(client, SECRET)}
    form = {"grant_type": "client_credentials"}
    async with session.post(f"{url}/oauth/token", data=form, headers=headers) as answer:
        return str((await answer.json())["access_token"])


async def _order(session: ClientSession, url: str, token: str) -> None:
    """Somebody nobody knew before."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
    whom = {"phone": f"+8498{secrets.randbelow(10**7):07}", "id": secrets.token_hex(8)}
    body = {"campaign": CODE, "customer": whom, "wait": True}
    async with session.post(f"{url}/v1/calls", json=body, headers=headers) as answer:
        assert answer.status == 201, await answer.text()


async def _at_a_pace(ground: Ground, scale: Scale) -> Figure:
    async with AsyncExitStack() as stack:
        port = campaign.free_port()
        hooks = f"http://127.0.0.1:{port}/hooks/{HOOK_PATH}"
        await ground.account(await stack.enter_async_context(vendor("--hooks", hooks)))
        await stack.enter_async_context(serving(ground, port))
        session = await stack.enter_async_context(ClientSession())
        url = f"http://127.0.0.1:{port}"
        waited = await _paced(session, url, await _token(session, url, PACED), scale.calls_placed // 2)
    slowest = sorted(waited)[int(len(waited) * 0.99)]
    case = f"slowest but one in a hundred at {A_MINUTE} a minute, a campaign running"
    return Figure(NAME, ground.kind, case, "ms", slowest * 1000, at_most=PATIENCE, notes={"orders": len(waited)})


async def _paced(session: ClientSession, url: str, token: str, count: int) -> list[float]:
    """Seconds that each took, sent when its time had come, whatever became of those before."""
    started = perf_counter()

    async def one(n: int) -> float:
        await asyncio.sleep(max(started + n * 60 / A_MINUTE - perf_counter(), 0))
        sent = perf_counter()
        await _order(session, url, token)
        return perf_counter() - sent

    waited: list[Any] = await asyncio.gather(*(one(n) for n in range(count)))
    return waited
