"""Call flows: a vendor's scripts, as somebody registered them. A campaign whose script is registered may speak only
what the script may; one that is not is taken as it is, for nobody but the vendor knows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from campaigns.directory import Taken, checked_code, missing
from campaigns.models import Callflow, VendorAccount
from campaigns.rows import columns_of, ignoring, table

FLOW = columns_of(Callflow)


@dataclass(frozen=True, slots=True)
class Script:
    """What is told of a script."""

    name: str
    variables: Sequence[str] = ()
    description: str = ""


def add(conn: Connection, now: datetime, account: Any, script: Script) -> Any:
    """Register a script of this vendor account. Raises `BadCode`, and `Taken` where one of the name is registered."""
    row = {
        "tenant_id": account.tenant_id,
        "vendor_account_id": account.id,
        "name": checked_code(script.name, "callflow"),
        "description": script.description,
        "variables": list(script.variables),
        "created_at": now,
    }
    if conn.execute(ignoring(conn, Callflow).values(row)).rowcount == 0:
        raise Taken(f"there is a callflow {script.name} already: remove it first with `dialer callflow remove`")
    return find(conn, account.tenant_id, script.name)


def find(conn: Connection, tenant_id: int, name: str) -> Any:
    """The script, with the name of its `vendor`. Raises `NotFound`."""
    found = conn.execute(_standing(tenant_id).where(FLOW.name == name)).first()
    if found is None:
        names = [row.name for row in list_flows(conn, tenant_id)]
        raise missing("callflow", name, names, "register one with `dialer callflow add`")
    return found


def list_flows(conn: Connection, tenant_id: int) -> list[Any]:
    return list(conn.execute(_standing(tenant_id).order_by(FLOW.name)))


def _standing(tenant_id: int) -> Any:
    account = columns_of(VendorAccount)
    joined = table(Callflow).join(table(VendorAccount), FLOW.vendor_account_id == account.id)
    chosen = select(table(Callflow), account.name.label("vendor")).select_from(joined)
    return chosen.where(FLOW.tenant_id == tenant_id, FLOW.removed_at.is_(None))


def change(conn: Connection, flow: Any, values: Mapping[str, Any]) -> None:
    """Change what is told of a script: `description` and `variables`. Campaigns are held to it when they change."""
    if values:
        conn.execute(update(table(Callflow)).where(FLOW.id == flow.id).values(**values))


def remove(conn: Connection, now: datetime, flow: Any) -> None:
    conn.execute(update(table(Callflow)).where(FLOW.id == flow.id).values(removed_at=now))
