"""Finding and founding tenants and campaigns by the codes that people know them by."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, bindparam, select

from campaigns import agents, ledger, pages, shelf
from campaigns.models import Callflow, Campaign, Tenant, VendorAccount
from campaigns.pages import Cut, Listing, Part, Sort
from campaigns.rows import columns_of, ignoring, table
from campaigns.terms import BadTerms, hold_to
from campaigns.words import Mode

TENANT = columns_of(Tenant)
CAMPAIGN = columns_of(Campaign)
CODE = re.compile(r"\w[\w.-]{0,63}")
SHOWN = 5
SORTS: pages.Sorts = {
    "code": Sort((CAMPAIGN.code, CAMPAIGN.id)),
    "created_at": Sort((CAMPAIGN.created_at, CAMPAIGN.id)),
}
EVERY = 1_000_000
"""Far more campaigns than a company has."""
find_tenants = select(table(Tenant)).where(TENANT.code == bindparam("code"))


class NotFound(Exception):
    """Nothing is known by this name; the message says what there is instead, and `what` of which kind it would be."""

    what = ""


class Taken(Exception):
    """The name belongs to another already; the message says to which."""


class BadCode(Exception):
    """A code, or a tenant's time zone, that cannot be one; the message says what can."""


def missing(what: str, code: str, known: Iterable[str], otherwise: str = "") -> NotFound:
    """`there is no campaign DEM; did you mean DEMO?`, or else the first few that there are."""
    error = NotFound(f"there is no {what} {code}{_instead(code, sorted(known), otherwise)}")
    error.what = what
    return error


def _instead(code: str, codes: list[str], otherwise: str) -> str:
    near = get_close_matches(code, codes, 1, 0.6)
    if near:
        return f"; did you mean {near[0]}?"
    if codes:
        return f"; there is {', '.join(codes[:SHOWN])}{', …' if len(codes) > SHOWN else ''}"
    return f"; {otherwise}" if otherwise else ""


def checked_code(code: str, what: str) -> str:
    """The code, if it can be one. Raises `BadCode`."""
    if not CODE.fullmatch(code):
        raise BadCode(f"{what} {code!r} must be 1 to 64 letters, digits, dots, dashes and underscores")
    return code


def find_tenant(conn: Connection, code: str) -> Any:
    """Raises `NotFound`."""
    found = conn.execute(find_tenants, {"code": code}).first()
    if found is None:
        raise missing("tenant", code, conn.scalars(select(TENANT.code)))
    return found


def ensure_tenant(conn: Connection, now: datetime, code: str, zone: str) -> Any:
    """The tenant of this code, founded where there is none. Raises `BadCode`."""
    found = conn.execute(find_tenants, {"code": code}).first()
    if found is not None:
        return found
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise BadCode(f"{zone!r} is no time zone, such as Asia/Ho_Chi_Minh") from None
    row = {"code": checked_code(code, "tenant"), "name": "", "zone": zone, "created_at": now}
    # Two commands may found the same tenant at once: the loser finds the winner's.
    conn.execute(ignoring(conn, Tenant).values(row))
    return find_tenant(conn, code)


def find_campaign(conn: Connection, tenant_id: int, code: str) -> Any:
    """A campaign that was not deleted, with the name of its `vendor`. Raises `NotFound`."""
    found = conn.execute(find_campaigns, {"tenant": tenant_id, "code": code}).first()
    if found is None:
        standing = (CAMPAIGN.tenant_id == tenant_id, CAMPAIGN.deleted_at.is_(None))
        codes = conn.scalars(select(CAMPAIGN.code).where(*standing))
        raise missing("campaign", code, codes, "make one with `dialer campaign create`")
    return found


def list_campaigns(conn: Connection, tenant_id: int, sort: str = "code") -> list[Any]:
    """All campaigns of a tenant that were not deleted, each with the name of its `vendor`."""
    return [*read_campaigns(conn, tenant_id, Cut(EVERY, sort)).rows]


def read_campaigns(conn: Connection, tenant_id: int, cut: Cut, **asked: Any) -> Part:
    """The campaigns of a tenant that were not deleted, each with the name of its `vendor`. `asked`: what columns are,
    as in `wanted=…`; None narrows nothing."""
    standing = (CAMPAIGN.tenant_id == tenant_id, CAMPAIGN.deleted_at.is_(None))
    return pages.read(conn, Listing(Campaign, SORTS, standing, (), pages.matching(**asked), _with_vendor), cut)


def _with_vendor(source: Any) -> Any:
    account = columns_of(VendorAccount)
    joined = source.join(table(VendorAccount), source.c.vendor_account_id == account.id)
    return select(source, account.name.label("vendor")).select_from(joined)


find_campaigns = _with_vendor(table(Campaign)).where(
    CAMPAIGN.tenant_id == bindparam("tenant"), CAMPAIGN.code == bindparam("code"), CAMPAIGN.deleted_at.is_(None)
)


def create_campaign(
    conn: Connection,
    now: datetime,
    account: Any,
    code: str,
    mode: Mode,
    terms: Mapping[str, Any],
    actor: str = "engine",
) -> Any:
    """A draft with these terms (`campaigns.terms.agree`) and its agents. Raises `Taken`, `BadCode`, `BadTerms`."""
    checked_code(code, "campaign")
    check_law(conn, account.tenant_id, terms)
    check_script(conn, account.tenant_id, account.id, terms["template"], terms["variables"])
    columns = {option: value for option, value in terms.items() if option != "agents"}
    row = columns | {
        "tenant_id": account.tenant_id,
        "code": code,
        "vendor_account_id": account.id,
        "mode": mode,
        "created_at": now,
    }
    made = conn.execute(ignoring(conn, Campaign).values(row).returning(CAMPAIGN.id)).first()
    if made is None:
        raise _collision(conn, account, code, terms["queue_code"])
    campaign = find_campaign(conn, account.tenant_id, code)
    ledger.founded(conn, now, campaign, actor)
    if terms["agents"]:
        agents.assign(conn, now, campaign, terms["agents"])
        ledger.staffed(conn, now, campaign, (), terms["agents"], actor)
    return campaign


def check_law(conn: Connection, tenant_id: int, terms: Mapping[str, Any]) -> None:
    """Whether there is a rulebook of this name, and whether these terms can be called under it. Raises `BadTerms`."""
    book = shelf.find(conn, tenant_id, terms["rulebook"])
    if book is None:
        raise BadTerms("rulebook", f"must be one of {', '.join(shelf.names(conn, tenant_id))}")
    hold_to(terms, book)


def check_script(
    conn: Connection, tenant_id: int, account_id: int, template: str | None, variables: Sequence[str]
) -> None:
    """Whether this script may speak these variables, where somebody registered it. Raises `BadTerms`."""
    flow = columns_of(Callflow)
    mine = (flow.tenant_id == tenant_id, flow.vendor_account_id == account_id, flow.removed_at.is_(None))
    told = conn.execute(select(flow.variables).where(*mine, flow.name == template)).first()
    if told is not None and (strange := [one for one in variables if one not in told.variables]):
        allowed = ", ".join(told.variables) or "none"
        raise BadTerms("variables", f"{strange[0]} is none that the script {template} speaks; it speaks {allowed}")


def check_queue(conn: Connection, campaign: Any, queue_code: str) -> None:
    """One vendor queue, one campaign. Raises `Taken` where another campaign of the account has it."""
    owner = _owner(conn, campaign.tenant_id, campaign.vendor_account_id, queue_code)
    if owner is not None and owner != campaign.code:
        raise Taken(f"the queue {queue_code} belongs to campaign {owner} already: one vendor queue, one campaign")


def _collision(conn: Connection, account: Any, code: str, queue_code: str | None) -> Taken:
    owner = _owner(conn, account.tenant_id, account.id, queue_code) if queue_code else None
    if owner is not None and owner != code:
        return Taken(f"the queue {queue_code} belongs to campaign {owner} already: one vendor queue, one campaign")
    return Taken(f"there is a campaign {code} already: change it with `dialer campaign set {code}`")


def _owner(conn: Connection, tenant_id: int, account_id: int, queue_code: str) -> str | None:
    standing = (CAMPAIGN.tenant_id == tenant_id, CAMPAIGN.deleted_at.is_(None))
    chosen = select(CAMPAIGN.code).where(
        *standing, CAMPAIGN.vendor_account_id == account_id, CAMPAIGN.queue_code == queue_code
    )
    found: str | None = conn.scalar(chosen)
    return found
