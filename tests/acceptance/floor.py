"""A whole floor for a test: the simulator as vendor, an embedded database, the engine, and the questions to ask."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from sqlalchemy import Connection, func, select
from sqlalchemy.engine import make_url

from campaigns import accounts, directory, dnc, ledger, lists, reports
from campaigns.models import Agent, Call, Campaign, Customer
from campaigns.rows import columns_of, table
from campaigns.terms import agree
from campaigns.words import LIVE_STATES, Mode, Subject, Wanted
from dialer import migrations
from dialer.database import Database, clock, open_database
from dialer.runtime import Engine
from dialer.settings import Settings
from dialer.simulator import Simulator, SimulatorSettings
from dialer.vault import Vault, open_vault, path_hash
from dialer.vendors import Vendors
from tests.databases import embedded_template

SPEED = 200
PATIENCE = 240
"""Seconds until a test gives up waiting: so many that a machine which does other things besides is no reason."""
CALL, CUSTOMER = columns_of(Call), columns_of(Customer)
TERMS = {
    Mode.CLICK2CALL: {"agents": "101=test.user01,102=test.user02,103=test.user03", "wrap_up": "5s"},
    Mode.AUTOCALL: {"queue_code": "Q1", "template": "IVR-1", "concurrent_call": "8"},
    Mode.AUTODIALER: {
        "queue_code": "Q1",
        "vendor_campaign_id": "C1",
        "agents": "101=test.user01,102=test.user02,103=test.user03",
        "wrap_up": "5s",
    },
}
EVERY = {"rulebook": "none", "recall_delay": "30s"}
HOOK_PATH, HOOK_KEY = "an-unguessable-segment", "the-hook-key"


class Floor:
    """One vendor account `sim` and its campaigns, in an embedded database in `folder`."""

    def __init__(self, folder: Path, simulator: Simulator, speed: float = SPEED, **settings: Any) -> None:
        self.simulator = simulator
        given = {"stop_grace": 1, "unknown_recall_delay_seconds": 60} | settings
        self.settings = Settings(data_dir=folder, speed=speed, **given)
        self.database: Database = open_database(self.settings.url)
        self.vault: Vault = open_vault(self.settings)

    async def open(self, channels: int | None = None, **settings: Any) -> None:
        """`settings` are the gateway's."""
        if self.settings.database_url:
            await migrations.upgrade_any(self.settings.url, self.database)
        else:
            _lay(self.settings.url)
        await self.database.write(self._account, channels, settings)

    def _account(self, conn: Connection, channels: int | None, settings: dict[str, Any]) -> None:
        now = clock(conn)
        tenant = directory.ensure_tenant(conn, now, "default", "Asia/Ho_Chi_Minh")
        secret = {"api_key": "simulator-api-key", "hook_key": HOOK_KEY, "hook_path": HOOK_PATH}
        account = accounts.Account(
            name="sim",
            kind="tel4vn",
            url=self.simulator.url,
            sealed_credentials=self.vault.seal(secret),
            hook_path_hash=path_hash(HOOK_PATH),
            channels=channels,
            reserve=0,
            settings=settings,
        )
        accounts.keep_account(conn, now, tenant.id, account)

    async def campaign(self, code: str, mode: Mode, phones: Sequence[str], **terms: str) -> None:
        """A running campaign with one customer a number, `K0`, `K1`, …"""
        await self.database.write(self._campaign, code, mode, phones, terms)

    def _campaign(self, conn: Connection, code: str, mode: Mode, phones: Sequence[str], more: dict[str, str]) -> None:
        now = clock(conn)
        tenant = directory.find_tenant(conn, "default")
        account = accounts.find_account(conn, tenant.id, "sim")
        given = TERMS[mode] | EVERY | more
        directory.create_campaign(conn, now, account, code, mode, agree(mode, given))
        self._load(conn, now, code, phones)
        ledger.command(conn, now, directory.find_campaign(conn, tenant.id, code), Wanted.RUNNING, "test")

    def _load(self, conn: Connection, now: Any, code: str, phones: Sequence[str]) -> None:
        path = self.settings.data_dir / f"{code}.csv"
        rows = [f"K{index},Khach {index},{phone}" for index, phone in enumerate(phones)]
        path.write_text("\n".join(["Mã KH,Họ tên,Điện thoại", *rows]) + "\n", encoding="utf-8")
        campaign = directory.find_campaign(conn, directory.find_tenant(conn, "default").id, code)
        counts = lists.load(conn, now, campaign, lists.read(path), "test", path.name)
        assert counts.kept == len(phones)

    async def suppress(self, *phones: str) -> None:
        entries = [dnc.Entry(Subject.NUMBER, phone, reason="test") for phone in phones]
        await self.database.write(lambda conn: dnc.suppress(conn, clock(conn), 1, entries, "test"))

    async def command(self, code: str, wanted: Wanted) -> None:
        def give(conn: Connection) -> None:
            ledger.command(conn, clock(conn), directory.find_campaign(conn, 1, code), wanted, "test")

        await self.database.write(give)

    async def standing(self, code: str) -> reports.Standing:
        def ask(conn: Connection) -> reports.Standing:
            campaign = directory.find_campaign(conn, 1, code)
            return reports.standing(conn, clock(conn), self.settings.timing, campaign)

        return await self.database.read(ask)

    @asynccontextmanager
    async def engine(self, role: str = "all") -> AsyncIterator[str]:
        """The engine of this process, running in a role; its address."""
        addresses: list[str] = []
        serving = anyio.Event()

        def ready(address: str) -> None:
            addresses.append(address)
            serving.set()

        async with Vendors(self.database, self.vault, self.settings.speed) as vendors:
            engine = Engine(self.settings, self.database, self.vault, vendors, role)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(engine.run, "127.0.0.1", 0, ready)
                await serving.wait()
                yield addresses[0]
                tasks.cancel_scope.cancel()

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
        """Wait until the condition holds; say what the campaigns look like where it does not."""
        with anyio.move_on_after(seconds):
            while not await condition():  # noqa: ASYNC110 (another process or thread changes what is looked at)
                await anyio.sleep(0.05)
            return
        raise AssertionError(f"not within {seconds} s: {await self.tally()}")

    async def finished(self, *codes: str, seconds: float = PATIENCE) -> None:
        async def all_finished() -> bool:
            # A standing is a report: to ask for it again and again would cost more than the campaign.
            if await self.database.read(_unfinished, codes):
                return False
            return all([(await self.standing(code)).state == "finished" for code in codes])

        await self.until(all_finished, seconds)

    async def tally(self) -> dict[str, Any]:
        def count(conn: Connection) -> dict[str, Any]:
            calls = conn.execute(select(CALL.state, CALL.outcome, func.count()).group_by(CALL.state, CALL.outcome))
            customers = conn.execute(
                select(CUSTOMER.status, CUSTOMER.reason, func.count()).group_by(CUSTOMER.status, CUSTOMER.reason)
            )
            campaigns = conn.execute(select(table(Campaign))).all()
            return {
                "calls": Counter({(str(a), str(b)): n for a, b, n in calls}),
                "customers": Counter({(str(a), str(b)): n for a, b, n in customers}),
                "campaigns": [(c.code, str(c.wanted), str(c.paused_because), c.paused_detail) for c in campaigns],
                "agents": [(a.extension, a.logged_in, str(a.presence)) for a in conn.execute(select(table(Agent)))],
            }

        return await self.database.read(count)

    async def check(self, max_recall: int = 2, unknowns: bool = False) -> None:
        """What must be true of every campaign, by the simulator's own journal of what it rang."""
        journal = self.simulator.journal
        assert journal.rung_twice_at_once() == []
        rings = Counter(ring.customer_id for ring in journal.entries)
        assert all(count == 1 for count in rings.values()), "an order rang more than once"
        known = await self.database.read(_references)
        assert set(rings) <= set(known), "a call rang that the ledger does not know"
        by_customer = Counter(known[reference] for reference in rings)
        assert all(count <= 1 + max_recall for count in by_customer.values())
        charged = await self.database.read(_charged)
        if unknowns:
            assert len(journal.entries) <= charged
        else:
            assert len(journal.entries) == charged
        assert await self.database.read(_attempts) == charged


def _lay(url: str) -> None:
    """Put an embedded database where the URL says."""
    Path(make_url(url).database or "").write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    """An embedded database at the head, made once a process."""
    with TemporaryDirectory() as folder:
        return embedded_template(Path(folder)).read_bytes()


def _unfinished(conn: Connection, codes: Sequence[str]) -> bool:
    campaign = columns_of(Campaign)
    listed = select(CUSTOMER.id).join(table(Campaign), campaign.id == CUSTOMER.campaign_id)
    return (
        conn.execute(listed.where(campaign.code.in_(codes), CUSTOMER.finished_at.is_(None)).limit(1)).first()
        is not None
    )


def _references(conn: Connection) -> dict[str, int]:
    return dict(conn.execute(select(CALL.reference, CALL.customer_id)).all())


def _charged(conn: Connection) -> int:
    ours = select(func.count()).where(CALL.charged.is_(True), CALL.customer_id.is_not(None))
    return int(conn.scalar(ours) or 0)


def _attempts(conn: Connection) -> int:
    return int(conn.scalar(select(func.sum(CUSTOMER.attempts))) or 0)


async def live_calls(database: Database) -> int:
    def count(conn: Connection) -> int:
        return int(conn.scalar(select(func.count()).where(CALL.state.in_(LIVE_STATES))) or 0)

    return await database.read(count)


def phones(count: int, prefix: str = "090000") -> list[str]:
    """Numbers in the form of a list, `0900000000`, `0900000001`, …"""
    return [f"{prefix}{index:04d}" for index in range(count)]


def journal_form(phone: str) -> str:
    """A number as a list writes it, in E.164."""
    return f"+84{phone[1:]}"


def calm(**more: Any) -> SimulatorSettings:
    """A well-behaved vendor, fast, and always the same."""
    return SimulatorSettings(speed=SPEED, seed=7, **more)
