"""A company whose evidence has every kind of row, a loop that seals it, and somebody who examines the chain."""

from datetime import datetime, timedelta
from typing import Any

from databases import Desk
from founding import START, Company, calls, campaign, company, debtors
from sqlalchemy import Connection, insert, select

from campaigns import acts, dnc, evidence, ledger
from campaigns.dnc import Entry
from campaigns.evidence import Examination, Finding
from campaigns.models import Callback, Consent, Contact, Decision, ListImport, Register, RulebookText
from campaigns.rows import table
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.words import Channel, FactKind, Mode, Outcome, Promise, Purpose, Reason, Subject
from dialer import chains, handovers
from dialer.database import CLOCK
from dialer.sealing import SealingLoop
from dialer.vault import Vault

VAULT = Vault(["test"])
TIMING = Timing()


def at(conn: Connection, now: datetime) -> Connection:
    """The connection, for which it is now that late."""
    return conn.execution_options(**{CLOCK: lambda: now})


class Evidence:
    """One tenant's evidence and its chain, on a clock that the test moves."""

    def __init__(self, desk: Desk, batch: int = 500) -> None:
        self.desk = desk
        self.now = START
        self.of: Company = desk.run(company)
        self.campaign: Any = desk.run(lambda conn: campaign(conn, self.of, Mode.AUTOCALL))
        self.loop = SealingLoop(Timed(desk, self), VAULT, batch)
        self.loop._waiting = None

    def later(self, **units: float) -> None:
        self.now += timedelta(**units)

    def run(self, work: Any, *args: Any) -> Any:
        return self.desk.run(lambda conn: work(at(conn, self.now), *args))

    def seal(self) -> None:
        """Until nothing is left to be sealed."""

        async def all_of_it() -> None:
            while await self.loop.step(self.now):
                pass

        self.desk.portal.call(all_of_it)

    def findings(self) -> list[Finding]:
        return self.desk.run(examined, self.of.tenant_id)

    def happen(self, count: int = 2) -> None:
        """Something of every kind."""
        listed = self.run(debtors, self.of, self.campaign, count, self.now)
        self.run(self._calls, listed)
        self.run(self._words, listed[0])

    def _calls(self, conn: Connection, listed: Any) -> None:
        ids = [one.customer_id for one in listed]
        chosen, _ = handovers.choose(conn, TIMING, self.campaign, len(ids), "token")
        handover = handovers.commit(conn, TIMING, self.campaign, chosen, "token")
        told = [ledger.Told(call, _record(self.now, place)) for place, call in enumerate(sorted(handover.orders))]
        ledger.apply(conn, self.now, TIMING, told)

    def _words(self, conn: Connection, who: Any) -> None:
        mine, now = {"tenant_id": self.of.tenant_id}, self.now
        entries = [Entry(Subject.NUMBER, f"+8498{place}{who.customer_id:06}", reason="hỏi") for place in range(2)]
        dnc.suppress(conn, now, self.of.tenant_id, entries, "test")
        dnc.lift(conn, now, self.of.tenant_id, [entries[0].subject], "test")
        done = acts.Done("test", "c_1", "r-1", "PATCH", "/v1/campaigns/{code}", "campaigns/C", {"weight": 2}, {}, {})
        acts.record(conn, now, self.of.tenant_id, done, 200, 3)
        rows: list[tuple[Any, dict[str, Any]]] = [
            (Consent, {"person_id": who.person_id, "purpose": Purpose.SERVICE, "granted": True, "channel": "sms"}),
            (Contact, {"person_id": who.person_id, "channel": Channel.SMS, "phone": who.phones[0]}),
            (
                Register,
                {"name": "national", "as_of": now, "entries": 3, "file_name": "", "actor": "", "loaded_at": now},
            ),
            (
                RulebookText,
                {"name": "r", "version": "1", "digest": f"{who.person_id}", "text": 'version = "1"', "own": True},
            ),
            (Decision, {"campaign_id": self.campaign.id, "customer_id": who.customer_id, "cleared": False}),
            (Callback, {"campaign_id": self.campaign.id, "customer_id": who.customer_id, "at": now, "zone": "UTC"}),
            (ListImport, {"campaign_id": self.campaign.id, "file_name": "a.csv", "sha256": "1", "headers": []}),
        ]
        more: dict[Any, dict[str, Any]] = {
            Consent: {"proof": "tin nhắn", "at": now, "recorded_at": now},
            Contact: {"contract_number": "HD1", "conversation": False, "source": "", "actor": "", "at": now}
            | {"recorded_at": now},
            Register: {"file_name": "", "actor": ""},
            RulebookText: {"actor": "", "added_at": now},
            Decision: {"reason": Reason.OUTSIDE_HOURS, "rulebook": "r", "rulebook_version": "1", "at": now}
            | {"facts": {"phone": who.phones[0], "zone": "UTC", "counts": [1, 2]}},
            Callback: {"note": "chiều", "promise": Promise.KEPT, "priority": 0, "actor": "", "created_at": now},
            ListImport: {"run_id": 0, "counts": {}, "imported_by": "an", "imported_at": now},
        }
        more[ListImport]["run_id"] = conn.scalar(
            select(ledger.customers.RUN.id).where(ledger.customers.RUN.campaign_id == self.campaign.id)
        )
        for model, row in rows:
            conn.execute(insert(table(model)), mine | row | more.get(model, {}))

    def calls(self) -> dict[int, Any]:
        found: dict[int, Any] = self.desk.run(calls, self.of.tenant_id)
        return found


def _record(now: datetime, place: int) -> Fact:
    return Fact(
        FactKind.RECORD,
        now,
        call_id=f"v{now.timestamp()}-{place}",
        billsec=9,
        disposition=Outcome.ANSWERED,
        recording_url=f"https://example.test/{place}.wav",
    )


class Timed:
    """The database as the loop sees it: at the test's time."""

    def __init__(self, desk: Desk, clock: Evidence) -> None:
        self._desk, self._clock = desk, clock

    async def write(self, work: Any, *args: Any) -> Any:
        return await self._desk.database.write(lambda conn: work(at(conn, self._clock.now), *args))

    async def read(self, work: Any, *args: Any) -> Any:
        return await self._desk.database.read(lambda conn: work(at(conn, self._clock.now), *args))

    async def close(self) -> None: ...

    def pool(self) -> dict[str, int]:
        return {}


def examined(conn: Connection, tenant_id: int) -> list[Finding]:
    """What is wrong with a tenant's chain."""
    chain = evidence.heads(conn)[tenant_id]
    keys = chains.keys_of(VAULT, chain)
    examination = Examination(chain, keys.pseudonyms, keys.genuine)
    found: list[Finding] = []
    while (page := examination.examine(conn, page=2)) is not None:
        found += page
    return found + examination.finish(conn)
