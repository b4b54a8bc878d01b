"""Persons: human beings, whatever lists they stand on. What one said, what was agreed with him, and what he may ask."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from campaigns import consents, dnc, hours, optouts, people, privacy
from campaigns.consents import Said
from campaigns.hours import BadHours
from campaigns.optouts import Refusal
from campaigns.terms import BadTerms
from campaigns.withdrawals import underway
from campaigns.words import JobKind, Purpose, Right, Role
from dialer import naming
from dialer.api.moments import Moment
from dialer.api.problems import Problem, invalid
from dialer.api.resources import jobs
from dialer.api.resources.jobs import Job
from dialer.api.resources.suppressions import Underway
from dialer.api.routes import Route, Strict, Told, Visit

Line = Annotated[str, Field(max_length=200)]


class PersonNumber(BaseModel):
    """A number of his, in E.164, also one that no list names any more."""

    number: str
    role: Role
    vintage: date | None
    needs_review: bool
    reviewed_at: datetime | None
    removed_at: datetime | None


class Word(BaseModel):
    """Something that he said of one purpose."""

    at: datetime
    purpose: Purpose
    granted: bool
    channel: str
    proof: str
    until: datetime | None
    actor: str


class Entry(BaseModel):
    """An entry of the do-not-call list about him or one of his numbers."""

    subject: str
    purpose: str
    source: str
    reason: str
    since: datetime
    until: datetime | None
    actor: str
    lifted_by: str | None


class Person(BaseModel):
    """A person. `agreed_hours` are on his own clock."""

    id: str = Field(description="The list's own id of him, or else his first number.")
    name: str
    zone: str
    agreed_hours: str
    numbers: list[PersonNumber]
    said: list[Word]
    suppressions: list[Entry]


class Consent(Strict):
    """A yes. It ends what he refused of the same purpose before."""

    purpose: Purpose = Field(strict=False)
    channel: str = Field(min_length=1, max_length=64, description="How he said it: web, zalo, paper, phone, …")
    proof: str = Field(min_length=1, max_length=500, description="Without one it is no consent.")
    at: Moment | None = Field(default=None, strict=False, description="When he said it; else now.")
    until: Moment | None = Field(default=None, strict=False, description="When it ends by itself.")


class Consented(BaseModel):
    """`still`: who is on the do-not-call list for another reason."""

    records: int
    ended: int
    reopened: int
    still: list[str]


class Refuse(Strict):
    """A no: he and all his numbers are called no more for this purpose."""

    purpose: Purpose | None = Field(default=None, strict=False, description="Null: for every purpose.")
    channel: str = Field(default="phone", min_length=1, max_length=64)
    proof: Line = ""
    at: Moment | None = Field(default=None, strict=False)


class Refused(BaseModel):
    people: int
    records: int
    entries: int
    underway: list[Underway]


class Hours(Strict):
    """`mon-fri 18:00-20:00, sat 09:00-11:00`, on his own clock; null: nothing is agreed any more."""

    agreed_hours: str | None = Field(max_length=500)


class Everything(BaseModel):
    """Every row that is kept about him, by what it is."""

    rows: dict[str, list[dict[str, Any]]]


def get(visit: Visit) -> BaseModel:
    return _told(visit, found(visit))


def consent(visit: Visit) -> BaseModel:
    said: Consent = visit.body
    begins = _past(visit, said.at)
    if said.until is not None and said.until <= begins:
        raise invalid("until", "must be after `at`")
    record = Said(found(visit).id, said.purpose, True, said.channel, begins, said.proof, said.until)
    freed = optouts.consent(visit.conn, visit.now, visit.tenant.id, [record], visit.actor)
    return Consented(records=freed.records, ended=freed.ended, reopened=freed.reopened, still=freed.still)


def refuse(visit: Visit) -> BaseModel:
    said: Refuse = visit.body
    whom = optouts.Whom(person_ids=[found(visit).id])
    refusal = Refusal(said.purpose, said.channel, said.proof, _past(visit, said.at))
    done = optouts.opt_out(visit.conn, visit.now, visit.tenant.id, whom, refusal, visit.actor)
    late = [Underway.model_validate(one, from_attributes=True) for one in underway(done.late)]
    return Refused(people=done.people, records=done.records, entries=done.entries, underway=late)


def agree(visit: Visit) -> BaseModel:
    person, said = found(visit), visit.body.agreed_hours
    try:
        agreed = hours.read(said) if said is not None else []
    except BadHours as error:
        raise invalid("agreed_hours", str(error)) from None
    people.agree(visit.conn, visit.tenant.id, person.id, agreed)
    return _told(visit, found(visit))


def export(visit: Visit) -> BaseModel:
    return Everything(rows=privacy.about(visit.conn, found(visit)))


def erase(visit: Visit) -> Told:
    return jobs.ordered(visit, JobKind.ERASURE, {"person": found(visit).id}, None)


def found(visit: Visit) -> Any:
    """Raises `NotFound`, and `Refused` where a number is several people's."""
    try:
        return naming.find_person(visit.conn, visit.tenant.id, visit.path["person"])
    except BadTerms:
        raise invalid("person", "must be named by his id: several people have this number") from None


def _past(visit: Visit, at: datetime | None) -> datetime:
    if at is not None and at > visit.now:
        raise invalid("at", "is still to come")
    return at or visit.now


def _told(visit: Visit, person: Any) -> Person:
    conn, tenant = visit.conn, visit.tenant
    numbers = people.numbers(conn, tenant.id, [person.id]).get(person.id, [])
    subjects = [person.key, *(one.phone for one in numbers if one.phone != person.key)]
    entries = [row for subject in subjects for row in dnc.history(conn, tenant.id, subject)]
    return Person(
        id=person.key,
        name=person.name,
        zone=person.zone or tenant.zone,
        agreed_hours=hours.written(person.agreed_hours),
        numbers=[PersonNumber.model_validate(_of(PersonNumber, row) | {"number": row.phone}) for row in numbers],
        said=[Word.model_validate(_of(Word, row)) for row in consents.history(conn, tenant.id, person.id)],
        suppressions=[Entry.model_validate(_of(Entry, row)) for row in entries],
    )


def _of(model: type[BaseModel], row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields if hasattr(row, name)}


READ, WRITE = (Right.CAMPAIGN_READ, Right.CUSTOMER_WRITE), (Right.DNC_WRITE,)
ROUTES = (
    Route("GET", "/persons/{person}", "One person, by a list's id or by his number.", READ, get, Person, tagged=True),
    Route("POST", "/persons/{person}/consents", "He agreed to be called.", WRITE, consent, Consented, body=Consent),
    Route(
        "POST", "/persons/{person}/refusals", "He does not want to be called: one step, every campaign.",
        WRITE, refuse, Refused, body=Refuse,
    ),
    Route(
        "PUT", "/persons/{person}/hours", "The hours in which he agreed to be called.",
        (Right.CUSTOMER_WRITE,), agree, Person, body=Hours, tagged=True,
    ),
    Route(
        "GET", "/persons/{person}/everything", "Every row that is kept about him, for him to have.",
        (Right.EXPORT,), export, Everything,
    ),
    Route(
        "DELETE", "/persons/{person}", "Forget him, by a job. What forbids to call him stays. It cannot be undone.",
        (Right.ADMIN,), erase, Job, status=202, tagged=True, problems=(Problem.NOT_NOW,),
    ),
)  # fmt: skip
