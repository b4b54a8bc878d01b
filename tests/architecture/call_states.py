"""What the code does with facts, found by doing it: every state that a call can come to, and every way there."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from campaigns.states import Fact, Progress, Refused, advance
from campaigns.words import CallState, FactKind, Mode, Outcome, Reason

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DISPOSITIONS = [outcome for outcome in Outcome if outcome is not Outcome.ABANDONED]


@dataclass(frozen=True, slots=True)
class Walk:
    """Everything that was seen: which kinds of facts lead from a state to a state, and which are refused there."""

    moves: dict[tuple[CallState, CallState], set[FactKind]]
    outcomes: dict[tuple[Mode, Outcome], set[tuple[bool, Reason | None]]]
    refusals: dict[tuple[FactKind, str], set[CallState]]


def facts() -> Iterator[Fact]:
    """One of each kind, and of those that tell a result one of each result, with and without an agent."""
    for kind in (FactKind.PLACED, FactKind.UNSURE, FactKind.RINGING, FactKind.ANSWERED):
        yield Fact(kind, AT)
    for call_id in ("one", "another"):
        yield Fact(FactKind.RINGING, AT, call_id=call_id)
    for billsec in (30, 31):
        yield Fact(FactKind.HANGUP, AT, duration=40, billsec=billsec)
    for disposition in DISPOSITIONS:
        yield Fact(FactKind.CDR, AT, disposition=disposition)
        for extension in (None, "101"):
            said = {"duration": 40, "billsec": 30, "disposition": disposition, "extension": extension}
            yield Fact(FactKind.RECORD, AT, **said)
    yield Fact(FactKind.NOT_PLACED, AT, reason=Reason.DECLINED)
    yield Fact(FactKind.TAKEN_BACK, AT, reason=Reason.TAKEN_BACK)
    yield Fact(FactKind.GIVEN_UP, AT, reason=Reason.NO_EVIDENCE)


@cache
def walk() -> Walk:
    """Tell every fact to every call that telling facts can make of a new one."""
    told = list(facts())
    seen: set[Progress] = set()
    found = Walk(defaultdict(set), defaultdict(set), defaultdict(set))
    waiting = [Progress(mode=mode) for mode in Mode]
    while waiting:
        call = waiting.pop()
        if call in seen:
            continue
        seen.add(call)
        _note(found, call)
        for fact in told:
            step = advance(call, fact)
            if isinstance(step, Refused):
                found.refusals[fact.kind, step.why].add(call.state)
            else:
                if step.after.state is not call.state:
                    found.moves[call.state, step.after.state].add(fact.kind)
                waiting.append(step.after)
    return found


def _note(found: Walk, call: Progress) -> None:
    if call.outcome is not None and call.mode is not None:
        found.outcomes[call.mode, call.outcome].add((call.charged, call.reason))
