"""From a file's text to a rulebook. What it does not say, it takes from the one that it extends. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from .books import Requires, Rule, Rulebook, Source
from .calendars import public_holidays
from .caps import Cap
from .hours import DAY, WEEKDAYS, Hours, Window, union
from .shapes import BookShape, CapShape, HoursShape, RuleShape, WindowShape
from .strictness import looser

T = TypeVar("T")

LONGEST: Final = 200_000
"""Characters. No law is longer, and a mistaken file is not read to its end."""


class BadRulebook(Exception):
    """A file cannot be used as a rulebook. The message is one sentence, which begins with the field."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field} {sentence}" if field else sentence)
        self.field = field


BLANK: Final = Rulebook(
    name="",
    version="",
    extends=None,
    summary="",
    country="",
    sources=(),
    effective_from=None,
    effective_to=None,
    counsel="",
    warning=None,
    purposes=frozenset(),
    requires=Requires(),
    hours=None,
    caps=(),
    conduct=(),
    overrides=(),
    digest="",
    text="",
)


def read(text: str, parents: Mapping[str, Rulebook]) -> Rulebook:
    """The rulebook of that TOML. `parents` are those that it may extend, by name. Raises `BadRulebook`."""
    shape = _shape(text)
    parent = _parent(shape, parents)
    book = _book(shape, parent or BLANK, text)
    _check(book)
    if parent:
        _refuse_looser(book, parent)
    return book


def _shape(text: str) -> BookShape:
    if len(text) > LONGEST:
        raise BadRulebook("", f"it is longer than {LONGEST} characters, which no rulebook is")
    try:
        shape = BookShape.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadRulebook("", f"it is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadRulebook(_path(first["loc"]), _sentence(first)) from None
    _refuse_doubles("sources", [one.id for one in shape.sources])
    _refuse_doubles("caps", [one.id for one in shape.caps])
    _refuse_doubles("conduct", [f"{one.id} {one.parameter}" for one in shape.conduct])
    return shape


def _refuse_doubles(field: str, ids: Sequence[str]) -> None:
    for at, one in enumerate(ids):
        if one in ids[:at]:
            raise BadRulebook(f"{field}[{at}].id", f"is {one}, which stands there already")


def _path(places: Sequence[int | str]) -> str:
    """`hours.mon[0].closes`, as one would find it in the file; pydantic also names branches of unions."""
    path = ""
    for place in places:
        if isinstance(place, int):
            path += f"[{place}]"
        elif not place.startswith(("[", "tuple[", "int", "float", "bool", "str", "constrained", "nullable")):
            path += f".{place}" if path else place
    return path


def _sentence(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    known = {"missing": "is missing", "extra_forbidden": "is not a key of a rulebook"}
    said: str = known.get(error["type"], error["msg"])
    if error["type"].endswith(("model_type", "dict_type")):
        return "must be a table"
    if error["type"].endswith(("tuple_type", "frozen_set_type")):
        return "must be a list"
    return said.replace("Input should", "must").replace("String should", "must").split("\n")[0]


def _parent(shape: BookShape, parents: Mapping[str, Rulebook]) -> Rulebook | None:
    if shape.extends is None:
        return None
    if shape.extends not in parents or shape.extends == shape.name:
        others = ", ".join(sorted(set(parents) - {shape.name}))
        raise BadRulebook("extends", f"must be one of {others}" if others else "names a rulebook that is not there")
    return parents[shape.extends]


def _book(shape: BookShape, parent: Rulebook, text: str) -> Rulebook:
    inherited = shape.given("country", "effective_from", "effective_to", "warning", "purposes")
    requires = shape.requires.given("creditor", "advertiser", "consent", "brandname", "roles", "register_max_age")
    if shape.requires.given("register_"):
        requires["register"] = shape.requires.register_
    sources = {source.id: source for source in parent.sources}
    sources |= {one.id: Source(one.id, one.text, one.url, one.quality) for one in shape.sources}
    return replace(
        parent,
        name=shape.name,
        version=shape.version,
        extends=shape.extends,
        summary=shape.summary,
        counsel=shape.counsel,
        sources=tuple(sources.values()),
        requires=replace(parent.requires, **requires, rules=_joined(parent.requires.rules, shape.requires.rules)),
        hours=_hours(shape, parent),
        caps=_caps(shape.caps, parent.caps),
        conduct=_conduct(shape.conduct, parent.conduct),
        overrides=_joined(parent.overrides, tuple(shape.override_reason.items())),
        digest=sha256(text.encode()).hexdigest(),
        text=text,
        **inherited,
    )


def _joined(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _hours(shape: BookShape, parent: Rulebook) -> Hours | None:
    said = shape.hours
    if said is None:
        return parent.hours
    days = said.given(*WEEKDAYS)
    every = _windows(said.every) if "every" in said.model_fields_set else None
    if every is None and parent.hours is None and len(days) < len(WEEKDAYS):
        missing = next(day for day in WEEKDAYS if day not in days)
        raise BadRulebook(f"hours.{missing}", 'is missing: say each weekday, or `every`, which may be "closed"')
    base = parent.hours or Hours(week=((),) * 7)
    week = tuple(
        _windows(days[day]) if day in days else base.week[at] if every is None else every
        for at, day in enumerate(WEEKDAYS)
    )
    given = said.given("rule", "zones", "agreed", "country", "subdivision")
    country = said.country or base.country or shape.country or parent.country
    return replace(base, week=week, **{**given, "country": country}, **_set_apart(said, base))


def _set_apart(said: HoursShape, base: Hours) -> dict[str, Any]:
    special = {**base.special, **{day: _windows(windows) for day, windows in said.special.items()}}
    if "holidays" not in said.model_fields_set:
        return {"special": special}
    return {"special": special, "holidays": None if said.holidays is None else _windows(said.holidays)}


def _windows(shapes: Sequence[WindowShape]) -> tuple[Window, ...]:
    return union([Window(one.opens, one.closes + DAY * (one.closes < one.opens)) for one in shapes])


def _caps(shapes: Sequence[CapShape], inherited: Sequence[Cap]) -> tuple[Cap, ...]:
    caps = {cap.id: cap for cap in inherited}
    for at, one in enumerate(shapes):
        if one.drop and one.id not in caps:
            raise BadRulebook(f"caps[{at}].id", "must be the id of a cap of the rulebook that this one extends")
        if one.drop:
            del caps[one.id]
        else:
            caps[one.id] = Cap(one.id, one.limit, one.of, one.per, one.hours, one.days)
    return tuple(caps.values())


def _conduct(shapes: Sequence[RuleShape], inherited: Sequence[Rule]) -> tuple[Rule, ...]:
    rules = {(rule.id, rule.parameter): rule for rule in inherited}
    for at, one in enumerate(shapes):
        key = (one.id, one.parameter)
        if one.drop and key not in rules:
            raise BadRulebook(f"conduct[{at}].id", "must be a rule of the rulebook that this one extends")
        if one.drop:
            del rules[key]
        else:
            sense: Any = one.senses[0].rstrip("_")
            rules[key] = Rule(*key, getattr(one, one.senses[0]), one.source or one.id, sense)
    return tuple(rules.values())


def _check(book: Rulebook) -> None:
    """What no key shows alone."""
    known = {source.id for source in book.sources}
    for field, rule in _rules(book):
        if rule not in known:
            raise BadRulebook(field, f"names {rule}, which is the id of no source; a rule of the house has one too")
    if book.effective_from and book.effective_to and book.effective_to < book.effective_from:
        raise BadRulebook("effective_to", "is before effective_from")
    if book.requires.register is None and book.requires.register_max_age is not None:
        raise BadRulebook("requires.register", "is missing: register_max_age says how old it may be")
    if book.hours and book.hours.holidays is not None:
        _check_holidays(book.hours)


def _rules(book: Rulebook) -> list[tuple[str, str]]:
    """Every id of a rule, with the field that names it."""
    named = [(f"caps.{cap.id}", cap.id) for cap in book.caps]
    named += [(f"conduct.{rule.id}.{rule.parameter}", rule.source) for rule in book.conduct]
    named += [("requires.rules", rule) for rule in book.requires.rules]
    return named + ([("hours.rule", book.hours.rule)] if book.hours and book.hours.rule else [])


def _check_holidays(hours: Hours) -> None:
    if not hours.country:
        raise BadRulebook("hours.country", "is missing: whose holidays?")
    try:
        public_holidays(hours.country, hours.subdivision, 2026)
    except NotImplementedError:
        whose = f"{hours.country} {hours.subdivision or ''}".strip()
        raise BadRulebook(
            "hours.country", f"is {whose}, whose holidays are not known; say them under hours.special"
        ) from None


def _refuse_looser(book: Rulebook, parent: Rulebook) -> None:
    excused = dict(book.overrides)
    for one in looser(book, parent):
        if one.field not in excused:
            raise BadRulebook(
                one.field,
                f'is looser than in {parent.name} ({one.sentence}); say why under [override_reason] "{one.field}"',
            )
