"""`dialer agent`: who can take a call now, and what agents say of themselves."""

from typing import Annotated

import typer

from campaigns import agents, directory, reports
from campaigns.reports import AgentLine
from campaigns.words import Presence
from dialer.commands.language import label
from dialer.commands.options import AsJson, Tenant, example, noun
from dialer.commands.printing import at, say, say_json, show, table
from dialer.commands.session import Desk, change, look

app = noun("Agents: who can take a call now.")
Extension = Annotated[str, typer.Argument(metavar="EXT", help="The agent's extension.", show_default=False)]


@app.command("list", epilog=example("dialer agent list --campaign NHAC-NO"))
def list_(
    campaign: Annotated[str | None, typer.Option(metavar="CODE", help="Only those who work for it.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Agents, their state, since when, and whose word that is."""

    def work(desk: Desk) -> tuple[list[AgentLine], str]:
        only = directory.find_campaign(desk.conn, desk.tenant.id, campaign).id if campaign else None
        return reports.roster(desk.conn, desk.now, desk.settings.timing, desk.tenant.id, only), desk.tenant.zone

    lines, zone = look(tenant, work)
    if as_json:
        say_json({"agents": lines})
        return
    headings = [label(word) for word in ("extension", "user", "state", "since", "source", "vendor")]
    rows = [[a.extension, a.user, label(a.state), at(a.since, zone), a.source, a.vendor] for a in lines]
    show(table(headings, rows))


@app.command(epilog=example("dialer agent ready 101"))
def ready(extension: Extension, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """He is back: he is given calls from now on."""
    _say(extension, Presence.READY, tenant, as_json)


@app.command(epilog=example("dialer agent pause 101"))
def pause(extension: Extension, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """He takes a break: he is given no more calls until he is ready."""
    _say(extension, Presence.PAUSED, tenant, as_json)


def _say(extension: str, presence: Presence, tenant: str | None, as_json: bool) -> None:
    def work(desk: Desk) -> None:
        said = agents.say(desk.conn, desk.now, desk.tenant.id, extension, presence, "command line")
        if not said:
            known = [agent.extension for agent in agents.roster(desk.conn, desk.tenant.id)]
            raise directory.missing("agent", extension, known, "name them with `dialer campaign set CODE --agents`")

    change(tenant, work)
    if as_json:
        say_json({"extension": extension, "presence": presence})
    else:
        say(f"agent {extension} is {presence}")
