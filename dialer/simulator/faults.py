"""What can go wrong, each with its own switch, while the simulator runs: set attributes of `simulator.faults`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[float, Field(ge=0, le=1)]
"""A probability."""
Seconds = Annotated[float, Field(ge=0)]


class Faults(BaseModel):
    """All off by default. Assignments are checked. `speed` divides the delays of hooks and records only."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    error_rate: Rate = 0.0
    """500 on any request, which then did nothing."""
    place_error_rate: Rate = 0.0
    """500 on a placing request, before anything rang."""
    place_error_after_rate: Rate = 0.0
    """500 on a placing request, but it rings."""
    hang_rate: Rate = 0.0
    """A placing request is never answered, but it rings."""
    close_after_reading_rate: Rate = 0.0
    """A placing request's socket is closed without an answer, but it rings."""
    slow_seconds: Seconds = 0.0
    """*Real* seconds before any answer; what was asked for is done at once."""
    throttle_rate: Rate = 0.0
    """429 on any request, which then did nothing."""
    retry_after: int = Field(default=1, ge=0)
    """The `Retry-After` of a 429, in seconds."""
    token_life: float | None = Field(default=None, ge=0)
    """*Real* seconds that a token lives. None: for ever."""
    refuse_credentials: bool = False
    """Every key and password is wrong. Tokens given out before stay good."""
    import_fail_rate: Rate = 0.0
    """Customers of an autocall import that come back in `data.fail`, and are not dialed."""
    drop_hook_rate: Rate = 0.0
    double_hook_rate: Rate = 0.0
    delay_hook_rate: Rate = 0.0
    delay_hook_seconds: Seconds = 120.0
    """How late a delayed hook is; the call's other hooks do not wait for it."""
    shuffle_hooks: bool = False
    """Each hook goes its own way and takes up to `shuffle_seconds`."""
    shuffle_seconds: Seconds = 60.0
    cdr_delay: Seconds = 0.0
    """Until an ended call's record exists; its `cdr` hook comes after that."""
