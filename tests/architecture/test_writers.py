"""Only the ledger writes what calls, customers and campaigns are; only the gate gives permission."""

import ast
import re
from collections.abc import Iterator

import pytest

from .source import Module, called, modules

GUARDED = ("Call", "Customer", "Campaign", "Change", "Fact")
"""The tables that hold a state, and those that hold its history."""
LEDGER = "campaigns.ledger"
WRITERS = ("update", "insert", "delete", "ignoring", "insert_ignoring", "Insert", "Update", "on_conflict_do_update")
READERS = (
    "select",
    "select_from",
    "join",
    "join_from",
    "outerjoin",
    "exists",
    "where",
    "correlate",
    "Kind",
    "Listing",
    "Source",
    "_among",
    "_by_id",
    "_in_campaign",
    "_lock",
    "_of",
    "_of_both",
    "_ordered",
    "_rows",
    "_told",
    "_with_vendor",
)
STATES = {
    "state",
    "status",
    "wanted",
    "queue_state",
    "outcome",
    "reason",
    "charged",
    "attempts",
    "attempts_in_all",
    "declines",
    "open_call_id",
    "due_at",
    "disposition",
    "billsec",
    "paused_because",
    "finished_at",
    "settled_at",
    "ended_at",
}
ALLOWED: dict[tuple[str, str], tuple[set[str], str]] = {
    ("campaigns.queue", "module"): ({"lease_token", "lease_until"}, "a lease is a reservation, not a state"),
    ("campaigns.queue", "release"): ({"lease_token", "lease_until"}, "gives a lease back"),
    ("campaigns.queue", "expire"): ({"lease_token", "lease_until"}, "takes the leases of the dead"),
    ("campaigns.directory", "create_campaign"): (set(), "a new campaign is a draft by default"),
    ("dialer.steering", "close_the_door"): ({"withdrawn_at", "check_at"}, "marks what the vendor must forget"),
    ("dialer.steering", "arrived"): ({"withdrawn_at", "check_at", "checks"}, "marks what it was told to forget"),
    ("dialer.steering", "_those"): (set(), "names the rows for the two above"),
    ("dialer.reconciling", "module"): ({"check_at", "checks"}, "when to ask again"),
}
RAW = re.compile(rf"\b(UPDATE|INSERT\s+INTO|DELETE\s+FROM)\s+({'|'.join(GUARDED)})\b", re.IGNORECASE)


def outside_the_ledger() -> Iterator[Module]:
    exempt = (LEDGER, "campaigns.models", "campaigns.statements", "dialer.simulator")
    return (module for module in modules() if not module.name.startswith(exempt))


def models_in(module: Module) -> set[str]:
    """Which guarded tables a module knows, under their own names."""
    return {
        alias.name
        for node in module.find(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("campaigns.models")
        for alias in node.names
        if alias.name in GUARDED
    }


def uses(module: Module) -> Iterator[tuple[ast.Name, str]]:
    """Where a guarded table stands in an expression, and what is done with it there: a verb, or `type`."""
    known = models_in(module)
    for node in module.find(ast.Name):
        if isinstance(node, ast.Name) and node.id in known:
            yield node, _verb(module, node)


def _verb(module: Module, node: ast.Name) -> str:
    parent = module.parents[node]
    if called(parent) == "columns_of":
        return "select"
    if called(parent) != "table":
        return called(parent) if isinstance(parent, ast.Call) else "type"
    above = module.parents[parent]
    return above.attr if isinstance(above, ast.Attribute) else called(above) or "select"


def test_the_test_knows_every_way_in_which_a_table_is_used() -> None:
    known = {*WRITERS, *READERS, "type", "alias", "c"}
    verbs = {(verb, module.name) for module in outside_the_ledger() for _, verb in uses(module)}
    assert not {one for one in verbs if one[0] not in known}


def test_only_the_ledger_writes_states_and_history() -> None:
    writes = {
        (module.name, module.function_of(node))
        for module in outside_the_ledger()
        for node, verb in uses(module)
        if verb in WRITERS
    }
    assert writes - ALLOWED.keys() == set()


def test_the_list_of_exceptions_is_not_longer_than_it_must_be() -> None:
    known = {(module.name, module.function_of(node)) for module in modules() for node in module.find(ast.Call)}
    assert ALLOWED.keys() - known == set()


@pytest.mark.parametrize("where", ALLOWED, ids=lambda where: ".".join(where))
def test_an_exception_writes_only_what_it_is_allowed_for(where: tuple[str, str]) -> None:
    columns, why = ALLOWED[where]
    module = next(module for module in modules() if module.name == where[0])
    here = [node for node in module.find(ast.Call) if module.function_of(node) == where[1]]
    assert {column for node in here for column in written_by(node)} <= columns
    assert not columns & STATES
    assert why


def written_by(node: ast.AST) -> set[str]:
    """The columns that a `.values(…)` or an `Update(…)` sets."""
    if not isinstance(node, ast.Call):
        return set()
    if called(node) == "values":
        return {keyword.arg or "**" for keyword in node.keywords}
    if called(node) != "Update":
        return set()
    told = node.args[1]
    if called(told) == "own" and isinstance(told, ast.Call):
        return {name.value for name in told.args if isinstance(name, ast.Constant)}
    return set(re.findall(r"(\w+) =", ast.literal_eval(told)))


def test_no_state_is_written_in_words_of_sql() -> None:
    found = [
        (module.name, node.value)
        for module in outside_the_ledger()
        for node in module.find(ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RAW.search(node.value)
    ]
    assert not found


def test_no_row_is_changed_through_the_orm() -> None:
    """A session would write states behind everybody's back."""
    sessions = [
        module.name
        for module in modules()
        for node in module.find(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sqlalchemy", "sqlmodel"))
        if "orm" in (node.module or "") or {alias.name for alias in node.names} & {"Session", "AsyncSession"}
    ]
    assert not sessions


def makers(name: str) -> set[tuple[str, str]]:
    return {
        (module.name, module.function_of(node))
        for module in modules()
        for node in module.find(ast.Call)
        if called(node) == name
    }


def test_only_the_gate_gives_permission() -> None:
    assert makers("Cleared") == {("campaigns.compliance", "review")}


def test_no_permission_is_made_of_another() -> None:
    copied = [
        (module.name, node.args[0].id)
        for module in modules()
        for node in module.find(ast.Call)
        if isinstance(node, ast.Call)
        and called(node) in ("replace", "copy", "deepcopy")
        and node.args
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id in ("cleared", "clearance", "verdict")
    ]
    assert not copied


def test_every_call_that_is_placed_was_cleared_by_the_gate() -> None:
    """An order and an intent take a permission; whoever makes one stands behind the gate."""
    assert {where for where, _ in makers("Intent")} <= {"dialer.handovers"}
    assert {where for where, _ in makers("Order")} <= {"dialer.handovers"}
