"""The laws of these worlds, and when their day begins: hours that are about to end, caps that are soon reached.

Worlds last minutes or a few hours before the calm, so they begin where a border of the day is near.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from campaigns import copies, dnc, ledger, rulebooks, shelf
from campaigns.copies import Copy
from campaigns.rulebooks import Rulebook
from campaigns.words import Purpose

REGISTER = "vn-dnc"
FRESH = timedelta(hours=12)
"""In the calm somebody loads a copy that is older than this; the rulebook allows a day."""
HOME = "Asia/Ho_Chi_Minh"
ZONES = (HOME, "Asia/Tokyo")
HOURS = (time(7), time(8), time(17), time(21))
"""When the rulebooks of these worlds open and close, on the clock of whoever is called."""
DAY = datetime(2026, 3, 2, tzinfo=UTC)
# A Monday's hours at home: in the midst of it, before each border of the day there, before closing two hours east.
STARTS = ("09:00", "09:00", "06:55", "07:55", "14:55", "16:50", "18:55", "20:50", "23:50")
CLOSING = ("20:57", "20:58")
ABROAD = ("18:55", "19:30", "20:50", "16:30")
EXTENDED = """
name = "world-debt"
version = "1"
extends = "vn-debt"
summary = "A house with two reminders a day, and two attempts a number in 24 hours."

[[caps]]
id = "WORLD-DAY"
limit = 2
of = "reminders"
per = ["person"]
days = 1

[[caps]]
id = "WORLD-NUMBER"
limit = 2
of = "attempts"
per = ["number"]
hours = 24

[[sources]]
id = "WORLD-DAY"
text = "The house's own rule."
quality = "M"

[[sources]]
id = "WORLD-NUMBER"
text = "The house's own rule."
quality = "M"
"""
AT_ANY_HOUR = """
name = "world-caps"
version = "1"
summary = "No hours, so that midnight comes while people are called: two attempts a day."

[[caps]]
id = "WORLD-DAY"
limit = 2
of = "attempts"
per = ["person"]
days = 1

[[sources]]
id = "WORLD-DAY"
text = "The house's own rule."
quality = "M"
"""

AFTER_A_TALK = """
name = "world-talk"
version = "1"
summary = "No hours, and whoever spoke with us is left alone for an hour; about one debt we speak twice a day."

[[caps]]
id = "WORLD-TALK"
limit = 1
of = "conversations"
per = ["person"]
hours = 1

[[caps]]
id = "WORLD-DEBT"
limit = 2
of = "conversations"
per = ["debt"]
days = 1

[[sources]]
id = "WORLD-TALK"
text = "The house's own rule."
quality = "M"

[[sources]]
id = "WORLD-DEBT"
text = "The house's own rule."
quality = "M"
"""


def start(chance: Random, abroad: bool, closing: bool = False) -> datetime:
    """When a world begins; where some are called `abroad`, mostly when hours end there. `closing`: minutes before
    they end at home."""
    starts = CLOSING if closing else ABROAD if abroad else STARTS
    hours, minutes = map(int, chance.choice(starts).split(":"))
    return datetime.combine(DAY.date(), time(hours, minutes), ZoneInfo(HOME)).astimezone(UTC)


def of_campaign(chance: Random, closing: bool, talkative: bool) -> Mapping[str, str]:
    """Under which rulebook a campaign calls, and what that asks for. `closing`: one whose hours end at nine;
    `talkative`: the one that counts conversations."""
    if closing:
        return {"rulebook": chance.choice(("vn-debt", "world-debt")), "creditor": "Demo"}
    if talkative:
        return {"rulebook": "world-talk", "creditor": "Demo"}
    rulebook = chance.choice(("none", "none", "vn-debt", "world-debt", "world-debt", "world-caps", "vn-marketing"))
    quiet = {"quiet_time": "1h"} if chance.random() < 0.15 else {}
    if rulebook == "vn-marketing":
        names = {"purpose": Purpose.MARKETING.value, "advertiser": "Demo", "brandname": "DEMO"}
        return {"rulebook": rulebook, **names, **quiet}
    return {"rulebook": rulebook, "creditor": "Demo", **quiet}


def lay_down(conn: Connection, now: datetime, tenant_id: int) -> None:
    """The tenant's own rulebooks, as the shelf writes them; their texts are read once for all worlds."""
    for book in _own():
        shelf.put(conn, now, tenant_id, book, "user", own=True)


@cache
def _own() -> list[Rulebook]:
    return [rulebooks.read(text) for text in (EXTENDED, AT_ANY_HOUR, AFTER_A_TALK)]


def load(conn: Connection, now: datetime, tenant_id: int, phones: frozenset[str], age: timedelta) -> None:
    """Bring in a copy of the register that is so old, and whoever is freed by it."""
    copy = Copy(REGISTER, Purpose.MARKETING.value, now - age, phones)
    gone = copies.load(conn, now, tenant_id, copy, "user").gone
    ledger.reconsider(conn, now, tenant_id, dnc.listed_with(conn, tenant_id, gone), "user")


def next_border(now: datetime) -> datetime:
    """When hours begin or end next, somewhere, and a telephone that began now would still ring."""
    return min(border for border in _borders(now) if border > now)


def _borders(now: datetime) -> Iterator[datetime]:
    for name in ZONES:
        zone = ZoneInfo(name)
        today = now.astimezone(zone).date()
        for day in (today, today + timedelta(days=1)):
            for at in HOURS:
                yield datetime.combine(day, at, zone).astimezone(UTC) - timedelta(seconds=44)
