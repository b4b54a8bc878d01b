"""What becomes of a customer, found by doing it to one: every act of the ledger on every status."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from founding import START, Company, campaign, company, debtors, read
from sqlalchemy import Connection, create_engine
from sqlmodel import SQLModel

from campaigns import compliance, ledger, queue, rulebooks
from campaigns.compliance import Cleared, Dossier, Mandate, Withheld
from campaigns.ledger import Appointment, Closing, Intent, NotNow, Told
from campaigns.ledger.customers import CURABLE
from campaigns.models import Customer
from campaigns.states import Fact
from campaigns.timing import Timing
from campaigns.touches import Touch
from campaigns.words import FactKind, Mode, Outcome, Purpose, Reason, Role, Status

TIMING = Timing()
MANDATE = Mandate(Purpose.DEBT_REMINDER, "Công ty Mẫu")
RIGHT = Dossier(0, 0, "+84912345678", Role.BORROWER, Mode.AUTOCALL, MANDATE, ("Asia/Ho_Chi_Minh",))
SPOKE = Touch(START, 0, "+84912345678", conversation=True)
HINDRANCES: tuple[dict[str, Any], ...] = (
    {"suppressed": True},
    {"number_in_call": True},
    {"person_in_call": True},
    {"role": Role.REFERENCE},
    {"needs_review": True},
    {"required": ("amount",)},
    {"zones": ("nowhere",)},
    {"touches": (SPOKE,) * 5},
    {"touches": (SPOKE,), "quiet_time": timedelta(days=1)},
)
NIGHT = START + timedelta(hours=15)
Act = Callable[[Connection, "Stage"], None]


@dataclass(slots=True)
class Stage:
    """A campaign with one customer, and a clock that moves on far enough at every step."""

    campaign: Any
    customer_id: int
    steps: int = 0
    committed: bool = False
    """Whether the last act handed a call over."""

    def later(self) -> datetime:
        self.steps += 1
        return START + timedelta(days=self.steps)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a customer stands, as far as it matters to what may follow."""

    status: Status
    called: bool
    curable: bool


@dataclass(frozen=True, slots=True)
class Change:
    before: Status
    after: Status
    because: str


@dataclass(frozen=True, slots=True)
class Findings:
    """`changes`: what was seen to follow what, and why. `ends`: of each way a call went, what it came to."""

    changes: set[Change]
    ends: dict[str, set[tuple[Status, Reason | None]]]


@cache
def look() -> Findings:
    """Every act on every standing that acts can bring about, with recalls left and without."""
    found = Findings(set(), defaultdict(set))
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        SQLModel.metadata.create_all(conn)
        of = company(conn)
        for recalls in (0, 1):
            _explore(conn, of, recalls, found)
    engine.dispose()
    return found


def _explore(conn: Connection, of: Company, recalls: int, found: Findings) -> None:
    """Each way to a standing is walked once, and every act is tried from there and undone."""
    paths: dict[Standing, list[str]] = {Standing(Status.NEW, False, False): []}
    waiting = list(paths)
    while waiting:
        path = paths[waiting.pop()]
        stage = _stage(conn, of, recalls)
        for step in path:
            ACTS[step](conn, stage)
        for name in ACTS:
            trial = conn.begin_nested()
            after = _do(conn, replace(stage), name, found)
            trial.rollback()
            if after not in paths:
                paths[after] = [*path, name]
                waiting.append(after)


def _stage(conn: Connection, of: Company, recalls: int) -> Stage:
    one = campaign(conn, of, Mode.AUTOCALL, max_recall_count=recalls)
    return Stage(one, debtors(conn, of, one, 1)[0].customer_id)


def _do(conn: Connection, stage: Stage, name: str, found: Findings) -> Standing:
    before, stage.committed = read(conn, Customer, stage.customer_id).status, False
    ACTS[name](conn, stage)
    row = read(conn, Customer, stage.customer_id)
    if stage.committed:
        found.changes.add(Change(before, Status.QUEUE, "a call is committed"))
        found.ends[name].add((row.status, row.reason))
        before = Status.QUEUE
    if stage.committed or row.status is not before:
        found.changes.add(Change(before, row.status, row.reason.value if row.reason else name))
    return Standing(row.status, row.attempts > 0, row.status.final and row.reason in CURABLE)


def _call(*facts: Fact) -> Act:
    """He is called if it is his turn, and this is how it goes."""

    def act(conn: Connection, stage: Stage) -> None:
        now = stage.later()
        for row in queue.claim(conn, now, TIMING, stage.campaign, 1, "token"):
            intent = Intent(_cleared(row, now), f"d{row.id}-{stage.steps}", row.run_id, row.attempts + 1, Role.BORROWER)
            (call,) = ledger.intend(conn, now, TIMING, stage.campaign, [intent], "token").values()
            stage.committed = True
            ledger.apply(conn, now, TIMING, [Told(call, replace(fact, at=now)) for fact in facts])

    return act


def _cleared(row: Any, now: datetime) -> Cleared:
    dossier = RIGHT._replace(customer_id=row.id, person_id=row.person_id, phone=f"+84{row.id:09}")
    verdict = compliance.review(dossier, rulebooks.shipped()["none"], now)
    assert isinstance(verdict, Cleared)
    return verdict


def _three_times(act: Act) -> Act:
    def thrice(conn: Connection, stage: Stage) -> None:
        for _ in range(3):
            act(conn, stage)

    return thrice


def _close(status: Status, reason: Reason) -> Act:
    def act(conn: Connection, stage: Stage) -> None:
        closing = Closing(stage.customer_id, status, reason)
        ledger.close(conn, stage.later(), stage.campaign.tenant_id, [closing], "test")

    return act


def _reconsider(conn: Connection, stage: Stage) -> None:
    ledger.reconsider(conn, stage.later(), stage.campaign.tenant_id, [stage.customer_id], "test")


def _reopen(conn: Connection, stage: Stage) -> None:
    tenant_id, campaign_id, now = stage.campaign.tenant_id, stage.campaign.id, stage.later()
    run = ledger.open_run(conn, now, tenant_id, campaign_id, "test")
    ledger.reopen(conn, now, tenant_id, campaign_id, run, [stage.customer_id], "test")


def _promise(conn: Connection, stage: Stage) -> None:
    """Also to somebody who is final; who is not to be called any more is promised nothing."""
    now = stage.later()
    with suppress(NotNow):
        ledger.promise(conn, now, stage.campaign, stage.customer_id, Appointment(now, "UTC"), "test")


def _record(disposition: Outcome, billsec: int = 0) -> Act:
    return _call(Fact(FactKind.RECORD, START, duration=30, billsec=billsec, disposition=disposition))


def _not_placed(reason: Reason) -> Act:
    return _call(Fact(FactKind.NOT_PLACED, START, reason=reason))


ACTS: dict[str, Act] = {
    "answered": _record(Outcome.ANSWERED, 30),
    "answered, too short": _record(Outcome.ANSWERED, 1),
    **{
        outcome.value: _record(outcome)
        for outcome in (Outcome.BUSY, Outcome.NO_ANSWERED, Outcome.CANCEL, Outcome.NOT_AVAILABLE, Outcome.INVALID)
    },
    "unknown": _call(Fact(FactKind.GIVEN_UP, START)),
    "not placed": _not_placed(Reason.UNREACHABLE),
    "taken back": _call(Fact(FactKind.TAKEN_BACK, START, reason=Reason.TAKEN_BACK)),
    "declined": _not_placed(Reason.DECLINED),
    "declined three times": _three_times(_not_placed(Reason.DECLINED)),
    "withdrawn": _close(Status.WITHDRAWN, Reason.WITHDRAWN),
    "suppressed": _close(Status.DNC, Reason.SUPPRESSED),
    "no number": _close(Status.FAIL, Reason.NO_NUMBER),
    "the hindrance is gone": _reconsider,
    "another run": _reopen,
    "promised": _promise,
}


def hindrances() -> dict[Reason, bool]:
    """Of every reason for which the gate withholds a call: whether a clock brings him back."""
    found = {}
    for wrong in HINDRANCES:
        verdict = compliance.review(RIGHT._replace(**wrong), rulebooks.shipped()["vn-debt"], START)
        assert isinstance(verdict, Withheld)
        found[verdict.reason] = verdict.until is not None
    closed = compliance.review(RIGHT, rulebooks.shipped()["vn-debt"], NIGHT)
    assert isinstance(closed, Withheld)
    return found | {closed.reason: closed.until is not None}
