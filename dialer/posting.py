"""Posting a delivery: signed, to an address that was looked at when it was resolved, with nothing followed or believed.

The addresses that a name stands for are judged in the resolver, and the connection goes to those very addresses. So a
name that means another address the next moment leads nowhere. One that is an address itself is judged before.
"""

import socket
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import anyio
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from campaigns.events.deliveries import Answer, Errand
from campaigns.words import Miss
from dialer import __version__
from dialer.egress import Forbidden, Network, checked, permitted
from dialer.signing import headers

SECONDS = 15.0
CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 16 * 1024
"""What more a target says is not read, and its connection is closed."""
GONE = 410


class AddressRefused(OSError):
    """A name that leads where we do not speak to."""


class Judging(AbstractResolver):
    """Resolves as the system does, and gives only what may be spoken to."""

    def __init__(self, allowed: tuple[Network, ...], resolver: AbstractResolver | None = None) -> None:
        self._allowed = allowed
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        # Not the good ones among them: a name that leads into the house at all is not trusted.
        if not all(permitted(ip_address(one["host"].partition("%")[0]), self._allowed) for one in found):
            raise AddressRefused("the name leads to an address of this machine or of a private network")
        return found

    async def close(self) -> None:
        await self._resolver.close()


class Poster:
    """One session for all targets."""

    def __init__(self, allowed: tuple[Network, ...], resolver: AbstractResolver | None = None) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._session: ClientSession | None = None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, errand: Errand, secrets: list[str], now: datetime) -> Answer:
        """Post one event. Whatever the target does, there is an answer."""
        if errand.event is None or not secrets:
            return Answer(errand, None, Miss.UNSIGNED)
        body = errand.event.model_dump_json().encode()
        try:
            checked(errand.url, self._allowed)
            with anyio.fail_after(SECONDS):
                status = await self._send(errand.url, body, headers(secrets, errand.event.id, now, body))
        except (Forbidden, AddressRefused):
            return Answer(errand, None, Miss.ADDRESS_REFUSED)
        except TimeoutError:
            return Answer(errand, None, Miss.SLOW)
        except (ClientError, OSError, ValueError) as error:
            return Answer(errand, None, _meant(error))
        if status == GONE:
            return Answer(errand, status, Miss.GONE)
        return Answer(errand, status, None if 200 <= status < 300 else Miss.ANSWERED_OTHERWISE)

    async def _send(self, url: str, body: bytes, signed: dict[str, str]) -> int:
        told = {"Content-Type": "application/json", "User-Agent": f"dialer/{__version__}", **signed}
        # What is followed by itself would go to an address that nobody looked at.
        async with self._opened().post(url, data=body, headers=told, allow_redirects=False) as answer:
            await answer.content.read(LARGEST_ANSWER)
            return answer.status

    def _opened(self) -> ClientSession:
        if self._session is None:
            judging = Judging(self._allowed, self._resolver)
            self._session = ClientSession(
                connector=TCPConnector(resolver=judging, use_dns_cache=False, limit=100, limit_per_host=8),
                timeout=ClientTimeout(total=SECONDS, connect=CONNECT_SECONDS),
                cookie_jar=DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session


def _meant(error: Any) -> Miss:
    """aiohttp wraps what its resolver raises."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressRefused):
            return Miss.ADDRESS_REFUSED
        if isinstance(cause, TimeoutError):
            return Miss.SLOW
        cause = cause.__cause__ or cause.__context__
    return Miss.NOT_REACHED
