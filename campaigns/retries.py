"""When is a customer's turn again, after a call ended? Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how soon a customer is called again. `max_recall_count` and `min_recall_duration` as the vendor
    means them (contract section 8): recalls after the first attempt, and seconds of talk that count as a success."""

    max_recall_count: int
    min_recall_duration: int
    recall_delay: timedelta
    unknown_recall_delay: timedelta = timedelta(hours=1)
    missed_delay: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class GiveUp:
    status: Status
    reason: Reason


def next_attempt(
    outcome: Outcome, billsec: int | None, charged: bool, attempts: int, ended_at: datetime, policy: Policy
) -> RetryAt | GiveUp:
    """`attempts` are those of this run, this call's included; `ended_at` is when the call was over."""
    if not charged:
        return RetryAt(ended_at + policy.missed_delay, Reason.AGENT_MISSED)
    short = outcome is Outcome.ANSWERED and (billsec or 0) < policy.min_recall_duration
    if outcome is Outcome.ANSWERED and not short:
        return GiveUp(Status.ANSWERED, Reason.SPOKE)
    if attempts > policy.max_recall_count:
        return GiveUp(STATUS_OF[outcome], Reason.RECALLS_USED_UP)
    if outcome is Outcome.UNKNOWN:
        return RetryAt(ended_at + max(policy.recall_delay, policy.unknown_recall_delay), Reason.RECALL)
    return RetryAt(ended_at + policy.recall_delay, Reason.TOO_SHORT if short else Reason.RECALL)
