"""A rulebook as a value: everything that the law and the house say, each with its source. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from campaigns.words import Per, Purpose, Role

from .caps import Cap
from .hours import ANY_TIME, AgreedHours, Hours

Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """On what the values of one rule rest. `quality` S: read in a stored source; M: from memory, not verified."""

    id: str
    text: str
    url: str | None
    quality: Literal["S", "M"]


@dataclass(frozen=True, slots=True)
class Requires:
    """What must be there before anybody is called."""

    creditor: bool = False
    advertiser: bool = False
    consent: bool = False
    brandname: bool = False
    roles: frozenset[Role] | None = None
    """Whose numbers may be rung; None: any but a reference's."""
    register: str | None = None
    register_max_age: timedelta | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rulebook asks beyond hours, caps and requirements. The gate does not hold it; whoever does finds it here.

    `sense` says which way is stricter: `at_most` and `at_least` bound a number, `is` must be so, `note` only informs.
    """

    id: str
    parameter: str
    value: Value
    source: str
    sense: Literal["at_most", "at_least", "is", "note"] = "is"

    def __str__(self) -> str:
        bound = {"at_most": "at most ", "at_least": "at least "}.get(self.sense, "")
        match self.value:
            case bool() as wanted:
                return "yes" if wanted else "no"
            case tuple() as several:
                return ", ".join(several)
        return f"{bound}{self.value}"


@dataclass(frozen=True, slots=True)
class Rulebook:
    name: str
    version: str
    extends: str | None
    summary: str
    country: str
    sources: tuple[Source, ...]
    effective_from: date | None
    effective_to: date | None
    """The last day on which it is in effect."""
    counsel: str
    warning: str | None
    purposes: frozenset[Purpose]
    """Empty: any."""
    requires: Requires
    hours: Hours | None
    """None: at any hour."""
    caps: tuple[Cap, ...]
    conduct: tuple[Rule, ...]
    overrides: tuple[tuple[str, str], ...]
    """Where it is looser than the one that it extends: the field, and the reason that was given."""
    digest: str
    text: str

    def in_effect(self, on: date) -> bool:
        return (self.effective_from or on) <= on <= (self.effective_to or on)

    @property
    def reach(self) -> timedelta:
        """How long ago the oldest thing may be that any cap still counts."""
        return max((cap.reach for cap in self.caps), default=timedelta(0))

    @property
    def minds_others(self) -> bool:
        """Whether any cap counts what reached somebody else by the same number."""
        return any(Per.PERSON not in cap.per for cap in self.caps)

    def opens(
        self, zones: Sequence[str], now: datetime, ring_for: timedelta, agreed: Sequence[AgreedHours] = ()
    ) -> datetime | None:
        """As `Hours.opens`; without hours it is now, for whom nothing was agreed with, in whatever zone."""
        if self.hours is not None:
            return self.hours.opens(zones, now, ring_for, agreed)
        return ANY_TIME.opens(zones, now, ring_for, agreed) if agreed else now
