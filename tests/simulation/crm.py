"""A CRM that orders calls, and never knows whether its last request arrived: so it sends each any number of times."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns import answers, clients, directory, triggers
from campaigns.ledger import NotNow
from campaigns.models import Client
from campaigns.rows import columns_of, table
from campaigns.terms import BadTerms
from campaigns.triggers import Whom, Wish
from dialer.database import Database, clock
from tests.simulation.units import Border, Kind
from tests.simulation.workers import TIMING
from tests.simulation.world import Order, World, campaign_row

EAGERNESS = 0.3
"""Of what users do, the share after which the CRM asks for something, too."""
MOST = 6
KEEP = answers.KEEP - timedelta(minutes=1)
NAME = "crm"
REFUSALS = (NotNow, BadTerms)


def ask(world: World) -> None:
    """Order a call, or the same once more, of whichever process listens. Each may be struck before its transaction, and
    between that and the answer."""
    awake = [worker for worker in world.workers if worker.awake(world.clock.now)]
    if awake and world.orders.chance.random() < EAGERNESS:
        key = _known(world) or _new(world)
        world.tell("crm", f"{key}?")
        world.orders.chance.choice(awake).serve(request, world, key)


def insist(world: World) -> None:
    """Send again what was never answered: the CRM does not give up before it knows."""
    for key in world.orders.wishes:
        if key not in world.orders.heard and _young(world, key):
            try:
                _hear(world, key, world.do(_place, world, key))
            except REFUSALS as refused:
                _hear(world, key, str(refused))


async def request(database: Database, world: World, key: str) -> None:
    """What a process does with a request: one transaction, then the answer."""
    try:
        told = await database.write(_place, world, key)
    except REFUSALS as refused:
        told = str(refused)
    await Border(Kind.ANSWER, key)
    _hear(world, key, told)


def _hear(world: World, key: str, told: str) -> None:
    world.orders.heard.add(key)
    world.tell("crm", f"{key}: {told}")


def _known(world: World) -> str | None:
    orders = world.orders
    again = len(orders.wishes) >= MOST or orders.chance.random() < 0.5
    young = [key for key in orders.wishes if _young(world, key)]
    return orders.chance.choice(young) if young and again else None


def _young(world: World, key: str) -> bool:
    """A key that is a day old is another order's."""
    return world.clock.now - world.orders.since.get(key, world.clock.now) < KEEP


def _new(world: World) -> str:
    chance, key = world.orders.chance, f"order-{len(world.orders.wishes)}"
    planned = chance.choice(world.plan.campaigns)
    person = chance.choice((*planned.people, *planned.newcomers))
    phones = person.phones[:1] if person.key is None or chance.random() < 0.5 else ()
    whom = Whom(person.key or "", phones)
    world.orders.wishes[key] = Order(planned.code, whom, chance.choice((60, 3600)), chance.random() < 0.5)
    return key


def _place(conn: Connection, world: World, key: str) -> str:
    order, now = world.orders.wishes[key], clock(conn)
    client = _client(conn, world)
    campaign = campaign_row(conn, world.campaigns[order.code].id)
    tenant = directory.find_tenant(conn, f"world-{world.plan.seed}")

    def place() -> dict[str, Any]:
        wish = Wish(order.whom, now + timedelta(seconds=order.seconds), order.waits)
        name = f"{key}-{now.isoformat()}"
        triggers.trigger(conn, now, TIMING, tenant, campaign, wish, name, NAME, client.id)
        return {"order": name}

    world.orders.since.setdefault(key, now)
    told, _ = answers.once(conn, now, client, key, key, place)
    world.orders.answers.setdefault(key, set()).add(json.dumps(told))
    return str(told["order"])


def _client(conn: Connection, world: World) -> Any:
    mine = columns_of(Client).tenant_id == world.tenant_id
    found = conn.execute(table(Client).select().where(mine)).first()
    if found is None:
        clients.add(conn, clock(conn), world.tenant_id, NAME, f"c-{world.plan.seed}", "", ())
        found = conn.execute(table(Client).select().where(mine)).one()
    return found
