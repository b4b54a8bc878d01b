"""Virtual time: it stands still unless the scheduler moves it, and it never goes back."""

from datetime import UTC, datetime, timedelta

# A Monday, nine in the morning in Ho Chi Minh City.
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


class Clock:
    """Called, it tells the time, as a database connection wants it."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self) -> None:
        """No two deeds share a moment, so stamps order what happened."""
        self.now += TICK

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def reach(self, moment: datetime) -> None:
        """Jump to a moment; one that is past changes nothing."""
        self.now = max(self.now, moment)
