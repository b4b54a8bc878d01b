"""TEL4VN's small words in ours: texts, whole numbers, moments, directions, results, and whose number is whose. Pure.

Nothing here raises on what a vendor sends: what cannot be read is None. Section numbers are those of the contract.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from campaigns.phones import Phone, normalise
from campaigns.words import Outcome
from dialer.gateways.tel4vn.settings import Direction

EXTENSION: Final = re.compile(r"\d{2,6}", re.ASCII)
LONGEST_TEXT: Final = 2048
MOST_SECONDS: Final = 2**31 - 1
DIRECTIONS: Final[Mapping[str, Direction]] = {"inbound": "inbound", "outbound": "outbound", "local": "local"}
RESULTS: Final = {
    word.value: word
    for word in (
        Outcome.ANSWERED,
        Outcome.BUSY,
        Outcome.NO_ANSWERED,
        Outcome.CANCEL,
        Outcome.NOT_AVAILABLE,
        Outcome.INVALID,
    )
}
UNREADABLE: Final = object()
# What may stand in a vendor's free text and must not reach a log: numbers, and keys and tokens.
_NUMBER_IN_TEXT = re.compile(r"\+?\d(?:[ .()-]?\d){5,}")
_SECRET_IN_TEXT = re.compile(r"[^\s,;:\"'()]{24,}")


def payload(body: bytes) -> Any:
    """The JSON value of a body; an empty body is None. `UNREADABLE` where it is none, or hostile in depth."""
    try:
        return json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return UNREADABLE


def text(value: object) -> str | None:
    """An id, a name, an address: stripped (an example id ends with a blank, section 12.23), never empty, and fit for
    any database: without control characters and lone surrogates."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    written = str(value)[:LONGEST_TEXT]
    if not written.isprintable():
        written = "".join(letter for letter in written if letter.isprintable())
    return written.strip() or None


def whole(value: object) -> int | None:
    """A whole number, also written as text."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,18}(\.0*)?\s*", value, re.ASCII):
        return int(float(value)) if "." in value else int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def seconds(value: object) -> int | None:
    """A duration that can be one."""
    counted = whole(value)
    return counted if counted is not None and 0 <= counted <= MOST_SECONDS else None


def flag(value: object) -> bool:
    """A yes that is spelled out: the *text* "true" (section 12.25)."""
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def moment(value: object, zone: tzinfo) -> datetime | None:
    """A time in UTC. Without a zone of its own it is the account's; `""` and the year 1 mean never (section 12.26)."""
    written = text(value)
    if written is None:
        return None
    try:
        at = datetime.fromisoformat(written)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        return at.astimezone(UTC) if at.year > 1 else None
    except (ValueError, OverflowError):
        return None


def local(at: datetime, zone: tzinfo) -> str:
    """A moment as the vendor's queries want it: no zone, whole seconds (section 5.2)."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def result(value: object) -> Outcome | None:
    """A CDR status in any case (section 12.2); a word that the contract does not know is unknown, no word is None."""
    word = text(value)
    return None if word is None else RESULTS.get(word.casefold(), Outcome.UNKNOWN)


def direction(value: object, codes: Mapping[str, Direction]) -> Direction | None:
    """A direction, as a word or by the account's codes (section 12.4)."""
    word = (text(value) or "").casefold()
    return DIRECTIONS.get(word) or codes.get(word)


def is_extension(value: str | None) -> bool:
    """Whether a number is an agent's or a queue's: 2 to 6 digits."""
    return value is not None and EXTENSION.fullmatch(value) is not None


def phone(value: object) -> str | None:
    """A telephone number in E.164; an extension, a service number or a hidden caller is none."""
    written = text(value)
    return None if written is None else _e164(written)


@lru_cache(maxsize=4096)
def _e164(written: str) -> str | None:
    # A call's hooks repeat its number, and all hooks repeat the hotline.
    if is_extension(written):
        return None
    number = normalise(written)
    return number.e164 if isinstance(number, Phone) else None


def parties(
    caller: object, called: object, inbound: bool, ours: tuple[str | None, ...] = ()
) -> tuple[str | None, str | None]:
    """The customer's number in E.164 and the extension of a call, found by shape and not by position (section 9).

    Where both ends have the shape, the called one is the customer of an outbound call and the agent of an inbound
    one. `ours` are our hotlines: never a customer.
    """
    far, near = (caller, called) if inbound else (called, caller)
    hotlines = {phone(hotline) for hotline in ours}
    customers = [number for end in (far, near) if (number := phone(end)) and number not in hotlines]
    extensions = [number for end in (near, far) if is_extension(number := text(end))]
    return next(iter(customers), None), next(iter(extensions), None)


def spoken(value: object) -> str:
    """A vendor's free text as it may be shown and logged: short, without numbers, keys and tokens."""
    plain = text(value) or ""
    return _NUMBER_IN_TEXT.sub("…", _SECRET_IN_TEXT.sub("…", plain))[:160]
