"""A world: one tenant with its campaigns in a real database, a vendor, the processes between them, and one clock."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlmodel import SQLModel

from campaigns import accounts, consents, directory, dnc, ledger, lists, people, terms
from campaigns.accounts import Account
from campaigns.consents import Said
from campaigns.dnc import Entry
from campaigns.lists import ListedDebt, ListedPhone, ListFile
from campaigns.models import Campaign, Tenant
from campaigns.rows import columns_of, table
from campaigns.triggers import Whom
from campaigns.words import Purpose, Role, Subject, Wanted
from dialer.database import clock as time_of
from dialer.webhooks import Door
from tests.simulation import law
from tests.simulation.clock import Clock
from tests.simulation.database import Store
from tests.simulation.plan import EXTENSIONS, CampaignPlan, Person, Plan
from tests.simulation.post import Post
from tests.simulation.trace import Trace
from tests.simulation.vendor import Agent, Vendor
from tests.simulation.wire import Accounts, Wire
from tests.simulation.workers import Worker

FIND_CAMPAIGN = table(Campaign).select().where(columns_of(Campaign).id == bindparam("campaign"))


@dataclass(frozen=True, slots=True)
class Order:
    """A call that a CRM orders: in which campaign, whom, for how many seconds, and whether it waits."""

    code: str
    whom: Whom
    seconds: float
    waits: bool


@dataclass(slots=True)
class Orders:
    """What a CRM asked for by key, what the ledger answered each time, since when, and of which keys an answer came
    through; and its own dice."""

    chance: Random
    wishes: dict[str, Order] = field(default_factory=dict)
    answers: dict[str, set[str]] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)


class World:
    """`ceilings` remembers what each campaign was limited to, and since when."""

    def __init__(self, plan: Plan, store: Store, events: asyncio.Runner, trace: Trace) -> None:
        self.plan = plan
        self.store = store
        self.events = events
        self.clock = Clock(plan.start)
        self.trace = trace
        self.chance = Random(f"scheduler {plan.seed}")
        self.post = Post(Random(f"post {plan.seed}"), plan.hooks, self.clock)
        teams = {campaign.queue: campaign.team for campaign in plan.campaigns}
        self.vendor = Vendor(Random(f"vendor {plan.seed}"), plan.quirks, self.post, teams, trace)
        self.vendor.agents = {extension: Agent(extension) for extension in EXTENSIONS}
        self.workers: list[Worker] = []
        self.orders = Orders(Random(f"crm {plan.seed}"))
        self.ceilings: dict[int, list[tuple[datetime, int | None]]] = {}
        self._hired = 0
        store.open(self.clock)
        self.tenant_id, self.door, self.campaigns = self.do(found, plan)
        for campaign in self.campaigns.values():
            self.ceilings[campaign.id] = [(self.clock.now, campaign.concurrent_call)]
        self._accounts = Accounts(self.door.account_id, Wire(self.vendor, self.clock), frozenset(EXTENSIONS))
        for _ in range(plan.workers):
            self.hire()

    def do(self, work: Any, *args: Any) -> Any:
        """One transaction of somebody who stands beside the simulated processes: a user, the scheduler, a judge."""
        self.clock.tick()
        return self.store.transact(work, *args)

    def read(self, work: Any, *args: Any) -> Any:
        """The same for one who only looks."""
        return self.store.read(work, *args)

    def hire(self) -> Worker:
        """Start another process."""
        self._hired += 1
        worker = Worker(f"w{self._hired}", self.store, self._accounts, self.events)
        self.workers.append(worker)
        return worker

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way, at the vendor or towards us."""
        under_way = any(worker.units or worker.answers for worker in self.workers)
        return not (self.vendor.next_event or self.post.letters or under_way)

    def tell(self, who: str, what: str) -> None:
        self.trace.tell(self.clock.now, who, what)

    def close(self) -> None:
        for worker in self.workers:
            worker.crash()
        self.store.close(self.tenant_id)


@contextmanager
def seeded_secrets(seed: int) -> Iterator[None]:
    """Tokens and references come from the seed, so that a world can be replayed to the letter."""
    chance, token_hex = Random(f"secrets {seed}"), secrets.token_hex
    secrets.token_hex = lambda nbytes=None: chance.randbytes(nbytes or 32).hex()
    try:
        yield
    finally:
        secrets.token_hex = token_hex


def found(conn: Connection, plan: Plan) -> tuple[int, Door, dict[str, Any]]:
    """The tenant of this world, its vendor account's door for hooks, and its campaigns by code, all of them running."""
    now = time_of(conn)
    tenant = directory.ensure_tenant(conn, now, f"world-{plan.seed}", "Asia/Ho_Chi_Minh")
    limit = table(Tenant).update().where(columns_of(Tenant).id == tenant.id)
    conn.execute(limit.values(max_live_calls=plan.tenant_limit))
    told = Account("vendor", "tel4vn", "http://vendor.test", b"", f"hash-{plan.seed}", plan.channels, plan.reserve, {})
    accounts.keep_account(conn, now, tenant.id, told)
    account = accounts.find_account(conn, tenant.id, "vendor")
    dnc.suppress(conn, now, tenant.id, [Entry(Subject.NUMBER, phone) for phone in plan.suppressed], "user")
    law.lay_down(conn, now, tenant.id)
    if plan.markets:
        law.load(conn, now, tenant.id, plan.registered, timedelta(hours=plan.register_age))
    campaigns = {one.code: _launch(conn, now, account, one) for one in plan.campaigns}
    for one in plan.campaigns:
        ask(conn, now, campaigns[one.code], one.people, plan.consenting)
    return tenant.id, Door(tenant.id, account.id, ""), campaigns


def _launch(conn: Connection, now: datetime, account: Any, planned: CampaignPlan) -> Any:
    agreed = terms.agree(planned.mode, planned.terms)
    campaign = directory.create_campaign(conn, now, account, planned.code, planned.mode, agreed)
    load(conn, now, campaign, planned.people, "list-0")
    ledger.command(conn, now, campaign, Wanted.RUNNING, "user")
    return campaign


def load(conn: Connection, now: datetime, campaign: Any, people: tuple[Person, ...], name: str) -> None:
    """Import a list of these people, as a file of this name would be."""
    entries = [_entry(row, person) for row, person in enumerate(people, start=2)]
    listfile = ListFile(("id", "phone"), entries, rows_read=len(entries), sha256=name)
    lists.load(conn, now, campaign, listfile, "user", name)


def ask(
    conn: Connection, now: datetime, campaign: Any, listed: tuple[Person, ...], consenting: Mapping[str, bool]
) -> None:
    """Write down what people on a marketing list have said."""
    if campaign.purpose is Purpose.MARKETING:
        known = people.by_key(conn, campaign.tenant_id, [person.code for person in listed if person.code in consenting])
        said = [Said(person, Purpose.MARKETING, consenting[code], "web", now) for code, person in known.items()]
        consents.record(conn, now, campaign.tenant_id, said, "user")
        freed = dnc.listed_with(conn, campaign.tenant_id, list(known))
        ledger.reconsider(conn, now, campaign.tenant_id, freed, "user")


def _entry(row: int, person: Person) -> lists.Entry:
    return lists.Entry(
        key_kind=Subject.PERSON if person.key else Subject.NUMBER,
        key=person.code,
        name=person.code,
        address=None,
        zone=None,
        priority=0,
        phones=[ListedPhone(phone, Role.BORROWER) for phone in person.phones],
        debts=[ListedDebt(f"HD{row}", row, {}, [person.code, *person.phones], row)],
    )


def campaign_row(conn: Connection, campaign_id: int) -> Any:
    """A campaign as it stands now."""
    return conn.execute(FIND_CAMPAIGN, {"campaign": campaign_id}).one()


def rows(conn: Connection, model: type[SQLModel], tenant_id: int) -> list[Any]:
    """All of a world's rows of one table, in the order of their keys."""
    return list(conn.execute(_rows_of(model), {"tenant": tenant_id}))


@cache
def _rows_of(model: type[SQLModel]) -> Any:
    columns = columns_of(model)
    return table(model).select().where(columns.tenant_id == bindparam("tenant")).order_by(columns.id)
