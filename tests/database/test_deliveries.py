"""Webhooks: signed, in order, again until they are taken, dead after a day, and never to an address of the house."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from databases import Desk
from sqlalchemy import Connection, select, update

from campaigns.events import deliveries, patience, webhooks
from campaigns.events.reading import Item
from campaigns.events.webhooks import Target
from campaigns.models import Delivery
from campaigns.rows import table
from campaigns.words import DeliveryState, Miss
from database.announced import everything
from database.receiving import BLINK, Receiver, receiving
from database.sealed import VAULT, Evidence
from dialer import subscribing


@pytest.fixture
def crm(database: Desk) -> Iterator[Receiver]:
    """A CRM that wants everything, and a company in which something of every kind has happened since."""
    with receiving(Evidence(database)) as one:
        one.secret = one.subscribe("*")
        one.happen(2)
        yield one


@pytest.fixture
def alone(sqlite: Desk) -> Iterator[Receiver]:
    """A CRM of a company among others, that wants to know of calls."""
    with receiving(Evidence(sqlite)) as one:
        one.secret = one.subscribe("call.*")
        one.happen()
        yield one


def test_every_event_is_posted_once_and_signed(crm: Receiver) -> None:
    crm.deliver()
    crm.dispatch()
    crm.deliver()
    told = everything(crm.of)
    assert sorted(post.event["id"] for post in crm.posts) == sorted(event.id for event in told)
    for subject in {event.subject for event in told}:
        posted = [post.event["id"] for post in crm.posts if post.event["subject"] == subject]
        assert posted == [event.id for event in told if event.subject == subject]
    assert all(post.signed_by(crm.secret) for post in crm.posts)
    assert [post.headers["webhook-id"] for post in crm.posts] == [post.event["id"] for post in crm.posts]
    assert {row.state for row in crm.listed()} == {DeliveryState.DELIVERED}


def test_a_later_event_of_a_call_waits_for_the_earlier_one_and_others_go_on(crm: Receiver) -> None:
    first = crm.listed()[0]
    crm.of.run(_same_subject, crm, first.subject)
    stuck = [row for row in crm.listed() if row.subject == first.subject]
    assert len(stuck) > 1
    name = f"{first.source}-{first.row_id}"
    crm.answer = lambda event: web.Response(status=500 if event["id"] == name else 200)
    crm.deliver()
    late = {f"{row.source}-{row.row_id}" for row in stuck[1:]}
    told = {post.event["id"] for post in crm.posts}
    assert not told & late
    assert told >= {f"{row.source}-{row.row_id}" for row in crm.listed() if row.subject != first.subject}
    crm.answer = lambda _event: web.Response(status=200)
    crm.of.later(seconds=BLINK.total_seconds())
    crm.deliver()
    assert {row.state for row in crm.listed()} == {DeliveryState.DELIVERED}
    assert [p.event["id"] for p in crm.posts if p.event["id"] in late | {name}][1:] == [
        f"{row.source}-{row.row_id}" for row in stuck
    ]


def _same_subject(conn: Connection, crm: Receiver, subject: str) -> None:
    """Two more of a subject that has one."""
    columns = deliveries.DELIVERY
    others = select(columns.id).where(columns.tenant_id == crm.of.of.tenant_id, columns.subject != subject)
    ids = list(conn.scalars(others.order_by(columns.id).limit(2)))
    conn.execute(update(table(Delivery)).where(columns.id.in_(ids)).values(subject=subject))


def test_what_is_not_taken_is_tried_again_for_a_day_and_can_be_replayed(alone: Receiver) -> None:
    alone.answer = lambda _event: web.Response(status=503)
    began = alone.of.now
    [row] = alone.listed()
    while row.state is DeliveryState.PENDING:
        alone.deliver()
        [row] = alone.listed()
        alone.of.now = max(row.due_at, alone.webhook().held_until or row.due_at, alone.of.now)
    assert row.state is DeliveryState.DEAD
    assert (row.status, row.miss) == (503, Miss.ANSWERED_OTHERWISE)
    assert timedelta(hours=20) < row.ended_at - began <= patience.A_DAY
    assert 10 < row.attempts == len(alone.posts) < 60
    alone.answer = lambda _event: web.Response(status=200)
    assert alone.of.run(deliveries.replay, alone.of.now, alone.of.of.tenant_id, [row.id]) == 1
    alone.of.later(hours=2)
    alone.deliver()
    assert [one.state for one in alone.listed()] == [DeliveryState.DELIVERED]


def test_what_was_never_tried_within_a_day_is_dead_too(alone: Receiver) -> None:
    alone.of.later(hours=25)
    alone.of.run(deliveries.give_up, alone.of.now)
    [row] = alone.listed(DeliveryState.DEAD)
    assert (row.miss, row.attempts) == (Miss.TOO_OLD, 0)


def test_who_answers_410_gets_nothing_more_until_he_is_enabled(alone: Receiver) -> None:
    alone.answer = lambda _event: web.Response(status=410)
    alone.deliver()
    assert alone.webhook().disabled_because is Miss.GONE
    alone.happen()
    alone.deliver()
    assert len(alone.posts) == len(alone.listed(DeliveryState.DEAD)) == 1
    alone.answer = lambda _event: web.Response(status=200)
    alone.of.run(lambda conn: webhooks.enable(conn, webhooks.find(conn, alone.of.of.tenant_id, "crm")))
    alone.happen()
    alone.deliver()
    assert len(alone.posts) == 2


def test_after_a_rotation_both_secrets_sign_until_the_old_one_is_over(alone: Receiver) -> None:
    def rotate(conn: Connection) -> str:
        return subscribing.rotate(conn, alone.of.now, alone.of.of.tenant_id, "crm", VAULT, timedelta(hours=2))

    renewed = alone.of.run(rotate)
    alone.deliver()
    assert alone.posts[-1].signed_by(alone.secret)
    assert alone.posts[-1].signed_by(renewed)
    alone.of.later(hours=3)
    alone.happen()
    alone.deliver()
    assert not alone.posts[-1].signed_by(alone.secret)
    assert alone.posts[-1].signed_by(renewed)


def test_redirects_are_not_followed(alone: Receiver) -> None:
    alone.answer = lambda _event: web.Response(status=307, headers={"Location": alone.url + "/elsewhere"})
    alone.deliver()
    assert len(alone.posts) == 1
    assert [row.miss for row in alone.listed()] == [Miss.ANSWERED_OTHERWISE]


def test_a_dead_worker_s_deliveries_are_taken_over(alone: Receiver) -> None:
    assert len(alone.of.run(lambda conn: deliveries.claim(conn, alone.of.now, "dead"))) == 1
    alone.deliver()
    assert alone.posts == []
    alone.of.later(minutes=2)
    alone.deliver()
    assert [row.state for row in alone.listed()] == [DeliveryState.DELIVERED]


WORKER = """
import sys
import anyio
from dialer.database import clock, open_database
from dialer.delivering import DeliveringLoop
from dialer.metrics import Metrics
from dialer.posting import Poster
from dialer.settings import Settings
from dialer.vault import Vault

async def main():
    database, here = open_database(sys.argv[1]), Settings(egress_allow="127.0.0.0/8").egress
    await DeliveringLoop(database, Vault(["test"]), Poster(here), Metrics()).step(await database.read(clock))

anyio.run(main)
"""


def test_what_a_worker_had_in_hand_when_it_was_killed_is_posted_again(alone: Receiver) -> None:
    alone.go = asyncio.Event()
    database: Any = alone.of.desk.database
    command = [sys.executable, "-c", WORKER, f"sqlite:///{database.path}"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        assert alone.came.wait(60)
        process.send_signal(signal.SIGKILL)
    alone.of.desk.portal.call(alone.go.set)
    [row] = alone.listed()
    assert (row.state, row.attempts) == (DeliveryState.PENDING, 0)
    alone.of.now = row.lease_until
    alone.deliver()
    assert len(alone.posts) == 1
    alone.of.later(seconds=1)
    alone.deliver()
    assert [post.event["id"] for post in alone.posts] == [f"{row.source}-{row.row_id}"] * 2
    assert [one.state for one in alone.listed()] == [DeliveryState.DELIVERED]


def test_what_comes_back_to_a_lost_lease_is_not_written(alone: Receiver) -> None:
    [errand] = alone.of.run(lambda conn: deliveries.claim(conn, alone.of.now, "slow"))
    alone.of.later(minutes=2)
    alone.deliver()
    late = deliveries.Answer(errand, 500, Miss.ANSWERED_OTHERWISE)
    alone.of.run(lambda conn: deliveries.settle(conn, alone.of.now, "slow", [late], 0.5))
    assert [row.state for row in alone.listed()] == [DeliveryState.DELIVERED]


def test_whoever_ordered_a_call_has_its_events_at_an_address_of_his_own(
    alone: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id = alone.of.of.tenant_id
    per_call = alone.of.run(lambda conn: subscribing.for_calls(conn, alone.of.now, tenant_id, VAULT))
    again = alone.of.run(lambda conn: subscribing.for_calls(conn, alone.of.now, tenant_id, VAULT))
    assert per_call.id == again.id

    def ordered(_conn: Connection, _tenant_id: int, items: Sequence[Item]) -> Iterator[Target]:
        for item in items:
            if item.event.type == "call.settled":
                yield Target(item, per_call.id, f"{alone.url}/orders/7")

    monkeypatch.setattr(webhooks, "ASKING", (*webhooks.ASKING, ordered))
    renewed = alone.of.run(
        lambda conn: subscribing.rotate(conn, alone.of.now, tenant_id, webhooks.PER_CALL, VAULT, timedelta())
    )
    alone.happen()
    alone.deliver()
    assert [row.webhook for row in alone.listed()][-2:] == ["crm", "per-call"]
    assert [post.signed_by(renewed) for post in alone.posts].count(True) == 1


def test_a_webhook_that_only_fails_is_left_alone_and_probed_with_one(alone: Receiver) -> None:
    alone.answer = lambda _event: web.Response(status=500)
    for _ in range(patience.HOLDS):
        alone.happen()
        alone.deliver()
    assert alone.webhook().held_until > alone.of.now
    before = len(alone.posts)
    alone.happen(2)
    alone.deliver()
    assert len(alone.posts) == before
    alone.of.later(hours=2)
    [errand] = alone.of.run(lambda conn: deliveries.claim(conn, alone.of.now, "probe"))
    assert errand.webhook.id == alone.webhook().id


def test_a_delivery_holds_nothing_of_a_person(crm: Receiver) -> None:
    phones = {call.phone for call in crm.of.calls().values()}
    told = [str(value) for row in crm.listed() for value in row._mapping.values()]
    assert not [one for one in told if any(phone in one for phone in phones)]


def test_the_outcomes_are_counted_and_nothing_is_logged_of_what_was_posted(alone: Receiver, capsys: Any) -> None:
    from dialer import logs

    logs.configure("INFO", "json")
    alone.answer = lambda _event: web.Response(status=500)
    alone.deliver()
    value = alone.metrics.registry.get_sample_value
    assert value("dialer_deliveries_total", {"outcome": "answered-otherwise"}) == 1
    said = capsys.readouterr().err
    assert "not delivered" in said
    assert alone.secret not in said
    assert not [call.phone for call in alone.of.calls().values() if call.phone in said]
