"""What the tests of rulebooks need: moments by the clock on a wall, and small rulebooks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.rulebooks import Hours, read

HOME = "Asia/Ho_Chi_Minh"
RING = timedelta(seconds=45)
NAMED = 'name = "own"\nversion = "1"\nsummary = "A house\'s own."\n'


def at(wall: str, zone: str = HOME, fold: int = 0) -> datetime:
    """`2026-03-02 07:00` on a wall of the zone, as a moment."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def wall(moment: datetime | None, zone: str = HOME) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if moment else "never"


def hours(toml: str) -> Hours:
    """The hours of a rulebook that says nothing else."""
    found = read(f"{NAMED}[hours]\n{toml}").hours
    assert found is not None
    return found


def opening(own: Hours, clock: str, zone: str = HOME, ring: timedelta = RING) -> str:
    """When ringing may begin, on the wall."""
    return wall(own.opens((zone,), at(clock, zone), ring), zone)
