"""How much of everything: a minute or two to look, about ten for the page, next to nothing for the bench's own test."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run. The larger `customers` is held against the smaller one."""

    name: str
    customers: tuple[int, int]
    suppressed: int
    rounds: int
    claim: int
    """Customers a claim, as large as the requirement has it."""
    claims: int
    """Claims a round."""
    calls_settled: int
    """Calls a round, four hooks each."""
    hooks: int
    """Hooks a round of taking in."""
    calls_placed: int
    ledger: int
    """Rows of the ledger that the caps are counted in."""
    campaign: int
    """Customers of the whole campaign."""
    campaign_seconds: float
    """So long it may take at most; what was final by then is counted."""


SCALES = {
    scale.name: scale
    for scale in (
        Scale("tiny", (300, 600), 500, 1, 50, 1, 20, 40, 20, 5_000, 20, 20),
        Scale("quick", (10_000, 100_000), 100_000, 3, 500, 4, 500, 2000, 240, 200_000, 1000, 30),
        Scale("full", (10_000, 1_000_000), 1_000_000, 9, 500, 5, 1500, 8000, 800, 10_000_000, 20_000, 180),
    )
}
