"""What people do while the engine runs, each as the one transaction that the command line makes of it; and what
happens at the vendor without us: strangers call, agents log out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns import agents, contacts, copies, dnc, ledger, optouts, people, withdrawals
from campaigns.consents import Said
from campaigns.contacts import Reached
from campaigns.dnc import Entry
from campaigns.ledger import NotNow
from campaigns.optouts import Refusal, Whom
from campaigns.words import Channel, Presence, Purpose, Subject, Wanted
from dialer.database import clock
from tests.simulation import crm, law
from tests.simulation.plan import EXTENSIONS, CampaignPlan, Person
from tests.simulation.world import World, ask, campaign_row, load

Act = Callable[[World], str]


def meddle(world: World) -> None:
    """Somebody does something."""
    act = world.chance.choices([act for act, _ in ACTS], [weight for _, weight in ACTS])[0]
    world.tell("user", act(world))
    crm.ask(world)


def suppress(world: World) -> str:
    person = _anybody(world)
    phone = world.chance.choice(person.phones)
    by_key = person.key is not None and world.chance.random() < 0.3
    subject = (Subject.PERSON, person.key) if by_key else (Subject.NUMBER, phone)
    campaign = world.chance.choice((None, None, _any_campaign(world)))
    entry = Entry(subject[0], subject[1] or phone, campaign.id if campaign else None)
    world.do(lambda conn: dnc.suppress(conn, clock(conn), world.tenant_id, [entry], "user"))
    return f"dnc add {entry.subject} {campaign.code if campaign else 'everywhere'}"


def lift(world: World) -> str:
    person = _anybody(world)
    subjects = [*person.phones, *([person.key] if person.key else [])]

    def work(conn: Connection) -> None:
        lifted = dnc.lift(conn, clock(conn), world.tenant_id, subjects, "user")
        ledger.reconsider(conn, clock(conn), world.tenant_id, dnc.listed_with(conn, world.tenant_id, lifted), "user")

    world.do(work)
    return f"dnc remove {subjects}"


def withdraw(world: World) -> str:
    campaign, person = _any_campaign(world), _anybody(world)
    world.do(lambda conn: withdrawals.withdraw(conn, clock(conn), campaign, [person.code], "user", "paid"))
    return f"withdraw {person.code} from {campaign.code}"


def command(world: World) -> str:
    campaign = _any_campaign(world)
    wanted = world.chance.choice((Wanted.PAUSED, Wanted.PAUSED, Wanted.STOPPED, Wanted.RUNNING, Wanted.RUNNING))
    return order(world, campaign, wanted)


def order(world: World, campaign: Any, wanted: Wanted) -> str:
    """A campaign's wanted state, as a user commands it."""

    def work(conn: Connection) -> None:
        ledger.command(conn, clock(conn), campaign_row(conn, campaign.id), wanted, "user")

    try:
        world.do(work)
    except NotNow as refused:
        return str(refused)
    return f"{campaign.code} {wanted}"


def limit(world: World) -> str:
    campaign, most = _any_campaign(world), world.chance.randint(1, 3)

    def work(conn: Connection) -> None:
        ledger.amend(conn, clock(conn), campaign_row(conn, campaign.id), {"concurrent_call": most}, "user")

    world.do(work)
    world.ceilings[campaign.id].append((world.clock.now, most))
    return f"{campaign.code} concurrent_call {most}"


def bring_list(world: World) -> str:
    """The second list, or the first one again."""
    planned = world.chance.choice(world.plan.campaigns)
    listed = planned.newcomers or planned.people
    name = "list-1" if planned.newcomers else "list-0"

    def work(conn: Connection) -> None:
        load(conn, clock(conn), world.campaigns[planned.code], listed, name)
        ask(conn, clock(conn), world.campaigns[planned.code], listed, world.plan.consenting)

    world.do(work)
    return f"{planned.code} {name} of {[person.code for person in listed]}"


def speak(world: World) -> str:
    extension = world.chance.choice(EXTENSIONS)
    presence = world.chance.choice((Presence.READY, Presence.READY, Presence.PAUSED))
    world.do(lambda conn: agents.say(conn, clock(conn), world.tenant_id, extension, presence, "user"))
    return f"agent {extension} {presence}"


def log(world: World) -> str:
    extension, present = world.chance.choice(EXTENSIONS), world.chance.random() < 0.6
    world.vendor.log(world.clock.now, extension, present)
    return f"agent {extension} logged {'in' if present else 'out'}"


def hand_dial(world: World) -> str:
    phone, extension = world.chance.choice(_anybody(world).phones), world.chance.choice(EXTENSIONS)
    world.vendor.hand_dial(world.clock.now, phone, extension)
    return f"{extension} dials {phone} by hand"


def dial_in(world: World) -> str:
    phone, extension = world.chance.choice(_anybody(world).phones), world.chance.choice(EXTENSIONS)
    world.vendor.dial_in(world.clock.now, phone, extension)
    return f"{phone} calls in"


def write_to(world: World) -> str:
    """A message that went out beside our calls, now or a while ago."""
    person, minutes = _anybody(world), world.chance.choice((0, 10, 600))
    purpose = world.chance.choice((Purpose.DEBT_REMINDER, Purpose.DEBT_REMINDER, None))

    def work(conn: Connection) -> None:
        at = clock(conn) - timedelta(minutes=minutes)
        known = people.by_key(conn, world.tenant_id, [person.code]).values()
        told = [Reached(one, at, Channel.SMS, phone=person.phones[0], purpose=purpose) for one in known]
        contacts.record(conn, clock(conn), world.tenant_id, told, "user")

    world.do(work)
    return f"SMS to {person.code} {minutes} minutes ago"


def refuse(world: World) -> str:
    person, purpose = _anybody(world), world.chance.choice((None, Purpose.MARKETING))
    whom = Whom(ids=[person.key]) if person.key else Whom(phones=person.phones[:1])
    world.do(lambda conn: optouts.opt_out(conn, clock(conn), world.tenant_id, whom, Refusal(purpose), "user"))
    return f"{person.code} wants no {purpose or 'calls'}"


def consent(world: World) -> str:
    person = _anybody(world)

    def work(conn: Connection) -> None:
        known = people.by_key(conn, world.tenant_id, [person.code]).values()
        said = [Said(one, Purpose.MARKETING, True, "web", clock(conn)) for one in known]
        optouts.consent(conn, clock(conn), world.tenant_id, said, "user")

    world.do(work)
    return f"{person.code} consents to marketing"


def bring_copy(world: World) -> str:
    """A copy of the register that is not quite new, now with somebody's number or without any."""
    phones = frozenset(world.chance.choice(((), _anybody(world).phones[:1], tuple(world.plan.registered))))
    age = timedelta(hours=world.chance.choice((0, 12, 23.9)))
    world.do(lambda conn: law.load(conn, clock(conn), world.tenant_id, phones, age))
    return f"a copy of the register with {sorted(phones)}"


def tend(world: World) -> bool:
    """Load the register's newest copy again before it is too old; whether that was to be done."""
    if not world.plan.markets:
        return False
    newest = world.read(copies.as_of, world.tenant_id, law.REGISTER)
    if newest is not None and world.clock.now - newest < law.FRESH:
        return False
    world.do(lambda conn: law.load(conn, clock(conn), world.tenant_id, world.plan.registered, timedelta()))
    return True


ACTS: tuple[tuple[Act, int], ...] = (
    (suppress, 4),
    (lift, 2),
    (withdraw, 2),
    (command, 4),
    (limit, 2),
    (bring_list, 2),
    (speak, 2),
    (log, 2),
    (hand_dial, 2),
    (dial_in, 2),
    (write_to, 2),
    (refuse, 1),
    (consent, 1),
    (bring_copy, 1),
)


def relent(world: World) -> None:
    """The storm is over: campaigns are wanted, agents are there and ready."""
    for extension in EXTENSIONS:
        world.vendor.log(world.clock.now, extension, True)
        world.do(lambda conn, e=extension: agents.say(conn, clock(conn), world.tenant_id, e, Presence.READY, "user"))
    for campaign in world.campaigns.values():
        order(world, campaign, Wanted.RUNNING)
    crm.insist(world)


def _any_campaign(world: World) -> Any:
    return world.chance.choice(list(world.campaigns.values()))


def _anybody(world: World) -> Person:
    planned: CampaignPlan = world.chance.choice(world.plan.campaigns)
    return world.chance.choice((*planned.people, *planned.newcomers))
