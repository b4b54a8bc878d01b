"""What fate has in store for a call. It hangs on the seed, the number and how often that was dialed, on nothing else.

So a thousand calls at once end as the same thousand would one after another.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

from dialer.simulator.calls import Result
from dialer.simulator.settings import SimulatorSettings


@dataclass(frozen=True, slots=True)
class Plan:
    """How the dialing of a customer will go, in whole unscaled seconds."""

    result: Result
    ring: int
    talk: int


def dice(seed: int, *key: object) -> Random:
    """A stream of chances that depends on its key alone."""
    return Random("/".join(str(part) for part in (seed, *key)))


class Fate:
    """Deals out plans. `outcomes` may be changed while it runs: telephone -> script."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.outcomes: dict[str, tuple[str, ...] | list[str]] = dict(settings.outcomes)
        self._settings = settings
        self._calls: Counter[str] = Counter()
        self._dialings: Counter[str] = Counter()

    def count_call(self, phone: str) -> int:
        self._calls[phone] += 1
        return self._calls[phone]

    def strikes(self, rate: float, *key: object) -> bool:
        return rate > 0 and dice(self._settings.seed, *key).random() < rate

    def next_is_invalid(self, phone: str) -> bool:
        """Whether the number's next dialing fails on our own side. If so, that turn is used up."""
        invalid = self._plan(phone, self._dialings[phone] + 1).result is Result.INVALID
        self._dialings[phone] += invalid
        return invalid

    def deal(self, phone: str) -> Plan:
        """The plan of the number's next dialing."""
        self._dialings[phone] += 1
        return self._plan(phone, self._dialings[phone])

    def pickup(self, phone: str, nth: int) -> int:
        """After how many seconds an agent takes his leg."""
        return dice(self._settings.seed, phone, nth, "pickup").randint(*self._settings.pickup_seconds)

    def talk(self, phone: str, nth: int) -> int:
        """How long a call that nobody planned is talked."""
        return dice(self._settings.seed, phone, nth, "talk").randint(*self._settings.talk_seconds)

    def _plan(self, phone: str, nth: int) -> Plan:
        chances = dice(self._settings.seed, phone, nth)
        drawn, talk = self._draw(chances.random()), chances.randint(*self._settings.talk_seconds)
        script = self.outcomes.get(phone)
        if script:
            word, _, seconds = script[min(nth, len(script)) - 1].partition(":")
            drawn, talk = Result(word), int(seconds) if seconds else talk
        return Plan(drawn, self._ring(drawn, chances), talk)

    def _draw(self, chance: float) -> Result:
        rates = self._settings
        for rate, result in (
            (rates.answer_rate, Result.ANSWERED),
            (rates.busy_rate, Result.BUSY),
            (rates.cancel_rate, Result.CANCEL),
            (rates.not_available_rate, Result.NOT_AVAILABLE),
            (rates.invalid_rate, Result.INVALID),
        ):
            if chance < rate:
                return result
            chance -= rate
        return Result.NO_ANSWERED

    def _ring(self, result: Result, chances: Random) -> int:
        if result in (Result.ANSWERED, Result.CANCEL):
            return chances.randint(*self._settings.ring_seconds)
        if result is Result.NO_ANSWERED:
            return chances.randint(*self._settings.no_answer_seconds)
        return chances.randint(*self._settings.failed_seconds)
