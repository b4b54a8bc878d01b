"""Ordering a job: it is given a name that means nothing to anybody, and written down for whichever worker comes first.

The command line and the API order jobs by this function only.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns import jobs
from campaigns.jobs import Wish
from campaigns.words import JobKind


def order(
    conn: Connection,
    now: datetime,
    tenant_id: int,
    kind: JobKind,
    asked: Mapping[str, Any],
    actor: str,
    campaign: Any = None,
    file: tuple[str, bytes] | None = None,
) -> Any:
    """The job, as `jobs.find` gives it. `campaign`: the row of the one that it is about; `file`: its name and its
    bytes. Raises `NotNow`, `BadTerms`."""
    reference = f"j_{secrets.token_hex(8)}"
    code, campaign_id = (campaign.code, campaign.id) if campaign is not None else (None, None)
    name, content = file or (None, None)
    wish = Wish(reference, kind, {"campaign": code} | dict(asked), campaign_id, name, content)
    jobs.order(conn, now, tenant_id, wish, actor)
    return jobs.find(conn, tenant_id, reference)
