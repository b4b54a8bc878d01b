"""Hours agreed with a person, from the way people write them: `mon-fri 18:00-20:00, sat 09:00-11:00`. Pure.

Vietnamese names of days are understood too: `t2-t6 18:00-20:00, cn 9:00-11:00`. Hours that end on the clock before they
begin go over midnight and belong to the day on which they begin: `fri 22:00-01:00`.
"""

import re
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES: Final = {
    **{day: index for index, day in enumerate(DAYS)},
    **{f"t{number}": number - 2 for number in range(2, 8)},
    "cn": 6,
}
MIDNIGHT, END_OF_DAY = "00:00", "24:00"
_SPAN = re.compile(r"(?:(\w+)(?:-(\w+))?\s+)?(\d{1,2}:\d{2})-(\d{1,2}:\d{2})", re.ASCII)


class BadHours(Exception):
    """Not hours; the message says what can be."""


def read(text: str) -> list[list[str]]:
    """`[["mon", "18:00", "20:00"], …]` in the order of the week. A span without a day holds on every day. Raises
    `BadHours`."""
    spans = [_spans(part.strip().lower()) for part in re.split(r"[,;]", text) if part.strip()]
    found = sorted({span for group in spans for span in group})
    if not found:
        raise BadHours("must be hours such as 'mon-fri 18:00-20:00, sat 09:00-11:00'")
    return [[DAYS[day], opens, closes] for day, opens, closes in found]


def _spans(part: str) -> list[tuple[int, str, str]]:
    told = _SPAN.fullmatch(re.sub(r"\s*-\s*", "-", part))
    if not told:
        raise BadHours(f"{part!r} must be a day and hours, such as mon-fri 18:00-20:00")
    opens, closes = _clock(told[3]), _clock(MIDNIGHT if told[4] == END_OF_DAY else told[4])
    if opens == closes:
        raise BadHours(f"{part!r} ends when it begins")
    return [(day, opens, closes) for day in _days(told[1], told[2])]


def _days(first: str | None, last: str | None) -> list[int]:
    if first is None:
        return list(range(7))
    begin, end = _day(first), _day(last or first)
    # Saturday to Monday goes over the end of the week.
    return [day % 7 for day in range(begin, end + 1 if begin <= end else end + 8)]


def _day(name: str) -> int:
    if name not in _NAMES:
        raise BadHours(f"{name} is no day: {', '.join(DAYS)}, or t2 to t7 and cn")
    return _NAMES[name]


def _clock(text: str) -> str:
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise BadHours(f"{text} is no time of a day, 00:00 to 23:59")
    return f"{hour:02}:{minute:02}"


def written(spans: list[list[str]]) -> str:
    """As `read` reads them."""
    return ", ".join(f"{day} {opens}-{closes}" for day, opens, closes in spans)
