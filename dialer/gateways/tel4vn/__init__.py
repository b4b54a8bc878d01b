"""The TEL4VN gateway: what the vendor contract (docs/vendors/tel4vn.md) says, and what we do where it is silent.

settings   what the vendor leaves undocumented, and the account's secrets
words      the vendor's small words in ours; whose number is whose
answers    what an answer means: done, failed, or nobody can tell
tokens     the shared bearer token
wire       HTTP: repeated where harmless, written once at most where a telephone may ring
reading    hooks, records, live calls, agents and customers
placing · queues · hooks · asking   the verbs
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from random import random
from types import TracebackType
from typing import Self

import aiohttp
import anyio

from campaigns.phones import national
from dialer.gateways import (
    AgentStatus,
    Findings,
    Hook,
    LiveCall,
    Malformed,
    Order,
    Placing,
    Record,
    Registration,
    Terms,
    VendorCustomer,
)
from dialer.gateways.tel4vn import asking, hooks, placing, queues, reading
from dialer.gateways.tel4vn.settings import (
    STATUS_PATHS,
    ApiKey,
    Credentials,
    Login,
    Tel4vnSettings,
    address_from,
    credentials_from,
    settings_from,
)
from dialer.gateways.tel4vn.wire import Wire

__all__ = ["ApiKey", "Credentials", "Login", "Tel4vn", "Tel4vnSettings", "open_tel4vn"]


class Tel4vn:
    """A `dialer.gateways.Gateway`; see there for what each verb promises. Close it, or use it as a context.

    `now` tells the age of the token and of clearances. `tell` hears a word for each fault that was got over:
    `no-answer`, `throttled`, `token-expired`. `connector`, `sleep` and `chance` are for tests: the session itself is
    always made here, because its settings are what keeps a placing from being repeated.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        settings: Tel4vnSettings,
        now: Callable[[], datetime],
        *,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        chance: Callable[[], float] = random,
        tell: Callable[[str], object] = str,
    ) -> None:
        self.settings = settings
        self._wire = Wire(
            address_from(url), credentials, settings, now, connector=connector, sleep=sleep, chance=chance, tell=tell
        )
        self._status_paths: list[str] = sorted(STATUS_PATHS, key=settings.user_status_path.__ne__)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def place(self, terms: Terms, orders: Sequence[Order]) -> Sequence[Placing]:
        return await placing.place(self._wire, terms, orders)

    async def pause_queue(self, terms: Terms) -> None:
        await queues.pause(self._wire, terms)

    async def resume_queue(self, terms: Terms) -> None:
        await queues.resume(self._wire, terms)

    async def withdraw_queue(self, terms: Terms) -> None:
        await queues.withdraw(self._wire, terms)

    async def block(self, terms: Terms, references: Sequence[str]) -> None:
        await queues.block(self._wire, terms, references)

    def read(self, body: bytes) -> Hook | Malformed:
        return reading.hook(body, self.settings)

    async def record(self, call_id: str) -> Record | None:
        return await asking.record(self._wire, call_id)

    def records(self, since: datetime, until: datetime, phone: str | None = None) -> AsyncIterator[Record]:
        return asking.records(self._wire, since, until, national(phone) if phone else None)

    async def live_calls(self) -> Sequence[LiveCall]:
        return await asking.live_calls(self._wire)

    async def agent_status(self, vendor_user: str) -> AgentStatus | None:
        return await asking.agent_status(self._wire, self._status_paths, vendor_user)

    def customers(self, vendor_campaign_id: str) -> AsyncIterator[VendorCustomer]:
        return asking.customers(self._wire, vendor_campaign_id)

    async def register_hooks(self, url: str, key: str) -> Registration:
        return await hooks.register(self._wire, url, key)

    async def remove_hooks(self, url: str) -> Sequence[str]:
        return await hooks.remove(self._wire, url)

    async def check(self, url: str, vendor_users: Mapping[str, str], now: datetime) -> Findings:
        return await asking.check(self._wire, self._status_paths, url, vendor_users, now)


def open_tel4vn(
    url: str,
    credentials: Mapping[str, str],
    settings: Mapping[str, object],
    now: Callable[[], datetime],
    tell: Callable[[str], object] = str,
) -> Tel4vn:
    """The gateway of a stored account: `credentials` is `{"api_key": …}` or `{"username": …, "password": …}`.

    Opens no connection yet. Raises `Misconfigured`, which names what is wrong and no secret.
    """
    return Tel4vn(url, credentials_from(credentials), settings_from(settings), now, tell=tell)
