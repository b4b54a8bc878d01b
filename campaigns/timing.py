"""How long we wait for what. Pure data.

`speed` shortens every wait alike, for a simulator that runs faster than life.
"""

from dataclasses import dataclass, fields, replace
from datetime import timedelta

# Waits on our own processes and on agents, who are no faster in a faster world.
REAL = ("speed", "lease", "agent_snapshot")


@dataclass(frozen=True, slots=True)
class Timing:
    """Every field is a real wait. `at_speed` gives the same waits for a faster world."""

    speed: float = 1.0
    lease: timedelta = timedelta(seconds=60)
    """How long a claim holds without being renewed."""
    first_check: timedelta = timedelta(seconds=90)
    """A placed or ringing call that stays silent this long is asked after."""
    conversation_check: timedelta = timedelta(seconds=300)
    verdict_wait: timedelta = timedelta(seconds=6)
    """How long a call that is over waits for its missing hook before the record is fetched."""
    check_again: timedelta = timedelta(seconds=30)
    unsure_grace: timedelta = timedelta(seconds=300)
    """A hand-over of which the vendor knows nothing this long after the intent is closed as unknown."""
    patience: timedelta = timedelta(seconds=3 * 3600)
    """The end of patience: a call of which nothing more was heard is closed, whatever it was."""
    record_wait: timedelta = timedelta(seconds=900)
    """How long a call that is over waits for its record before it is closed as unknown."""
    unknown_recall_delay: timedelta = timedelta(seconds=3600)
    missed_delay: timedelta = timedelta(seconds=5)
    decline_delay: timedelta = timedelta(seconds=60)
    unreachable_delay: timedelta = timedelta(seconds=10)
    busy_delay: timedelta = timedelta(seconds=60)
    """How long a customer waits when his number or person is in another call."""
    dead_number: timedelta = timedelta(days=30)
    """How long a number that only failed is not tried again."""
    callback_grace: timedelta = timedelta(minutes=15)
    """A promised call that was not placed so long after its time was missed."""
    agent_busy: timedelta = timedelta(seconds=30)
    agent_snapshot: timedelta = timedelta(seconds=5)
    breaker_pause: timedelta = timedelta(seconds=30)
    """How long an opened breaker waits for its first probe; doubled each time that it opens again."""
    take_back_grace: timedelta = timedelta(seconds=10)
    """After a queue was withdrawn: how long a call that was just being dialed may need to show itself."""

    def at_speed(self, speed: float) -> "Timing":
        waits = {f.name: getattr(self, f.name) / speed for f in fields(self) if f.name not in REAL}
        return replace(self, speed=speed, **waits)

    def of(self, count: float) -> timedelta:
        """A campaign's own wait, in seconds, in this world."""
        return timedelta(seconds=count / self.speed)
