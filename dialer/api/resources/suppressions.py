"""The do-not-call list: look, put on, take off. Entries are ended, never deleted."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from campaigns import barring, directory, dnc
from campaigns.directory import NotFound
from campaigns.dnc import Entry
from campaigns.phones import Phone, normalise
from campaigns.withdrawals import underway
from campaigns.words import CallState, Purpose, Right, Subject
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.problems import invalid
from dialer.api.routes import Route, Strict, Visit

Number = Annotated[str, Field(min_length=3, max_length=40, description="A telephone number, in any usual form.")]
PersonId = Annotated[str, Field(min_length=1, max_length=200, description="The list's own id of a person.")]


class Named(Strict):
    """Whom it is about."""

    numbers: list[Number] = Field(default=[], max_length=1000)
    persons: list[PersonId] = Field(default=[], max_length=1000)

    def subjects(self) -> list[tuple[Subject, str]]:
        """Each once, numbers in E.164. Raises `Refused`."""
        if not self.numbers and not self.persons:
            raise invalid("numbers", "or `persons` must name somebody")
        numbers = [(Subject.NUMBER, e164(f"numbers.{place}", one)) for place, one in enumerate(self.numbers)]
        return list(dict.fromkeys([*numbers, *((Subject.PERSON, one) for one in self.persons)]))


class Whom(Named):
    """Whom it is about, and where."""

    campaign: str | None = Field(default=None, max_length=64, description="For this campaign only.")


class Bar(Whom):
    """Put these on the list."""

    reason: str = Field(min_length=1, max_length=500, description="Why, for the history.")
    purpose: Purpose | None = Field(default=None, description="Null: for every purpose.")


class Underway(BaseModel):
    """A live call that the entry comes too late for, or that is being taken back from the vendor (`recalled`)."""

    campaign: str
    customer: str
    state: CallState
    recalled: bool


class Barred(BaseModel):
    added: int
    already: int
    underway: list[Underway]


class Freed(BaseModel):
    lifted: int
    not_listed: list[str] = Field(description="Who was not on the list, in E.164 or by id.")
    reopened: int = Field(description="So many customers may be called again.")


class Suppression(BaseModel):
    """An entry. It holds until `until`; null: it is in force."""

    id: int
    kind: Subject
    subject: str
    campaign: str | None = Field(description="Null: it holds in every campaign.")
    purpose: str
    reason: str
    source: str
    actor: str
    since: datetime
    until: datetime | None
    lifted_by: str | None


class Suppressions(Page[Suppression]):
    """A page of the do-not-call list."""


class Checked(BaseModel):
    """Whether a number or a person is on the list in any campaign and for any purpose, and every entry that there ever
    was, the oldest first."""

    kind: Subject
    subject: str
    suppressed: bool
    entries: list[Suppression]


class CheckedList(BaseModel):
    """An answer for each, in the order in which they were asked about."""

    items: list[Checked]


class Which(Paging):
    number: Number | None = None
    person: PersonId | None = None
    campaign: str | None = Field(default=None, max_length=64, description="Only entries of this campaign.")
    kind: Subject | None = Field(default=None, description="Only entries of numbers, or only of people.")
    purpose: Purpose | Literal["all"] | None = Field(
        default=None, description="Only entries of this purpose; `all`: those for every purpose."
    )
    in_force: bool | None = Field(default=None, description="Only those that hold, or only those that were lifted.")
    sort: Annotated[Literal["since", "-since"], SORT] = "since"


def list_(visit: Visit) -> BaseModel:
    query = visit.query
    if query.number is not None and query.person is not None:
        raise invalid("person", "and `number` exclude each other")
    subject = e164("number", query.number) if query.number is not None else query.person
    sought = dnc.Sought(subject, campaign_id(visit, query.campaign), query.kind, query.purpose, query.in_force)
    cut = query.cut(dnc.SORTS)
    return Suppressions(**dict(page(dnc.read_entries(visit.conn, visit.tenant.id, sought, cut), cut, _entry)))


def bar(visit: Visit) -> BaseModel:
    said: Bar = visit.body
    scope = campaign_id(visit, said.campaign)
    purpose = said.purpose or dnc.EVERY_PURPOSE
    entries = [
        Entry(kind, subject, scope, purpose=purpose, source="api", reason=said.reason)
        for kind, subject in said.subjects()
    ]
    done = barring.bar(visit.conn, visit.now, visit.tenant.id, entries, visit.actor, said.campaign)
    late = [Underway.model_validate(one, from_attributes=True) for one in underway(done.late)]
    return Barred(added=done.added, already=done.already, underway=late)


def lift(visit: Visit) -> BaseModel:
    said: Whom = visit.body
    subjects = [subject for _, subject in said.subjects()]
    scope = campaign_id(visit, said.campaign)
    done = barring.free(visit.conn, visit.now, visit.tenant.id, subjects, visit.actor, scope)
    absent = [one for one in subjects if one not in set(done.subjects)]
    return Freed(lifted=len(done.subjects), not_listed=absent, reopened=done.reopened)


def check(visit: Visit) -> BaseModel:
    subjects = visit.body.subjects()
    found = dnc.histories(visit.conn, visit.tenant.id, [subject for _, subject in subjects])
    return CheckedList(items=[_checked(kind, subject, found[subject]) for kind, subject in subjects])


def _checked(kind: Subject, subject: str, rows: list[Any]) -> Checked:
    # A number and a person's id may be spelled alike.
    entries = [_entry(row) for row in rows if row.subject_kind is kind]
    standing = any(entry.until is None for entry in entries)
    return Checked(kind=kind, subject=subject, suppressed=standing, entries=entries)


def campaign_of(visit: Visit, code: str | None) -> Any:
    """The campaign that a field or a query names; None where none is named. Raises `Refused`."""
    try:
        return directory.find_campaign(visit.conn, visit.tenant.id, code) if code is not None else None
    except NotFound:
        raise invalid("campaign", "must be the code of a campaign") from None


def campaign_id(visit: Visit, code: str | None) -> int | None:
    """As `campaign_of`, its id."""
    campaign = campaign_of(visit, code)
    return None if campaign is None else int(campaign.id)


def e164(path: str, text: str) -> str:
    """A number in E.164, from any form. Raises `Refused`, naming the field and not the number."""
    read = normalise(text)
    if not isinstance(read, Phone):
        raise invalid(path, f"is no telephone number ({read})")
    return read.e164


def _entry(row: Any) -> Suppression:
    told = {name: getattr(row, name) for name in Suppression.model_fields if name != "kind"}
    return Suppression.model_validate(told | {"kind": row.subject_kind})


READ, WRITE = (Right.CAMPAIGN_READ, Right.DNC_WRITE), (Right.DNC_WRITE,)
ROUTES = (
    Route("GET", "/suppressions", "The do-not-call list, the oldest entries first.", READ, list_, Suppressions, Which),
    Route(
        "POST", "/suppressions", "Put numbers and people on the list, effective from the next call on.",
        WRITE, bar, Barred, body=Bar,
    ),
    Route(
        "POST", "/suppressions/lift", "Take numbers and people off the list; its history stays.",
        WRITE, lift, Freed, body=Whom,
    ),
    Route(
        "POST", "/suppressions/check", "Whether each of these is on the list, and was.", READ, check, CheckedList,
        body=Named, asks=True,
    ),
)  # fmt: skip
