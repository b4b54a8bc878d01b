"""What a vendor's answer means for us (contract section 10), decided once for every request. Pure.

    Done      the vendor did it
    Failed    the vendor did not do it: nothing rang, and `reason` says what we do next
    Murky     nobody can tell from this answer whether it did

A placing turns them into `Placed`, `NotPlaced` and `Unsure`; every other request into its data or a `GatewayError`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from campaigns.words import Reason
from dialer.gateways import GatewayError, Misconfigured, Refused, Throttled, Unreachable
from dialer.gateways.tel4vn.settings import Tel4vnSettings
from dialer.gateways.tel4vn.words import spoken, text, whole

# The error words that the contract documents (sections 7.4, 8 and 10). They are believed whatever the HTTP status is.
KNOWN_WORDS: Final = {
    "user_busy": Reason.AGENT_BUSY,
    "user_not_registered": Reason.AGENT_AWAY,
    "campaign is invalid": Reason.MISCONFIGURED,
    "queue not found": Reason.MISCONFIGURED,
    "import fail": Reason.DECLINED,
    "user is not existed": Reason.DECLINED,
}
QUEUE_NOT_FOUND: Final = "queue not found"
USER_UNKNOWN: Final = "user is not existed"
SUCCESS_CODES: Final = (0, 200, 201)
# These say that the request itself is wrong for this account, whoever the customer is. A call that nobody can find
# the way to must not use up a customer.
NO_WAY: Final = (401, 403, 404, 405, 407, 410)
TOO_MANY: Final = 429
# A request that timed out on its way: an intermediary may have handed it on.
TIMED_OUT: Final = (408, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. `body` is its JSON value, `UNREADABLE` where it is none."""

    status: int
    body: Any = None
    retry_after: float | None = None
    """Seconds."""
    date: datetime | None = None
    """The vendor's clock."""

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def hollow(self) -> bool:
        """Readable, and says nothing."""
        return self.body in (None, {}, [])

    @property
    def code(self) -> int:
        """The HTTP status; behind an HTTP success, the failure that the body's `code` names (section 9.1)."""
        named = whole(self.fields.get("code"))
        return named if self.status < 300 and named is not None and 400 <= named <= 599 else self.status

    @property
    def words(self) -> tuple[str, ...]:
        """What the answer says of itself, in any of the five styles (section 12.11)."""
        return tuple(_words(self.fields))

    def says(self, phrase: str) -> bool:
        return any(word.casefold() == phrase for word in self.words)


@dataclass(frozen=True, slots=True)
class Done:
    answer: Answer


@dataclass(frozen=True, slots=True)
class Failed:
    reason: Reason
    detail: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Murky:
    reason: Reason
    detail: str


Verdict = Done | Failed | Murky


def judge(answer: Answer, settings: Tel4vnSettings) -> Verdict:
    """What an answer means. The vendor's documented words come first, then the code, then the success test."""
    code, detail = answer.code, _detail(answer)
    if code == TOO_MANY:
        return Failed(Reason.THROTTLED, detail, answer.retry_after)
    if known := next((KNOWN_WORDS[word.casefold()] for word in answer.words if word.casefold() in KNOWN_WORDS), None):
        return Failed(known, detail)
    if code in TIMED_OUT or code >= 500:
        return _server_error(code, detail, settings)
    if code >= 400:
        return _client_error(answer, detail)
    if not 200 <= code < 300:
        return Failed(Reason.MISCONFIGURED, f"{detail}: the URL leads elsewhere")
    return _success(answer, detail, settings)


def error_of(verdict: Failed | Murky) -> GatewayError:
    """The error of a request that rings nobody: it may be made again unless the vendor understood it."""
    match verdict:
        case Failed(Reason.THROTTLED, detail, retry_after):
            return Throttled(detail, 1.0 if retry_after is None else retry_after)
        case Failed(Reason.MISCONFIGURED, detail):
            return Misconfigured(detail)
        case Failed(Reason.UNREACHABLE, detail) | Murky(_, detail):
            return Unreachable(detail)
    return Refused(verdict.detail)


def _server_error(code: int, detail: str, settings: Tel4vnSettings) -> Failed | Murky:
    if not settings.server_error_is_unsure:
        return Failed(Reason.UNREACHABLE, detail)
    return Murky(Reason.TIMED_OUT if code in TIMED_OUT else Reason.CONNECTION_LOST, detail)


def _client_error(answer: Answer, detail: str) -> Failed:
    # An error page that is not the vendor's speaks of the URL or of a proxy, never of this customer.
    wrong_for_all = answer.code in NO_WAY or not answer.fields
    return Failed(Reason.MISCONFIGURED if wrong_for_all else Reason.DECLINED, detail)


def _success(answer: Answer, detail: str, settings: Tel4vnSettings) -> Verdict:
    """The success test of section 10, on an answer of HTTP 2xx whose body names no HTTP failure."""
    fields = answer.fields
    if answer.hollow or not isinstance(answer.body, dict | list):
        return Murky(Reason.CONNECTION_LOST, f"{detail}: {'empty' if answer.hollow else 'unreadable'}")
    named = whole(fields.get("code"))
    status = (text(fields.get("status")) or "").casefold()
    if status == "fail" or (named == 1 and status != "success"):
        return Failed(Reason.DECLINED, detail)
    if fields.get("code") is not None and named not in SUCCESS_CODES:
        return Murky(Reason.CONNECTION_LOST, f"{detail}: undocumented code")
    if settings.strict_success and set(fields) == {"message"} and not answer.says("successfully"):
        return Murky(Reason.CONNECTION_LOST, f"{detail}: undocumented message")
    return Done(answer)


def _words(fields: Mapping[str, Any]) -> Iterator[str]:
    for key in ("error", "message", "content"):
        value = fields.get(key)
        if isinstance(value, list):
            faults = (fault for fault in value if isinstance(fault, dict))
            yield from (f"{name}: {told}" for fault in faults for name, told in fault.items())
        elif isinstance(value, str) and (word := text(value)):
            yield word


def _detail(answer: Answer) -> str:
    said = ", ".join(dict.fromkeys(spoken(word) for word in answer.words))
    return f"HTTP {answer.status}{f' ({said})' if said else ''}"
