"""Numbers: every call with one, inbound and by hand too, whose it is and who listed it; and the end of a doubt."""

from dataclasses import asdict
from datetime import date, datetime

from pydantic import BaseModel, Field

from campaigns import reports, reviews
from campaigns.directory import missing
from campaigns.phones import Phone, normalise
from campaigns.words import Channel, Origin, Outcome, Right, Role
from dialer import chains
from dialer.api.routes import Route, Strict, Visit
from dialer.vault import open_vault


class Day(BaseModel):
    """How many calls there were on a day of the company's clock, and by whom: a campaign, `hand` or `inbound`."""

    day: date
    calls: int
    by: dict[str, int]


class NumberCall(BaseModel):
    """One call with the number. `rang`: whether it may have rung."""

    at: datetime
    by: str
    origin: Origin
    person: str | None
    role: Role | None
    hotline: str | None
    agent: str | None
    outcome: Outcome | None
    billsec: int | None
    recording_url: str | None
    rang: bool
    rulebook: str


class Owner(BaseModel):
    person: str
    name: str
    role: Role
    note: str
    removed_at: datetime | None


class ListRow(BaseModel):
    """The row of a list that named a person of this number."""

    campaign: str
    customer: str
    file_name: str
    row_number: int
    contract: str
    imported_by: str
    imported_at: datetime


class NumberEntry(BaseModel):
    """What the do-not-call list says, or said, of the number or of its people."""

    subject: str
    scope: str
    purpose: str
    since: datetime
    until: datetime | None
    source: str
    reason: str
    actor: str
    lifted_by: str | None


class Reminder(BaseModel):
    at: datetime
    channel: Channel
    person: str | None
    source: str
    actor: str


class NumberStory(BaseModel):
    """All that the ledger knows of a number: the answer to "you called my mother seven times"."""

    number: str
    days: list[Day]
    calls: list[NumberCall]
    owners: list[Owner]
    lists: list[ListRow]
    entries: list[NumberEntry]
    contacts: list[Reminder]


class Judgement(Strict):
    """What somebody found out about a number in doubt. It stands, whatever a list says after it."""

    right: bool = Field(description="It is his, and may be called; else it is taken away.")


class Judged(BaseModel):
    people: int
    reopened: int = Field(description="So many customers are considered again.")


def get(visit: Visit) -> BaseModel:
    phone = _phone(visit)
    also = chains.stands_for(visit.conn, visit.tenant.id, open_vault(visit.settings), phone)
    story = reports.number_story(visit.conn, visit.tenant, phone, also)
    if not (story.calls or story.owners or story.lists or story.entries or story.contacts):
        raise missing("number", "that we know", [])
    return NumberStory.model_validate(asdict(story))


def review(visit: Visit) -> BaseModel:
    done = reviews.judge(visit.conn, visit.now, visit.tenant.id, _phone(visit), visit.body.right, visit.actor)
    return Judged(people=done.people, reopened=done.reopened)


def _phone(visit: Visit) -> str:
    read = normalise(visit.path["number"])
    if not isinstance(read, Phone):
        raise missing("number", "like this", [])
    return read.e164


ROUTES = (
    Route(
        "GET", "/numbers/{number}", "Everything about a number, however it is written.",
        (Right.REPORT_READ,), get, NumberStory,
    ),
    Route(
        "POST", "/numbers/{number}/review", "Say whether a number in doubt is right.",
        (Right.CUSTOMER_WRITE,), review, Judged, body=Judgement,
    ),
)  # fmt: skip
