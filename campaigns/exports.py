"""What can be taken out: a campaign's results, calls, and how much was called, each as one table.

Telephones stand as they are dialed at home, and moments are on the tenant's clock, as a spreadsheet reads them; in
JSON they have their zone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from campaigns import reports
from campaigns.models import Call, Campaign
from campaigns.pages import Cut
from campaigns.phones import national
from campaigns.reports import Result, SoughtCalls
from campaigns.rows import columns_of, table
from campaigns.sheets import Sheet
from campaigns.terms import BadTerms
from campaigns.words import CallState, ExportFormat, ExportKind, Outcome

RESULT: Final = (
    "status",
    "reason",
    "attempts",
    "last_outcome",
    "last_call_at",
    "talk_seconds",
    "agent",
    "number_called",
    "recording_url",
)
CALL: Final = (
    "id",
    "campaign",
    "customer",
    "origin",
    "mode",
    "purpose",
    "phone",
    "state",
    "outcome",
    "reason",
    "attempt",
    "charged",
    "extension",
    "hotline",
    "billsec",
    "intended_at",
    "answered_at",
    "ended_at",
)
USAGE: Final = ("day", "campaign", "calls", "attempts", "answered", "talk_seconds")
PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Period:
    """Calls that were intended in it; None: without that end. `campaign` narrows it to one."""

    campaign: Any = None
    since: datetime | None = None
    until: datetime | None = None


def asked(kind: ExportKind, period: Period, style: ExportFormat) -> dict[str, Any]:
    """What a job is told to write. Raises `BadTerms` for what no sheet can be made of."""
    since, until = period.since, period.until
    if kind is ExportKind.RESULTS and period.campaign is None:
        raise BadTerms("campaign", "is needed: whose results?")
    if kind is ExportKind.RESULTS and (since or until):
        raise BadTerms("since", "and `until` are of calls: results are how everybody stands now")
    if since and until and until <= since:
        raise BadTerms("until", "must be after `since`")
    told = {"since": since and since.isoformat(), "until": until and until.isoformat()}
    return told | {"what": kind.value, "format": style.value}


@dataclass(frozen=True, slots=True)
class Usage:
    """What was called in one campaign on one day of the tenant's clock."""

    day: date
    campaign: str | None
    calls: int
    attempts: int
    answered: int
    talk_seconds: int


def sheet(conn: Connection, now: datetime, tenant: Any, kind: ExportKind, period: Period) -> Sheet:
    """The table of this kind. `results` need a campaign and have no period."""
    match kind:
        case ExportKind.RESULTS:
            return results(conn, now, period.campaign, tenant.zone)
        case ExportKind.CALLS:
            return _calls(conn, tenant, period)
        case ExportKind.USAGE:
            return _usage(conn, tenant, period)


def results(conn: Connection, now: datetime, campaign: Any, zone: str) -> Sheet:
    """The uploaded columns of a campaign's lists, then the results; one of ours whose name is taken says that it is a
    result."""
    under = reports.columns(conn, campaign)
    taken = {name.casefold() for name in under.names}
    headers = [*under.names, *(f"result_{name}" if name in taken else name for name in RESULT)]
    first = len(under.names)
    return Sheet(
        headers,
        reports.results(conn, now, campaign, zone, under),
        _result_cells,
        lambda row: _result_data(under.names, row),
        {first + RESULT.index(name) for name in ("attempts", "talk_seconds")},
        {"code": campaign.code, "columns": list(under.names)},
    )


def _result_cells(row: Result) -> list[str]:
    called = row.last_call_at.strftime("%Y-%m-%d %H:%M:%S") if row.last_call_at else None
    told = (getattr(row, name) if name != "last_call_at" else called for name in RESULT)
    return [*row.uploaded, *("" if value is None else str(value) for value in told)]


def _result_data(columns: Sequence[str], row: Result) -> dict[str, Any]:
    named = ("id", "name", "contract_number", *RESULT)
    return {"uploaded": dict(zip(columns, row.uploaded, strict=True))} | {n: getattr(row, n) for n in named}


def _calls(conn: Connection, tenant: Any, period: Period) -> Sheet:
    zone = ZoneInfo(tenant.zone)
    rows = (_call(row, zone) for row in _all_calls(conn, tenant, period))
    numbers = {CALL.index(name) for name in ("attempt", "billsec")}
    return Sheet(CALL, rows, lambda row: [_cell(row[name]) for name in CALL], lambda row: row, numbers)


def _all_calls(conn: Connection, tenant: Any, period: Period) -> Iterator[Any]:
    """Part by part, so that nobody holds all of them."""
    of = period.campaign.id if period.campaign is not None else None
    sought = SoughtCalls(campaign_id=of, since=period.since, until=period.until)
    cut = Cut(PAGE, "-intended_at")
    while True:
        part = reports.read_calls(conn, tenant.id, sought, cut)
        yield from part.rows
        if part.after is None:
            return
        cut = replace(cut, after=part.after)


def _call(row: Any, zone: ZoneInfo) -> Mapping[str, Any]:
    told = dict(row._mapping) | {"id": row.reference, "extension": row.extension or row.reserved}
    told["phone"] = national(row.phone)
    return {name: _here(told[name], zone) for name in CALL}


def _here(value: Any, zone: ZoneInfo) -> Any:
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _usage(conn: Connection, tenant: Any, period: Period) -> Sheet:
    numbers = range(USAGE.index("calls"), len(USAGE))
    return Sheet(
        USAGE,
        iter(usage(conn, tenant, period)),
        lambda row: [_cell(getattr(row, name)) for name in USAGE],
        lambda row: {name: getattr(row, name) for name in USAGE},
        numbers,
        {"zone": tenant.zone},
    )


def usage(conn: Connection, tenant: Any, period: Period) -> list[Usage]:
    """Calls, attempts, conversations and talk seconds of each campaign and day, the earliest first. Days are the
    tenant's, which no database counts by itself; calls of no campaign have none."""
    zone = ZoneInfo(tenant.zone)
    counts: dict[tuple[date, str], Counter[str]] = {}
    for row in conn.execute(_counted(tenant, period), execution_options={"yield_per": PAGE}):
        key = (row.intended_at.astimezone(zone).date(), row.campaign or "")
        told = counts.setdefault(key, Counter())
        answered = row.outcome is Outcome.ANSWERED
        told["calls"] += 1
        told["attempts"] += row.charged and row.state is not CallState.RELEASED
        told["answered"] += answered
        told["talk_seconds"] += (row.billsec or 0) if answered else 0
    return [
        Usage(day, code or None, *(told[name] for name in USAGE[2:])) for (day, code), told in sorted(counts.items())
    ]


def _counted(tenant: Any, period: Period) -> Any:
    call, campaign = columns_of(Call), columns_of(Campaign)
    joined = table(Call).outerjoin(table(Campaign), call.campaign_id == campaign.id)
    told = (call.intended_at, call.charged, call.state, call.outcome, call.billsec, campaign.code.label("campaign"))
    chosen = select(*told).select_from(joined).where(call.tenant_id == tenant.id)
    if period.campaign is not None:
        chosen = chosen.where(call.campaign_id == period.campaign.id)
    if period.since is not None:
        chosen = chosen.where(call.intended_at >= period.since)
    return chosen if period.until is None else chosen.where(call.intended_at < period.until)
