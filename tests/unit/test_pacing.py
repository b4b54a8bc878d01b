"""How many calls to start now, and the name of what says no."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.breaker import Breaker, Position
from campaigns.queue import Snapshot
from campaigns.words import Mode, Reason
from dialer.pacing import Allotment, Policy, decide

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
FREE = Snapshot(
    campaign_live=0,
    unanswered=0,
    in_conversation_unseen=0,
    account_live=0,
    tenant_live=0,
    agents_available=0,
    channels=None,
    reserve=0,
    tenant_limit=None,
    share=None,
    owed=0,
    leased=0,
    my_turn=True,
    feeding_blocked=False,
    resumes_at=None,
    breaker=Breaker(),
)
SCRIPT = Policy(Mode.AUTOCALL, None, None)
DIALER = Policy(Mode.AUTODIALER, 150, None)
CLICK = Policy(Mode.CLICK2CALL, None, None)


def allotted(policy: Policy = SCRIPT, wish: int = 20, **now: Any) -> Allotment:
    return decide(replace(FREE, **now), policy, wish, NOW)


def test_without_a_ceiling_the_wish_is_granted() -> None:
    assert allotted() == Allotment(20, Reason.ROOM)


def test_concurrent_calls_are_counted_with_leases_as_calls() -> None:
    five = replace(SCRIPT, concurrent_call=5)
    assert allotted(five, campaign_live=3) == Allotment(2, Reason.AT_CAMPAIGN_LIMIT)
    assert allotted(five, campaign_live=5) == Allotment(0, Reason.AT_CAMPAIGN_LIMIT)


def test_a_ceiling_that_was_lowered_below_what_rings_allots_nothing() -> None:
    assert allotted(replace(SCRIPT, concurrent_call=2), campaign_live=9) == Allotment(0, Reason.AT_CAMPAIGN_LIMIT)


def test_click_to_call_needs_an_agent_a_call() -> None:
    assert allotted(CLICK, agents_available=3) == Allotment(3, Reason.NO_AGENT)
    assert allotted(CLICK, agents_available=3, leased=2) == Allotment(1, Reason.NO_AGENT)
    assert allotted(CLICK) == Allotment(0, Reason.NO_AGENT)


def test_the_autodialer_rings_ahead_by_its_ratio_of_free_agents() -> None:
    assert allotted(DIALER, agents_available=4) == Allotment(6, Reason.NO_AGENT)
    assert allotted(DIALER, agents_available=4, unanswered=5) == Allotment(1, Reason.NO_AGENT)
    assert allotted(DIALER, agents_available=3) == Allotment(4, Reason.NO_AGENT)


def test_an_answered_call_whose_agent_is_not_known_yet_keeps_one_of_them_busy() -> None:
    assert allotted(DIALER, agents_available=4, in_conversation_unseen=2) == Allotment(3, Reason.NO_AGENT)
    assert allotted(DIALER, agents_available=1, in_conversation_unseen=2) == Allotment(0, Reason.NO_AGENT)


def test_without_a_ratio_an_agent_gets_one_call() -> None:
    assert allotted(replace(DIALER, precall_ratio=None), agents_available=4) == Allotment(4, Reason.NO_AGENT)


def test_fewer_agents_than_ring_already_allots_nothing() -> None:
    assert allotted(DIALER, agents_available=1, unanswered=9) == Allotment(0, Reason.NO_AGENT)


def test_channels_are_kept_free_for_inbound_and_manual_calls() -> None:
    assert allotted(channels=10, reserve=3, account_live=2, share=7) == Allotment(5, Reason.AT_VENDOR_LIMIT)
    assert allotted(channels=10, reserve=3, account_live=8, share=7) == Allotment(0, Reason.AT_VENDOR_LIMIT)


def test_beyond_its_share_a_campaign_leaves_to_others_what_is_theirs() -> None:
    """Ten channels, six of them by weight; the other has used one of its four."""
    now: dict[str, Any] = {"channels": 10, "share": 6, "owed": 3}
    assert allotted(**now, campaign_live=6, account_live=7) == Allotment(0, Reason.AT_VENDOR_LIMIT)
    assert allotted(**now, campaign_live=4, account_live=5) == Allotment(2, Reason.AT_VENDOR_LIMIT)


def test_what_nobody_else_wants_may_be_used() -> None:
    assert allotted(channels=10, share=6, owed=0, campaign_live=6, account_live=6).n == 4


def test_the_tenants_limit_holds_over_all_its_campaigns() -> None:
    assert allotted(tenant_limit=8, tenant_live=6) == Allotment(2, Reason.AT_TENANT_LIMIT)


def test_a_throttled_account_waits_until_its_time() -> None:
    assert allotted(resumes_at=NOW + timedelta(seconds=1)) == Allotment(0, Reason.THROTTLED)
    assert allotted(resumes_at=NOW) == Allotment(20, Reason.ROOM)


def test_a_queue_that_is_being_taken_back_is_not_fed() -> None:
    assert allotted(feeding_blocked=True) == Allotment(0, Reason.QUEUE_NOT_READY)


def test_an_open_breaker_lets_nothing_through_and_a_probing_one_a_single_call() -> None:
    assert allotted(breaker=Breaker(Position.OPEN, Reason.NO_ANSWERS)) == Allotment(0, Reason.BREAKER)
    assert allotted(breaker=Breaker(Position.PROBING, Reason.NO_ANSWERS)) == Allotment(1, Reason.BREAKER)
    assert allotted(breaker=Breaker(Position.PROBING, Reason.NO_ANSWERS), unanswered=1).n == 0


CEILINGS: dict[Reason, dict[str, Any]] = {
    Reason.AT_CAMPAIGN_LIMIT: {"campaign_live": 99},
    Reason.AT_VENDOR_LIMIT: {"channels": 1, "account_live": 1, "share": 1},
    Reason.AT_TENANT_LIMIT: {"tenant_limit": 1, "tenant_live": 1},
    Reason.NO_AGENT: {"agents_available": 0},
    Reason.BREAKER: {"breaker": Breaker(Position.OPEN, Reason.NO_ANSWERS)},
}
ROOMY: dict[str, Any] = {"channels": 500, "share": 500, "tenant_limit": 500, "agents_available": 500}


@pytest.mark.parametrize("reason", CEILINGS)
def test_the_ceiling_that_decides_is_the_one_that_is_named(reason: Reason) -> None:
    policy = Policy(Mode.AUTODIALER, 100, 100)
    assert allotted(policy, **ROOMY) == Allotment(20, Reason.ROOM)
    assert allotted(replace(policy, concurrent_call=99), **ROOMY | CEILINGS[reason]) == Allotment(0, reason)


@given(
    st.builds(
        Snapshot,
        campaign_live=st.integers(0, 50),
        unanswered=st.integers(0, 50),
        in_conversation_unseen=st.integers(0, 9),
        account_live=st.integers(0, 60),
        tenant_live=st.integers(0, 60),
        agents_available=st.integers(0, 20),
        channels=st.none() | st.integers(0, 60),
        reserve=st.integers(0, 9),
        tenant_limit=st.none() | st.integers(0, 60),
        share=st.none() | st.integers(1, 60),
        owed=st.integers(0, 60),
        leased=st.integers(0, 9),
        my_turn=st.booleans(),
        feeding_blocked=st.booleans(),
        resumes_at=st.none() | st.sampled_from([NOW, NOW + timedelta(seconds=1)]),
        breaker=st.builds(Breaker, st.sampled_from(Position)),
    ),
    st.builds(Policy, st.sampled_from(Mode), st.none() | st.integers(10, 300), st.none() | st.integers(1, 60)),
    st.integers(1, 20),
)
def test_no_ceiling_is_ever_broken(now: Snapshot, policy: Policy, wish: int) -> None:
    given_now = decide(now, policy, wish, NOW)
    n = given_now.n
    assert 0 <= n <= wish
    assert n == wish or given_now.because is not Reason.ROOM
    if n:
        assert policy.concurrent_call is None or now.campaign_live + n <= policy.concurrent_call
        assert now.tenant_limit is None or now.tenant_live + n <= now.tenant_limit
        assert now.channels is None or now.account_live + now.reserve + n <= now.channels
        assert policy.mode is not Mode.CLICK2CALL or now.leased + n <= now.agents_available


@given(
    channels=st.integers(1, 40),
    weights=st.lists(st.integers(1, 100), min_size=2, max_size=4),
    turns=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60),
)
def test_campaigns_that_all_want_channels_come_to_their_shares(
    channels: int, weights: list[int], turns: list[tuple[int, int]]
) -> None:
    """Whoever is asked first, and however calls end: a campaign below its share gets the next channel that is free."""
    shares = [max(channels * weight // sum(weights), 1) for weight in weights]
    live = [0] * len(weights)
    for who, ended in turns:
        mine = who % len(weights)
        victim = ended % len(weights)
        live[victim] = max(live[victim] - ended, 0)
        owed = sum(max(share - used, 0) for i, (share, used) in enumerate(zip(shares, live, strict=True)) if i != mine)
        free = channels - sum(live)
        now = {"channels": channels, "account_live": sum(live), "campaign_live": live[mine]}
        n = allotted(**now, share=shares[mine], owed=owed).n
        assert n <= free
        assert n >= min(free, shares[mine] - live[mine], 20)
        assert live[mine] + n <= max(shares[mine], live[mine], channels - owed - (sum(live) - live[mine]))
        live[mine] += n
