"""The drawing of the states is the one that the code makes."""

from campaigns.states import RANK
from campaigns.words import CallState, Reason, Status

from . import call_states, customer_states, states_page


def test_the_page_is_not_stale() -> None:
    drawn = states_page.page()
    assert states_page.PAGE.read_text(encoding="utf-8") == drawn, "run `make docs`"


def test_every_word_stands_on_the_page() -> None:
    drawn = states_page.PAGE.read_text(encoding="utf-8")
    words = [*CallState, *Status, *Reason]
    assert not [word for word in words if f"`{word}`" not in drawn]


def test_of_all_that_can_happen_to_a_call_only_a_late_ring_undoes_an_end() -> None:
    """Not examples: every call that any facts can make, and every fact told to it."""
    moves = call_states.walk().moves
    back = {(before, after) for before, after in moves if RANK.get(after, 9) < RANK.get(before, 9)}
    assert {before for before, _ in back} <= {CallState.RELEASED}
    assert {after for before, after in moves if before is CallState.RELEASED} == {CallState.ENDED, CallState.SETTLED}
    assert not [after for before, after in moves if before is CallState.SETTLED]


def test_every_state_of_a_call_is_reached_and_left() -> None:
    moves = call_states.walk().moves
    assert {after for _, after in moves} == set(CallState) - {CallState.INTENDED}
    assert {before for before, _ in moves} == set(CallState) - {CallState.SETTLED}


def test_who_is_final_comes_back_by_another_run_by_a_promise_or_when_his_hindrance_is_gone() -> None:
    changes = customer_states.look().changes
    back = {change.because for change in changes if change.before.final and not change.after.final}
    assert back == {"another run", "the hindrance is gone", "callback"}
    freed = {change.before for change in changes if change.because == "the hindrance is gone"}
    assert freed == {Status.DNC, Status.FAIL}
