"""`dialer rulebook`: under which rules is called, what a file of one's own says, and where two differ."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from campaigns import shelf
from campaigns.directory import missing
from campaigns.rulebooks import BadRulebook, Cap, Rulebook, read, shipped
from campaigns.rulebooks.differences import Difference, diff
from campaigns.rulebooks.telling import brief, whole
from campaigns.shelf import Own
from dialer.commands.language import label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import facts, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look
from dialer.commands.weeks import picture

app = noun("Rulebooks: the law and the house rules under which people are called.")
File = Annotated[Path, typer.Argument(metavar="FILE", help="A rulebook's TOML file.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A rulebook's name.", show_default=False)]
NameOrFile = Annotated[str, typer.Argument(help="A rulebook's name, or its file.", show_default=False)]


@app.command("list", epilog=example("dialer rulebook list"))
def list_(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Every rulebook that a campaign may be called under: those that come with the engine, and the company's own."""
    own = look(tenant, _owned)
    books = [*shipped().values(), *(one.book for one in own if one.book)]
    unreadable = [one.name for one in own if one.book is None]
    if as_json:
        ours = {one.name for one in own}
        say_json({"rulebooks": [brief(b) | {"own": b.name in ours} for b in books], "unreadable": unreadable})
        return
    headings = [label(word) for word in ("name", "version", "country", "purposes", "summary")]
    show(table(headings, [[b.name, b.version, b.country, _purposes(b), b.summary] for b in books]))
    for book in books:
        if book.warning:
            say(f"{label('warning')}: {book.name}: {book.warning}")
    for name in unreadable:
        say(f"{label('warning')}: {name}: {label('its text cannot be read any more: nobody is called under it')}")


def _owned(desk: Desk) -> list[Own]:
    return shelf.owned(desk.conn, desk.tenant.id)


@app.command("show", epilog=example("dialer rulebook show vn-debt"))
def show_(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """All that a rulebook says: hours, caps, requirements, conduct and sources."""
    _tell(_by_name(name, tenant), as_json)


@app.command(epilog=example("dialer rulebook check our-rules.toml"))
def check(named: NameOrFile, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Read a file as a rulebook, and say what it says; or what is wrong with it, and where. Nothing is kept."""
    _tell(_of(named, tenant), as_json)


@app.command("diff", epilog=example("dialer rulebook diff vn-debt our-rules.toml"))
def diff_(a: NameOrFile, b: NameOrFile, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """What two rulebooks say differently, field by field."""
    rows = diff(_of(a, tenant), _of(b, tenant))
    if as_json:
        say_json({"a": a, "b": b, "differences": rows})
        return
    show(_differences(a, b, rows))


def _differences(a: str, b: str, rows: Sequence[Difference]) -> RenderableType:
    return table([label("field"), a, b], [[row.field, row.a or None, row.b or None] for row in rows])


@app.command(epilog=example("dialer rulebook add our-rules.toml"))
def add(file: File, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Keep a rulebook of the company's own, in place of an earlier one of its name: it acts from the next claim on.
    Where it is looser than the one that it extends it needs a reason."""
    book = _of_file(file)

    def work(desk: Desk) -> list[str]:
        shelf.add(desk.conn, desk.now, desk.tenant.id, book.text, desk.actor)
        return shelf.used_by(desk.conn, desk.tenant.id, book.name)

    campaigns = change(tenant, work)
    parent = shipped()[book.extends] if book.extends else None
    rows = diff(parent, book) if parent else []
    if as_json:
        say_json(brief(book) | {"digest": book.digest, "differences": rows, "campaigns": campaigns})
        return
    for warning in _warnings(book):
        note(f"{label('warning')}: {warning}")
    under = f"; {', '.join(campaigns)} {label('called under it')}" if campaigns else ""
    say(f"{book.name} {book.version} {label('kept')}{under}")
    if parent:
        show(_differences(parent.name, book.name, rows))


@app.command(epilog=example("dialer rulebook remove our-rules"))
def remove(name: Name, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Take a rulebook of the company's own away, where no campaign is called under it. Its texts stay as evidence."""

    def work(desk: Desk) -> None:
        if name in shipped():
            raise BadRulebook("", f"{name} comes with the engine and cannot be removed")
        if not shelf.remove(desk.conn, desk.now, desk.tenant.id, name):
            own = [one.name for one in _owned(desk)]
            raise missing("rulebook of your own", name, own, "add one with `dialer rulebook add FILE`")

    change(tenant, work)
    if as_json:
        say_json({"name": name, "removed": True})
    else:
        say(f"{name} {label('removed')}")


def _of(text: str, tenant: str | None) -> Rulebook:
    """A file is read without the database; what looks like one is never taken for a name."""
    path = Path(text)
    is_file = path.suffix == ".toml" or len(path.parts) > 1 or path.is_file()
    return _of_file(path) if is_file and text not in shipped() else _by_name(text, tenant)


def _by_name(name: str, tenant: str | None) -> Rulebook:
    if name in shipped():
        return shipped()[name]
    return look(tenant, _found, name)


def _found(desk: Desk, name: str) -> Rulebook:
    book = shelf.find(desk.conn, desk.tenant.id, name)
    if book is not None:
        return book
    names = shelf.names(desk.conn, desk.tenant.id)
    if name in names:
        raise BadRulebook("", f"the text of {name} cannot be read any more: dialer rulebook add FILE")
    raise BadRulebook("", f"there is no rulebook {name}: choose one of {', '.join(names)}")


def _of_file(file: Path) -> Rulebook:
    try:
        return read(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadRulebook("", f"{file}: it is not UTF-8; save it as such") from None
    except BadRulebook as bad:
        raise BadRulebook("", f"{file}: {bad}") from None


def _tell(book: Rulebook, as_json: bool) -> None:
    if as_json:
        say_json(whole(book))
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
