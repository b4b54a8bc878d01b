"""HTTP with the vendor: made again where that is harmless, written once at most where a telephone may ring."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import random
from typing import Any, TypeVar

import aiohttp
import anyio

from dialer.gateways import GatewayError, Throttled, Unreachable
from dialer.gateways.tel4vn.answers import Answer, Done, error_of, judge
from dialer.gateways.tel4vn.border import (
    NETWORK_ERRORS,
    Border,
    Lost,
    NotSent,
    fate,
    guarded,
    not_sent,
    translated,
    unrepeated,
)
from dialer.gateways.tel4vn.settings import Credentials, Tel4vnSettings
from dialer.gateways.tel4vn.tokens import Token, Tokens
from dialer.gateways.tel4vn.words import payload
from dialer.logs import request_id

Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Begins with a slash; what stands in it is quoted already."""
    params: Mapping[str, str] | None = None
    body: Any = None


def nothing(answer: Answer) -> bool:
    """No answer but a success is understood."""
    return False


class Wire:
    """The account's HTTP session, opened at the first request. `now` tells the age of tokens and clearances."""

    def __init__(
        self,
        address: str,
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
        self.now = now
        self._address = address
        self._tokens = Tokens(credentials, self._ask_openly, settings.token_life_cap, now)
        self._connector = connector or self._own_connector
        self._sleep = sleep
        self._chance = chance
        self._tell = tell
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def log_in(self) -> None:
        """Raises `GatewayError`, `LoginRefused` for credentials that the vendor refuses."""
        await self._tokens.usable()

    async def ask(
        self, request: Request, *, understood: Callable[[Answer], bool] = nothing, repeat: bool = True
    ) -> Answer:
        """The answer of a request that rings nobody: a success, or one that the caller has `understood` to expect.

        Without an answer, at 5xx and at 429 it is made again, `settings.retries` times. Raises `GatewayError`.
        """
        for retry in range(self.settings.retries if repeat else 0):
            try:
                return await self._ask(request, understood)
            except (Unreachable, Throttled) as error:
                pause = self._pause(retry, error)
                if pause > self.settings.longest_pause:
                    raise
                self._tell("throttled" if isinstance(error, Throttled) else "no-answer")
            await self._sleep(pause)
        return await self._ask(request, understood)

    async def send_once(self, request: Request, expires_at: datetime) -> Answer | NotSent | Lost:
        """Write a request that may ring a telephone, at most once, and only while its clearance holds. Never raises.

        The exception is 401: the vendor refused the request at its door, before acting on it, so it certainly rang
        nobody, and it may be written once more with a fresh token.
        """
        try:
            return await self._with_token(lambda token: self._cross(request, token, Border(expires_at, self.now)))
        except GatewayError as error:
            # Only getting a token raises: before the placing, or after it was refused with 401.
            return not_sent(error)

    async def _ask(self, request: Request, understood: Callable[[Answer], bool]) -> Answer:
        answer = await self._with_token(lambda token: self._exchange(request, token))
        return answer if understood(answer) else self._demand(answer)

    async def _ask_openly(self, path: str, body: Mapping[str, str]) -> Answer:
        return self._demand(await self._exchange(Request("POST", path, body=body)))

    def _demand(self, answer: Answer) -> Answer:
        verdict = judge(answer, self.settings)
        if isinstance(verdict, Done):
            return verdict.answer
        raise error_of(verdict)

    async def _with_token(self, send: Callable[[Token], Awaitable[Reply]]) -> Reply:
        """Send with the shared token; where the vendor refuses it as stale, once more with a fresh one."""
        token = await self._tokens.usable()
        reply = await send(token)
        if isinstance(reply, Answer) and reply.code in self.settings.stale_token_codes:
            self._tell("token-expired")
            return await send(await self._tokens.usable(stale=token))
        return reply

    async def _exchange(self, request: Request, token: Token | None = None) -> Answer:
        try:
            return await self._request(request, token)
        except NETWORK_ERRORS as error:
            raise translated(error) from None

    async def _cross(self, request: Request, token: Token, border: Border) -> Answer | NotSent | Lost:
        try:
            return await self._request(request, token, border)
        except Exception as error:
            return fate(error, border.crossed)

    async def _request(self, request: Request, token: Token | None, border: Border | None = None) -> Answer:
        settings = self.settings
        total = settings.place_timeout if border else settings.request_timeout
        sending = self._opened().request(
            request.method,
            self._address + request.path,
            params=request.params,
            json=request.body,
            headers=_headers(token),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=total, connect=settings.connect_timeout),
            trace_request_ctx=border,
            middlewares=(unrepeated,) if border else (),
        )
        async with sending as response:
            return self._read(response, await response.read())

    def _read(self, response: aiohttp.ClientResponse, body: bytes) -> Answer:
        date = http_date(response.headers.get("Date"))
        wait = seconds_until(response.headers.get("Retry-After"), self.now())
        return Answer(response.status, payload(body), wait, date)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(), cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[guarded()]
            )
        return self._session

    def _own_connector(self) -> aiohttp.BaseConnector:
        return aiohttp.TCPConnector(keepalive_timeout=self.settings.keep_alive)

    def _pause(self, retry: int, error: GatewayError) -> float:
        """Seconds before the next repetition: doubling, spread by chance, and never less than the vendor asked for."""
        backoff = self.settings.retry_pause * 2.0**retry * (0.5 + self._chance())
        return max(backoff, error.retry_after) if isinstance(error, Throttled) else backoff


def _headers(token: Token | None) -> dict[str, str]:
    """Who asks, and under which id: the vendor's log and ours can then be laid side by side."""
    told = {"X-Request-ID": request_id() or secrets.token_hex(8)}
    return told | ({"Authorization": f"Bearer {token.letters}"} if token else {})


def http_date(value: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def seconds_until(value: str | None, now: datetime) -> float | None:
    """A `Retry-After` in seconds: it comes as seconds or as a date."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    at = http_date(value)
    return max(0.0, (at - now).total_seconds()) if at else None
