"""True histories of calls: what a vendor that tells no lies may send, whatever it leaves out and however it dithers."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from campaigns.states import Fact, Progress
from campaigns.words import FactKind, Mode, Outcome

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DISPOSITIONS = (
    Outcome.ANSWERED,
    Outcome.BUSY,
    Outcome.NO_ANSWERED,
    Outcome.CANCEL,
    Outcome.NOT_AVAILABLE,
    Outcome.INVALID,
)
MISSING = None


@dataclass(frozen=True, slots=True)
class History:
    """A call as it truly went, and every fact of it in the order in which things happened."""

    mode: Mode
    disposition: Outcome
    talk: int
    extension: str | None
    facts: tuple[Fact, ...]

    @property
    def start(self) -> Progress:
        return Progress(mode=self.mode)

    @property
    def outcome(self) -> Outcome:
        """What the whole history comes to, said plainly."""
        nobody_there = self.mode is Mode.AUTODIALER and self.extension is None
        return Outcome.ABANDONED if self.disposition is Outcome.ANSWERED and nobody_there else self.disposition

    @property
    def missed_by_agent(self) -> bool:
        return self.mode is Mode.CLICK2CALL and self.disposition is Outcome.INVALID

    def kinds(self) -> set[FactKind]:
        return {fact.kind for fact in self.facts}

    def only(self, *kinds: FactKind) -> "History":
        return replace(self, facts=tuple(fact for fact in self.facts if fact.kind in kinds))

    def without(self, *kinds: FactKind) -> "History":
        return replace(self, facts=tuple(fact for fact in self.facts if fact.kind not in kinds))


@dataclass(frozen=True, slots=True)
class Habits:
    """How a vendor writes: which optional fields it fills, and which it fills with nothing."""

    zeros: bool
    """Lengths stand in every hook, as zeros where the contract has none."""
    record_lengths: bool
    record_result: bool
    """Without it the record's result is a word that nobody knows."""
    extension_from_ringing: bool


HABITS = st.builds(
    Habits,
    zeros=st.booleans(),
    record_lengths=st.booleans(),
    record_result=st.booleans(),
    extension_from_ringing=st.booleans(),
)


@st.composite
def histories(
    draw: st.DrawFn, modes: tuple[Mode, ...] = tuple(Mode), dispositions: tuple[Outcome, ...] = DISPOSITIONS
) -> History:
    """Any call of any mode, with its placing answer, four hooks and a record."""
    mode = draw(st.sampled_from(modes))
    disposition = draw(st.sampled_from(dispositions))
    answered = disposition is Outcome.ANSWERED
    talk = draw(st.integers(0, 400)) if answered else 0
    extension = _extension(draw, mode, answered)
    facts = _facts(draw, mode, disposition, talk, extension, draw(HABITS))
    return History(mode, disposition, talk, extension, facts)


def _extension(draw: st.DrawFn, mode: Mode, answered: bool) -> str | None:
    if mode is Mode.CLICK2CALL:
        return "101"
    return draw(st.sampled_from([None, "102"])) if mode is Mode.AUTODIALER and answered else None


def _facts(
    draw: st.DrawFn, mode: Mode, disposition: Outcome, talk: int, extension: str | None, habits: Habits
) -> tuple[Fact, ...]:
    ring = draw(st.integers(1, 60))
    answered = disposition is Outcome.ANSWERED
    ringing_at = START + timedelta(seconds=draw(st.integers(0, 30)))
    picked_up = ringing_at + timedelta(seconds=ring) if answered else None
    ended_at = ringing_at + timedelta(seconds=ring + talk)
    nothing = 0 if habits.zeros else None

    def told(kind: FactKind, at: datetime, **said: object) -> Fact:
        """A hook arrives a little later than what it tells of."""
        late = timedelta(milliseconds=draw(st.integers(0, 9000)))
        lengths = {"duration": nothing, "billsec": nothing} | said
        return Fact(kind, at + late, call_id="V1", sip_call_id="S1", hotline="19001919", **lengths)

    early = extension if habits.extension_from_ringing else None
    hooks = [told(FactKind.RINGING, ringing_at, extension=early)]
    if answered or draw(st.booleans()):
        # In click-to-call the vendor may tell the agent's leg as answered, whatever becomes of the customer's.
        hooks.append(told(FactKind.ANSWERED, picked_up or ringing_at, extension=early))
    hooks.append(told(FactKind.HANGUP, ended_at, duration=ring + talk, billsec=talk, extension=extension))
    hooks.append(told(FactKind.CDR, ended_at, disposition=disposition, recording_url=f"https://rec/{talk}"))
    record = Fact(
        FactKind.RECORD,
        ended_at,
        call_id="V1",
        sip_call_id="S1",
        duration=ring + talk if habits.record_lengths else None,
        billsec=talk if habits.record_lengths else None,
        disposition=disposition if habits.record_result else Outcome.UNKNOWN,
        extension=extension,
        hotline="19001919",
        answered_at=picked_up,
        ended_at=ended_at,
        confirms=True,
    )
    return (_handed_over(draw, mode), *hooks, record)


def _handed_over(draw: st.DrawFn, mode: Mode) -> Fact:
    """What our own request came to; a queue gives no call id."""
    at = START + timedelta(milliseconds=draw(st.integers(0, 20_000)))
    if draw(st.booleans()):
        return Fact(FactKind.UNSURE, at)
    call_id = None if mode.queued else "V1"
    return Fact(FactKind.PLACED, at, call_id=call_id, confirms=call_id is not None)


@st.composite
def tellings(draw: st.DrawFn, facts: tuple[Fact, ...]) -> list[Fact]:
    """The same facts in any order, some of them more than once."""
    doubled = draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    return draw(st.permutations([*facts, *doubled]))
