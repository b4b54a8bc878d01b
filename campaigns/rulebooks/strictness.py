"""Where a rulebook allows what the one that it extends forbids. Pure.

It errs on the safe side: what it passes never allows more, and what cannot be compared counts as looser.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .books import Requires, Rule, Rulebook
from .caps import Cap
from .hours import DAY, WEEKDAYS, Hours, Window, union, written

LONGER_DAY: Final = 2
"""Hours that a day may have more than 24, where clocks are set back."""


@dataclass(frozen=True, slots=True)
class Looser:
    """The field, as `override_reason` names it, and a sentence that says how."""

    field: str
    sentence: str


def looser(child: Rulebook, parent: Rulebook) -> list[Looser]:
    """Every field in which `child` may allow what `parent` forbids."""
    found = [*_purposes(child, parent), *_requires(child.requires, parent.requires)]
    if parent.hours is not None:
        found += [Looser("hours", "it has none")] if child.hours is None else _hours(child.hours, parent.hours)
    found += [one for cap in parent.caps for one in _cap(cap, child.caps)]
    rules = {(rule.id, rule.parameter): rule for rule in child.conduct}
    return found + [one for rule in parent.conduct for one in _rule(rule, rules.get((rule.id, rule.parameter)))]


def _purposes(child: Rulebook, parent: Rulebook) -> Iterator[Looser]:
    if parent.purposes and not (child.purposes and child.purposes <= parent.purposes):
        yield Looser("purposes", f"it was only for {', '.join(sorted(parent.purposes))}")


def _requires(child: Requires, parent: Requires) -> Iterator[Looser]:
    for field in ("creditor", "advertiser", "consent", "brandname"):
        if getattr(parent, field) and not getattr(child, field):
            yield Looser(f"requires.{field}", "it is no longer required")
    if parent.roles is not None and (child.roles is None or not child.roles <= parent.roles):
        yield Looser("requires.roles", f"it was only {', '.join(sorted(parent.roles))}")
    if parent.register is not None and child.register != parent.register:
        yield Looser("requires.register", f"it was {parent.register}")
    if _older(child.register_max_age, parent.register_max_age):
        yield Looser("requires.register_max_age", f"it was {parent.register_max_age}")


def _older(child: timedelta | None, parent: timedelta | None) -> bool:
    return parent is not None and (child is None or child > parent)


def _hours(child: Hours, parent: Hours) -> Iterator[Looser]:
    for at, day in enumerate(WEEKDAYS):
        if not _within(child.week[at], _around(parent, at)):
            yield Looser(f"hours.{day}", f"it was {written(parent.week[at])}")
    yield from _holidays(child, parent)
    yield from _special(child, parent)
    if child.zones == "first" and parent.zones == "all":
        yield Looser("hours.zones", "it was all")
    if child.agreed == "replaces" and parent.agreed == "narrows":
        yield Looser("hours.agreed", "it was narrows")


def _around(hours: Hours, at: int) -> list[Window]:
    """When it is open on a weekday and in the night after it, seen from that day.

    What remains of the window of the day before counts only where no holiday can take it away.
    """
    covered = [*hours.week[at], *(window.later(DAY) for window in hours.week[(at + 1) % 7])]
    if hours.holidays is None and not hours.special:
        covered += [window.later(-DAY) for window in hours.week[at - 1]]
    return covered


def _holidays(child: Hours, parent: Hours) -> Iterator[Looser]:
    if parent.holidays is None:
        # A holiday may be any day of the week.
        if child.holidays and not all(_within(child.holidays, _around(parent, at)) for at in range(7)):
            yield Looser("hours.holidays", "a holiday was a day like any other")
        return
    if child.holidays is None or not _within(child.holidays, parent.holidays):
        yield Looser("hours.holidays", f"it was {written(parent.holidays)}")
    if (child.country, child.subdivision) != (parent.country, parent.subdivision):
        yield Looser(
            "hours.country", f"the holidays were those of {parent.country} {parent.subdivision or ''}".rstrip()
        )


def _special(child: Hours, parent: Hours) -> Iterator[Looser]:
    for day in sorted({*child.special, *parent.special}):
        theirs = parent.windows(day)
        after = [window.later(DAY) for window in parent.windows(day + timedelta(days=1))]
        if day not in child.special or not _within(child.special[day], [*theirs, *after]):
            yield Looser(f"hours.special.{day}", f"it was {written(theirs)}")


def _within(windows: Sequence[Window], others: Sequence[Window]) -> bool:
    whole = union(others)
    return all(any(one.opens <= own.opens and own.closes <= one.closes for one in whole) for own in windows)


def _cap(cap: Cap, others: Sequence[Cap]) -> Iterator[Looser]:
    if any(_implies(one, cap) for one in others):
        return
    same = next((one for one in others if one.id == cap.id), None)
    yield Looser(f"caps.{cap.id}", f"it was {cap}" if same else "it is not there")


def _implies(cap: Cap, other: Cap) -> bool:
    """Whether who keeps `cap` keeps `other` too: it counts the same, for at least as much, over at least as long."""
    return cap.of is other.of and cap.per <= other.per and cap.limit <= other.limit and _covers(cap, other)


def _covers(cap: Cap, other: Cap) -> bool:
    if cap.hours is not None:
        needed = other.hours if other.hours is not None else 24 * (other.days or 0) + LONGER_DAY
        return cap.hours >= needed
    if other.hours is None:
        return (cap.days or 0) >= (other.days or 0)
    # Just after midnight, today is nothing yet, and a day before it may be shorter.
    return 24 * ((cap.days or 0) - 1) - LONGER_DAY >= other.hours


def _rule(rule: Rule, own: Rule | None) -> Iterator[Looser]:
    if rule.sense == "note" or (own is not None and own.sense == rule.sense and _as_strict(rule, own)):
        return
    yield Looser(f"conduct.{rule.id}.{rule.parameter}", f"it was {rule}" if own else "it is not there")


def _as_strict(rule: Rule, own: Rule) -> bool:
    match rule.value, own.value:
        case (int() | float() as bound, int() | float() as value) if rule.sense in ("at_most", "at_least"):
            return value <= bound if rule.sense == "at_most" else value >= bound
        case tuple() as wanted, tuple() as given:
            return set(wanted) <= set(given)
    return type(rule.value) is type(own.value) and rule.value == own.value
