"""A call that was placed, and everything that stood then: read from the ledger, a page of calls at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from campaigns.audit import texts
from campaigns.audit.texts import Text
from campaigns.models import (
    Call,
    Campaign,
    Change,
    Consent,
    Contact,
    Decision,
    Fact,
    Person,
    Register,
    RulebookText,
    Suppression,
)
from campaigns.rows import columns_of, table
from campaigns.statements import Find
from campaigns.words import CallState, Origin

CALL = columns_of(Call)
PAGE = 200
FURTHEST = timedelta(days=400)
"""No cap looks further back."""
OURS = (Origin.CAMPAIGN, Origin.CALLBACK, Origin.CRM)
LIVE = (CallState.INTENDED, CallState.PLACED, CallState.UNSURE, CallState.RINGING, CallState.ANSWERED)


@dataclass(frozen=True)
class Case:
    """One call and its surroundings. All rows are as the ledger has them; the checker picks what stood then."""

    call: Any
    campaign: Any
    person: Any
    tenant: Any
    text: Text | None
    """The rulebook of its day; None: it was not kept."""
    facts: dict[str, Any] | None
    """On what the gate said that it rested; None: it was not written."""
    others: Sequence[Any] = ()
    """Calls with the person or to the number, whoever made them."""
    over: dict[int, datetime] = field(default_factory=dict)
    """When each of those was known to be over."""
    contacts: Sequence[Any] = ()
    entries: Sequence[Any] = ()
    consents: Sequence[Any] = ()
    registers: Sequence[Any] = ()
    amendments: Sequence[Any] = ()
    remarks: tuple[str, ...] = ()


def count(conn: Connection, tenant_id: int, begins: datetime, ends: datetime, campaign_id: int | None) -> int:
    """How many calls were placed in that time."""
    return int(conn.scalar(select(func.count()).where(*_placed(tenant_id, begins, ends, campaign_id))) or 0)


def _placed(tenant_id: int, begins: datetime, ends: datetime, campaign_id: int | None) -> list[Any]:
    """Ours, but for those that certainly never rang."""
    chosen = [CALL.tenant_id == tenant_id, CALL.intended_at >= begins, CALL.intended_at < ends]
    chosen += [CALL.origin.in_(OURS), CALL.state != CallState.RELEASED]
    return chosen if campaign_id is None else [*chosen, CALL.campaign_id == campaign_id]


def cases(
    conn: Connection, tenant: Any, begins: datetime, ends: datetime, campaign_id: int | None, after: int = 0
) -> list[Case]:
    """The next calls after this id, with all that concerns them."""
    chosen = select(table(Call)).where(*_placed(tenant.id, begins, ends, campaign_id), CALL.id > after)
    calls = conn.execute(chosen.order_by(CALL.id).limit(PAGE)).all()
    return _Surroundings(conn, tenant, calls).cases() if calls else []


class _Surroundings:
    """What a page of calls shares, read once."""

    def __init__(self, conn: Connection, tenant: Any, calls: Sequence[Any]) -> None:
        self._conn = conn
        self._tenant = tenant
        self._calls = calls
        people = {call.person_id for call in calls if call.person_id is not None}
        phones = {call.phone for call in calls}
        self._people = self._by_id(Person, people)
        self._campaigns = self._by_id(Campaign, {call.campaign_id for call in calls})
        self._others = self._of_both(Call, people, phones)
        self._contacts = self._of_both(Contact, people, phones)
        keys = {person.key for person in self._people.values()}
        self._entries = self._group(self._rows(Suppression, "subject", phones | keys), "subject")
        self._consents = self._group(self._rows(Consent, "person_id", people), "person_id")
        self._decisions = self._cleared()
        self._amendments = self._group(self._rows(Change, "campaign_id", self._campaigns), "campaign_id", True)
        self._registers = self._all(Register)
        self._texts = self._group(self._all(RulebookText), "name")
        self._over = self._when_over({row.id for rows in self._others.values() for row in rows})

    def cases(self) -> list[Case]:
        return [self._case(call) for call in self._calls]

    def _case(self, call: Any) -> Case:
        person = self._people.get(call.person_id)
        text, remarks = self._text(call)
        others = {row.id: row for key in _keys(call) for row in self._others[key] if row.id != call.id}
        contacts = {row.id: row for key in _keys(call) for row in self._contacts[key]}
        return Case(
            call=call,
            campaign=self._campaigns.get(call.campaign_id),
            person=person,
            tenant=self._tenant,
            text=text,
            facts=self._decisions.get(call.id),
            others=list(others.values()),
            over=self._over,
            contacts=list(contacts.values()),
            entries=[*self._entries[call.phone], *(self._entries[person.key] if person else [])],
            consents=self._consents[call.person_id],
            registers=self._registers,
            amendments=self._amendments[call.campaign_id],
            remarks=remarks,
        )

    def _text(self, call: Any) -> tuple[Text | None, tuple[str, ...]]:
        """The kept text of that name and version: the newest that was there when the call was placed."""
        named = [row for row in self._texts[call.rulebook] if row.version == call.rulebook_version]
        there = [row for row in named if row.added_at <= call.intended_at] or named
        if not there:
            return None, ()
        text = max(there, key=lambda row: (row.added_at, row.id)).text
        if (parent := texts.extends(text)) is None:
            return texts.read(text), ()
        kept = [row for row in self._texts[parent] if row.added_at <= call.intended_at]
        told = max(kept, key=lambda row: (row.added_at, row.id)).text if kept else texts.shipped(parent)
        if told is None:
            return None, (f"the text of {parent}, which it extends, was not kept",)
        return texts.read(text, told), () if kept else (f"{parent}, which it extends, is read as it is shipped today",)

    def _cleared(self) -> dict[int, dict[str, Any]]:
        rows = self._rows(Decision, "call_id", {call.id for call in self._calls})
        return {row.call_id: row.facts for row in rows if row.cleared}

    def _when_over(self, ids: Iterable[int]) -> dict[int, datetime]:
        """By call, the first moment at which we knew that it was not live any more."""
        over: dict[int, datetime] = {}
        for row in self._rows(Fact, "call_id", ids):
            if row.after is not None and row.after not in LIVE:
                over[row.call_id] = min(row.recorded_at, over.get(row.call_id, row.recorded_at))
        return over

    def _of_both(self, model: Any, people: Iterable[int], phones: Iterable[str]) -> dict[Any, list[Any]]:
        """Rows of these people, and rows of these numbers, by either."""
        found: dict[Any, list[Any]] = defaultdict(list)
        for row in self._rows(model, "person_id", people):
            found["person", row.person_id].append(row)
        for row in self._rows(model, "phone", phones):
            found["phone", row.phone].append(row)
        return found

    def _by_id(self, model: Any, ids: Iterable[int]) -> dict[int, Any]:
        return {row.id: row for row in self._rows(model, "id", ids)}

    def _all(self, model: Any) -> list[Any]:
        return list(self._conn.execute(_of_tenant(model), {"tenant": self._tenant.id}))

    def _rows(self, model: Any, name: str, keys: Iterable[Any]) -> list[Any]:
        found = _named(model, name)(self._conn, (key for key in keys if key is not None), tenant=self._tenant.id)
        return sorted(found, key=_id)

    def _group(self, rows: Iterable[Any], name: str, of_campaign: bool = False) -> dict[Any, list[Any]]:
        grouped: dict[Any, list[Any]] = defaultdict(list)
        for row in rows:
            if not of_campaign or row.customer_id is None:
                grouped[getattr(row, name)].append(row)
        return grouped


@cache
def _of_tenant(model: Any) -> Any:
    columns = columns_of(model)
    return select(table(model)).where(columns.tenant_id == bindparam("tenant")).order_by(columns.id)


@cache
def _named(model: Any, name: str) -> Find:
    columns = columns_of(model)
    return Find(select(table(model)).where(columns.tenant_id == bindparam("tenant")), key=columns[name])


def _id(row: Any) -> int:
    return int(row.id)


def _keys(call: Any) -> list[tuple[str, Any]]:
    return [("person", call.person_id), ("phone", call.phone)]
