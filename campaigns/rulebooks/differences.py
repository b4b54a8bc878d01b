"""A rulebook spelled out field by field, and what two of them say differently. Pure."""

from dataclasses import dataclass

from .books import Requires, Rulebook
from .hours import WEEKDAYS, Hours, written


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, and what each says of it; empty: nothing."""

    field: str
    a: str
    b: str


def diff(a: Rulebook, b: Rulebook) -> list[Difference]:
    """Every field in which they differ, those of `a` first."""
    one, other = spelled(a), spelled(b)
    fields = dict.fromkeys((*one, *other))
    rows = (Difference(field, one.get(field, ""), other.get(field, "")) for field in fields)
    return [row for row in rows if row.a != row.b]


def spelled(book: Rulebook) -> dict[str, str]:
    """All that a rulebook says, as people read it, by the names of its fields."""
    said = {
        "name": book.name,
        "version": book.version,
        "extends": book.extends or "",
        "summary": book.summary,
        "country": book.country,
        "effective_from": str(book.effective_from or ""),
        "effective_to": str(book.effective_to or ""),
        "counsel": book.counsel,
        "warning": book.warning or "",
        "purposes": ", ".join(sorted(book.purposes)) or "any",
    }
    said |= _hours(book.hours) if book.hours else {"hours": "any"}
    said |= _requires(book.requires)
    said |= {f"caps.{cap.id}": str(cap) for cap in book.caps}
    said |= {f"conduct.{rule.id}.{rule.parameter}": str(rule) for rule in book.conduct}
    said |= {f"override_reason.{field}": reason for field, reason in book.overrides}
    said |= {f"sources.{one.id}": f"{one.text} [{one.quality}] {one.url or ''}".rstrip() for one in book.sources}
    return {field: text for field, text in said.items() if text}


def _hours(hours: Hours) -> dict[str, str]:
    said = {f"hours.{day}": written(hours.week[at]) for at, day in enumerate(WEEKDAYS)}
    said["hours.holidays"] = "as-weekday" if hours.holidays is None else written(hours.holidays)
    said |= {f"hours.special.{day}": written(windows) for day, windows in sorted(hours.special.items())}
    if hours.holidays is not None:
        said |= {"hours.country": hours.country, "hours.subdivision": hours.subdivision or ""}
    return {**said, "hours.zones": hours.zones, "hours.agreed": hours.agreed, "hours.rule": hours.rule or ""}


def _requires(requires: Requires) -> dict[str, str]:
    wanted = ("creditor", "advertiser", "consent", "brandname")
    said = {f"requires.{field}": "required" for field in wanted if getattr(requires, field)}
    said["requires.roles"] = "any but reference" if requires.roles is None else ", ".join(sorted(requires.roles))
    said["requires.register"] = requires.register or ""
    if requires.register_max_age is not None:
        said["requires.register_max_age"] = f"{requires.register_max_age.total_seconds() / 3600:g}h"
    said["requires.rules"] = ", ".join(requires.rules)
    return said
