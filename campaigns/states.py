"""What may follow what in the life of a call. Pure: facts go in, in any order and any number; one truth comes out.

Hooks arrive late, doubled and shuffled, so a call is not a cursor that hooks push along: it is the *evidence gathered
so far*, and merging evidence is commutative, associative and idempotent. The state is read off the evidence, never
regresses, and a late fact still fills its stamp (`Kept`). Sources: TEL4VN contract sections 4.5, 5.3 and 11.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from campaigns.words import CallState, FactKind, Mode, Outcome, Reason

ORDER = (
    CallState.INTENDED,
    CallState.PLACED,
    CallState.UNSURE,
    CallState.RINGING,
    CallState.ANSWERED,
    CallState.ENDED,
    CallState.SETTLED,
)
RANK = {state: rank for rank, state in enumerate(ORDER)}
UNRUNG = (CallState.INTENDED, CallState.PLACED, CallState.UNSURE)
REACHES = {
    FactKind.PLACED: CallState.PLACED,
    FactKind.UNSURE: CallState.UNSURE,
    FactKind.RINGING: CallState.RINGING,
    FactKind.ANSWERED: CallState.ANSWERED,
    FactKind.HANGUP: CallState.ENDED,
    FactKind.CDR: CallState.ENDED,
    FactKind.RECORD: CallState.ENDED,
}
EVIDENCE = (FactKind.RINGING, FactKind.ANSWERED, FactKind.HANGUP, FactKind.CDR, FactKind.RECORD)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing learned about a call. `at` is when it happened, or when we were told if the vendor does not say.

    `duration` and `billsec` are seconds, `disposition` is the vendor's CDR word. `reason` is ours, for facts of our
    own making. A `RECORD` is the vendor's whole record and outweighs hooks: what it says replaces what they said.
    """

    kind: FactKind
    at: datetime
    call_id: str | None = None
    sip_call_id: str | None = None
    duration: int | None = None
    billsec: int | None = None
    disposition: Outcome | None = None
    extension: str | None = None
    hotline: str | None = None
    recording_url: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    reason: Reason | None = None
    confirms: bool = False
    """Whether `call_id` is certainly this call's: the placing answer, or a record that names our reference."""

    def told(self) -> dict[str, Any]:
        """What was said, ready to be stored: empty fields left out, moments as ISO text."""
        said = {name: getattr(self, name) for name in SAID}
        # A talk time of zero seconds is said, and equals False.
        told = {name: value for name, value in said.items() if value is not None and value is not False}
        return {name: v.isoformat() if isinstance(v, datetime) else v for name, v in told.items()}

    @staticmethod
    def retold(kind: FactKind, at: datetime, reason: Reason | None, detail: dict[str, Any]) -> "Fact":
        """The fact again, from what `told` gave."""
        said = dict(detail)
        for name in ("answered_at", "ended_at"):
            if name in said:
                said[name] = datetime.fromisoformat(said[name])
        if "disposition" in said:
            said["disposition"] = Outcome(said["disposition"])
        return Fact(kind=kind, at=at, reason=reason, **said)


SAID = tuple(field.name for field in fields(Fact) if field.name not in ("kind", "at", "reason"))


class Progress(NamedTuple):
    """The evidence of one call. Every field is a column of `models.Call` under the same name.

    A named tuple, because it is made anew with every fact, and that is where the time of settling would go.
    """

    mode: Mode | None
    state: CallState = CallState.INTENDED
    outcome: Outcome | None = None
    reason: Reason | None = None
    charged: bool = True
    vendor_call_id: str | None = None
    call_id_confirmed: bool = False
    sip_call_id: str | None = None
    disposition: Outcome | None = None
    recorded: bool = False
    duration: int | None = None
    billsec: int | None = None
    extension: str | None = None
    hotline: str | None = None
    recording_url: str | None = None
    placed_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The state or the outcome changed."""

    after: Progress


@dataclass(frozen=True, slots=True)
class Kept:
    """True but late, or known already: the state stands, stamps may have been filled."""

    after: Progress


@dataclass(frozen=True, slots=True)
class Refused:
    """A contradiction of what is known: recorded, counted, and nothing else."""

    why: str


Advance = Moved | Kept | Refused


def advance(call: Progress, fact: Fact, abandoned_without_extension: bool = True) -> Advance:
    """Merge one fact into a call. Facts of one call commute; a repeated fact changes nothing.

    `abandoned_without_extension`: in autodialer mode, a record that says *answered* and names no agent means that
    the customer picked up and nobody was there (a vendor account's setting).
    """
    if contradiction := _contradicts(call, fact):
        return Refused(contradiction)
    if fact.kind in (FactKind.NOT_PLACED, FactKind.TAKEN_BACK):
        return _release(call, fact)
    if fact.kind is FactKind.GIVEN_UP:
        return _give_up(call)
    merged = _judge(_reach(_merge(call, fact), fact), abandoned_without_extension)
    moved = (merged.state, merged.outcome) != (call.state, call.outcome)
    return Moved(merged) if moved else Kept(merged)


def fold(start: Progress, facts: Iterable[Fact], abandoned_without_extension: bool = True) -> Progress:
    """The call after all these facts; refused ones leave no trace."""
    for fact in facts:
        step = advance(start, fact, abandoned_without_extension)
        start = start if isinstance(step, Refused) else step.after
    return start


def awaits(call: Progress) -> bool:
    """Whether the call is over and its verdict is not known: time to ask the vendor."""
    return call.state is CallState.ENDED


def _contradicts(call: Progress, fact: Fact) -> str | None:
    known, told = call.vendor_call_id, fact.call_id
    if told and known and told != known and (call.call_id_confirmed or not fact.confirms):
        return "another call id"
    if _differ(_clear(call.disposition), _clear(fact.disposition)) and not _doubtful(call):
        return "another result"
    if fact.kind is not FactKind.RECORD and not call.recorded and _differ(call.billsec, _lengths(fact)[1]):
        return "another talk time"
    return None


def _differ(known: object, told: object) -> bool:
    return known is not None and told is not None and known != told


def _clear(result: Outcome | None) -> Outcome | None:
    """A result in a word that the contract does not know contradicts nothing, and gives way to one that it knows."""
    return None if result is Outcome.UNKNOWN else result


def _lengths(fact: Fact) -> tuple[int | None, int | None]:
    """Duration and talk time as far as this fact can tell them."""
    if fact.kind in (FactKind.HANGUP, FactKind.RECORD):
        return fact.duration, fact.billsec
    # By the contract only a hangup tells them (section 4.4): a vendor that always sends the fields sends zeros.
    return (fact.duration or None, fact.billsec or None) if fact.kind is FactKind.CDR else (None, None)


def _doubtful(call: Progress) -> bool:
    """A result that we inferred, because the vendor would not say, gives way to the vendor's word."""
    return call.reason is Reason.NO_EVIDENCE


def _release(call: Progress, fact: Fact) -> Advance:
    if call.state is CallState.RELEASED:
        return Kept(call)
    if call.state not in UNRUNG:
        return Refused("it rang")
    return Moved(call._replace(state=CallState.RELEASED, reason=fact.reason, charged=False))


def _give_up(call: Progress) -> Advance:
    return Kept(call) if call.state.final else Moved(_infer(call))


def _infer(call: Progress) -> Progress:
    """Talk time without a result still proves that somebody spoke; everything else stays unknown."""
    outcome = Outcome.ANSWERED if call.billsec else Outcome.UNKNOWN
    return call._replace(state=CallState.SETTLED, outcome=outcome, reason=Reason.NO_EVIDENCE)


def _earlier(known: datetime | None, told: datetime) -> datetime:
    return told if known is None else min(known, told)


def _merge(call: Progress, fact: Fact) -> Progress:
    """The evidence and what the fact adds to it."""
    recorded = fact.kind is FactKind.RECORD
    said = _said_by_record(call, fact) if recorded else _said_by_hook(call, fact)
    for name in ("sip_call_id", "hotline", "recording_url"):
        known, told = getattr(call, name), getattr(fact, name)
        said[name] = (told or known) if recorded else (known or told)
    return call._replace(
        vendor_call_id=fact.call_id if fact.confirms and fact.call_id else call.vendor_call_id or fact.call_id,
        call_id_confirmed=call.call_id_confirmed or bool(fact.confirms and fact.call_id),
        disposition=_clear(fact.disposition) or call.disposition or fact.disposition,
        **said,
    )


def _said_by_record(call: Progress, fact: Fact) -> dict[str, Any]:
    return {
        "recorded": True,
        "duration": fact.duration if fact.duration is not None else call.duration,
        "billsec": fact.billsec if fact.billsec is not None else call.billsec,
        "extension": fact.extension,
        "answered_at": fact.answered_at,
        "ended_at": fact.ended_at or fact.at,
    }


def _said_by_hook(call: Progress, fact: Fact) -> dict[str, Any]:
    if fact.kind is FactKind.PLACED:
        return {"placed_at": _earlier(call.placed_at, fact.at)}
    duration, billsec = _lengths(fact)
    return _stamp(call, fact) | {
        # A record that names nobody says that nobody talked; lengths that it leaves out it merely does not know.
        "extension": call.extension if call.recorded else call.extension or fact.extension,
        "duration": duration if call.duration is None else call.duration,
        "billsec": billsec if call.billsec is None else call.billsec,
    }


def _stamp(call: Progress, fact: Fact) -> dict[str, Any]:
    """When it happened, by the hook; a record knows better."""
    match fact.kind:
        case FactKind.RINGING:
            return {"ringing_at": _earlier(call.ringing_at, fact.at)}
        case FactKind.ANSWERED if not call.recorded:
            return {"answered_at": _earlier(call.answered_at, fact.at)}
        case FactKind.HANGUP | FactKind.CDR if not call.recorded:
            return {"ended_at": _earlier(call.ended_at, fact.at)}
    return {}


def _reach(call: Progress, fact: Fact) -> Progress:
    """The state that the evidence proves, if it is further than the one we have."""
    if call.state is CallState.RELEASED:
        # It rang after we were told that it would not: an attempt after all, and its verdict must be found out.
        return call._replace(state=CallState.ENDED, reason=None, charged=True) if fact.kind in EVIDENCE else call
    reached = REACHES.get(fact.kind, call.state)
    return call._replace(state=reached) if RANK[reached] > RANK[call.state] else call


def _judge(call: Progress, abandoned_without_extension: bool) -> Progress:
    """The outcome is read off the evidence as often as there is more of it: a record may correct what hooks said."""
    if call.state not in (CallState.ENDED, CallState.SETTLED):
        return call
    outcome = verdict(call, abandoned_without_extension)
    if outcome is None:
        # A record is the vendor's last word: what it leaves open is not worth waiting for.
        return _infer(call) if call.recorded or _doubtful(call) else call
    # An invalid click-to-call means that the agent did not pick up: the customer was never rung.
    missed = outcome is Outcome.INVALID and call.mode is Mode.CLICK2CALL
    return call._replace(
        state=CallState.SETTLED,
        outcome=outcome,
        charged=call.charged and not missed,
        reason=Reason.AGENT_MISSED if missed else None,
    )


def verdict(call: Progress, abandoned_without_extension: bool = True) -> Outcome | None:
    """How the call ended, or None while something is missing that only the vendor can tell."""
    if call.disposition is not Outcome.ANSWERED:
        return call.disposition
    if call.mode is Mode.AUTODIALER and abandoned_without_extension and not call.extension:
        return Outcome.ABANDONED if call.recorded else None
    return None if call.billsec is None else Outcome.ANSWERED
