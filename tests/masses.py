"""Masses of rows in seconds: made by the database itself, from a series of numbers.

Customer, person, number and call `n` belong together; the number is +849 and `n` in eight digits. What a row refers to
has the same `n`, so the database must have been empty of people before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

AT = "'2026-01-05 02:00:00.000000'"
PERSON = """INSERT INTO person (id, tenant_id, key_kind, key, name, created_at)
    SELECT n, :tenant, 'person', 'K' || n, 'Khach ' || n, {at}"""
NUMBER = """INSERT INTO number (id, tenant_id, person_id, phone, role, position, needs_review, note)
    SELECT n, :tenant, n, {phone}, 'borrower', 0, {false}, ''"""
CUSTOMER = """INSERT INTO customer (id, tenant_id, campaign_id, person_id, run_id, code, name, status, priority,
        due_at, attempts, attempts_in_all, declines, updated_at)
    SELECT n, :tenant, :campaign, n, :run, 'K' || n, 'Khach ' || n, 'new', 0, {due}, 0, 0, 0, {at}"""
CALL = """INSERT INTO call (id, tenant_id, vendor_account_id, campaign_id, customer_id, person_id, run_id, origin,
        mode, purpose, phone, role, reference, attempt, state, outcome, charged, vendor_call_id, call_id_confirmed,
        recorded, checks, intended_at, placed_at, check_at)
    SELECT n, :tenant, :account, :campaign, {whose}, {whose}, :run, 'campaign', 'autocall', 'debt_reminder', {phone},
        'borrower', 'r' || n, 1, {state}, {outcome}, {true}, 'v' || n, {true}, {false}, 0, {due}, {due}, {check}"""
SUPPRESSION = """INSERT INTO suppression (id, tenant_id, scope, subject_kind, subject, purpose, source, reason, actor,
        since)
    SELECT n, :tenant, 'tenant', 'number', {phone}, 'all', 'bench', '', 'bench', {at}"""
FACT = """INSERT INTO fact (tenant_id, call_id, kind, verdict, before, after, detail, at, recorded_at)
    SELECT :tenant, n, 'intended', 'moved', NULL, 'intended', '{{}}', {at}, {at}"""
# Three facts a call, in the order of the calls.
FACTS = """INSERT INTO fact (tenant_id, call_id, kind, verdict, after, detail, at, recorded_at)
    SELECT :tenant, 1 + (n - 1) / 3, CASE n % 3 WHEN 1 THEN 'intended' WHEN 2 THEN 'placed' ELSE 'record' END, 'moved',
        CASE n % 3 WHEN 1 THEN 'intended' WHEN 2 THEN 'placed' ELSE 'settled' END, '{{}}', {at}, {at}"""
CHANGE = """INSERT INTO change (tenant_id, campaign_id, customer_id, before, after, actor, at)
    SELECT :tenant, :campaign, {whose}, 'new', 'queue', 'engine', {at}"""
CONTACT = """INSERT INTO contact (tenant_id, person_id, channel, phone, purpose, contract_number, conversation, source,
        actor, at, recorded_at)
    SELECT :tenant, {whose}, 'sms', {phone}, 'debt_reminder', 'HD' || n, {false}, 'bench', 'bench', {at}, {at}"""
DECISION = """INSERT INTO decision (tenant_id, campaign_id, customer_id, cleared, rulebook, rulebook_version, facts, at)
    SELECT :tenant, :campaign, n, {true}, 'none', '1', '{{}}', {at}"""
RECEIPT = """INSERT INTO receipt (tenant_id, vendor_account_id, body, body_hash, received_at, settled_at, outcome)
    SELECT :tenant, :account, {bytes}, {bytes}, {at}, {at}, 'applied'"""
DEBT = """INSERT INTO debt (tenant_id, customer_id, contract_number, variables, uploaded, row_number, list_import_id)
    SELECT :tenant, n, 'HD' || n, '{{}}', '[]', n, :list"""
ACT = """INSERT INTO act (tenant_id, actor, client, request_id, method, route, object, asked, before, after, result,
        milliseconds, at)
    SELECT :tenant, 'client crm', 'c', 'r', 'PATCH', '/v1/campaigns', 'campaigns/C' || n, '{{}}', '{{}}', '{{}}', 200,
        1, {at}"""
DELIVERY = """INSERT INTO delivery (tenant_id, webhook_id, source, row_id, kind, subject, state, attempts, due_at,
        created_at, ended_at)
    SELECT :tenant, :webhook, 'fact', n, 'call.settled', 'call-r' || n, 'delivered', 1, {at}, {at}, {at}"""
PROMISE = """INSERT INTO callback (id, tenant_id, campaign_id, customer_id, at, zone, note, promise, priority, phones,
        actor, not_after, created_at)
    SELECT n, :tenant, :campaign, n, {due}, 'UTC', '', 'kept', 0, '[]', 'crm', {due}, {at}"""
ORDER = "INSERT INTO triggered_call (id, tenant_id, reference, callback_id) SELECT n, :tenant, 't' || n, n"
IN_CALL = """UPDATE customer SET status = 'queue', open_call_id = id, attempts = 1, attempts_in_all = 1
    WHERE tenant_id = :tenant AND id BETWEEN :first AND :last"""
POSTGRESQL = {
    "at": f"timestamptz {AT}",
    "phone": "'+849' || lpad(({n})::text, 8, '0')",
    "false": "false",
    "true": "true",
    "due": f"timestamptz {AT} + n * interval '1 microsecond'",
    "ago": f"timestamptz {AT} - ({{n}}) * interval '1 second'",
    "bytes": "convert_to('{{}}' || n, 'UTF8')",
    "series": "FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n",
}
SQLITE = {
    "at": AT,
    "phone": "'+849' || printf('%08d', {n})",
    "false": "0",
    "true": "1",
    "due": "'2026-01-05 02:00:' || printf('%09.6f', n / 1000000.0)",
    "ago": f"strftime('%Y-%m-%d %H:%M:%f000', {AT}, printf('-%d seconds', {{n}}))",
    "bytes": "CAST('{{}}' || n AS BLOB)",
    "series": """FROM (WITH RECURSIVE s(n) AS (VALUES(:first) UNION ALL SELECT n + 1 FROM s WHERE n < :last)
        SELECT n FROM s)""",
}
LIVE = {"state": "'placed'", "outcome": "NULL", "check": "{due}"}
OVER = {"state": "'settled'", "outcome": "'answered'", "check": "NULL"}


@dataclass(frozen=True, slots=True)
class Of:
    """Whose rows they are."""

    tenant: int = 1
    account: int = 1
    campaign: int = 1
    run: int = 1
    list: int = 1
    webhook: int = 1


def fill(
    conn: Connection,
    of: Of,
    statement: str,
    first: int,
    last: int,
    phone: str = "n",
    more: Mapping[str, str] = OVER,
    whose: str = "n",
    ago: str | None = None,
) -> None:
    """Rows `first` to `last` of one of the tables above, by expressions of `n`: which `phone`, `whose` call, change or
    contact, and how many seconds `ago`."""
    words = dict(POSTGRESQL if conn.dialect.name == "postgresql" else SQLITE)
    if ago is not None:
        words |= dict.fromkeys(("at", "due"), words["ago"].format(n=ago))
    parts = words | {name: part.format(**words) for name, part in more.items()}
    told = statement.format(**parts | {"phone": words["phone"].format(n=phone), "whose": whose})
    run(conn, of, f"{told} {words['series']}", first, last)


def run(conn: Connection, of: Of, statement: str, first: int, last: int) -> None:
    """A statement of this room with what it binds."""
    known: dict[str, Any] = {name: getattr(of, name) for name in Of.__slots__} | {"first": first, "last": last}
    conn.execute(text(statement), {name: value for name, value in known.items() if f":{name}" in statement})


def number_on(conn: Connection, *tables: str) -> None:
    """The next row of these tables gets a number of its own; SQLite sees to that by itself."""
    if conn.dialect.name == "postgresql":
        for table in tables:
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            conn.exec_driver_sql(f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))")
