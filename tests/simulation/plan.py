"""What a seed's world is made of: few people, low limits, shared numbers, and a vendor with habits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from campaigns.words import Mode
from tests.simulation import law
from tests.simulation.faults import Faults
from tests.simulation.post import Misfortune
from tests.simulation.vendor import Quirks

EXTENSIONS = ("101", "102", "103")
RECALLS = ("busy=5s x2 day 1", "no-answered=10s run 1, busy=0s day 2", "not-available=1h, cancel=5s all 1")
HOOK_RATES = (0.0, 0.0, 0.1, 0.4)
CLOSING, TALKATIVE = 0.12, 0.12
"""How many worlds are so."""
FULL = {Mode.AUTOCALL: {"concurrent_call": "3"}, Mode.AUTODIALER: {"precall_ratio": "200"}}
"""With these a queue is soon fuller than a slow vendor can make it empty."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a list; without a `key` he goes by his first number."""

    key: str | None
    phones: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.key or self.phones[0]


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    code: str
    mode: Mode
    terms: Mapping[str, str]
    people: tuple[Person, ...]
    newcomers: tuple[Person, ...]
    """They stand in a second list, which comes while the campaign runs."""

    @property
    def queue(self) -> str:
        return f"Q-{self.code}"

    @property
    def team(self) -> tuple[str, ...]:
        return tuple(self.terms.get("agents", "").split(",")) if self.mode.uses_agents else ()


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    closing: bool
    """Hours are about to end while the vendor holds more than it can dial by then."""
    talkative: bool
    """Two campaigns call the same people, who are left alone once they have spoken."""
    start: datetime
    campaigns: tuple[CampaignPlan, ...]
    suppressed: tuple[str, ...]
    consenting: Mapping[str, bool]
    """Who said yes or no to marketing, by code."""
    registered: frozenset[str]
    """The numbers in the first copy of the register."""
    register_age: float
    """Hours."""
    channels: int | None
    reserve: int
    tenant_limit: int | None
    workers: int
    borders: int
    """How many are crossed before the storm is over."""
    meddling: float
    """How often users change their minds, and strangers call."""
    faults: Faults = field(default_factory=Faults)
    hooks: Misfortune = field(default_factory=Misfortune)
    quirks: Quirks = field(default_factory=Quirks)

    @property
    def markets(self) -> bool:
        """Whether anybody is called under the register."""
        return any(campaign.terms.get("purpose") == "marketing" for campaign in self.campaigns)


def plan(seed: int) -> Plan:
    """The world of a seed; the same every time."""
    chance = Random(f"plan {seed}")
    mood = chance.random()
    closing, talkative = mood < CLOSING, CLOSING <= mood < CLOSING + TALKATIVE
    abroad = not closing and chance.random() < 0.3
    crowd = _crowd(chance, abroad, at_least=6 if closing else 1)
    count = chance.choice((2,) if talkative else (1, 1, 2))
    campaigns = tuple(_campaign(chance, f"C{n}", crowd, closing, talkative) for n in range(count))
    phones = [phone for person in crowd for phone in person.phones]
    return Plan(
        seed=seed,
        closing=closing,
        talkative=talkative,
        start=law.start(chance, abroad, closing),
        campaigns=campaigns,
        suppressed=tuple(phone for phone in phones if chance.random() < 0.1),
        consenting={person.code: chance.random() < 0.9 for person in crowd if chance.random() < 0.9},
        registered=frozenset(phone for phone in phones if chance.random() < 0.05),
        register_age=chance.choice((1, 20, 23.9)),
        channels=None if closing else chance.choice((None, None, 2, 3, 5)),
        reserve=chance.choice((0, 0, 1)),
        tenant_limit=None if closing else chance.choice((None, None, 1, 2, 4)),
        workers=chance.choice((1, 2, 2, 3)),
        borders=10 if closing else chance.choice((25, 50, 75, 100)),
        meddling=chance.choice((0.0, 0.02, 0.06, 0.12)),
        faults=Faults.drawn(chance),
        hooks=_misfortune(chance),
        quirks=_quirks(chance, any(campaign.mode.queued for campaign in campaigns), closing),
    )


def _crowd(chance: Random, abroad: bool, at_least: int) -> list[Person]:
    """Some have two numbers, some share one with another, some have no id; half of the numbers may be `abroad`."""
    phones = [f"+81901234{n:04}" if abroad and n % 2 else f"+8490000{n:04}" for n in range(12)]
    crowd = []
    for n in range(max(at_least, chance.choice((1, 1, 2, 2, 3, 3, 4, 6)))):
        own = [phones[n]]
        if chance.random() < 0.4:
            own.append(phones[8 + n % 4] if chance.random() < 0.5 else phones[chance.randrange(8)])
        crowd.append(Person(f"KH{n}" if chance.random() < 0.7 else None, tuple(dict.fromkeys(own))))
    return crowd


def _campaign(chance: Random, code: str, crowd: list[Person], closing: bool, talkative: bool) -> CampaignPlan:
    mode = chance.choice([mode for mode in Mode if mode.queued or not closing])
    listed = [person for person in crowd if chance.random() < 0.8] or crowd[:1]
    late = len(listed) // 3 if chance.random() < 0.5 else 0
    terms = {
        "max_recall_count": chance.choice("0112"),
        "min_recall_duration": chance.choice("03"),
        "recall_delay": chance.choice(("0", "0", "10", "60")),
        **({"recalls": chance.choice(RECALLS)} if chance.random() < 0.25 else {}),
        **law.of_campaign(chance, closing, talkative),
        **_of_mode(chance, mode, code),
        **(FULL[mode] if closing else {}),
    }
    return CampaignPlan(code, mode, terms, tuple(listed[late:]), tuple(listed[:late]))


def _of_mode(chance: Random, mode: Mode, code: str) -> dict[str, str]:
    """What only some modes need or know."""
    agents = ",".join(EXTENSIONS[: chance.randint(1, 3)])
    match mode:
        case Mode.CLICK2CALL:
            terms = {"agents": agents, "wrap_up": chance.choice(("0", "5", "30"))}
            return terms | ({"concurrent_call": chance.choice("123")} if chance.random() < 0.5 else {})
        case Mode.AUTOCALL:
            return {"queue_code": f"Q-{code}", "template": "T", "concurrent_call": chance.choice("123")}
        case Mode.AUTODIALER:
            return {
                "queue_code": f"Q-{code}",
                "vendor_campaign_id": "V",
                "agents": agents,
                "wrap_up": chance.choice(("0", "5", "30")),
                "precall_ratio": chance.choice(("100", "150", "200")),
            }


def _misfortune(chance: Random) -> Misfortune:
    if chance.random() < 0.3:
        return Misfortune()
    return Misfortune(
        lost=chance.choice((*HOOK_RATES, 1.0)),
        doubled=chance.choice(HOOK_RATES),
        delayed=chance.choice(HOOK_RATES),
        longest_delay=chance.choice((5.0, 60.0, 900.0)),
        repeats=chance.choice((0, 1, 3)),
    )


def _quirks(chance: Random, queued: bool, closing: bool) -> Quirks:
    """Whoever is taken back from a queue is taken for unrung where neither a hook nor a record tells otherwise within
    the engine's `take_back_grace`; so records of queues are not later than that."""
    return Quirks(
        refeed_replaces=chance.random() < 0.3,
        agent_leg_hooks=chance.random() < 0.3,
        hooks_name_extension=chance.random() < 0.7,
        record_delay=chance.choice((0.5, 2.0, 5.0) if queued else (0.5, 2.0, 20.0, 120.0)),
        dial_delay=40.0 if closing else chance.choice((1.0, 2.0, 40.0)),
        declines=chance.choice((0.0, 0.0, 0.2)),
        misses=chance.choice((0.0, 0.2, 0.6)),
        lines=1 if closing else chance.choice((None, None, None, 1)),
    )
