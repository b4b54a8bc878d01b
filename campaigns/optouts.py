"""A person's own yes and no, each in one step: the record, the suppressions that it says, and whoever is freed by it.

An opt-out holds from the next claim on in every campaign of the tenant. Whom a vendor's queue holds already is taken
back by the engine, which asks the gate about its queues again and again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns import consents, copies, dnc, ledger, people
from campaigns.consents import Said
from campaigns.dnc import EVERY_PURPOSE, Entry
from campaigns.models import Suppression
from campaigns.rows import columns_of, in_chunks
from campaigns.statements import Find
from campaigns.words import Purpose, Role, Subject

CHUNK = 2000
OPT_OUT = "opt-out"
"""How the source of every entry begins that a person asked for himself."""
SUPPRESSION = columns_of(Suppression)

find_refused = Find(
    select(
        SUPPRESSION.id, SUPPRESSION.subject_kind, SUPPRESSION.subject, SUPPRESSION.purpose, SUPPRESSION.source
    ).where(
        SUPPRESSION.tenant_id == bindparam("tenant_id"),
        SUPPRESSION.until.is_(None),
        SUPPRESSION.campaign_id.is_(None),
    ),
    key=SUPPRESSION.subject,
)


@dataclass(frozen=True, slots=True)
class Whom:
    """List ids and numbers in E.164, as they were named."""

    ids: Sequence[str] = ()
    phones: Sequence[str] = ()
    person_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no: to which purpose (None: to all), by which channel, when, and where that is proved."""

    purpose: Purpose | None = None
    channel: str = "phone"
    proof: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptedOut:
    """`records` of refusals and `entries` of the do-not-call list that are new, for so many `people` who are known;
    `late`: live calls, as `dnc.live_calls` gives them."""

    people: int
    records: int
    entries: int
    late: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Freed:
    """What a yes, or the end of a no, changed: `records` of consents that are new, entries that were `ended`, customers
    who may be called again, and the subjects of entries that still stand."""

    records: int
    ended: int
    reopened: int
    still: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Concerned:
    """Everybody and everything that somebody's word is about."""

    people: dict[int, str]
    """Their keys by person."""
    ids: list[str]
    phones: list[str]

    @property
    def subjects(self) -> list[tuple[Subject, str]]:
        return [(Subject.NUMBER, phone) for phone in self.phones] + [(Subject.PERSON, one) for one in self.ids]


def opt_out(conn: Connection, now: datetime, tenant_id: int, whom: Whom, refusal: Refusal, actor: str) -> OptedOut:
    """Write the refusal down and suppress the person and all his numbers, in every campaign of the tenant. A number or
    an id that stands on no list is suppressed too."""
    concerned = _concerned(conn, tenant_id, whom)
    purposes = [refusal.purpose] if refusal.purpose else list(Purpose)
    at = refusal.at or now
    said = [
        Said(person, purpose, False, refusal.channel, at, refusal.proof)
        for person in concerned.people
        for purpose in purposes
    ]
    word = refusal.purpose.value if refusal.purpose else EVERY_PURPOSE
    source = f"{OPT_OUT} {refusal.channel}"
    entries = [Entry(*one, purpose=word, source=source, reason=refusal.proof) for one in concerned.subjects]
    records = consents.record(conn, now, tenant_id, said, actor)
    copies.give_way(conn, now, tenant_id, entries)
    added = dnc.suppress(conn, now, tenant_id, entries, actor)
    late = [call for part in in_chunks(entries, CHUNK) for call in dnc.live_calls(conn, tenant_id, part)]
    return OptedOut(len(concerned.people), records, added, late)


def lift(
    conn: Connection, now: datetime, tenant_id: int, whom: Whom, purpose: Purpose | None, actor: str, reason: str
) -> Freed:
    """End what these people asked for (None: for whatever purpose). That is no consent: the refusal stays on record,
    and calls that need a consent wait for one."""
    concerned = _concerned(conn, tenant_id, whom)
    words = [purpose.value] if purpose else [EVERY_PURPOSE, *Purpose]
    ended = _end(conn, now, tenant_id, concerned, words, f"{actor}: {reason}")
    return Freed(0, ended, _reconsider(conn, now, tenant_id, concerned, actor), _still(conn, tenant_id, concerned))


def consent(conn: Connection, now: datetime, tenant_id: int, said: Sequence[Said], actor: str) -> Freed:
    """Write consents down. Who refused before and consents now is suppressed for that purpose no more; a no to every
    purpose takes more than a yes to one, and has to be lifted."""
    records = consents.record(conn, now, tenant_id, said, actor)
    ended = reopened = 0
    still: list[str] = []
    for purpose in sorted({one.purpose for one in said}):
        asked = sorted({one.person_id for one in said if one.purpose is purpose})
        for part in in_chunks(asked, CHUNK):
            standing = consents.standing(conn, tenant_id, part, purpose, now)
            concerned = _concerned(conn, tenant_id, Whom(person_ids=[one for one in part if standing[one]]))
            ended += _end(conn, now, tenant_id, concerned, [purpose.value], f"{actor}: consent")
            reopened += _reconsider(conn, now, tenant_id, concerned, actor)
            still += _still(conn, tenant_id, concerned, purpose)
    return Freed(records, ended, reopened, still)


def _concerned(conn: Connection, tenant_id: int, whom: Whom) -> _Concerned:
    """The people who are named by their ids or their numbers, with the numbers that are theirs."""
    by_phone = people.by_phone(conn, tenant_id, whom.phones)
    by_key = people.by_key(conn, tenant_id, whom.ids)
    known = sorted({*whom.person_ids, *by_key.values(), *(one for owners in by_phone.values() for one in owners)})
    keys = {row.id: row.key for row in people.read(conn, tenant_id, known)}
    own = {
        number.phone
        for numbers in people.numbers(conn, tenant_id, known).values()
        for number in numbers
        if number.removed_at is None and number.role is not Role.REFERENCE
    }
    return _Concerned(keys, sorted({*whom.ids, *keys.values()}), sorted({*whom.phones, *own}))


def _end(
    conn: Connection, now: datetime, tenant_id: int, concerned: _Concerned, purposes: Iterable[str], lifted_by: str
) -> int:
    shared = _refused_by_others(conn, tenant_id, concerned)
    wanted = {
        (kind, subject, purpose)
        for kind, subject in concerned.subjects
        for purpose in purposes
        if (subject, purpose) not in shared
    }
    standing = find_refused(conn, {subject for _, subject in concerned.subjects}, tenant_id=tenant_id)
    own = [row for row in standing if row.source.startswith(OPT_OUT)]
    rows = [{"id": row.id} for row in own if (row.subject_kind, row.subject, row.purpose) in wanted]
    ended = dnc.end_suppressions(conn, sorted(rows, key=lambda row: row["id"]), until=now, lifted_by=lifted_by)
    copies.restore(conn, now, tenant_id, concerned.phones)
    return ended


def _refused_by_others(conn: Connection, tenant_id: int, concerned: _Concerned) -> set[tuple[str, str]]:
    """The numbers, with the purpose, that somebody else who has them too does not want to be called on."""
    owners = people.by_phone(conn, tenant_id, concerned.phones)
    others = {one for own in owners.values() for one in own} - concerned.people.keys()
    keys = {row.key: row.id for row in people.read(conn, tenant_id, others)}
    refused: dict[int, set[str]] = {}
    for row in _refused(conn, tenant_id, keys, Subject.PERSON):
        refused.setdefault(keys[row.subject], set()).add(row.purpose)
    return {(phone, word) for phone, own in owners.items() for one in own for word in refused.get(one, ())}


def _still(conn: Connection, tenant_id: int, concerned: _Concerned, purpose: Purpose | None = None) -> list[str]:
    """Whom of these something else still forbids to call for this purpose (None: for any)."""
    words = {EVERY_PURPOSE, purpose.value} if purpose else {EVERY_PURPOSE, *Purpose}
    found = [
        *_refused(conn, tenant_id, concerned.phones, Subject.NUMBER),
        *_refused(conn, tenant_id, concerned.ids, Subject.PERSON),
    ]
    return sorted({row.subject for row in found if row.purpose in words})


def _reconsider(conn: Connection, now: datetime, tenant_id: int, concerned: _Concerned, actor: str) -> int:
    freed = dnc.listed_with(conn, tenant_id, concerned.phones + concerned.ids)
    return ledger.reconsider(conn, now, tenant_id, freed, actor)


def _refused(conn: Connection, tenant_id: int, subjects: Iterable[str], kind: Subject) -> list[Any]:
    return [row for row in find_refused(conn, subjects, tenant_id=tenant_id) if row.subject_kind is kind]
