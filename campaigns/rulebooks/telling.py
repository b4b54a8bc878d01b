"""A rulebook as plain data, for whoever shows one. Pure."""

from typing import Any

from .books import Rulebook
from .hours import WEEKDAYS, Hours


def brief(book: Rulebook) -> dict[str, Any]:
    """What a list of rulebooks shows of each."""
    said = {name: getattr(book, name) for name in ("name", "version", "extends", "summary", "country", "warning")}
    return {**said, "purposes": sorted(book.purposes)}


def whole(book: Rulebook) -> dict[str, Any]:
    """All that a rulebook says."""
    said = {name: getattr(book, name) for name in ("effective_from", "effective_to", "counsel", "digest")}
    requires = {name: getattr(book.requires, name) for name in book.requires.__dataclass_fields__}
    roles = sorted(book.requires.roles) if book.requires.roles is not None else None
    return {
        **brief(book),
        **said,
        "overrides": dict(book.overrides),
        "hours": _hours(book.hours) if book.hours else None,
        "requires": {**requires, "roles": roles},
        "caps": [
            {"id": c.id, "limit": c.limit, "of": c.of, "per": sorted(c.per), "hours": c.hours, "days": c.days}
            for c in book.caps
        ],
        "conduct": book.conduct,
        "sources": book.sources,
    }


def _hours(hours: Hours) -> dict[str, Any]:
    said = {name: getattr(hours, name) for name in ("rule", "zones", "agreed", "country", "subdivision")}
    return {
        **said,
        "week": {day: list(map(str, hours.week[at])) for at, day in enumerate(WEEKDAYS)},
        "holidays": None if hours.holidays is None else list(map(str, hours.holidays)),
        "special": {str(day): list(map(str, windows)) for day, windows in sorted(hours.special.items())},
    }
