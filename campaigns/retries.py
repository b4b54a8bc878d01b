"""When is a customer's turn again, after a call ended? Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from campaigns.words import Outcome, Reason, Status

# TEL4VN contract section 11; an abandoned call was answered, and the reason says that nobody was there.
STATUS_OF = {
    Outcome.ANSWERED: Status.ANSWERED,
    Outcome.ABANDONED: Status.ANSWERED,
    Outcome.BUSY: Status.BUSY,
    Outcome.NO_ANSWERED: Status.NO_ANSWERED,
    Outcome.CANCEL: Status.CANCEL,
    Outcome.NOT_AVAILABLE: Status.FAIL,
    Outcome.INVALID: Status.FAIL,
    Outcome.UNKNOWN: Status.UNKNOWN,
}


LONGEST: Final = timedelta(days=30)
"""No recall waits longer, however much its delay grew."""


@dataclass(frozen=True, slots=True)
class Recall:
    """What follows one outcome: `delay`, `growth` times longer each time that it happens again in the run, and how
    often it may happen before nobody is called again today, in this run, at all (None: as often as the run allows)."""

    delay: timedelta
    growth: float = 1.0
    per_day: int | None = None
    per_run: int | None = None
    in_all: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it matters how often the outcome happened before."""
        return self.growth != 1.0 or (self.per_day, self.per_run, self.in_all) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a customer's calls ended as this one did, itself included, and when his next day begins."""

    today: int = 1
    in_run: int = 1
    in_all: int = 1
    tomorrow: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how soon a customer is called again. `max_recall_count` and `min_recall_duration` as the vendor
    means them (contract section 8): recalls after the first attempt, and seconds of talk that count as a success.
    `recall_delay` is the wait after an outcome that `recalls` does not name."""

    max_recall_count: int
    min_recall_duration: int
    recall_delay: timedelta
    unknown_recall_delay: timedelta = timedelta(hours=1)
    missed_delay: timedelta = timedelta(seconds=5)
    recalls: Mapping[Outcome, Recall] = field(default_factory=dict)

    def after(self, outcome: Outcome) -> Recall:
        """What follows this outcome. Of what became of an unknown call we had better not be sure too soon."""
        recall = self.recalls.get(outcome, Recall(self.recall_delay))
        if outcome is not Outcome.UNKNOWN or recall.delay >= self.unknown_recall_delay:
            return recall
        return replace(recall, delay=self.unknown_recall_delay)


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class GiveUp:
    status: Status
    reason: Reason


def next_attempt(
    outcome: Outcome,
    billsec: int | None,
    charged: bool,
    attempts: int,
    ended_at: datetime,
    policy: Policy,
    tally: Tally = Tally(),
) -> RetryAt | GiveUp:
    """`attempts` are those of this run, this call's included; `ended_at` is when the call was over."""
    if not charged:
        return RetryAt(ended_at + policy.missed_delay, Reason.AGENT_MISSED)
    short = outcome is Outcome.ANSWERED and (billsec or 0) < policy.min_recall_duration
    if outcome is Outcome.ANSWERED and not short:
        return GiveUp(Status.ANSWERED, Reason.SPOKE)
    recall = policy.after(outcome)
    if attempts > policy.max_recall_count or _used_up(recall, tally):
        return GiveUp(STATUS_OF[outcome], Reason.RECALLS_USED_UP)
    return RetryAt(_when(ended_at, recall, tally), Reason.TOO_SHORT if short else Reason.RECALL)


def _used_up(recall: Recall, tally: Tally) -> bool:
    return (recall.per_run is not None and tally.in_run >= recall.per_run) or (
        recall.in_all is not None and tally.in_all >= recall.in_all
    )


def _when(ended_at: datetime, recall: Recall, tally: Tally) -> datetime:
    longest = max(LONGEST, recall.delay)
    seconds = min(recall.delay.total_seconds() * recall.growth ** (tally.in_run - 1), longest.total_seconds())
    at = ended_at + timedelta(seconds=seconds)
    if recall.per_day is not None and tally.today >= recall.per_day and tally.tomorrow is not None:
        return max(at, tally.tomorrow)
    return at
