"""What can go wrong at a border, and how often in one world.

crash   the process is gone before the deed: every unit of it, and what it knew
freeze  the process stops for a while before the deed, and does not know it when it wakes
fail    the deed is not done, and this side is told so (a transaction is rolled back, a request never arrived)
lose    the deed is done, and this side is told that it failed
late    as `fail`, but a request that rings people arrives all the same, up to a minute later
slow    the answer takes its time
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from random import Random

from tests.simulation.units import Border, Kind


class Strike(StrEnum):
    NONE = "none"
    CRASH = "crash"
    FREEZE = "freeze"
    FAIL = "fail"
    LOSE = "lose"
    LATE = "late"
    SLOW = "slow"


RATES = (0.0, 0.0, 0.02, 0.05, 0.15)
LONGEST_FREEZE = 150.0
"""Seconds: longer than a lease, and than the first check of a silent call."""
LONGEST_LATE = 60.0
"""Seconds that a request may be under way. A placing that came later than the engine's `unsure_grace` could not be
told from one that never comes."""
LONGEST_SLOW = 20.0
SPARED = 0.7


@dataclass(frozen=True, slots=True)
class Faults:
    """The rate of each fault, at each border that it can strike."""

    crash: float = 0.0
    freeze: float = 0.0
    fail: float = 0.0
    lose: float = 0.0
    late: float = 0.0
    slow: float = 0.0

    @staticmethod
    def drawn(chance: Random) -> "Faults":
        """One world's weather: calm one time in five, else each fault by a rate of its own."""
        if chance.random() < 0.2:
            return Faults()
        return Faults(**{field.name: chance.choice(RATES) for field in fields(Faults)})

    def strike(self, border: Border, chance: Random) -> Strike:
        """What happens here, mostly nothing; a process that only reads is seldom worth a blow."""
        if border.kind is Kind.READ and chance.random() < SPARED:
            return Strike.NONE
        for strike in Strike:
            if strike is not Strike.NONE and possible(strike, border) and chance.random() < getattr(self, strike):
                return strike
        return Strike.NONE


def possible(strike: Strike, border: Border) -> bool:
    """Whether a fault means anything at a border."""
    match strike:
        case Strike.LOSE:
            return border.kind in (Kind.COMMIT, Kind.PLACE, Kind.STEER)
        case Strike.FAIL:
            return border.kind is not Kind.ANSWER
        case Strike.LATE:
            return border.late is not None
        case Strike.SLOW:
            return border.kind is Kind.ANSWER
    return True
