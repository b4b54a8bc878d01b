"""What may stand in a rulebook's file, key by key. What is not here is refused. Pure."""

import re
from datetime import date, timedelta
from math import isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from campaigns.words import Basis, Per, Purpose, Role

from .hours import DAY

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_AGE = re.compile(r"([1-9]\d{0,3})([hd])", re.ASCII)
_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def _minutes(clock: Any) -> int:
    found = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    if not found:
        raise ValueError('must be a time such as "07:00" or "24:00"')
    return int(found[1]) * 60 + int(found[2]) if found[1] else DAY


def _windows(day: Any) -> Any:
    if day == "closed":
        return []
    if not isinstance(day, list) or not day:
        raise ValueError('must be "closed" or a list of windows such as [{ opens = "07:00", closes = "21:00" }]')
    return day


def _holiday(day: Any) -> Any:
    return None if day == "as-weekday" else _windows(day)


def _age(text: Any) -> Any:
    if text == "any":
        return None
    found = _AGE.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError('must be an age such as "24h" or "28d", or "any"')
    return int(found[1]) * _UNIT[found[2]]


def _date(given: Any) -> date:
    # A key of a table is text, a value is a date of TOML's own.
    if type(given) is date:
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ValueError("must be a date such as 2026-11-01") from None


def _number(given: Any) -> Any:
    if type(given) not in (int, float) or not isfinite(given):
        raise ValueError("must be a number")
    return given


def _scalar(given: Any) -> Any:
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        return tuple(given)
    if isinstance(given, bool | str):
        return given
    try:
        return _number(given)
    except ValueError:
        raise ValueError("must be a number, true or false, a text or a list of texts") from None


def _roles(given: Any) -> Any:
    if given == "any":
        return None
    if not isinstance(given, list) or not given or Role.REFERENCE in given:
        raise ValueError('must be "any" or a list of roles, which names somebody and never a reference')
    return given


def _or_nothing(word: str) -> BeforeValidator:
    """`word` takes away what the parent says."""
    return BeforeValidator(lambda given: None if given == word else given)


Clock = Annotated[int, BeforeValidator(_minutes)]
Day = Annotated[date, BeforeValidator(_date)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=2000)]
Word = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Name = Annotated[str, Field(strict=True, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Country = Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}$")]
Number = Annotated[Any, BeforeValidator(_number)]
Scalar = Annotated[Any, BeforeValidator(_scalar)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self, *names: str) -> dict[str, Any]:
        """What the file says, and not what it leaves to the parent."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class WindowShape(Shape):
    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if self.opens == self.closes or self.opens == DAY:
            raise ValueError("must not close when it opens")
        return self


Windows = Annotated[tuple[WindowShape, ...], BeforeValidator(_windows)]


class HoursShape(Shape):
    rule: Word | None = None
    zones: Literal["first", "all"] = "first"
    agreed: Literal["narrows", "replaces"] = "narrows"
    country: Country = ""
    subdivision: Annotated[Word | None, _or_nothing("none")] = None
    every: Windows = ()
    mon: Windows = ()
    tue: Windows = ()
    wed: Windows = ()
    thu: Windows = ()
    fri: Windows = ()
    sat: Windows = ()
    sun: Windows = ()
    holidays: Annotated[tuple[WindowShape, ...] | None, BeforeValidator(_holiday)] = None
    special: dict[Day, Windows] = {}


class RequiresShape(Shape):
    rules: tuple[Word, ...] = ()
    creditor: StrictBool = False
    advertiser: StrictBool = False
    consent: StrictBool = False
    brandname: StrictBool = False
    roles: Annotated[frozenset[Role] | None, BeforeValidator(_roles)] = None
    register_: Annotated[Word | None, _or_nothing("none"), Field(alias="register")] = None
    register_max_age: Annotated[timedelta | None, BeforeValidator(_age)] = None


class CapShape(Shape):
    id: Word
    drop: StrictBool = False
    limit: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    of: Basis = Basis.ATTEMPTS
    per: Annotated[frozenset[Per], Field(min_length=1)] = frozenset({Per.PERSON})
    hours: Annotated[int | None, Field(strict=True, ge=1, le=24 * 400)] = None
    days: Annotated[int | None, Field(strict=True, ge=1, le=400)] = None

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.drop:
            return self
        if missing := {"limit", "of", "per"} - self.model_fields_set:
            raise ValueError(f"must say {' and '.join(sorted(missing))}")
        if (self.hours is None) == (self.days is None):
            raise ValueError("must say either hours (they roll) or days (of the calendar)")
        return self


class RuleShape(Shape):
    id: Word
    parameter: Name | Word
    source: Word | None = None
    drop: StrictBool = False
    at_most: Number = None
    at_least: Number = None
    is_: Annotated[Scalar, Field(alias="is")] = None
    note: Scalar = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if len(self.senses) != (not self.drop):
            raise ValueError("must say one of at_most, at_least, is and note")
        return self

    @property
    def senses(self) -> list[str]:
        return sorted({"at_most", "at_least", "is_", "note"} & self.model_fields_set)


class SourceShape(Shape):
    id: Word
    text: Text
    url: Text | None = None
    quality: Literal["S", "M"]


class BookShape(Shape):
    name: Name
    version: Word
    extends: Name | None = None
    summary: Text
    country: Country = ""
    effective_from: Day | None = None
    effective_to: Day | None = None
    counsel: Text = "Have counsel confirm."
    warning: Text | None = None
    purposes: Annotated[frozenset[Purpose], BeforeValidator(lambda given: [] if given == "any" else given)] = (
        frozenset()
    )
    sources: tuple[SourceShape, ...] = ()
    hours: HoursShape | None = None
    requires: RequiresShape = RequiresShape()
    caps: tuple[CapShape, ...] = ()
    conduct: tuple[RuleShape, ...] = ()
    override_reason: dict[str, Text] = {}
