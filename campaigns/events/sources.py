"""Which rows of the ledger are told as events, and how each is read. A row is told as one event, or as none.

Only rows that are added and never changed are a source: facts, changes, decisions, entries, consents, promises. The
lifting of an entry changes its row; what is added for it is the seal over it, so liftings are read off the seals.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlmodel import SQLModel

from campaigns.dnc import REGISTER_SOURCE
from campaigns.events import telling
from campaigns.events.kinds import Event
from campaigns.evidence.kinds import LIFTING, ids_of
from campaigns.models import (
    Call,
    Callback,
    Campaign,
    Change,
    Consent,
    Customer,
    Decision,
    Fact,
    Person,
    Seal,
    Suppression,
    TriggeredCall,
)
from campaigns.rows import columns_of, in_chunks, table
from campaigns.words import CallState, Origin, Verdict

CALL, CAMPAIGN, CUSTOMER, PERSON = (columns_of(model) for model in (Call, Campaign, Customer, Person))
FACT, CHANGE, DECISION = (columns_of(model) for model in (Fact, Change, Decision))
ENTRY, CONSENT, CALLBACK, SEAL = (columns_of(model) for model in (Suppression, Consent, Callback, Seal))
TRIGGERED = columns_of(TriggeredCall)
CHUNK = 500
CODES = (CAMPAIGN.code.label("campaign"), CUSTOMER.code.label("customer"), CUSTOMER.person_id)
ORDER = TRIGGERED.reference.label("order")


@dataclass(frozen=True)
class Source:
    """Rows of one table. `chosen` has the columns that `told` needs, with `place`, `row_id` and `moment` among them."""

    name: str
    model: type[SQLModel]
    chosen: Select[Any]
    told: Callable[[Any, str], Event]

    @cached_property
    def place(self) -> Any:
        """By which the source is in order."""
        return columns_of(self.model).id

    @property
    def tenant(self) -> Any:
        return columns_of(self.model).tenant_id

    @property
    def table_name(self) -> str:
        return str(table(self.model).name)

    def between(self, conn: Connection, tenant_id: int, after: int, upto: int, limit: int) -> Sequence[Any]:
        """A tenant's rows in their order."""
        chosen = self.chosen.where(self.tenant == tenant_id, self.place > after, self.place <= upto)
        return conn.execute(chosen.order_by(self.place).limit(limit)).all()

    def these(self, conn: Connection, tenant_id: int, row_ids: Iterable[int]) -> Sequence[Any]:
        """These rows of a tenant."""
        found: list[Any] = []
        for chunk in in_chunks(sorted(row_ids), CHUNK):
            found += conn.execute(self.chosen.where(self.tenant == tenant_id, self.place.in_(chunk)))
        return found


class Liftings(Source):
    """Entries that were lifted, in the order of the seals over their liftings."""

    def between(self, conn: Connection, tenant_id: int, after: int, upto: int, limit: int) -> Sequence[Any]:
        """At least one seal's. A seal covers no more than a segment."""
        chosen = select(SEAL.id, SEAL.covers).where(SEAL.tenant_id == tenant_id, SEAL.id > after, SEAL.id <= upto)
        found: list[Any] = []
        for seal in conn.execute(chosen.order_by(SEAL.id)):
            runs = seal.covers["kinds"].get(LIFTING.name, {}).get("ids", [])
            found += self.these(conn, tenant_id, ids_of(runs))
            if len(found) >= limit:
                break
        return found

    def these(self, conn: Connection, tenant_id: int, row_ids: Iterable[int]) -> Sequence[Any]:
        found: list[Any] = []
        for chunk in in_chunks(sorted(row_ids), CHUNK):
            mine = (ENTRY.tenant_id == tenant_id, ENTRY.id.in_(chunk), SEAL.id.is_not(None))
            found += conn.execute(self.chosen.where(*mine).order_by(SEAL.id, ENTRY.id))
        return found


def _ordered(columns: Any, callback_id: Any) -> Any:
    """How a row belongs to an order."""
    return (TRIGGERED.tenant_id == columns.tenant_id) & (TRIGGERED.callback_id == callback_id)


def _in_campaign(table_: Any, columns: Any, also: Any = None) -> Any:
    """Joined with its campaign, its customer, and what else."""
    joined = table_.outerjoin(table(Campaign), CAMPAIGN.id == columns.campaign_id)
    joined = joined.outerjoin(table(Customer), CUSTOMER.id == columns.customer_id)
    return joined if also is None else joined.outerjoin(table(Call), CALL.id == also)


FACTS = Source(
    "fact",
    Fact,
    select(
        FACT.id.label("place"),
        FACT.id.label("row_id"),
        FACT.recorded_at.label("moment"),
        FACT.after,
        FACT.at,
        FACT.reason.label("because"),
        table(Call),
        *CODES[:2],
        ORDER,
    )
    .select_from(
        table(Fact)
        .join(table(Call), CALL.id == FACT.call_id)
        .outerjoin(table(Campaign), CAMPAIGN.id == CALL.campaign_id)
        .outerjoin(table(Customer), CUSTOMER.id == CALL.customer_id)
        .outerjoin(table(TriggeredCall), _ordered(CALL, CALL.callback_id))
    )
    .where(FACT.verdict == Verdict.MOVED, (FACT.after != CallState.INTENDED) | (CALL.origin == Origin.CALLBACK)),
    telling.of_fact,
)
CHANGES = Source(
    "change",
    Change,
    select(
        CHANGE.id.label("place"),
        CHANGE.id.label("row_id"),
        CHANGE.at.label("moment"),
        CHANGE.campaign_id,
        CHANGE.customer_id,
        CHANGE.before,
        CHANGE.after,
        CHANGE.reason,
        CHANGE.detail,
        CHANGE.actor,
        CALL.reference.label("call"),
        *CODES,
        ORDER,
    ).select_from(
        _in_campaign(table(Change), CHANGE, CHANGE.call_id).outerjoin(
            table(TriggeredCall), _ordered(CHANGE, CHANGE.callback_id)
        )
    ),
    telling.of_change,
)
DECISIONS = Source(
    "decision",
    Decision,
    select(
        DECISION.id.label("place"),
        DECISION.id.label("row_id"),
        DECISION.at.label("moment"),
        DECISION.customer_id,
        DECISION.reason,
        DECISION.until,
        DECISION.rulebook,
        DECISION.rulebook_version,
        *CODES,
    )
    .select_from(_in_campaign(table(Decision), DECISION))
    .where(DECISION.cleared.is_(False)),
    telling.of_decision,
)
CALLBACKS = Source(
    "callback",
    Callback,
    select(
        CALLBACK.id.label("place"),
        CALLBACK.id.label("row_id"),
        CALLBACK.created_at.label("moment"),
        CALLBACK.customer_id,
        CALLBACK.at,
        CALLBACK.zone,
        CALLBACK.not_after,
        CALLBACK.actor,
        *CODES,
        ORDER,
    ).select_from(
        _in_campaign(table(Callback), CALLBACK).outerjoin(table(TriggeredCall), _ordered(CALLBACK, CALLBACK.id))
    ),
    telling.of_callback,
)
CONSENTS = Source(
    "consent",
    Consent,
    select(
        CONSENT.id.label("place"),
        CONSENT.id.label("row_id"),
        # Consents that were recorded before it was noted when have no other moment.
        CONSENT.at.label("given_at"),
        CONSENT.recorded_at.label("moment"),
        CONSENT.person_id,
        CONSENT.purpose,
        CONSENT.granted,
        CONSENT.channel,
        CONSENT.until,
        CONSENT.actor,
        PERSON.key.label("person"),
    ).select_from(table(Consent).join(table(Person), PERSON.id == CONSENT.person_id)),
    telling.of_consent,
)
OF_ENTRY = (
    ENTRY.scope,
    ENTRY.subject_kind.label("kind"),
    ENTRY.subject,
    ENTRY.purpose,
    ENTRY.source,
    ENTRY.actor,
    CAMPAIGN.code.label("campaign"),
)
IN_ITS_CAMPAIGN = table(Suppression).outerjoin(table(Campaign), CAMPAIGN.id == ENTRY.campaign_id)
OURS = ENTRY.source.not_like(f"{REGISTER_SOURCE}%")
SUPPRESSIONS = Source(
    "suppression",
    Suppression,
    select(ENTRY.id.label("place"), ENTRY.id.label("row_id"), ENTRY.since.label("moment"), *OF_ENTRY)
    .select_from(IN_ITS_CAMPAIGN)
    .where(OURS),
    telling.of_suppression,
)
LIFTINGS = Liftings(
    "lifting",
    Seal,
    select(
        SEAL.id.label("place"),
        ENTRY.id.label("row_id"),
        SEAL.at.label("moment"),
        ENTRY.until,
        ENTRY.lifted_by,
        *OF_ENTRY,
    )
    .select_from(
        IN_ITS_CAMPAIGN.outerjoin(
            table(Seal), (SEAL.tenant_id == ENTRY.tenant_id) & (SEAL.ordinal == ENTRY.lifting_seal)
        )
    )
    .where(OURS),
    telling.of_lifting,
)
SOURCES: tuple[Source, ...] = (CONSENTS, SUPPRESSIONS, LIFTINGS, FACTS, CALLBACKS, CHANGES, DECISIONS)
"""In the order in which what one transaction wrote is told: first what happened, then what follows from it."""
BY_NAME = {source.name: source for source in SOURCES}
