"""The bearer token that all requests of an account share (contract section 3)."""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import anyio

from dialer.gateways import GatewayError, LoginRefused, Misconfigured, Refused, Unreachable
from dialer.gateways.tel4vn.answers import Answer
from dialer.gateways.tel4vn.settings import ApiKey, Credentials, Login
from dialer.gateways.tel4vn.words import text, whole


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """Opaque (section 3.2). Two tokens are the same only if they came by the same exchange, whatever their letters."""

    letters: str = field(repr=False)
    expires_at: datetime


class AskOpenly(Protocol):
    """A POST without a token, made once; raises `GatewayError`."""

    def __call__(self, path: str, body: Mapping[str, str]) -> Awaitable[Answer]: ...


class Tokens:
    """One token for everybody, renewed once for however many wait for it; they share a failure too."""

    def __init__(self, credentials: Credentials, ask: AskOpenly, life_cap: float, now: Callable[[], datetime]) -> None:
        self._credentials = credentials
        self._ask = ask
        self._life_cap = life_cap
        self._now = now
        self._lock = anyio.Lock()
        self._token: Token | None = None
        self._exchanges = 0
        self._trouble: GatewayError | None = None

    async def usable(self, stale: Token | None = None) -> Token:
        """A token that is neither expired nor the `stale` one that the vendor has just refused."""
        if token := self._kept(stale):
            return token
        asked_at = self._exchanges
        async with self._lock:
            if token := self._kept(stale):
                return token
            if self._trouble is not None and self._exchanges != asked_at:
                # Somebody asked while we waited and was refused: asking again at once would only lock the account.
                raise copy(self._trouble)
            return await self._exchange()

    def _kept(self, stale: Token | None) -> Token | None:
        token = self._token
        return token if token is not None and token is not stale and self._now() < token.expires_at else None

    async def _exchange(self) -> Token:
        self._token = self._trouble = None
        try:
            self._token = await exchange(self._credentials, self._ask, self._life_cap, self._now)
        except GatewayError as error:
            self._trouble = error
            raise
        finally:
            self._exchanges += 1
        return self._token


async def exchange(credentials: Credentials, ask: AskOpenly, life_cap: float, now: Callable[[], datetime]) -> Token:
    """Log in. Raises `LoginRefused` for credentials that the vendor refuses; its words repeat none of them."""
    try:
        key = credentials.key if isinstance(credentials, ApiKey) else await _key_of(credentials, ask)
        told = _data(await ask("/v2/auth/token", {"api_key": key}))
    except GatewayError as error:
        trouble = error
    else:
        letters = text(told.get("token"))
        if letters is None:
            raise Unreachable("the log-in was answered without a token")
        return Token(letters, now() + timedelta(seconds=_life(told.get("expired_in"), life_cap)))
    raise _unsecret(trouble, credentials)


async def _key_of(login: Login, ask: AskOpenly) -> str:
    answer = await ask("/v1/auth", {"username": login.username, "password": login.password})
    key = text(_data(answer).get("api_key"))
    if key is None:
        raise Unreachable("the log-in was answered without a key")
    return key


def _data(answer: Answer) -> Mapping[str, object]:
    data = answer.fields.get("data")
    return data if isinstance(data, dict) else {}


def _life(expired_in: object, cap: float) -> float:
    """Seconds to keep a token. The unit of `expired_in` is undocumented, so it can only shorten the cap."""
    told = whole(expired_in)
    return min(cap, told) if told is not None and told > 0 else cap


def _unsecret(error: GatewayError, credentials: Credentials) -> GatewayError:
    """The error of a log-in, should the vendor have repeated what we sent. What he refuses there is our set-up."""
    secret = credentials.key if isinstance(credentials, ApiKey) else credentials.password
    told = str(error).replace(secret, "…") if secret else str(error)
    error.args = (f"log-in: {told}",)
    return LoginRefused(*error.args) if isinstance(error, Refused | Misconfigured) else error
