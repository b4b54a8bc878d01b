"""`dialer number`: the answer to "you called my mother seven times", on one page."""

import html
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from campaigns import reports
from campaigns.phones import Phone, explain, national, normalise
from campaigns.reports import NumberStory
from campaigns.terms import BadTerms
from dialer import chains
from dialer.commands.language import label, vietnamese
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, say, say_json, show, spoken, table
from dialer.commands.session import Desk, opened
from dialer.vault import open_vault

app = noun("One number: every call with it, and why.")
Section = tuple[str, Sequence[str], list[list[Any]]]
WORDS = {
    "title": ("Everything about {number}", "Tất cả về số {number}"),
    "day": ("{calls} calls on {day}: {by}", "{calls} cuộc gọi ngày {day}: {by}"),
    "by": ("{count} by {who}", "{count} bởi {who}"),
    "never": ("This number was never called.", "Số này chưa từng được gọi."),
    "calls": ("Calls", "Các cuộc gọi"),
    "owners": ("Whose number it is", "Số này của ai"),
    "lists": ("Lists that named it", "Danh sách có số này"),
    "entries": ("Do-not-call list", "Danh sách không gọi"),
    "contacts": ("Other reminders", "Các lần nhắc khác"),
    "hand": ("hand", "gọi tay"),
    "inbound": ("the person himself (inbound)", "chính người đó (gọi vào)"),
    "silent": ("ordered, and never rang", "đã đặt, không đổ chuông"),
}
HEADINGS = {
    "role": ("role", "vai trò"),
    "hotline": ("hotline", "đầu số"),
    "outcome": ("outcome", "kết quả"),
    "seconds": ("talk", "thời lượng"),
    "recording": ("recording", "ghi âm"),
    "removed": ("until", "đến"),
    "file": ("file", "tệp"),
    "row": ("row", "dòng"),
    "scope": ("scope", "phạm vi"),
    "purpose": ("purpose", "mục đích"),
    "until": ("until", "đến"),
    "lifted": ("lifted by", "người gỡ"),
    "channel": ("channel", "kênh"),
    "note": ("note", "ghi chú"),
}


def word(name: str, **told: Any) -> str:
    return (WORDS | HEADINGS)[name][vietnamese()].format(**told)


@app.command("show", epilog=example("dialer number show 0912345678", "dialer number show 0912345678 --html reply.html"))
def show_(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="However it is written.", show_default=False)],
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page into a file.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Every call with a number in all campaigns, inbound and by hand too: when, by whom, why, and who listed it."""
    phone = _phone(number)
    story, zone = anyio.run(_story, tenant, phone)
    if page is not None:
        page.write_text(_page(story, zone), encoding="utf-8")
    if as_json:
        say_json(asdict(story))
    elif page is None:
        _show(story, zone)


def _phone(text: str) -> str:
    read = normalise(text)
    if not isinstance(read, Phone):
        raise BadTerms("number", explain(read.fault)[not vietnamese()].rstrip("."))
    return read.e164


async def _story(tenant: str | None, phone: str) -> tuple[NumberStory, str]:
    async with opened(tenant) as session:

        def work(desk: Desk) -> tuple[NumberStory, str]:
            also = chains.stands_for(desk.conn, desk.tenant.id, open_vault(session.settings), phone)
            return reports.number_story(desk.conn, desk.tenant, phone, also), desk.tenant.zone

        return await session.read(work)


def _headlines(story: NumberStory) -> list[str]:
    if not story.days:
        return [word("never")]
    return [word("day", calls=day.calls, day=day.day, by=", ".join(map(_by, day.by.items()))) for day in story.days]


def _by(counted: tuple[str, int]) -> str:
    who, count = counted
    return word("by", count=count, who=word(who) if who in ("hand", "inbound") else who)


def _sections(story: NumberStory, zone: str) -> list[Section]:
    calls = [
        [
            at(c.at, zone),
            word(c.by) if c.by in ("hand", "inbound") else c.by,
            c.person,
            c.role,
            c.hotline,
            c.agent,
            (label(c.outcome) if c.outcome else None) if c.rang else word("silent"),
            None if c.billsec is None else spoken(c.billsec),
            c.recording_url,
            c.rulebook or None,
        ]
        for c in story.calls
    ]
    owners = [[o.person, o.name, o.role, o.note or None, at(o.removed_at, zone)] for o in story.owners]
    lists = [
        [r.campaign, r.customer, r.file_name, r.row_number, r.contract or None, r.imported_by, at(r.imported_at, zone)]
        for r in story.lists
    ]
    entries = [
        [
            national(e.subject),
            e.scope,
            e.purpose,
            at(e.since, zone),
            at(e.until, zone),
            e.source or None,
            e.reason or None,
            e.actor,
            e.lifted_by,
        ]
        for e in story.entries
    ]
    contacts = [[at(c.at, zone), c.channel, c.person, c.source or None, c.actor] for c in story.contacts]
    told: dict[str, tuple[str, list[list[Any]]]] = {
        "calls": ("time campaign id role hotline agent outcome seconds recording rulebook", calls),
        "owners": ("id name role note removed", owners),
        "lists": ("campaign id file row contract who time", lists),
        "entries": ("number scope purpose since until source reason who lifted", entries),
        "contacts": ("time channel id source who", contacts),
    }
    return [(word(name), [_heading(one) for one in heads.split()], rows) for name, (heads, rows) in told.items()]


def _heading(name: str) -> str:
    return word(name) if name in HEADINGS else label(name)


def _show(story: NumberStory, zone: str) -> None:
    say(word("title", number=national(story.number)))
    for line in _headlines(story):
        say(line)
    for title, headings, rows in _sections(story, zone):
        if rows:
            show(table(headings, rows, title))


def _page(story: NumberStory, zone: str) -> str:
    title = html.escape(word("title", number=national(story.number)))
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in _headlines(story))
    body = "".join(_section(*section) for section in _sections(story, zone) if section[2])
    return PAGE.format(title=title, lines=lines, body=body)


def _section(title: str, headings: Sequence[str], rows: list[list[Any]]) -> str:
    heads = "".join(f"<th>{html.escape(one)}</th>" for one in headings)
    cells = ("".join(f"<td>{html.escape('' if cell is None else str(cell))}</td>" for cell in row) for row in rows)
    told = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<h2>{html.escape(title)}</h2><table><tr>{heads}</tr>{told}</table>"


PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px/1.5 sans-serif;margin:2em}}table{{border-collapse:collapse}}
td,th{{border:1px solid #bbb;padding:.3em .6em;text-align:left}}</style></head>
<body><h1>{title}</h1><ul>{lines}</ul>{body}</body></html>
"""
