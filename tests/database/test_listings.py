"""Lists in parts: whole, in their order, whatever is asked of them and however small the parts are."""

from datetime import timedelta
from typing import Any

import founding
from databases import Desk
from founding import START
from sqlalchemy import Connection, insert, update

from campaigns import acts, barring, jobs
from campaigns.dnc import Entry
from campaigns.models import Call, Customer, Number
from campaigns.rows import columns_of, table
from campaigns.words import JobKind, Mode, Status, Subject
from dialer.api.resources import ROUTES

from .listings import Listed, listings

SMALL = 3


def found(conn: Connection) -> Any:
    """A company with some of what can be listed; many rows share a moment, so that only their ids tell them apart."""
    of = founding.company(conn)
    one = founding.campaign(conn, of, Mode.CLICK2CALL)
    founding.campaign(conn, of, Mode.AUTOCALL)
    listed = founding.debtors(conn, of, one, 12)
    owner = {"tenant_id": of.tenant_id, "vendor_account_id": of.account_id, "campaign_id": one.id, "contracts": []}
    for n, debtor in enumerate(listed):
        at = START + timedelta(seconds=n // 5)
        whose = {"customer_id": debtor.customer_id, "person_id": debtor.person_id, "phone": debtor.phones[0]}
        told = {"reference": f"r{of.tenant_id}-{n}", "state": "settled", "outcome": ("busy", "answered")[n % 2]}
        conn.execute(insert(table(Call)), owner | whose | told | {"intended_at": at})
        customer, final = columns_of(Customer), {"status": Status.ANSWERED} if n % 4 == 0 else {}
        moved = update(table(Customer)).where(customer.id == debtor.customer_id)
        conn.execute(moved.values(due_at=at, **final))
        number = columns_of(Number)
        doubted = update(table(Number)).where(number.person_id == debtor.person_id, number.tenant_id == of.tenant_id)
        conn.execute(doubted.values(needs_review=n % 3 == 0))
        barring.bar(conn, at, of.tenant_id, [Entry(Subject.NUMBER, debtor.phones[0])], "test")
        done = acts.Done("crm", "c", "r", "PATCH", "/v1", f"campaigns/{n % 2}", {}, {}, {})
        acts.record(conn, at, of.tenant_id, done, 200, 1)
        jobs.order(conn, at, of.tenant_id, jobs.Wish(f"j{of.tenant_id}-{n}", JobKind.EXPORT, {}), "crm")
    return one


def test_a_list_in_parts_is_the_whole_list_in_its_order(database: Desk) -> None:
    def look(conn: Connection) -> None:
        lists = listings(conn, START + timedelta(hours=1), found(conn), START + timedelta(seconds=1))
        told = {name: {sort: one.whole(sort, one.asked[0]) for sort in one.ways()} for name, one in lists.items()}
        assert all(told[name]["-" + sort] == rows[::-1] for name in told for sort, rows in told[name].items()
                   if not sort.startswith("-"))  # fmt: skip
        assert len(told["customers"]["id"]) == len(told["calls"]["intended_at"]) == len(told["audit"]["at"]) == 12
        assert len(told["doubts"]["id"]) == 4
        # Who is final is due no more.
        assert len(told["customers"]["due_at"]) == 9
        for one in lists.values():
            alike(one)

    database.run(look)


def alike(one: Listed) -> None:
    """By small parts out of small windows the same rows are found as at once."""
    first = one.ways()[0]
    for sort, asked in [*((sort, one.asked[0]) for sort in one.ways()), *((first, asked) for asked in one.asked)]:
        assert one.whole(sort, asked, SMALL, window=SMALL + 1) == one.whole(sort, asked), (sort, asked)


def test_what_is_asked_narrows_a_list_to_what_it_says(database: Desk) -> None:
    def look(conn: Connection) -> None:
        campaign = found(conn)
        lists = listings(conn, START + timedelta(hours=1), campaign, START + timedelta(seconds=1))
        assert [row.outcome for row in lists["calls"].whole("intended_at", {"outcome": "busy"})] == ["busy"] * 6
        assert len(lists["calls"].whole("intended_at", {"since": START + timedelta(seconds=1)})) == 7
        assert len(lists["calls"].whole("intended_at", {"until": START + timedelta(seconds=1)})) == 5
        assert len(lists["customers"].whole("id", {"status": Status.ANSWERED})) == 3
        assert len(lists["customers"].whole("id", {"due": START + timedelta(seconds=1)})) == 3
        [one] = lists["customers"].whole("id", {})[:1]
        mine = lists["calls"].whole("intended_at", {"customer": one.code})
        assert [row.customer for row in mine] == [one.code]
        assert [row.code for row in lists["customers"].whole("-due_at", {"number": mine[0].phone, "due": None})] == [
            one.code
        ] * (one.status is not Status.ANSWERED)
        assert len(lists["audit"].whole("at", {"object": "campaigns/1"})) == 6

    database.run(look)


def test_each_order_of_a_route_is_one_that_the_list_has() -> None:
    from campaigns import callbacks, directory, dnc, reports, reviews
    from campaigns.events import deliveries

    orders = {
        "/doubtful-numbers": reviews.SORTS,
        "/campaigns": directory.SORTS,
        "/campaigns/{code}/customers": reports.CUSTOMER_SORTS,
        "/campaigns/{code}/callbacks": callbacks.SORTS,
        "/calls": reports.CALL_SORTS,
        "/orders": reports.TRIGGERED_SORTS,
        "/suppressions": dnc.SORTS,
        "/jobs": jobs.SORTS,
        "/exports": jobs.SORTS,
        "/deliveries": deliveries.SORTS,
        "/audit": acts.SORTS,
    }
    sorted_ = [route for route in ROUTES if "sort" in route.query.model_fields]
    assert {route.path for route in sorted_} == set(orders)
    for route in sorted_:
        words = route.query.model_json_schema()["properties"]["sort"]["enum"]
        assert words == [f"{way}{name}" for name in orders[route.path] for way in ("", "-")], route.path
