"""`dialer rulebook`: under which rules is called, what a file of one's own says, and where two differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns.rulebooks import BadRulebook, Cap, Hours, Rulebook, read, shipped
from campaigns.rulebooks.differences import diff
from campaigns.rulebooks.hours import WEEKDAYS
from dialer.commands.language import label
from dialer.commands.options import AsJson, example, noun
from dialer.commands.printing import facts, say, say_json, show, table
from dialer.commands.weeks import picture

app = noun("Rulebooks: the law and the house rules under which people are called.")
File = Annotated[Path, typer.Argument(metavar="FILE", help="A rulebook's TOML file.", show_default=False)]
NameOrFile = Annotated[str, typer.Argument(help="A rulebook's name, or its file.", show_default=False)]


@app.command("list", epilog=example("dialer rulebook list"))
def list_(as_json: AsJson = False) -> None:
    """Every rulebook that comes with the engine."""
    books = shipped().values()
    if as_json:
        say_json({"rulebooks": [_brief(book) for book in books]})
        return
    headings = [label(word) for word in ("name", "version", "country", "purposes", "summary")]
    show(table(headings, [[b.name, b.version, b.country, _purposes(b), b.summary] for b in books]))
    for book in books:
        if book.warning:
            say(f"{label('warning')}: {book.name}: {book.warning}")


@app.command("show", epilog=example("dialer rulebook show vn-debt"))
def show_(name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)], as_json: AsJson = False) -> None:
    """All that a rulebook says: hours, caps, requirements, conduct and sources."""
    if name not in shipped():
        raise BadRulebook("", f"there is no rulebook {name}: choose one of {', '.join(shipped())}")
    _tell(shipped()[name], as_json)


@app.command(epilog=example("dialer rulebook check our-rules.toml"))
def check(file: File, as_json: AsJson = False) -> None:
    """Read a file as a rulebook, and say what it says; or what is wrong with it, and where."""
    _tell(_of_file(file), as_json)


@app.command("diff", epilog=example("dialer rulebook diff vn-debt our-rules.toml"))
def diff_(a: NameOrFile, b: NameOrFile, as_json: AsJson = False) -> None:
    """What two rulebooks say differently, field by field."""
    one, other = _of(a), _of(b)
    rows = diff(one, other)
    if as_json:
        say_json({"a": a, "b": b, "differences": rows})
        return
    show(table([label("field"), a, b], [[row.field, row.a or None, row.b or None] for row in rows]))


def _of(text: str) -> Rulebook:
    return shipped()[text] if text in shipped() else _of_file(Path(text))


def _of_file(file: Path) -> Rulebook:
    try:
        return read(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadRulebook("", f"{file}: it is not UTF-8; save it as such") from None
    except BadRulebook as bad:
        raise BadRulebook("", f"{file}: {bad}") from None


def _tell(book: Rulebook, as_json: bool) -> None:
    if as_json:
        say_json(_whole(book))
        return
    show(facts(_headings(book), f"{book.name} {book.version}"))
    for warning in _warnings(book):
        say(f"{label('warning')}: {warning}")
    say(f"\n{label('hours')}")
    say("\n".join(picture(book.hours)) if book.hours else label("at any hour"))
    _tell_tables(book)
    say(book.counsel)


def _tell_tables(book: Rulebook) -> None:
    if book.caps:
        headings = [label(word) for word in ("rule", "at most", "of what", "for each", "within")]
        show(table(headings, [_cap(cap) for cap in book.caps], label("caps")))
    show(facts({label(field): value for field, value in _required(book)}, label("requirements")))
    if book.conduct:
        done = [[rule.id, rule.parameter, str(rule)] for rule in book.conduct]
        show(table([label("rule"), label("what"), ""], done, label("conduct")))
    if book.sources:
        # What is only remembered must be seen to be so.
        rows = [[one.id, label(f"quality {one.quality}"), one.text, one.url] for one in book.sources]
        show(table([label("rule"), label("quality"), label("source"), ""], rows, label("sources")))


def _headings(book: Rulebook) -> dict[str, Any]:
    said = {"summary": book.summary, "extends": book.extends, "country": book.country, "purposes": _purposes(book)}
    in_effect = {"in effect from": book.effective_from, "in effect to": book.effective_to}
    of_hours = {"zones": book.hours.zones, "agreed hours": book.hours.agreed} if book.hours else {}
    return {label(field): _shown(text) for field, text in (said | in_effect | of_hours).items() if text}


def _shown(text: Any) -> str:
    return label(str(text))


def _warnings(book: Rulebook) -> Iterator[str]:
    if book.warning:
        yield book.warning
    for field, reason in book.overrides:
        yield f"{field} {label('is looser than in')} {book.extends}: {reason}"
    remembered = sum(one.quality == "M" for one in book.sources)
    if remembered:
        yield f"{remembered}/{len(book.sources)} {label('sources are from memory, not verified')}"


def _purposes(book: Rulebook) -> str:
    return ", ".join(label(purpose) for purpose in sorted(book.purposes)) or label("any")


def _cap(cap: Cap) -> list[Any]:
    days = label("calendar day" if cap.days == 1 else "calendar days")
    window = f"{cap.hours} {label('hours, rolling')}" if cap.hours else f"{cap.days} {days}"
    return [cap.id, cap.limit, label(cap.of), " + ".join(label(f"each {per}") for per in sorted(cap.per)), window]


def _required(book: Rulebook) -> Iterator[tuple[str, str]]:
    requires = book.requires
    for field in ("creditor", "advertiser", "consent", "brandname"):
        yield field, label("required" if getattr(requires, field) else "not required")
    roles = sorted(requires.roles) if requires.roles else []
    yield "roles", ", ".join(label(role) for role in roles) or label("any but reference")
    age = requires.register_max_age
    yield "register", requires.register or label("not required")
    if age is not None:
        yield "register age", f"{age.total_seconds() / 3600:g} {label('hours at most')}"


def _brief(book: Rulebook) -> dict[str, Any]:
    said = {name: getattr(book, name) for name in ("name", "version", "extends", "summary", "country", "warning")}
    return {**said, "purposes": sorted(book.purposes)}


def _whole(book: Rulebook) -> dict[str, Any]:
    said = {name: getattr(book, name) for name in ("effective_from", "effective_to", "counsel", "digest")}
    requires = {name: getattr(book.requires, name) for name in book.requires.__dataclass_fields__}
    roles = sorted(book.requires.roles) if book.requires.roles is not None else None
    return {
        **_brief(book),
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
