"""Bugs to be planted: each breaks one guard of the product, and a world must find it.

What no world finds, the worlds do not guard. The names are those of `SABOTAGE`, in the order of what is promised.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from campaigns import answers, binding, compliance, dossiers, ledger, recollection
from campaigns.compliance import Withheld
from campaigns.ledger import consequences
from campaigns.retries import GiveUp, RetryAt, next_attempt
from campaigns.touches import Touch
from campaigns.words import CallState, Origin, Reason
from dialer import answering, handovers, pacing, settling
from dialer.handovers import Answered
from dialer.pacing import Allotment
from dialer.settling import SettlingLoop
from tests.simulation.database import Store
from tests.simulation.plan import Plan, plan

Saboteur = Callable[[pytest.MonkeyPatch, Store], None]


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Who breaks what, the invariant that must tell, how many seeds that may take, and in which worlds it is sought.

    `found_by` is the first seed that found it when last looked. It is tried first, so that all are not searched anew
    each time; where the worlds have changed since, the search goes on from the beginning.
    """

    saboteur: Saboteur
    invariant: str
    within: int
    found_by: int
    among: Callable[[Plan], bool] = lambda _: True

    @property
    def seeds(self) -> Iterator[int]:
        yield self.found_by
        yield from (seed for seed in range(self.within) if self.among(plan(seed)))


def overlook_suppressions(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The gate is shown an empty do-not-call list."""
    _show(patch, blocked=None, barred=None)


def overlook_calls(patch: pytest.MonkeyPatch, store: Store) -> None:
    """The gate does not see who is in a call, and no index holds what it forgets."""
    _show(patch, busy=None, talking=None)
    store.transact(_drop, "uq_call_live_phone", "uq_call_live_person")


def _show(patch: pytest.MonkeyPatch, **instead: Any) -> None:
    """The gate is shown this of every number, instead of what is so."""
    find = dossiers.find_numbers
    names = [column.name for column in find.query.selected_columns]

    def read(conn: Connection, *keys: Any, **bound: Any) -> list[SimpleNamespace]:
        rows = find(conn, *keys, **bound)
        return [SimpleNamespace(**{name: getattr(row, name) for name in names} | instead) for row in rows]

    patch.setattr(dossiers, "find_numbers", read)


def _drop(conn: Connection, *indexes: str) -> None:
    for index in indexes:
        conn.exec_driver_sql(f"DROP INDEX {index}")


def grant_every_wish(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """No ceiling is looked at."""
    patch.setattr(pacing, "decide", lambda _snapshot, _policy, wish, _now: Allotment(wish, Reason.ROOM))


def recall_once_more(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The last recall is followed by another."""

    def lenient(*facts: Any) -> RetryAt | GiveUp:
        *told, attempts, ended_at, policy, tally = facts
        return next_attempt(*told, attempts - 1, ended_at, policy, tally)

    patch.setattr(consequences.retries, "next_attempt", lenient)
    patch.setattr(dossiers, "_spent", lambda *_: {})


def ring_before_writing(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The wire comes first and the intent with the answer, so a crash between them loses a call that rings."""
    intend, record, unwritten = ledger.intend, handovers.record, {}

    def keep_for_later(conn: Connection, *intent: Any) -> dict[str, int]:
        _, _, _, intents, _ = intent
        # The customers' leases must not be given back as unused.
        patch.setattr(handovers.queue, "release", lambda *_: 0)
        unwritten.update({one.reference: intent for one in intents})
        return {one.reference: number for number, one in enumerate(intents)}

    def write_late(conn: Connection, timing: Any, batch: Sequence[Answered]) -> None:
        references = {reference for one in batch for reference in one.calls}
        held: dict[str, int] = {}
        for now, of, campaign, intents, token in {id(intent): intent for intent in unwritten.values()}.values():
            mine = [one for one in intents if one.reference in references]
            held |= intend(conn, now, of, campaign, mine, token) if mine else {}
        told = [[answer for answer in one.answers if answer.reference in held] for one in batch]
        record(conn, timing, [Answered(one.campaign, held, known) for one, known in zip(batch, told, strict=True)])

    patch.setattr(ledger, "intend", keep_for_later)
    patch.setattr(answering, "record", write_late)


def keep_the_released(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """A call that certainly rang nobody ends, and its customer goes on waiting for it."""
    follow = consequences._next

    def forgetful(now: datetime, timing: Any, step: Any, customer: Any, campaign: Any, newest: int) -> dict[str, Any]:
        values = follow(now, timing, step, customer, campaign, newest)
        if step.after.state is CallState.RELEASED:
            values.pop("open_call_id", None)
        return values

    patch.setattr(consequences, "_next", forgetful)


class _Postponed:
    """The ledger, but for what is applied: that is kept until somebody writes it."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(ledger, name)

    def apply(self, _conn: Connection, *told: Any) -> list[Any]:
        self.told.append(told)
        return []


def mark_before_applying(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """A hook is marked as settled in one transaction and applied in the next, so a crash between them loses it."""
    step, postponed = SettlingLoop.step, _Postponed()

    async def in_two(loop: Any, now: datetime) -> bool:
        done: bool = await step(loop, now)
        while postponed.told:
            await loop._database.write(ledger.apply, *postponed.told.pop())
        return done

    patch.setattr(settling, "ledger", postponed)
    patch.setattr(SettlingLoop, "step", in_two)


def never_ask(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """Nobody asks after a call that stays silent."""
    patch.setattr(binding, "to_check", lambda *_: [])


def overlook_hand_dialled_calls(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The caps do not count what agents dialed by themselves."""
    count = recollection._call

    def ours_only(row: Any) -> Touch:
        touch = count(row)
        return replace(touch, attempt=False) if row.origin is Origin.HAND else touch

    patch.setattr(recollection, "_call", ours_only)


def overlook_messages(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The caps do not count what was sent beside our calls."""
    for read in ("moments", "moments_by_phone"):
        patch.setattr(recollection, read, lambda *_: [])


def read_the_clock_at_home(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """Hours and days are those of the tenant, wherever the person is."""
    patch.setattr(dossiers, "_zones", lambda of, *_: (of.tenant.zone,))


def overlook_unsettled_talks(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The gate does not wait until it is known whether a call that is over was a conversation."""
    count = recollection._call
    patch.setattr(recollection, "_call", lambda row: replace(count(row), pending=False))


def leave_the_queue_at_closing(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """What the vendor holds when hours end stays with it."""
    ask = dossiers.forbidden

    def by_day(*facts: Any) -> dict[int, Reason]:
        return {one: reason for one, reason in ask(*facts).items() if reason is not Reason.OUTSIDE_HOURS}

    patch.setattr(dossiers, "forbidden", by_day)


def believe_any_register(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """A register's copy may be as old as it likes."""
    patch.setattr(compliance, "_stale", lambda *_: False)


def wait_an_hour_longer(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """The gate is timid."""
    ask = compliance._of_the_moment

    def timid(*facts: Any) -> Withheld | None:
        said = ask(*facts)
        return said and replace(said, until=said.until and said.until + timedelta(hours=1))

    patch.setattr(compliance, "_of_the_moment", timid)


def answer_anew(patch: pytest.MonkeyPatch, _store: Store) -> None:
    """A request that comes again is done again."""
    patch.setattr(answers, "once", lambda _conn, _now, _client, _name, _digest, work: (work(), False))


def _counts_attempts(plan: Plan) -> bool:
    """Whether attempts are counted, and agents dial by themselves meanwhile."""
    books = {campaign.terms["rulebook"] for campaign in plan.campaigns}
    return plan.meddling > 0 and bool(books & {"world-debt", "world-caps"})


SABOTAGE = (
    Sabotage(overlook_suppressions, "nobody_who_must_not_be_called_is_rung", 50, 2),
    Sabotage(overlook_calls, "no_two_calls_at_once", 50, 0),
    Sabotage(grant_every_wish, "no_ceiling_is_broken", 20, 1),
    Sabotage(recall_once_more, "attempts_are_limited", 20, 1),
    Sabotage(ring_before_writing, "every_ring_is_known", 20, 0),
    Sabotage(keep_the_released, "everybody_is_somewhere", 50, 6),
    Sabotage(mark_before_applying, "every_hook_is_settled", 100, 49),
    Sabotage(never_ask, "everything_comes_to_its_end", 50, 0),
    Sabotage(overlook_hand_dialled_calls, "nothing_unlawful_is_rung", 200, 64, _counts_attempts),
    Sabotage(overlook_messages, "nothing_unlawful_is_rung", 100, 18),
    Sabotage(read_the_clock_at_home, "nothing_unlawful_is_rung", 100, 15),
    Sabotage(overlook_unsettled_talks, "nothing_unlawful_is_rung", 100, 54, lambda plan: plan.talkative),
    Sabotage(leave_the_queue_at_closing, "nothing_unlawful_is_rung", 200, 94, lambda plan: plan.closing),
    Sabotage(believe_any_register, "nothing_unlawful_is_rung", 400, 287, lambda plan: plan.markets),
    Sabotage(answer_anew, "an_order_is_one_attempt", 50, 4),
    Sabotage(wait_an_hour_longer, "nobody_is_forgotten_by_the_gate", 50, 3),
)
