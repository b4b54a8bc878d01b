"""A rulebook's TOML read plainly: hours by day, caps, and what is required. Nothing is checked here; the text was, on
the day on which it was taken in."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import campaigns

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHIPPED = Path(campaigns.__file__).parent / "rulebooks"


@dataclass(frozen=True)
class Text:
    """What the file says, with what it takes over from the one that it extends."""

    told: dict[str, Any]

    @property
    def caps(self) -> list[dict[str, Any]]:
        return list(self.told.get("caps", []))

    @property
    def requires(self) -> dict[str, Any]:
        return dict(self.told.get("requires", {}))

    @property
    def purposes(self) -> list[str]:
        told = self.told.get("purposes", "any")
        return [] if told == "any" else list(told)

    @property
    def hours(self) -> dict[str, Any] | None:
        return self.told.get("hours")

    @property
    def reach_days(self) -> int:
        """So many days back the longest cap counts."""
        return max((cap.get("days", 0) + 1 + cap.get("hours", 0) // 24 + 1 for cap in self.caps), default=1)

    def in_effect(self, day: date) -> bool:
        begins, ends = self.told.get("effective_from"), self.told.get("effective_to")
        return (begins is None or begins <= day) and (ends is None or day <= ends)

    def windows(self, day: date) -> list[tuple[int, int]]:
        """The opening hours that begin on a day, in minutes; over midnight the second is more than a day."""
        assert self.hours is not None
        special = {str(one): windows for one, windows in self.hours.get("special", {}).items()}
        if day.isoformat() in special:
            return _minutes(special[day.isoformat()])
        holiday = self.hours.get("holidays", "as-weekday")
        if holiday != "as-weekday" and self._is_holiday(day):
            return _minutes(holiday)
        return _minutes(self.hours.get(WEEK[day.weekday()], self.hours.get("every", "closed")))

    def set_apart(self, day: date) -> bool:
        """A day on which nothing that began the day before holds."""
        assert self.hours is not None
        special = {str(one) for one in self.hours.get("special", {})}
        holidays = self.hours.get("holidays", "as-weekday") != "as-weekday"
        return day.isoformat() in special or (holidays and self._is_holiday(day))

    def _is_holiday(self, day: date) -> bool:
        import holidays

        assert self.hours is not None
        country = self.hours.get("country") or self.told.get("country", "")
        part = self.hours.get("subdivision")
        return day in holidays.country_holidays(country, subdiv=None if part == "none" else part, years=day.year)


def _minutes(windows: Any) -> list[tuple[int, int]]:
    if windows == "closed":
        return []
    spans = [(_clock(one["opens"]), _clock(one["closes"])) for one in windows]
    return [(opens, closes if closes > opens else closes + 24 * 60) for opens, closes in spans]


def _clock(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


@cache
def read(text: str, parent: str | None = None) -> Text:
    """`parent` is the text of the rulebook that this one extends."""
    own = tomllib.loads(text)
    return Text(own if parent is None else _joined(tomllib.loads(parent), own))


@cache
def extends(text: str) -> str | None:
    """The name of the rulebook that this one extends."""
    named: str | None = tomllib.loads(text).get("extends")
    return named


def shipped(name: str) -> str | None:
    """A rulebook's text as it comes with this program."""
    file = SHIPPED / f"{name}.toml"
    return file.read_text(encoding="utf-8") if name.replace("-", "").isalnum() and file.exists() else None


def _joined(parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    caps = {cap["id"]: cap for cap in parent.get("caps", [])}
    for cap in own.get("caps", []):
        caps[cap["id"]] = cap
    told = {**parent, **own, "requires": {**parent.get("requires", {}), **own.get("requires", {})}}
    told["caps"] = [cap for cap in caps.values() if not cap.get("drop")]
    hours = _hours(parent.get("hours"), own.get("hours"))
    return told | ({"hours": hours} if hours is not None else {})


def _hours(parent: dict[str, Any] | None, own: dict[str, Any] | None) -> dict[str, Any] | None:
    if parent is None or own is None:
        return own or parent
    joined = {**parent, **own, "special": {**parent.get("special", {}), **own.get("special", {})}}
    if "every" in own:
        # What the child says of every day outdoes what the parent says of one.
        for day in WEEK:
            joined[day] = own.get(day, own["every"])
    return joined
