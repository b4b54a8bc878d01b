"""What comes in beside lists: contacts that count as reminders, consents, numbers not to be called, and whole copies of
do-not-call registers."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from campaigns import contacts, copies
from campaigns.dnc import EVERY_PURPOSE
from campaigns.words import Channel, JobKind, Purpose, Right
from dialer.api import bodies
from dialer.api.moments import Moment
from dialer.api.pages import Page, Paging, of_all
from dialer.api.problems import Problem, invalid
from dialer.api.resources import jobs, persons
from dialer.api.resources.imports import FORM, Rows, Sent, reading
from dialer.api.resources.jobs import Job
from dialer.api.routes import Route, Told, Visit


class NewContacts(Rows):
    """Messages, letters, visits and calls of others. Columns: id or number, and time; channel, contract, purpose."""

    channel: Channel | None = Field(default=None, strict=False, description="Of rows that tell none.")
    purpose: Purpose | None = Field(default=None, strict=False, description="Of rows that tell none; else every one.")
    advertiser: str | None = Field(default=None, max_length=200, description="In whose name, of rows that tell none.")


class NewConsents(Rows):
    """Consents and refusals. Columns: id or number, time and proof; channel, purpose, until, and whether it is a no."""

    channel: str | None = Field(default=None, max_length=64, description="Of rows that tell none.")
    purpose: Purpose | None = Field(default=None, strict=False, description="Of rows that tell none.")


class NewNumbers(Rows):
    """Numbers that are not to be called any more."""

    campaign: str | None = Field(default=None, max_length=64, description="For this campaign only.")
    purpose: Purpose | None = Field(default=None, strict=False, description="Null: for every purpose.")
    reason: str = Field(default="", max_length=500, description="Why, for the history.")


class NewRegister(Rows):
    """The whole of a register, as its owner had it. Numbers of our last copy that it no longer holds are freed."""

    name: str = Field(pattern=r"^[\w.-]{1,64}$")
    as_of: Moment = Field(strict=False, description="When the register's owner made this copy.")
    purpose: Purpose | None = Field(default=Purpose.MARKETING, strict=False, description="Null: for every purpose.")
    allow_shrinking: bool = Field(
        default=False, strict=False, description="Also where more than half of the register would be freed."
    )


class Register(BaseModel):
    """The newest copy of a register that we have."""

    name: str
    as_of: datetime
    entries: int
    file_name: str
    loaded_at: datetime
    actor: str
    age_hours: float


class Registers(Page[Register]):
    """A page of registers."""


class Contact(BaseModel):
    """One contact. `conversation`: he spoke with somebody."""

    at: datetime
    channel: Channel
    number: str | None
    contract_number: str
    purpose: Purpose | None = Field(description="Null: it counts for every purpose.")
    advertiser: str | None
    conversation: bool
    source: str
    actor: str


class Contacts(BaseModel):
    """How one person was reached otherwise than by our calls, the newest first."""

    items: list[Contact]


def contacts_(visit: Visit) -> BaseModel:
    rows = contacts.history(visit.conn, visit.tenant.id, persons.found(visit).id)
    return Contacts(items=[_contact(row) for row in rows])


def _contact(row: Any) -> Contact:
    told = dict(row._mapping) | {"number": row.phone}
    return Contact.model_validate({name: told[name] for name in Contact.model_fields})


def bring_contacts(visit: Visit) -> Told:
    return _ordered(visit, "contacts", {})


def bring_register(visit: Visit) -> Told:
    said: NewRegister = visit.body.said
    if said.as_of > visit.now:
        raise invalid("as_of", "is still to come")
    return _ordered(visit, "register", {"purpose": said.purpose.value if said.purpose else EVERY_PURPOSE})


def bring_consents(visit: Visit) -> Told:
    return _ordered(visit, "consents", {})


def bring_numbers(visit: Visit) -> Told:
    said: NewNumbers = visit.body.said
    purpose = said.purpose.value if said.purpose else EVERY_PURPOSE
    return _ordered(visit, "numbers", {"purpose": purpose}, said.campaign)


def _ordered(visit: Visit, what: str, also: dict[str, Any], campaign: str | None = None) -> Told:
    sent: Sent = visit.body
    asked = sent.said.model_dump(mode="json", exclude={"rows", "campaign"}) | also | {"what": what}
    return jobs.ordered(visit, JobKind.IMPORT, asked, campaign, (sent.said.file_name, sent.file))


def list_(visit: Visit) -> BaseModel:
    found = copies.newest(visit.conn, visit.tenant.id)
    return Registers(**dict(of_all(found, visit.query, lambda row: _told(row, visit.now), lambda row: [row.name])))


def _told(row: Any, now: datetime) -> Register:
    told = {name: getattr(row, name) for name in Register.model_fields if name != "age_hours"}
    return Register.model_validate(told | {"age_hours": round((now - row.as_of).total_seconds() / 3600, 1)})


TAKES = (*bodies.FORMS, FORM)
ROUTES = (
    Route(
        "POST", "/contacts/imports", "Bring in contacts that count as reminders. A job does it.",
        (Right.CUSTOMER_WRITE,), bring_contacts, Job, body=NewContacts, status=202, problems=(Problem.NOT_NOW,),
        reader=reading(NewContacts), takes=TAKES,
    ),
    Route(
        "GET", "/persons/{person}/contacts", "How he was reached otherwise than by our calls.",
        (Right.CAMPAIGN_READ, Right.CUSTOMER_WRITE), contacts_, Contacts,
    ),
    Route(
        "GET", "/registers", "The registers that we have copies of, and how old each copy is.",
        (Right.CAMPAIGN_READ, Right.DNC_WRITE), list_, Registers, query=Paging,
    ),
    Route(
        "POST", "/registers/imports", "Load the whole copy of a register. A job does it.",
        (Right.DNC_WRITE,), bring_register, Job, body=NewRegister, status=202, problems=(Problem.NOT_NOW,),
        reader=reading(NewRegister), takes=TAKES,
    ),
    Route(
        "POST", "/consents/imports", "Bring in consents and refusals with their proofs. A job does it.",
        (Right.DNC_WRITE,), bring_consents, Job, body=NewConsents, status=202, problems=(Problem.NOT_NOW,),
        reader=reading(NewConsents), takes=TAKES,
    ),
    Route(
        "POST", "/suppressions/imports", "Put the numbers of a file on the do-not-call list. A job does it.",
        (Right.DNC_WRITE,), bring_numbers, Job, body=NewNumbers, status=202, problems=(Problem.NOT_NOW,),
        reader=reading(NewNumbers), takes=TAKES,
    ),
)  # fmt: skip
