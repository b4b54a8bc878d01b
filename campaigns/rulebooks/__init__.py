"""The law and the house rules as data: one TOML file a rulebook, read once.

This room knows hours. `opens` answers with the first moment at which ringing may begin.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT = "vn-debt"


class UnknownZone(Exception):
    """The time zone's name is not in the IANA database: nobody can say what time it is there."""


@dataclass(frozen=True, slots=True)
class Window:
    """Opening hours on the person's own clock; `opens` is included, `closes` is not."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Rulebook:
    name: str
    version: str
    summary: str
    source: str
    hours: Window | None
    """None: at any hour."""

    def opens(self, zone: str, now: datetime, ring_for: timedelta) -> datetime:
        """`now` where ringing may begin now and end before closing, else the next opening. Raises `UnknownZone`."""
        if self.hours is None:
            return now
        try:
            local = now.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
            raise UnknownZone(zone) from unknown
        if (
            self.hours.opens <= local.time()
            and (local + ring_for).time() < self.hours.closes
            and _same_day(local, ring_for)
        ):
            return now
        today = local.replace(hour=self.hours.opens.hour, minute=self.hours.opens.minute, second=0, microsecond=0)
        return (today if local < today else today + timedelta(days=1)).astimezone(now.tzinfo)


def _same_day(local: datetime, ring_for: timedelta) -> bool:
    return (local + ring_for).date() == local.date()


@cache
def shipped() -> dict[str, Rulebook]:
    """Every rulebook that comes with the product, by name."""
    found = (
        read(file.read_text(encoding="utf-8")) for file in files(__name__).iterdir() if file.name.endswith(".toml")
    )
    return {rulebook.name: rulebook for rulebook in sorted(found, key=lambda rulebook: rulebook.name)}


def read(text: str) -> Rulebook:
    """A rulebook from its TOML text. Raises `KeyError`, `ValueError` for one that cannot be used."""
    data = tomllib.loads(text)
    hours = data.get("hours")
    return Rulebook(
        name=data["name"],
        version=data["version"],
        summary=data["summary"],
        source=data["source"],
        hours=Window(time.fromisoformat(hours["opens"]), time.fromisoformat(hours["closes"])) if hours else None,
    )
