"""`dialer customer list`, `add` and `set`: who stands on a campaign's list, and one of them entered without a file."""

from typing import Annotated, Any

import typer

from campaigns import directory, lists, reports
from campaigns.lists import Told
from campaigns.pages import Cut
from campaigns.phones import Phone, normalise
from campaigns.terms import BadTerms
from campaigns.withdrawals import customers_by_id
from campaigns.words import Reason, Role, Status
from dialer.commands.language import either, label
from dialer.commands.options import AsJson, Tenant, example
from dialer.commands.printing import at, note, say, say_json, show, table
from dialer.commands.session import Desk, change, look

LISTING = example("dialer customer list NHAC-NO --status busy", "dialer customer list NHAC-NO --reason outside-hours")
LISTED = ("name", "status", "priority", "attempts", "attempts_in_all", "finished_at", "updated_at")
ADDING = example("dialer customer add NHAC-NO --id KH0042 --phone 0912345678 --contract HD42 --variable dpd=5")
SETTING = example("dialer customer set NHAC-NO KH0042 --phone 0912345678 --phone 0987654321=guarantor")
Code = Annotated[str, typer.Argument(metavar="CODE", help="The campaign's code.", show_default=False)]
Whom = Annotated[str, typer.Argument(metavar="ID", help="His id on the list, or his number.", show_default=False)]
Phones = Annotated[
    list[str] | None,
    typer.Option("--phone", metavar="NUMBER[=ROLE]", help=f"In their order; {', '.join(Role)}. May be repeated."),
]
Name = Annotated[str | None, typer.Option(help="His name.")]
Address = Annotated[str | None, typer.Option(help="Where he lives.")]
Zone = Annotated[str | None, typer.Option(help="His time zone, as in Asia/Ho_Chi_Minh.")]
Priority = Annotated[int | None, typer.Option(min=0, max=1_000_000, help="A smaller one is called earlier.")]
Contract = Annotated[str | None, typer.Option(metavar="NUMBER", help="The contract that this is about.")]
Variables = Annotated[
    list[str] | None, typer.Option("--variable", metavar="NAME=VALUE", help="What a script may speak; may be repeated.")
]


def list_(
    code: Code,
    status: Annotated[Status | None, typer.Option(help="Only those with this status.")] = None,
    reason: Annotated[Reason | None, typer.Option(help="Only those for whom this is the reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many at most.")] = 200,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """A campaign's customers by their ids, each with the reason why he is where he is."""

    def work(desk: Desk) -> tuple[list[dict[str, Any]], str]:
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        why = reason.value if reason else None
        cut = Cut(limit, "id", window=None)
        part = reports.read_customers(desk.conn, desk.now, campaign, reports.Sought(status, why), cut)
        return [_listed(row) for row in part.rows], desk.tenant.zone

    rows, zone = look(tenant, work)
    if as_json:
        say_json({"campaign": code, "customers": rows})
        return
    headings = [label(word) for word in ("id", "name", "status", "reason", "attempts", "due")]
    lines = [
        [r["id"], r["name"], label(r["status"]), label(r["reason"]), r["attempts"], at(r["due_at"], zone)] for r in rows
    ]
    show(table(headings, lines))
    if len(rows) == limit:
        note(f"--limit {limit}")


def _listed(row: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in LISTED}
    return {"id": row.code, **told, "reason": row.why, "due_at": None if row.status.final else row.due_at}


def add(
    code: Code,
    phone: Phones = None,
    id_: Annotated[str | None, typer.Option("--id", help="Your own id of him; else his first number.")] = None,
    name: Name = None,
    address: Address = None,
    zone: Zone = None,
    priority: Priority = None,
    contract: Contract = None,
    variable: Variables = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Put one customer on the list, or bring him to what is told: as a list of one row would."""
    if not phone:
        raise BadTerms("phone", "is needed: by which number is he called?")
    told = Told(id_, name, address, zone, priority, _phones(phone), contract, _variables(variable))

    def work(desk: Desk) -> str:
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        return lists.enter(desk.conn, desk.now, campaign, told, desk.actor)

    key = change(tenant, work)
    _tell(code, key, as_json, either(f"{key} is on the list of {code}", f"{key} đã có trong danh sách {code}"))


def set_(
    code: Code,
    customer: Whom,
    phone: Phones = None,
    name: Name = None,
    address: Address = None,
    zone: Zone = None,
    priority: Priority = None,
    contract: Contract = None,
    variable: Variables = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Correct what is told of one customer. What is left out stays as it is."""
    phones = _phones(phone) if phone else None
    told = Told(None, name, address, zone, priority, phones, contract, _variables(variable))

    def work(desk: Desk) -> str:
        campaign = directory.find_campaign(desk.conn, desk.tenant.id, code)
        rows = customers_by_id(desk.conn, campaign, [customer])[customer]
        if not rows:
            raise directory.missing("customer", customer, (), f"on the list of {code}")
        lists.correct(desk.conn, desk.now, campaign, rows[0], told, desk.actor)
        return str(rows[0].code)

    key = change(tenant, work)
    _tell(code, key, as_json, either(f"{key} is corrected", f"đã sửa {key}"))


def _tell(code: str, key: str, as_json: bool, sentence: str) -> None:
    if as_json:
        say_json({"campaign": code, "id": key})
    else:
        say(sentence)


def _phones(given: list[str]) -> list[tuple[str, Role]]:
    told = []
    for place, one in enumerate(given, 1):
        number, _, role = one.partition("=")
        read = normalise(number)
        if not isinstance(read, Phone):
            raise BadTerms("phone", f"must be a telephone number: the {place}. is none")
        if role and role not in tuple(Role):
            raise BadTerms("phone", f"must be of one of {', '.join(Role)}: the {place}. is not")
        told.append((read.e164, Role(role) if role else Role.BORROWER))
    return told


def _variables(given: list[str] | None) -> dict[str, Any] | None:
    pairs = [one.partition("=") for one in given or ()]
    if not all(name and mark for name, mark, _ in pairs):
        raise BadTerms("variable", "must be NAME=VALUE")
    return {name: value for name, _, value in pairs} or None
