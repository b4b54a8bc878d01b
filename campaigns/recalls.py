"""A campaign's recalls by outcome, as they are typed, stored and read: `busy=5m x2 day 3, no-answered=2h run 4`. Pure.

Stored is what was given and nothing else, waits in seconds: `{"busy": {"delay": 300, "growth": 2.0, "per_day": 3}}`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from campaigns.retries import Recall
from campaigns.words import Outcome

DEFAULT: Final[Mapping[str, Any]] = {
    "busy": {"delay": 300},
    "no-answered": {"delay": 7200},
    "not-available": {"delay": 14400},
}
"""Somebody who is busy is soon free, a telephone that is switched off stays so for a while."""

_ITEM: Final = re.compile(
    r"(?P<outcome>[a-z-]+)=(?P<delay>\w+)(?: +x(?P<growth>\d+(?:\.\d+)?))?"
    r"(?: +day (?P<per_day>\d+))?(?: +run (?P<per_run>\d+))?(?: +all (?P<in_all>\d+))?"
)
_LIMITS: Final = {"per_day": "day", "per_run": "run", "in_all": "all"}


def parse(text: str, seconds: Callable[[str], int]) -> dict[str, Any]:
    """What was typed, to be stored. `seconds` reads a duration. Raises `ValueError` with a sentence."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        item = _ITEM.fullmatch(" ".join(part.split()))
        if item is None or item["outcome"] not in set(Outcome):
            raise ValueError(
                f"must be outcomes with a wait each, as in 'busy=5m x2 day 3, no-answered=2h run 4 all 9'; "
                f"the outcomes are {', '.join(Outcome)}"
            )
        if item["outcome"] in found:
            raise ValueError(f"names {item['outcome']} twice")
        found[item["outcome"]] = _stored(item, seconds)
    return found


def _stored(item: re.Match[str], seconds: Callable[[str], int]) -> dict[str, Any]:
    told: dict[str, Any] = {"delay": seconds(item["delay"])}
    if item["growth"]:
        if not 1 <= float(item["growth"]) <= 10:
            raise ValueError("may grow a wait by x1 to x10")
        told["growth"] = float(item["growth"])
    return told | {limit: int(item[limit]) for limit in _LIMITS if item[limit]}


def read(stored: Mapping[str, Any], of: Callable[[float], timedelta]) -> dict[Outcome, Recall]:
    """What is stored, as `retries` takes it. `of` makes a wait of seconds, in a world that may be faster than ours."""
    return {Outcome(outcome): Recall(**{**told, "delay": of(told["delay"])}) for outcome, told in stored.items()}


def written(stored: Mapping[str, Any], duration: Callable[[int], str]) -> str:
    """What is stored, as `parse` reads it."""
    return ", ".join(_item(outcome, told, duration) for outcome, told in stored.items())


def _item(outcome: str, told: Mapping[str, Any], duration: Callable[[int], str]) -> str:
    growth = f" x{told['growth']:g}" if "growth" in told else ""
    limits = "".join(f" {word} {told[limit]}" for limit, word in _LIMITS.items() if limit in told)
    return f"{outcome}={duration(told['delay'])}{growth}{limits}"
