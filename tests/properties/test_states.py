"""What holds for every true history of a call, in whatever order, however often and however incompletely it is told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.states import RANK, Fact, Kept, Moved, Refused, advance, awaits, fold
from campaigns.words import CallState, FactKind, Mode, Outcome, Reason

from .histories import START, History, histories, tellings

GIVEN_UP = Fact(FactKind.GIVEN_UP, START + timedelta(minutes=20), reason=Reason.NO_EVIDENCE)
TAKEN_BACK = Fact(FactKind.TAKEN_BACK, START + timedelta(seconds=10), reason=Reason.TAKEN_BACK)
NOT_PLACED = Fact(FactKind.NOT_PLACED, START, reason=Reason.DECLINED)
SOME = st.data()


def some_of(data: st.DataObject, history: History) -> History:
    """The history with some of its facts lost on the way."""
    kept = data.draw(st.lists(st.booleans(), min_size=len(history.facts), max_size=len(history.facts)))
    return replace(history, facts=tuple(fact for fact, here in zip(history.facts, kept, strict=True) if here))


@given(histories(), SOME)
def test_any_order_and_doubling_of_a_history_comes_to_the_same_call(history: History, data: st.DataObject) -> None:
    assert fold(history.start, data.draw(tellings(history.facts))) == fold(history.start, history.facts)


@given(histories(), SOME)
def test_what_is_left_of_a_history_comes_to_the_same_call_in_any_order(history: History, data: st.DataObject) -> None:
    left = some_of(data, history)
    assert fold(left.start, data.draw(tellings(left.facts))) == fold(left.start, left.facts)


@given(histories(), SOME)
def test_any_two_facts_commute_at_any_point(history: History, data: st.DataObject) -> None:
    before = fold(history.start, data.draw(tellings(some_of(data, history).facts)))
    one, other = data.draw(st.sampled_from(history.facts)), data.draw(st.sampled_from(history.facts))
    assert fold(before, [one, other]) == fold(before, [other, one])


@given(histories(), SOME)
def test_a_whole_history_tells_the_truth(history: History, data: st.DataObject) -> None:
    call = fold(history.start, data.draw(tellings(history.facts)))
    record = next(fact for fact in history.facts if fact.kind is FactKind.RECORD)
    ringing = next(fact for fact in history.facts if fact.kind is FactKind.RINGING)
    assert (call.state, call.outcome) == (CallState.SETTLED, history.outcome)
    assert call.charged is not history.missed_by_agent
    assert call.reason == (Reason.AGENT_MISSED if history.missed_by_agent else None)
    assert (call.billsec, call.duration) == (history.talk, next(f.duration for f in history.facts if f.duration))
    assert (call.ringing_at, call.answered_at, call.ended_at) == (ringing.at, record.answered_at, record.ended_at)
    assert (call.vendor_call_id, call.call_id_confirmed, call.recorded) == ("V1", True, True)
    assert call.extension == history.extension


@given(histories((Mode.AUTOCALL, Mode.CLICK2CALL)), SOME)
def test_the_hooks_alone_tell_the_outcome_and_the_talk_time(history: History, data: st.DataObject) -> None:
    hooks = history.without(FactKind.RECORD)
    call = fold(hooks.start, data.draw(tellings(hooks.facts)))
    assert (call.state, call.outcome, call.billsec) == (CallState.SETTLED, history.outcome, history.talk)


@given(histories(), SOME)
def test_a_fact_told_again_changes_nothing(history: History, data: st.DataObject) -> None:
    call = fold(history.start, data.draw(tellings(some_of(data, history).facts)))
    fact = data.draw(st.sampled_from([*history.facts, GIVEN_UP]))
    once = fold(call, [fact])
    assert advance(once, fact) == Kept(once)


@given(histories(), SOME)
def test_a_state_never_goes_back(history: History, data: st.DataObject) -> None:
    call = history.start
    for fact in data.draw(tellings((*history.facts, GIVEN_UP))):
        step = advance(call, fact)
        assert not isinstance(step, Refused)
        assert RANK[step.after.state] >= RANK[call.state]
        assert isinstance(step, Moved) == ((step.after.state, step.after.outcome) != (call.state, call.outcome))
        call = step.after


@given(histories(), SOME)
def test_a_call_has_an_outcome_exactly_when_it_is_settled(history: History, data: st.DataObject) -> None:
    call = fold(history.start, data.draw(tellings((*some_of(data, history).facts, *data.draw(OURS)))))
    assert (call.outcome is not None) == (call.state is CallState.SETTLED)
    assert awaits(call) == (call.state is CallState.ENDED)
    assert call.charged or call.state is CallState.RELEASED or call.reason is Reason.AGENT_MISSED


OURS = st.lists(st.sampled_from([GIVEN_UP, TAKEN_BACK, NOT_PLACED]), max_size=2)


@given(histories(), SOME)
def test_a_call_given_up_too_early_is_corrected_by_what_is_heard_later(history: History, data: st.DataObject) -> None:
    told = data.draw(tellings(history.facts))
    place = data.draw(st.integers(0, len(told)))
    assert fold(history.start, [*told[:place], GIVEN_UP, *told[place:]]) == fold(history.start, told)


@given(histories(), SOME)
def test_when_a_call_is_given_up_does_not_matter(history: History, data: st.DataObject) -> None:
    left = some_of(data, history)
    told = data.draw(tellings((*left.facts, GIVEN_UP)))
    assert fold(left.start, told) == fold(left.start, [*left.facts, GIVEN_UP])


@given(histories(), SOME)
def test_talk_time_without_a_result_proves_that_somebody_spoke(history: History, data: st.DataObject) -> None:
    left = history.without(FactKind.CDR, FactKind.RECORD)
    call = fold(left.start, data.draw(tellings((*left.facts, GIVEN_UP))))
    assert (call.outcome, call.reason) == (
        Outcome.ANSWERED if history.talk else Outcome.UNKNOWN,
        Reason.NO_EVIDENCE,
    )


@given(histories(), st.sampled_from([TAKEN_BACK, NOT_PLACED]), SOME)
def test_a_released_call_that_rang_all_the_same_is_charged_again(
    history: History, release: Fact, data: st.DataObject
) -> None:
    released = fold(history.start, [history.facts[0], release])
    assert (released.state, released.charged) == (CallState.RELEASED, False)
    heard = data.draw(tellings(history.facts[1:]))
    assert fold(released, heard[:1]).charged or history.missed_by_agent
    assert fold(released, heard) == fold(history.start, [history.facts[0], *heard])


@given(histories(), st.sampled_from([TAKEN_BACK, NOT_PLACED]), SOME)
def test_a_call_that_rang_is_not_released(history: History, release: Fact, data: st.DataObject) -> None:
    call = fold(history.start, data.draw(tellings(history.facts)))
    rang = data.draw(st.sampled_from(history.facts[1:]))
    assert advance(call, release) == Refused("it rang")
    assert advance(fold(history.start, [rang]), release) == Refused("it rang")


@given(histories(), st.sampled_from([TAKEN_BACK, NOT_PLACED]))
def test_a_call_that_did_not_ring_is_charged_to_nobody(history: History, release: Fact) -> None:
    released = fold(history.start, [history.facts[0], release])
    assert (released.state, released.outcome, released.charged) == (CallState.RELEASED, None, False)
    assert released.reason is release.reason
    assert fold(history.start, [release, history.facts[0]]).state is CallState.RELEASED


@given(histories(), SOME)
def test_another_call_id_is_refused(history: History, data: st.DataObject) -> None:
    call = fold(history.start, data.draw(tellings(history.facts)))
    foreign = replace(data.draw(st.sampled_from(history.facts[1:])), call_id="V2", confirms=data.draw(st.booleans()))
    assert advance(call, foreign) == Refused("another call id")


@given(histories(), SOME)
def test_a_record_that_names_our_order_replaces_a_call_id_that_was_only_guessed(
    history: History, data: st.DataObject
) -> None:
    assume(history.mode.queued)
    hooks = history.without(FactKind.PLACED, FactKind.RECORD)
    guessed = fold(history.start, data.draw(tellings(hooks.facts)))
    record = next(fact for fact in history.facts if fact.kind is FactKind.RECORD)
    call = fold(guessed, [replace(record, call_id="V2")])
    assert (call.vendor_call_id, call.call_id_confirmed) == ("V2", True)


@given(histories(), SOME)
def test_another_result_is_refused(history: History, data: st.DataObject) -> None:
    call = fold(history.start, data.draw(tellings(history.facts)))
    others = [word for word in (Outcome.ANSWERED, Outcome.BUSY, Outcome.CANCEL) if word is not history.disposition]
    lie = Fact(FactKind.CDR, START, call_id="V1", disposition=data.draw(st.sampled_from(others)))
    assert advance(call, lie) == Refused("another result")


@given(histories(), st.integers(1, 50), SOME)
def test_another_talk_time_is_refused_until_a_record_outweighs_both(
    history: History, more: int, data: st.DataObject
) -> None:
    hooks = history.without(FactKind.RECORD)
    call = fold(hooks.start, data.draw(tellings(hooks.facts)))
    lie = Fact(FactKind.HANGUP, START, call_id="V1", duration=400, billsec=history.talk + more)
    assert advance(call, lie) == Refused("another talk time")
    record = Fact(FactKind.RECORD, START, call_id="V1", billsec=history.talk + more, disposition=history.disposition)
    assert fold(call, [record]).billsec == history.talk + more


@given(histories(), SOME)
def test_refused_facts_leave_no_trace(history: History, data: st.DataObject) -> None:
    lie = Fact(FactKind.HANGUP, START, call_id="V2", duration=400, billsec=399)
    told = data.draw(tellings(history.facts))
    place = data.draw(st.integers(2, len(told)))
    assume(fold(history.start, told[:place]).vendor_call_id is not None)
    assert fold(history.start, [*told[:place], lie, *told[place:]]) == fold(history.start, told)


@given(histories(), SOME)
def test_a_fact_survives_being_stored(history: History, data: st.DataObject) -> None:
    fact = data.draw(st.sampled_from([*history.facts, GIVEN_UP, TAKEN_BACK, NOT_PLACED]))
    assert Fact.retold(fact.kind, fact.at, fact.reason, fact.told()) == fact


@pytest.mark.parametrize("result", [Outcome.ANSWERED, Outcome.UNKNOWN])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_record_that_leaves_the_talk_time_open_is_the_last_word(result: Outcome, backwards: bool) -> None:
    """Waiting for more would be waiting for ever: the vendor has no more. A late hook still corrects it."""
    start = History(Mode.AUTOCALL, Outcome.ANSWERED, 30, None, ()).start
    record = Fact(FactKind.RECORD, START, call_id="V1", disposition=result, confirms=True)
    cdr = Fact(FactKind.CDR, START, call_id="V1", disposition=Outcome.ANSWERED)
    call = fold(start, [record, cdr] if backwards else [cdr, record])
    assert (call.state, call.outcome, call.reason) == (CallState.SETTLED, Outcome.UNKNOWN, Reason.NO_EVIDENCE)
    call = fold(call, [Fact(FactKind.HANGUP, START, call_id="V1", billsec=30)])
    assert (call.outcome, call.reason) == (Outcome.ANSWERED, None)


@given(histories((Mode.AUTODIALER,), (Outcome.ANSWERED,)), SOME)
def test_without_a_record_an_answer_that_names_no_agent_is_not_judged(history: History, data: st.DataObject) -> None:
    assume(history.outcome is Outcome.ABANDONED)
    hooks = history.without(FactKind.RECORD)
    assert awaits(fold(hooks.start, data.draw(tellings(hooks.facts))))


def test_zeros_in_other_hooks_do_not_hide_the_talk_time() -> None:
    start = History(Mode.AUTOCALL, Outcome.ANSWERED, 30, None, ()).start
    ringing = Fact(FactKind.RINGING, START, call_id="V1", duration=0, billsec=0)
    cdr = Fact(FactKind.CDR, START, call_id="V1", duration=0, billsec=0, disposition=Outcome.ANSWERED)
    hangup = Fact(FactKind.HANGUP, START, call_id="V1", duration=40, billsec=30)
    assert not fold(start, [ringing, cdr]).state.final
    assert fold(start, [ringing, cdr, hangup]).billsec == 30


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_record_without_an_agent_makes_an_answered_autodialer_call_abandoned(order: tuple[int, int]) -> None:
    start = History(Mode.AUTODIALER, Outcome.ANSWERED, 5, None, ()).start
    hooks = Fact(FactKind.HANGUP, START, call_id="V1", billsec=5, extension="102")
    record = Fact(FactKind.RECORD, START, call_id="V1", billsec=5, disposition=Outcome.ANSWERED, confirms=True)
    told = [(hooks, record)[place] for place in order]
    assert fold(start, [Fact(FactKind.CDR, START, disposition=Outcome.ANSWERED), *told]).outcome is Outcome.ABANDONED
    assert fold(start, [*told, Fact(FactKind.CDR, START, disposition=Outcome.ANSWERED)]).outcome is Outcome.ABANDONED


def test_where_a_vendor_never_names_the_agent_an_answer_is_an_answer() -> None:
    start = History(Mode.AUTODIALER, Outcome.ANSWERED, 5, None, ()).start
    record = Fact(FactKind.RECORD, START, call_id="V1", billsec=5, disposition=Outcome.ANSWERED, confirms=True)
    assert fold(start, [record], abandoned_without_extension=False).outcome is Outcome.ANSWERED
