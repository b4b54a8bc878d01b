"""Everything that the command line does can be done over the API and the other way round, over the same functions."""

from typing import Any

from . import parity


def test_every_route_has_a_command_that_does_the_same() -> None:
    assert parity.PAIRS.keys() == parity.routes().keys()
    assert set(parity.PAIRS.values()) <= parity.commands().keys()


def test_every_command_has_a_route_but_those_that_run_the_house() -> None:
    excepted = parity.OF_THE_HOUSE.keys() | parity.TYPED_ONLY.keys()
    paired = set(parity.PAIRS.values())
    assert not paired & excepted
    assert paired | excepted == parity.commands().keys()
    assert set(parity.TYPED_ONLY.values()) <= parity.PAIRS.keys()


def test_a_route_and_its_command_come_to_the_same_functions() -> None:
    typed, asked = parity.commands(), parity.routes()
    apart = {route for route, command in parity.PAIRS.items() if not _common(asked[route], typed[command])}
    assert apart == parity.TWICE.keys()


def _common(asked: Any, typed: Any) -> set[str]:
    return parity.reached(asked) & parity.reached(typed)


def test_functions_that_everybody_uses_make_nothing_the_same() -> None:
    typed, asked = parity.commands(), parity.routes()
    assert not _common(asked["POST /clients"], typed["campaign stop"])
    assert not _common(asked["POST /campaigns/{code}/rerun"], typed["campaign set"])
    assert "campaigns.revising.command" in _common(asked["POST /campaigns/{code}/stop"], typed["campaign stop"])
