"""The border between a placing request and the wire, and what an error means on either side of it.

A request that rings a telephone is written once at most (contract section 7.5), but aiohttp by itself repeats a GET
whose connection broke, also after a server has read it. Two things prevent that. `Border` is crossed right before the
first byte is written: it refuses an expired clearance and a second crossing, and knows afterwards whether anything
can have been sent. And `unrepeated` takes a broken connection out of aiohttp's hands before it can connect again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Final

import aiohttp

from campaigns.words import Reason
from dialer.gateways import GatewayError, LoginRefused, Misconfigured, Throttled, Unreachable

# What went wrong, as what we do next: the first class that fits. A test walks all of aiohttp's exceptions.
MEANINGS: Final[tuple[tuple[type[Exception], type[GatewayError]], ...]] = (
    (aiohttp.ClientConnectorCertificateError, Misconfigured),
    (aiohttp.ServerFingerprintMismatch, Misconfigured),
    (aiohttp.InvalidURL, Misconfigured),
    (aiohttp.NonHttpUrlClientError, Misconfigured),
    (aiohttp.RedirectClientError, Misconfigured),
    (aiohttp.ClientConnectionError, Unreachable),
    (aiohttp.ClientPayloadError, Unreachable),
    (aiohttp.ClientResponseError, Unreachable),
    (aiohttp.UploadAbortedError, Unreachable),
    (OSError, Unreachable),
)
NETWORK_ERRORS: Final = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly nothing was written, or what was written was refused at the door."""

    reason: Reason
    detail: str
    retry_after: float | None = None
    locked_out: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """It was or may have been written, and there is no answer."""

    reason: Reason
    detail: str


class ClearanceExpired(Exception):
    """The permission ran out before the request could be written."""


class CrossedBefore(Exception):
    """The request has been written once already."""


class Broken(Exception):
    """A network error, in a form that aiohttp does not repeat."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


@dataclass(slots=True)
class Border:
    """For one request. `expires_at` is the earliest expiry of its clearances."""

    expires_at: datetime
    now: Callable[[], datetime]
    crossed: bool = False

    def cross(self) -> None:
        if self.crossed:
            raise CrossedBefore
        if self.now() >= self.expires_at:
            raise ClearanceExpired
        self.crossed = True


def guarded() -> aiohttp.TraceConfig:
    """What makes a session stop at the border: aiohttp calls it when it has a connection and before it writes."""
    tracing = aiohttp.TraceConfig()
    tracing.on_request_headers_sent.append(_at_the_border)
    return tracing


async def _at_the_border(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
    if isinstance(border := context.trace_request_ctx, Border):
        border.cross()


async def unrepeated(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """The middleware of placings: no network error gets through in a form that aiohttp answers with a repetition."""
    try:
        return await handler(request)
    except NETWORK_ERRORS as error:
        raise Broken(error) from None


def translated(error: Exception) -> GatewayError:
    """A foreign error as ours. Only its class is named: its text may hold a URL, and that a telephone number."""
    meaning = next((ours for theirs, ours in MEANINGS if isinstance(error, theirs)), Unreachable)
    return meaning(f"no answer: {type(error).__name__}")


def fate(error: Exception, crossed: bool) -> NotSent | Lost:
    """What became of a placing request that ended in an error. Before the border nothing was written; beyond it, and
    wherever the error is none that a network makes, it may have been."""
    if isinstance(error, ClearanceExpired):
        return NotSent(Reason.CLEARANCE_EXPIRED, "the clearance expired before the request could be written")
    cause = error.cause if isinstance(error, Broken) else error
    if not crossed and isinstance(cause, NETWORK_ERRORS):
        return not_sent(translated(cause))
    reason = Reason.TIMED_OUT if isinstance(cause, TimeoutError) else Reason.CONNECTION_LOST
    return Lost(reason, f"no answer: {type(cause).__name__}")


def not_sent(error: GatewayError) -> NotSent:
    if isinstance(error, Throttled):
        return NotSent(Reason.THROTTLED, str(error), error.retry_after)
    reason = Reason.UNREACHABLE if isinstance(error, Unreachable) else Reason.MISCONFIGURED
    return NotSent(reason, str(error), locked_out=isinstance(error, LoginRefused))
