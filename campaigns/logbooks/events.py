"""Rows of a logbook read as contacts or as consents. A row that does not say all that it must is rejected with why."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from campaigns.lists.cells import Found, numbers
from campaigns.lists.faults import Fault, Remark, remark
from campaigns.lists.patience import uncollected
from campaigns.lists.rows import MAX_KEY, key_of
from campaigns.lists.vocabulary import NOTHING, fold
from campaigns.logbooks.cells import moment, yes
from campaigns.logbooks.sheets import Columns, open_sheet
from campaigns.logbooks.vocabulary import CHANNELS, PURPOSES
from campaigns.words import Channel, Purpose, Role

W = TypeVar("W")
LONGEST_WORD = 64


@dataclass(frozen=True, slots=True)
class Event:
    """One row: whom it names, when, and what it says. `channel` is a word of `Channel` for a contact, and free for a
    consent; `granted` and what follows are a consent's."""

    row: int
    key: str
    phone: str | None
    at: datetime
    channel: str
    purpose: Purpose | None
    contract: str = ""
    advertiser: str | None = None
    spoke: bool = False
    granted: bool = True
    proof: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Logbook:
    """A file that was read: every row is an event or stands in `rejects`."""

    headers: Columns
    events: list[Event]
    rejects: list[Remark] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        return len(self.events) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Given:
    """What holds of rows that do not say it themselves."""

    channel: str | None = None
    purpose: Purpose | None = None
    advertiser: str | None = None


class _Rejected(Exception):
    def __init__(self, fault: Fault, field: str = "", value: str = "", header: str | None = None) -> None:
        super().__init__(fault.value)
        self.fault, self.field, self.value, self.header = fault, field, value, header


@dataclass(frozen=True, slots=True)
class _Line:
    """A row's cells by field."""

    columns: Columns
    number: int
    cells: Sequence[str]

    def text(self, name: str) -> str:
        index = self.columns.fields.get(name)
        return self.cells[index].strip() if index is not None and index < len(self.cells) else ""

    def word(self, name: str, words: dict[str, W], otherwise: W | None, fault: Fault) -> W | None:
        """The word of a closed list that stands there. Raises `_Rejected` for one of none."""
        text = self.text(name)
        if fold(text) in NOTHING:
            return otherwise
        if fold(text) not in words:
            raise _Rejected(fault, name, text)
        return words[fold(text)]


def read_contacts(path: Path, zone: str, now: datetime, given: Given) -> Logbook:
    """The contacts of a file. Times without a zone are of `zone`. Raises `UnreadableList`, OSError."""
    return _read(path, lambda line: _contact(line, ZoneInfo(zone), now, given))


def read_consents(path: Path, zone: str, now: datetime, given: Given) -> Logbook:
    """The consents and refusals of a file; as `read_contacts`."""
    return _read(path, lambda line: _consent(line, ZoneInfo(zone), now, given))


@uncollected()
def _read(path: Path, meant: Callable[[_Line], Event]) -> Logbook:
    sheet = open_sheet(path)
    book = Logbook(sheet.columns, [])
    width = len(sheet.columns.headers)
    for number, cells in sheet.rows:
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if not "".join(cells).strip():
            continue
        try:
            if sheet.ragged and len(cells) != width:
                told = {"found": len(cells), "expected": width}
                book.rejects.append(remark(number, "", " | ".join(cells), Fault.RAGGED_ROW, **told))
                continue
            book.events.append(meant(_Line(sheet.columns, number, cells)))
        except _Rejected as why:
            header = sheet.columns.header(why.field) if why.header is None else why.header
            book.rejects.append(remark(number, header, why.value, why.fault))
    return book


def _contact(line: _Line, zone: ZoneInfo, now: datetime, given: Given) -> Event:
    key, phone = _who(line)
    channel = line.word("channel", {**CHANNELS}, Channel(given.channel) if given.channel else None, Fault.BAD_CHANNEL)
    if channel is None:
        raise _Rejected(Fault.BAD_CHANNEL, "channel")
    contract = key_of(line.text("contract"))
    if len(contract) > MAX_KEY:
        raise _Rejected(Fault.KEY_TOO_LONG, "contract", contract)
    spoke = yes(line.text("spoke"))
    if spoke is None:
        raise _Rejected(Fault.BAD_ANSWER, "spoke", line.text("spoke"))
    return Event(
        row=line.number,
        key=key,
        phone=phone,
        at=_at(line, zone, now),
        channel=channel.value,
        purpose=line.word("purpose", PURPOSES, given.purpose, Fault.BAD_PURPOSE),
        contract=contract,
        advertiser=line.text("advertiser") or given.advertiser,
        spoke=spoke,
    )


def _consent(line: _Line, zone: ZoneInfo, now: datetime, given: Given) -> Event:
    key, phone = _who(line)
    answer = yes(line.text("answer")) if line.text("answer") else True
    if answer is None:
        raise _Rejected(Fault.BAD_ANSWER, "answer", line.text("answer"))
    purpose = line.word("purpose", PURPOSES, given.purpose, Fault.BAD_PURPOSE)
    channel, proof = line.text("channel") or given.channel or "", line.text("proof")
    if purpose is None:
        raise _Rejected(Fault.BAD_PURPOSE, "purpose")
    if not channel or len(channel) > LONGEST_WORD or (answer and not proof):
        raise _Rejected(Fault.NO_PROOF, "proof" if channel else "channel", proof)
    return Event(
        row=line.number,
        key=key,
        phone=phone,
        # A consent of a day begins with it: a refusal of the same day is then the later word.
        at=_at(line, zone, now, time.min if answer else None),
        channel=channel,
        purpose=purpose,
        granted=answer,
        proof=proof,
        until=_until(line, zone) if answer else None,
    )


def _who(line: _Line) -> tuple[str, str | None]:
    """The id and the first number that the row names; it needs one of them."""
    key, phone = key_of(line.text("id")), None
    bad: _Rejected | None = None
    for index in line.columns.phones:
        text = line.cells[index].strip() if index < len(line.cells) else ""
        found = numbers(text, Role.UNKNOWN) if text else []
        phone = phone or next((item.phone.e164 for item in found if isinstance(item, Found)), None)
        if found and phone is None:
            bad = _Rejected(Fault.NO_PERSON, "", text, line.columns.headers[index])
    if len(key) > MAX_KEY:
        raise _Rejected(Fault.KEY_TOO_LONG, "id", key)
    if not key and phone is None:
        raise bad or _Rejected(Fault.NO_PERSON, "id")
    return key, phone


def _at(line: _Line, zone: ZoneInfo, now: datetime, whole_day: time | None = None) -> datetime:
    text, clock = line.text("at"), line.text("clock")
    at = moment(text, zone, clock) if whole_day is None else moment(text, zone, clock, whole_day)
    if at is None:
        raise _Rejected(Fault.BAD_TIME, "at", text)
    # Of a day without an hour only the day can be in the future.
    if min(at, moment(text, zone, clock, time.min) or at) > now:
        raise _Rejected(Fault.FUTURE_TIME, "at", text)
    return at


def _until(line: _Line, zone: ZoneInfo) -> datetime | None:
    text = line.text("until")
    if fold(text) in NOTHING:
        return None
    until = moment(text, zone)
    if until is None:
        raise _Rejected(Fault.BAD_TIME, "until", text)
    return until


def rejected(remarks: Sequence[Remark]) -> dict[str, int]:
    """How many rows were rejected, by reason."""
    return dict(sorted(Counter(one.reason.value for one in remarks).items()))
