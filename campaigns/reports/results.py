"""What came of a list: the columns that were uploaded, and beside them the result. One row a contract, streamed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, select

from campaigns.models import Agent, Call, Customer, Debt, ListImport
from campaigns.phones import national
from campaigns.reports.reasons import CUSTOMER, his_open_call, reason_at
from campaigns.reports.standing import may_have_rung
from campaigns.rows import columns_of, table
from campaigns.words import Outcome, Status

BATCH = 500
DEBT = columns_of(Debt)


@dataclass(frozen=True, slots=True)
class Columns:
    """The uploaded columns of all of a campaign's lists, in the order in which they first appeared.

    A header that a list had twice got a number: `phone`, `phone (2)`. `places` says for each import at which of the
    columns its cells stand.
    """

    names: tuple[str, ...]
    places: Mapping[int, Sequence[int]]

    def spread(self, import_id: int | None, cells: Sequence[str]) -> tuple[str, ...]:
        """One uploaded row's cells, under the columns of all lists."""
        row = [""] * len(self.names)
        for place, cell in zip(self.places.get(import_id or 0, ()), cells, strict=False):
            row[place] = cell
        return tuple(row)


@dataclass(frozen=True, slots=True)
class Result:
    """`last_call_at` is on the tenant's clock; `number_called` as it is dialed at home; `talk_seconds` of all calls."""

    uploaded: tuple[str, ...]
    id: str
    name: str
    contract_number: str
    status: Status
    reason: str
    attempts: int
    last_outcome: Outcome | None
    last_call_at: datetime | None
    talk_seconds: int
    agent: str | None
    number_called: str | None
    recording_url: str | None


def columns(conn: Connection, campaign: Any) -> Columns:
    """The columns under which `results` gives the uploaded cells."""
    listed = columns_of(ListImport)
    chosen = select(listed.id, listed.headers).where(
        listed.tenant_id == campaign.tenant_id, listed.campaign_id == campaign.id
    )
    found: dict[str, int] = {}
    places = {}
    for import_id, headers in conn.execute(chosen.order_by(listed.id)):
        places[import_id] = [found.setdefault(name, len(found)) for name in _distinct(headers)]
    return Columns(tuple(found), places)


def _distinct(headers: Sequence[str]) -> list[str]:
    taken: dict[str, int] = {}
    names = []
    for header in headers:
        taken[header] = taken.get(header, 0) + 1
        names.append(header if taken[header] == 1 else f"{header} ({taken[header]})")
    return names


def results(conn: Connection, now: datetime, campaign: Any, zone: str, under: Columns) -> Iterator[Result]:
    """Every contract of every customer, in the order of the lists; a customer whose contracts a corrected list no
    longer names has one row without uploaded cells."""
    clock = ZoneInfo(zone)
    for row in conn.execute(_rows(now, campaign), execution_options={"yield_per": BATCH}):
        yield Result(
            uploaded=under.spread(row.list_import_id, row.uploaded or ()),
            id=row.code,
            name=row.name,
            contract_number=row.contract_number or "",
            status=row.status,
            reason=row.why,
            attempts=row.attempts_in_all,
            last_outcome=row.outcome,
            last_call_at=row.last_at.astimezone(clock) if row.last_at else None,
            talk_seconds=row.talk_seconds or 0,
            agent=row.talked or row.rung,
            number_called=national(row.phone) if row.phone else None,
            recording_url=row.recording_url,
        )


def _rows(now: datetime, campaign: Any) -> Any:
    last, agent = table(Call).alias("last_call"), columns_of(Agent)
    standing = and_(DEBT.tenant_id == CUSTOMER.tenant_id, DEBT.customer_id == CUSTOMER.id, DEBT.removed_at.is_(None))
    joined = (
        table(Customer)
        .outerjoin(table(Call), his_open_call())
        .outerjoin(table(Debt), standing)
        .outerjoin(last, and_(last.c.tenant_id == CUSTOMER.tenant_id, last.c.id == _last_call()))
        .outerjoin(table(Agent), and_(agent.tenant_id == last.c.tenant_id, agent.id == last.c.agent_id))
    )
    chosen = select(
        CUSTOMER.code,
        CUSTOMER.name,
        CUSTOMER.status,
        CUSTOMER.attempts_in_all,
        reason_at(now).label("why"),
        DEBT.contract_number,
        DEBT.uploaded,
        DEBT.list_import_id,
        last.c.outcome,
        func.coalesce(last.c.ringing_at, last.c.placed_at, last.c.intended_at).label("last_at"),
        last.c.phone,
        last.c.extension.label("talked"),
        agent.extension.label("rung"),
        last.c.recording_url,
        _talk_seconds().label("talk_seconds"),
    ).select_from(joined)
    mine = and_(CUSTOMER.tenant_id == campaign.tenant_id, CUSTOMER.campaign_id == campaign.id)
    order = (DEBT.id.is_(None), DEBT.list_import_id, DEBT.row_number, CUSTOMER.id, DEBT.id)
    return chosen.where(mine).order_by(*order)


def _last_call() -> Any:
    """The customer's newest attempt."""
    his = table(Call).alias("his_call")
    mine = and_(his.c.tenant_id == CUSTOMER.tenant_id, his.c.customer_id == CUSTOMER.id)
    return select(func.max(his.c.id)).where(mine, may_have_rung(his.c)).correlate(table(Customer)).scalar_subquery()


def _talk_seconds() -> Any:
    his = table(Call).alias("talk")
    mine = and_(his.c.tenant_id == CUSTOMER.tenant_id, his.c.customer_id == CUSTOMER.id)
    talked = his.c.outcome == Outcome.ANSWERED
    return select(func.sum(his.c.billsec)).where(mine, talked).correlate(table(Customer)).scalar_subquery()
