"""What a statement reads: each that a work runs is explained as it comes, and whole reads of big tables are named."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event

BIG = ("person", "number", "customer", "call", "suppression", "receipt", "debt", "fact", "change", "decision")
"""The tables that grow with the list or with the calls."""
AT_HAND = (
    "ix_customer_lease",
    "ix_call_live",
    "uq_call_live_phone",
    "uq_call_live_person",
    "uq_call_live_agent",
    "ix_call_check",
    "ix_receipt_unsettled",
)
"""Indexes that hold only the work at hand: they may be read whole."""
STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?(?: \((.*)\))?")
ALIASED = re.compile(r'\b(?:FROM|JOIN|,)\s+"?(\w+)"?\s+AS\s+"?(\w+)"?')
EXPLAINED = ("SELECT", "WITH", "UPDATE", "DELETE")


@dataclass(slots=True)
class Explained:
    """The statements that were run, and what is wrong with their plans."""

    most: int
    """So many rows of a big table may a statement read; PostgreSQL only, which counts them."""
    big: frozenset[str]
    ordered: bool = False
    """Whether what is read in the order of an index is read in part only, as pages of lists are."""
    statements: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


@contextmanager
def explaining(conn: Connection, most: int, also: Sequence[str] = ()) -> Iterator[Explained]:
    """Explain every statement of this connection before it is run. `also`: of lists, the tables that are
    big here beside `BIG`."""
    explained = Explained(most, frozenset({*BIG, *also}), ordered=bool(also))
    judge = _on_postgresql if conn.dialect.name == "postgresql" else _on_sqlite
    busy = False

    def look(conn: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        nonlocal busy
        if busy or not statement.lstrip().startswith(EXPLAINED):
            return
        busy = True
        try:
            explained.statements.add(statement)
            faults = judge(conn, statement, parameters[0] if many else parameters, explained)
            explained.faults += [f"{fault}: {' '.join(statement.split())}" for fault in faults]
        finally:
            busy = False

    event.listen(conn, "before_cursor_execute", look)
    try:
        yield explained
    finally:
        event.remove(conn, "before_cursor_execute", look)


def _on_sqlite(conn: Connection, statement: str, parameters: Any, explained: Explained) -> Iterator[str]:
    """SQLite tells how it will search. A search by the tenant alone is a scan for him who is the only one."""
    names = {alias: name for name, alias in ALIASED.findall(statement)}
    plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    sorting = {row[1] for row in plan if row[3].startswith("USE TEMP B-TREE FOR") and "ORDER BY" in row[3]}
    for row in plan:
        step = STEP.match(row[3])
        if step is None or names.get(step[2], step[2]) not in explained.big or step[3] in AT_HAND:
            continue
        # What comes in its order, by an index or as it lies, ends with the page.
        if explained.ordered and row[1] not in sorting:
            continue
        if step[1] == "SCAN" or step[4] == "tenant_id=?":
            yield row[3]


def _on_postgresql(conn: Connection, statement: str, parameters: Any, explained: Explained) -> Iterator[str]:
    """PostgreSQL runs it, tells how many rows it read, and takes everything back. Then the plan for any values at
    all, which a statement gets that was run a few times."""
    nested = conn.begin_nested()
    plan = conn.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters).scalar_one()
    nested.rollback()
    for node in _nodes(plan if isinstance(plan, list) else json.loads(plan)):
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if node.get("Relation Name") in explained.big and read > explained.most:
            yield f"{node['Node Type']} on {node['Relation Name']} reads {read:.0f} rows"
    for node in _nodes(_generic(conn, statement, len(parameters))):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in explained.big:
            yield f"{node['Node Type']} on {node['Relation Name']} for any values"


def _generic(conn: Connection, statement: str, places: int) -> Any:
    given = f"({', '.join(['NULL'] * places)})" if places else ""
    conn.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    conn.exec_driver_sql(f"PREPARE looked_at AS {statement}")
    plan = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at {given}").scalar_one()
    conn.exec_driver_sql("DEALLOCATE looked_at")
    conn.exec_driver_sql("SET LOCAL plan_cache_mode = auto")
    return plan if isinstance(plan, list) else json.loads(plan)


def _nodes(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    waiting = [part["Plan"] for part in plan]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.get("Plans", [])
