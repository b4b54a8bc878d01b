"""How many guesses are let through, on a clock that the test moves."""

import anyio
import pytest

from dialer.api import guessing
from dialer.api.guessing import Guesses


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(anyio, "current_time", lambda: now[0])
    return now


def test_a_minute_later_it_may_be_tried_again(clock: list[float]) -> None:
    guesses = Guesses()
    for _ in range(guessing.OF_ONE_CLIENT):
        assert guesses.wait("c", "a") == 0
        guesses.failed("c", "a")
    assert guesses.wait("c", "a") == 60
    assert guesses.wait("other", "a") == guesses.wait("c", "b") == 0
    clock[0] += guessing.WINDOW + 1
    assert guesses.wait("c", "a") == 0


def test_who_tries_many_clients_waits_for_all_of_them(clock: list[float]) -> None:
    guesses = Guesses()
    for place in range(guessing.OF_ONE_ADDRESS):
        guesses.failed(f"c{place}", "a")
    assert guesses.wait("new", "a") > 0


def test_invented_names_do_not_fill_the_memory(clock: list[float]) -> None:
    guesses = Guesses()
    for place in range(guessing.REMEMBERED):
        guesses.failed(f"c{place}", f"a{place}")
    assert len(guesses._counts) == guessing.REMEMBERED
