"""When a customer's turn is again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.retries import STATUS_OF, GiveUp, Policy, Recall, RetryAt, Tally, next_attempt
from campaigns.words import Outcome, Reason, Status

ENDED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
POLICY = Policy(max_recall_count=2, min_recall_duration=3, recall_delay=timedelta(minutes=15))
UNSUCCESSFUL = [outcome for outcome in Outcome if outcome not in (Outcome.ANSWERED, Outcome.UNKNOWN)]


def after(outcome: Outcome, attempts: int = 1, billsec: int | None = 0, charged: bool = True) -> RetryAt | GiveUp:
    return next_attempt(outcome, billsec, charged, attempts, ENDED, POLICY)


@pytest.mark.parametrize("billsec", [3, 4, 600])
def test_who_was_spoken_to_is_not_called_again(billsec: int) -> None:
    assert after(Outcome.ANSWERED, billsec=billsec) == GiveUp(Status.ANSWERED, Reason.SPOKE)


@pytest.mark.parametrize("billsec", [None, 0, 2])
def test_an_answer_shorter_than_the_minimum_is_recalled(billsec: int | None) -> None:
    assert after(Outcome.ANSWERED, billsec=billsec) == RetryAt(ENDED + POLICY.recall_delay, Reason.TOO_SHORT)


def test_a_short_answer_to_the_last_attempt_leaves_him_answered_with_the_recalls_used_up() -> None:
    assert after(Outcome.ANSWERED, attempts=3, billsec=1) == GiveUp(Status.ANSWERED, Reason.RECALLS_USED_UP)


@pytest.mark.parametrize("outcome", UNSUCCESSFUL)
def test_what_did_not_succeed_is_recalled_after_the_delay(outcome: Outcome) -> None:
    assert after(outcome, attempts=1) == RetryAt(ENDED + POLICY.recall_delay, Reason.RECALL)
    assert after(outcome, attempts=2) == RetryAt(ENDED + POLICY.recall_delay, Reason.RECALL)


@pytest.mark.parametrize("outcome", [*UNSUCCESSFUL, Outcome.UNKNOWN])
def test_the_recall_count_is_the_calls_after_the_first(outcome: Outcome) -> None:
    assert after(outcome, attempts=3) == GiveUp(STATUS_OF[outcome], Reason.RECALLS_USED_UP)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.BUSY, Status.BUSY),
        (Outcome.NO_ANSWERED, Status.NO_ANSWERED),
        (Outcome.CANCEL, Status.CANCEL),
        (Outcome.NOT_AVAILABLE, Status.FAIL),
        (Outcome.INVALID, Status.FAIL),
        (Outcome.UNKNOWN, Status.UNKNOWN),
        (Outcome.ABANDONED, Status.ANSWERED),
    ],
)
def test_the_final_status_is_the_one_of_the_contracts_map(outcome: Outcome, status: Status) -> None:
    assert after(outcome, attempts=3) == GiveUp(status, Reason.RECALLS_USED_UP)


def test_an_unknown_call_is_recalled_no_earlier_than_an_hour_later() -> None:
    assert after(Outcome.UNKNOWN) == RetryAt(ENDED + timedelta(hours=1), Reason.RECALL)


def test_an_unknown_call_waits_for_a_recall_delay_that_is_longer() -> None:
    slow = Policy(2, 3, timedelta(hours=5))
    assert next_attempt(Outcome.UNKNOWN, None, True, 1, ENDED, slow) == RetryAt(
        ENDED + timedelta(hours=5), Reason.RECALL
    )


@pytest.mark.parametrize("attempts", [0, 1, 2, 9])
def test_an_agent_who_missed_the_call_costs_the_customer_no_attempt(attempts: int) -> None:
    soon = ENDED + POLICY.missed_delay
    assert after(Outcome.INVALID, attempts, charged=False) == RetryAt(soon, Reason.AGENT_MISSED)


def test_without_recalls_one_attempt_is_all() -> None:
    once = Policy(0, 3, timedelta(0))
    assert next_attempt(Outcome.BUSY, 0, True, 1, ENDED, once) == GiveUp(Status.BUSY, Reason.RECALLS_USED_UP)


def test_a_recall_may_be_due_at_once() -> None:
    eager = Policy(1, 3, timedelta(0))
    assert next_attempt(Outcome.BUSY, 0, True, 1, ENDED, eager) == RetryAt(ENDED, Reason.RECALL)


@given(
    st.sampled_from(Outcome),
    st.none() | st.integers(0, 1000),
    st.integers(1, 9),
    st.integers(0, 5),
    st.integers(0, 30),
    st.integers(0, 86400),
)
def test_nobody_is_called_again_before_his_call_was_over_nor_beyond_his_recalls(
    outcome: Outcome, billsec: int | None, attempts: int, recalls: int, least: int, delay: int
) -> None:
    found = next_attempt(outcome, billsec, True, attempts, ENDED, Policy(recalls, least, timedelta(seconds=delay)))
    if isinstance(found, RetryAt):
        assert found.at >= ENDED
        assert attempts <= recalls
    else:
        assert found.status.final


def test_every_outcome_has_a_final_status() -> None:
    assert set(STATUS_OF) == set(Outcome)
    assert all(status.final for status in STATUS_OF.values())


BUSY = Recall(timedelta(minutes=5), growth=2, per_day=3, per_run=5, in_all=9)
TOMORROW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
BY_OUTCOME = Policy(9, 3, timedelta(minutes=15), recalls={Outcome.BUSY: BUSY, Outcome.UNKNOWN: Recall(timedelta(0))})


def busy(today: int = 1, in_run: int = 1, in_all: int = 1) -> RetryAt | GiveUp:
    tally = Tally(today, in_run, in_all, TOMORROW)
    return next_attempt(Outcome.BUSY, 0, True, 1, ENDED, BY_OUTCOME, tally)


def test_each_outcome_has_its_own_wait_and_others_the_common_one() -> None:
    assert busy() == RetryAt(ENDED + timedelta(minutes=5), Reason.RECALL)
    other = next_attempt(Outcome.NO_ANSWERED, 0, True, 1, ENDED, BY_OUTCOME)
    assert other == RetryAt(ENDED + timedelta(minutes=15), Reason.RECALL)


@pytest.mark.parametrize(("in_run", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40)])
def test_a_wait_grows_each_time_that_the_outcome_comes_again_in_the_run(in_run: int, minutes: int) -> None:
    assert busy(in_run=in_run, in_all=in_run) == RetryAt(ENDED + timedelta(minutes=minutes), Reason.RECALL)


def test_no_wait_grows_beyond_thirty_days() -> None:
    steep = Policy(99, 3, timedelta(0), recalls={Outcome.BUSY: Recall(timedelta(hours=1), growth=10)})
    verdict = next_attempt(Outcome.BUSY, 0, True, 1, ENDED, steep, Tally(in_run=40, in_all=40))
    assert verdict == RetryAt(ENDED + timedelta(days=30), Reason.RECALL)


def test_what_came_too_often_today_is_tried_again_when_the_next_day_begins() -> None:
    assert busy(today=2) == RetryAt(ENDED + timedelta(minutes=5), Reason.RECALL)
    assert busy(today=3) == RetryAt(TOMORROW, Reason.RECALL)


def test_what_came_too_often_in_the_run_or_in_all_is_given_up() -> None:
    over = GiveUp(Status.BUSY, Reason.RECALLS_USED_UP)
    assert busy(in_run=5, in_all=5) == over
    assert busy(in_run=1, in_all=9) == over
    assert busy(in_run=4, in_all=8) != over


def test_the_campaigns_own_count_of_recalls_still_holds() -> None:
    assert next_attempt(Outcome.BUSY, 0, True, 10, ENDED, BY_OUTCOME) == GiveUp(Status.BUSY, Reason.RECALLS_USED_UP)


def test_an_unknown_call_waits_its_hour_whatever_its_own_wait_is() -> None:
    verdict = next_attempt(Outcome.UNKNOWN, None, True, 1, ENDED, BY_OUTCOME)
    assert verdict == RetryAt(ENDED + timedelta(hours=1), Reason.RECALL)
