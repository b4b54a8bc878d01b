"""A list that was read goes into the database: all of it or nothing, in the caller's one transaction.

Statements are set-based and go in key order, a few thousand customers at a time, so that two imports that meet wait
for each other instead of deadlocking. Rows that say what the database knows are not written.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, insert, select, update

from campaigns import consents, dnc, ledger
from campaigns.compliance import may_ever_dial
from campaigns.consents import Said
from campaigns.lists import contracts, people
from campaigns.lists.entries import Entry, ListFile
from campaigns.lists.patience import uncollected
from campaigns.lists.people import Enrolled
from campaigns.models import Campaign, Debt, ListImport, Run, Tenant
from campaigns.rows import columns_of, in_chunks, table
from campaigns.statements import ONE
from campaigns.words import Purpose, Subject

RUN: Final = columns_of(Run)
LIST_IMPORT: Final = columns_of(ListImport)
find_run: Final = (
    select(RUN.id, RUN.opened_at)
    .where(RUN.tenant_id == bindparam("tenant"), RUN.campaign_id == bindparam("campaign"))
    .order_by(RUN.ordinal.desc())
    .limit(ONE)
)
SLICE: Final = 5000
"""How many customers are compared and written at a time."""


@dataclass(frozen=True, slots=True)
class ListCounts:
    """What came of a file's rows: `rows_read` = `kept` + all `rejected` + `duplicates`.

    `updated` and `unchanged` are kept rows of customers whom the campaign had already; `on_dnc` counts customers who
    may not be called, `needs_review` numbers that may be land lines of before 2018.
    """

    rows_read: int
    kept: int
    rejected: dict[str, int]
    duplicates: int
    on_dnc: int
    updated: int
    unchanged: int
    needs_review: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """The run that an import belongs to, and what it does to those whom it names.

    `reopens`: those who stand in an earlier run are taken into this one. `superseded`: the imports whose contracts
    this file replaces, or None for all.
    """

    run_id: int
    reopens: bool
    superseded: Collection[int] | None


@uncollected()
def load(
    conn: Connection,
    now: datetime,
    campaign: Campaign,
    listfile: ListFile,
    actor: str,
    file_name: str,
    new_run: bool | None = None,
    numbers_as_of: date | None = None,
) -> ListCounts:
    """Bring the campaign to what the list says of the customers it names; others are left alone.

    The first import opens the campaign's first run, and one on a later day (in the tenant's zone) the next, unless
    this very file was imported before; `new_run` decides otherwise. A file within the run corrects it: numbers that
    it no longer names are removed, and so are contracts that an earlier file of the same name had. `numbers_as_of` is
    the day of records that tell none; without it new numbers are of today.
    """
    tenant_id = campaign.tenant_id
    lock(conn, campaign)
    zone = _zone_of(conn, tenant_id)
    turn = _turn(conn, now, zone, campaign, listfile, file_name, new_run)
    import_id = open_import(conn, now, campaign, listfile, turn.run_id, actor, file_name)
    entries = sorted(_dated(listfile.entries, numbers_as_of), key=lambda entry: (entry.key_kind, entry.key))
    enrolled = [Enrolled(entry) for entry in entries]
    today = now.astimezone(zone).date()
    for part in in_chunks(enrolled, SLICE):
        load_part(conn, now, campaign, turn, import_id, part, today, actor)
    counts = _count(conn, campaign, listfile, enrolled)
    conn.execute(
        update(table(ListImport))
        .where(LIST_IMPORT.tenant_id == tenant_id, LIST_IMPORT.id == import_id)
        .values(counts=counts.as_json())
    )
    return counts


def written(conn: Connection, campaign: Campaign) -> list[tuple[int, int, int]]:
    """What the campaign's newest import wrote: its id, the row of the file, the customer; for the log."""
    debt = columns_of(Debt)
    newest = select(func.max(LIST_IMPORT.id)).where(
        LIST_IMPORT.tenant_id == campaign.tenant_id, LIST_IMPORT.campaign_id == campaign.id
    )
    rows = select(debt.list_import_id, debt.row_number, debt.customer_id).where(
        debt.tenant_id == campaign.tenant_id, debt.list_import_id == newest.scalar_subquery()
    )
    return [tuple(row) for row in conn.execute(rows.order_by(debt.row_number))]


def _zone_of(conn: Connection, tenant_id: int) -> ZoneInfo:
    return ZoneInfo(conn.scalars(select(columns_of(Tenant).zone).where(columns_of(Tenant).id == tenant_id)).one())


def _dated(entries: Sequence[Entry], day: date | None) -> Sequence[Entry]:
    if day is None:
        return entries
    return [replace(entry, phones=[phone.as_of(day) for phone in entry.phones]) for entry in entries]


def lock(conn: Connection, campaign: Campaign) -> None:
    """Two imports into one campaign go one after the other."""
    columns = columns_of(Campaign)
    chosen = select(columns.id).where(columns.tenant_id == campaign.tenant_id, columns.id == campaign.id)
    conn.execute(chosen.with_for_update(key_share=True)).one()


def _turn(
    conn: Connection,
    now: datetime,
    zone: ZoneInfo,
    campaign: Campaign,
    listfile: ListFile,
    file_name: str,
    new_run: bool | None,
) -> Turn:
    tenant_id, campaign_id = campaign.tenant_id, campaign.id or 0
    chosen = select(LIST_IMPORT.id, LIST_IMPORT.sha256, LIST_IMPORT.file_name).where(
        LIST_IMPORT.tenant_id == tenant_id, LIST_IMPORT.campaign_id == campaign_id
    )
    imports = conn.execute(chosen).all()
    known = any(row.sha256 == listfile.sha256 for row in imports)
    current = current_run(conn, tenant_id, campaign_id)
    another_day = current is None or now.astimezone(zone).date() > current.opened_at.astimezone(zone).date()
    if current is None or (new_run if new_run is not None else another_day and not known):
        run_id = ledger.open_run(conn, now, tenant_id, campaign_id, f"list {file_name}")
        return Turn(run_id, reopens=True, superseded=None)
    same_name = {row.id for row in imports if row.file_name == file_name}
    return Turn(current.id, reopens=not known, superseded=same_name)


def current_run(conn: Connection, tenant_id: int, campaign_id: int) -> Any:
    return conn.execute(find_run, {"tenant": tenant_id, "campaign": campaign_id}).one_or_none()


def open_import(
    conn: Connection, now: datetime, campaign: Campaign, listfile: ListFile, run_id: int, actor: str, file_name: str
) -> int:
    row: dict[str, Any] = {
        "tenant_id": campaign.tenant_id,
        "campaign_id": campaign.id,
        "run_id": run_id,
        "file_name": file_name,
        "sha256": listfile.sha256,
        "headers": list(listfile.headers),
        "counts": {},
        "imported_by": actor,
        "imported_at": now,
    }
    return int(conn.execute(insert(table(ListImport)).returning(LIST_IMPORT.id), row).scalar_one())


def load_part(
    conn: Connection,
    now: datetime,
    campaign: Campaign,
    turn: Turn,
    import_id: int,
    part: Sequence[Enrolled],
    today: date,
    actor: str,
    until: datetime | None = None,
) -> None:
    """People, numbers, customers and contracts of these, in key order. `until` as for `contracts.enlist`."""
    tenant_id, campaign_id = campaign.tenant_id, campaign.id or 0
    people.identify(conn, now, tenant_id, part)
    before = contracts.find_customers(conn, tenant_id, campaign_id, part)
    people.set_numbers(conn, now, tenant_id, part, today, adding=until is not None)
    contracts.enlist(conn, now, campaign, turn.run_id, part, before, actor, until)
    contracts.set_debts(conn, now, tenant_id, import_id, part, turn.superseded)
    if campaign.purpose is Purpose.MARKETING:
        _record_consents(conn, now, tenant_id, part, actor)
    if turn.reopens:
        late = [row.id for row in before.values() if row.run_id != turn.run_id]
        ledger.reopen(conn, now, tenant_id, campaign_id, turn.run_id, late, actor)
    corrected = [one.customer_id for one in part if one.listed_before and (one.changed or one.changed_debts)]
    ledger.reconsider(conn, now, tenant_id, corrected, actor)


def _record_consents(conn: Connection, now: datetime, tenant_id: int, part: Sequence[Enrolled], actor: str) -> None:
    """Write down what the list says of consents. It lifts no suppression: who refused is freed by `dialer person`."""
    zone = _zone_of(conn, tenant_id)
    said = [
        Said(
            person_id=one.person_id,
            purpose=Purpose.MARKETING,
            granted=True,
            channel=told.channel,
            # From the beginning of its day: a refusal of the same day is then the later word.
            at=datetime.combine(told.day, time.min, zone).astimezone(UTC),
            proof=told.proof,
        )
        for one in part
        for told in one.entry.consents
    ]
    new = consents.unknown(conn, tenant_id, said)
    consents.record(conn, now, tenant_id, new, actor)
    concerned = {told.person_id for told in new}
    for one in part:
        one.changed |= one.person_id in concerned and not one.new_person


def _count(conn: Connection, campaign: Campaign, listfile: ListFile, enrolled: Sequence[Enrolled]) -> ListCounts:
    known = [one for one in enrolled if one.listed_before]
    updated = sum(len(one.entry.debts) if one.changed else one.changed_debts for one in known)
    return ListCounts(
        rows_read=listfile.rows_read,
        kept=listfile.kept,
        rejected=dict(sorted(Counter(remark.reason.value for remark in listfile.rejects).items())),
        duplicates=listfile.duplicates,
        on_dnc=_on_dnc(conn, campaign, [one.entry for one in enrolled]),
        updated=updated,
        unchanged=sum(len(one.entry.debts) for one in known) - updated,
        needs_review=sum(one.doubted for one in enrolled),
    )


def _on_dnc(conn: Connection, campaign: Campaign, entries: Sequence[Entry]) -> int:
    """How many customers are suppressed by their id, or in every number that may be dialed for this purpose."""
    dialable = [
        {phone.e164 for phone in entry.phones if may_ever_dial(phone.role, campaign.purpose, phone.needs_review)}
        for entry in entries
    ]
    keys = [entry.key for entry in entries if entry.key_kind is Subject.PERSON]
    phones = {phone for own in dialable for phone in own}
    barred, barred_keys = dnc.suppressed(conn, campaign.tenant_id, campaign.id or 0, campaign.purpose, phones, keys)
    return sum(
        (entry.key_kind is Subject.PERSON and entry.key in barred_keys) or bool(own and own <= barred)
        for entry, own in zip(entries, dialable, strict=True)
    )
