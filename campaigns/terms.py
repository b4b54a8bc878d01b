"""What a campaign may be set to: what each mode needs, may have and cannot use, and what each option may hold. Pure.

Options carry the names of `models.Campaign`'s columns; `agents` is the one that has rows of its own. They come as text,
as somebody typed them, and an empty text takes an option away again.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from campaigns import recalls
from campaigns.rulebooks import Rulebook
from campaigns.words import Mode, Purpose


class BadTerms(Exception):
    """An option cannot stand. The message is one sentence that names it as on the command line."""

    def __init__(self, option: str, sentence: str) -> None:
        super().__init__(f"{flag(option)} {sentence}")
        self.option = option
        self.sentence = sentence


def flag(option: str) -> str:
    """`recall_delay` as it is typed: `--recall-delay`."""
    return f"--{option.replace('_', '-')}"


UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:\d+[smhd])+", re.ASCII)
_WORD = re.compile(r"[^\s,;]{1,64}")
_EXTENSION = re.compile(r"\d{2,6}", re.ASCII)
_USER = re.compile(r"[^\s,=]{1,128}")


def seconds(text: str) -> int | None:
    """A duration as people write it: `15m`, `1h30m`, `0s`, or plain seconds; None for anything else."""
    if text.isascii() and text.isdigit():
        return int(text)
    if not _DURATION.fullmatch(text):
        return None
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhd])", text))


def written(duration: int) -> str:
    """Seconds as `seconds` reads them, in the largest units that say it whole."""
    parts = []
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def whole(least: int, most: int, of_what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(f"must be a whole number of {of_what} from {least} to {most}")
        return int(text)

    return read


def wait(most: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = seconds(text)
        if found is None or found > (seconds(most) or 0):
            raise ValueError(f"must be a duration such as 30s, 15m or 2h, at most {most}")
        return found

    return read


def word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError("must be one word of at most 64 letters, without blanks, commas and semicolons")
    return text


def line(text: str) -> str:
    if len(text) > 200 or not text.isprintable():
        raise ValueError("must be one line of at most 200 letters")
    return text


def purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Purpose)}") from None


def by_outcome(text: str) -> dict[str, Any]:
    return recalls.parse(text, wait("30d"))


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a day such as 2027-12-31") from None


def names(text: str) -> list[str]:
    found = [name.strip() for name in text.split(",")]
    if not all(found) or len(set(found)) < len(found) or any(len(name) > 64 for name in found):
        raise ValueError("must be names of list columns between commas, each once")
    return found


def extensions(text: str) -> dict[str, str | None]:
    """`101=user,102`: each agent's extension, and the vendor's name for its user where that is another."""
    found: dict[str, str | None] = {}
    for part in text.split(","):
        extension, named, user = (piece.strip() for piece in part.partition("="))
        if not _EXTENSION.fullmatch(extension) or (named and not _USER.fullmatch(user)):
            raise ValueError("must be extensions of 2 to 6 digits between commas, as in 101=user,102")
        if extension in found:
            raise ValueError(f"names the extension {extension} twice")
        found[extension] = user or None
    return found


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "purpose": purpose,
    "creditor": line,
    "advertiser": line,
    "brandname": line,
    "brandname_until": day,
    "queue_code": word,
    "vendor_campaign_id": word,
    "template": word,
    "queue_agents": line,
    "agents": extensions,
    "wrap_up": wait("1h"),
    "hotline": word,
    "precall_ratio": whole(10, 1000, "percent"),
    "concurrent_call": whole(1, 10_000, "calls"),
    "max_recall_count": whole(0, 20, "recalls"),
    "min_recall_duration": wait("10m"),
    "recall_delay": wait("30d"),
    "recalls": by_outcome,
    "quiet_time": wait("30d"),
    "variables": names,
    "rulebook": word,
    "weight": whole(1, 100, "shares"),
}
DEFAULTS: Final[Mapping[str, Any]] = {
    "purpose": Purpose.DEBT_REMINDER,
    "creditor": None,
    "advertiser": None,
    "brandname": None,
    "brandname_until": None,
    "queue_code": None,
    "vendor_campaign_id": None,
    "template": None,
    "queue_agents": None,
    "agents": {},
    "wrap_up": 30,
    "hotline": None,
    "precall_ratio": None,
    "concurrent_call": None,
    "max_recall_count": 2,
    "min_recall_duration": 3,
    "recall_delay": 900,
    "recalls": recalls.DEFAULT,
    "quiet_time": 0,
    "variables": [],
    "rulebook": None,
    "weight": 1,
}
# Under what is called where nobody said it. What serves no such purpose must be named.
RULEBOOK_OF: Final[Mapping[Purpose, str]] = {
    Purpose.DEBT_REMINDER: "vn-debt",
    Purpose.MARKETING: "vn-marketing",
}
# What is another default, or only has one, in a mode.
OF_MODE: Final[Mapping[Mode, Mapping[str, Any]]] = {
    Mode.AUTODIALER: {"precall_ratio": 150},
    Mode.AUTOCALL: {"concurrent_call": 5},
    Mode.CLICK2CALL: {},
}
IN_ANY_MODE: Final = (
    "purpose",
    "creditor",
    "advertiser",
    "brandname",
    "brandname_until",
    "max_recall_count",
    "min_recall_duration",
    "recall_delay",
    "recalls",
    "quiet_time",
    "rulebook",
    "weight",
)
NEEDS: Final[Mapping[Mode, tuple[str, ...]]] = {
    Mode.AUTODIALER: ("queue_code", "vendor_campaign_id", "agents"),
    Mode.AUTOCALL: ("queue_code", "template"),
    Mode.CLICK2CALL: ("agents",),
}
MAY_HAVE: Final[Mapping[Mode, tuple[str, ...]]] = {
    Mode.AUTODIALER: ("queue_agents", "precall_ratio", "concurrent_call", "wrap_up"),
    Mode.AUTOCALL: ("concurrent_call", "variables"),
    Mode.CLICK2CALL: ("hotline", "wrap_up", "concurrent_call"),
}


def usable(mode: Mode) -> tuple[str, ...]:
    """The options that mean something in this mode."""
    return (*IN_ANY_MODE, *NEEDS[mode], *MAY_HAVE[mode])


def agree(mode: Mode, given: Mapping[str, str]) -> dict[str, Any]:
    """The terms of a new campaign: what was given, and the mode's defaults for the rest. Raises `BadTerms`."""
    terms = {**DEFAULTS, **OF_MODE[mode], **_read(mode, given)}
    for option in NEEDS[mode]:
        if not terms[option]:
            raise BadTerms(option, f"is needed in mode {mode}")
    return terms | {"rulebook": terms["rulebook"] or _rulebook_for(terms["purpose"])}


def _rulebook_for(purpose: Purpose) -> str:
    if purpose not in RULEBOOK_OF:
        raise BadTerms("rulebook", f"is needed for purpose {purpose}: no rulebook goes without saying for it")
    return RULEBOOK_OF[purpose]


def hold_to(terms: Mapping[str, Any], book: Rulebook) -> None:
    """Check that a campaign's terms can be called under its rulebook at all. Raises `BadTerms`.

    The gate asks the same again at each call; here somebody is told who can still mend it.
    """
    if book.purposes and terms["purpose"] not in book.purposes:
        raise BadTerms("rulebook", f"{book.name} is not for purpose {terms['purpose']}")
    needed = {
        "creditor": (book.requires.creditor, "who is owed"),
        "advertiser": (book.requires.advertiser, "who advertises"),
        "brandname": (book.requires.brandname, "the registered name that the calls show"),
    }
    for option, (needs, what) in needed.items():
        if needs and not terms[option]:
            raise BadTerms(option, f"is needed under rulebook {book.name}: {what}")


def amend(mode: Mode, given: Mapping[str, str]) -> dict[str, Any]:
    """What a standing campaign's terms become, of those that were given. Raises `BadTerms`."""
    changes = _read(mode, given)
    for option in (*NEEDS[mode], "rulebook"):
        if option in changes and not changes[option]:
            raise BadTerms(option, f"is needed in mode {mode} and cannot be taken away")
    return changes


def _read(mode: Mode, given: Mapping[str, str]) -> dict[str, Any]:
    for option in given:
        if option not in usable(mode):
            raise BadTerms(option, f"means nothing in mode {mode}")
    told = {option: _value(mode, option, text.strip()) for option, text in given.items()}
    if "recall_delay" in told and "recalls" not in told:
        # One wait was asked for, so no outcome has another.
        told["recalls"] = {}
    return told


def _value(mode: Mode, option: str, text: str) -> Any:
    """The option's value; its default where the text is empty."""
    if not text:
        return OF_MODE[mode].get(option, DEFAULTS[option])
    try:
        return READERS[option](text)
    except ValueError as fault:
        raise BadTerms(option, str(fault)) from None
