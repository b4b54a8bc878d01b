"""Campaigns: list, make, look at, change; start, pause, resume and stop them; how they stand."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from campaigns import accounts, agents, directory, recalls, reports, revising
from campaigns.directory import NotFound
from campaigns.terms import agree, amend, written
from campaigns.words import Mode, Outcome, Purpose, QueueState, Reason, Right, Wanted
from dialer.api.pages import SORT, Page, Paging, page
from dialer.api.problems import Problem, invalid
from dialer.api.routes import Route, Strict, Told, Visit, Work

Seconds = Annotated[
    int | Annotated[str, Field(max_length=20)] | None, Field(description="Seconds, or text such as `15m` or `1h30m`.")
]
Line = Annotated[str, Field(max_length=200)]
Word = Annotated[str, Field(max_length=64)]
Extension = Annotated[str, Field(pattern=r"^[0-9]{2,6}$")]
User = Annotated[str, Field(pattern=r"^[^\s,=]{1,128}$")]
Column = Annotated[str, Field(pattern=r"^[^,]{1,64}$")]


class RecallIn(Strict):
    """What is another for calls with this outcome."""

    delay: int = Field(ge=0, le=30 * 86400, description="Seconds until the recall.")
    growth: float | None = Field(default=None, ge=1, le=10, description="By how much each wait is longer.")
    per_day: int | None = Field(default=None, ge=0, le=1000)
    per_run: int | None = Field(default=None, ge=0, le=1000)
    in_all: int | None = Field(default=None, ge=0, le=1000)


class Terms(Strict):
    """A campaign's terms, under the names of the command line's options. Null takes an option away again."""

    purpose: Purpose | None = Field(default=None, description="Why we call.")
    creditor: Line | None = Field(default=None, description="Who is owed.")
    advertiser: Line | None = Field(default=None, description="Who advertises.")
    brandname: Line | None = Field(default=None, description="The registered name that advertising calls show.")
    brandname_until: date | None = Field(default=None, description="The last day of the brandname's grant.")
    queue_code: Word | None = Field(default=None, description="The vendor's queue.")
    vendor_campaign_id: Word | None = Field(default=None, description="The vendor's own campaign.")
    template: Word | None = Field(default=None, description="The vendor's script.")
    queue_agents: Line | None = Field(default=None, description="The vendor's agent queue.")
    agents: dict[Extension, User | None] | None = Field(
        default=None, max_length=1000, description="Who takes the calls: extension, and the vendor's name for its user."
    )
    wrap_up: Seconds = None
    hotline: Word | None = Field(default=None, description="The number to call out with.")
    precall_ratio: int | None = Field(default=None, description="Calls per 100 free agents.")
    concurrent_call: int | None = Field(default=None, description="Calls at the same time.")
    max_recall_count: int | None = Field(default=None, description="Recalls after the first attempt.")
    min_recall_duration: Seconds = None
    recall_delay: Seconds = None
    recalls: dict[Outcome, RecallIn] | None = Field(default=None, description="What is another by outcome.")
    quiet_time: Seconds = None
    variables: list[Column] | None = Field(default=None, max_length=100, description="What the script speaks.")
    rulebook: Word | None = Field(default=None, description="The rules to call under.")
    weight: int | None = Field(default=None, description="Its share of the vendor account.")

    def given(self) -> dict[str, str]:
        """What was said, as the command line would have read it."""
        own = self.model_fields_set & Terms.model_fields.keys()
        return {name: _typed(getattr(self, name)) for name in Terms.model_fields if name in own}


class NewCampaign(Terms):
    """A campaign to be made, as a draft: nobody is called before it is started."""

    code: str = Field(min_length=1, max_length=64, description="Letters, digits, dots, dashes and underscores.")
    vendor: str = Field(min_length=1, max_length=64, description="The vendor account's name.")
    mode: Mode


class Campaign(BaseModel):
    """A campaign. Durations are seconds."""

    code: str
    vendor: str
    mode: Mode
    state: Wanted = Field(description="What is wanted of it; whether it is finished, `status` says.")
    paused_because: Reason | None
    paused_detail: str | None
    queue: QueueState = Field(description="What the vendor holds for it.")
    created_at: datetime
    started_at: datetime | None
    purpose: Purpose
    creditor: str | None
    advertiser: str | None
    brandname: str | None
    brandname_until: date | None
    queue_code: str | None
    vendor_campaign_id: str | None
    template: str | None
    queue_agents: str | None
    agents: dict[str, str | None]
    wrap_up: int
    hotline: str | None
    precall_ratio: int | None
    concurrent_call: int | None
    max_recall_count: int
    min_recall_duration: int
    recall_delay: int
    recalls: dict[str, Any]
    quiet_time: int
    variables: list[str]
    rulebook: str
    weight: int


class Standing(BaseModel):
    """A campaign in numbers. `state` is `finished` where it runs and nobody is left to be called."""

    code: str
    state: str
    mode: Mode
    purpose: Purpose
    rulebook: str
    customers: int
    by_status: dict[str, int]
    by_reason: dict[str, int]
    waiting: int
    final: int
    next_due_at: datetime | None
    live_calls: int
    handed_over: int
    ringing: int
    talking: int
    verdicts_pending: int
    calls: int
    attempts: int
    answered: int
    abandoned: int
    answer_rate: float | None
    talk_seconds: int
    by_outcome: dict[str, int]
    agents: dict[str, int]
    queue: QueueState
    paused_because: Reason | None
    paused_detail: str | None


class Campaigns(Page[Campaign]):
    """A page of campaigns."""


class Which(Paging):
    state: Wanted | None = Field(default=None, description="Only those of which this is wanted.")
    mode: Mode | None = None
    sort: Annotated[Literal["code", "-code", "created_at", "-created_at"], SORT] = "code"


def _typed(value: Any) -> str:
    """A value as it would have been typed."""
    match value:
        case None:
            return ""
        case Mapping() if any(isinstance(one, RecallIn) for one in value.values()):
            told = {outcome: one.model_dump(exclude_none=True) for outcome, one in value.items()}
            return recalls.written(told, written)
        case Mapping():
            return ",".join(f"{extension}={user}" if user else extension for extension, user in value.items())
        case list():
            return ",".join(value)
    return str(value)


def list_(visit: Visit) -> BaseModel:
    cut = visit.query.cut(directory.SORTS)
    asked = {"wanted": visit.query.state, "mode": visit.query.mode}
    part = directory.read_campaigns(visit.conn, visit.tenant.id, cut, **asked)
    users = agents.users_by_campaign(visit.conn, visit.tenant.id, [row.id for row in part.rows])
    return Campaigns(**dict(page(part, cut, lambda row: _campaign(row, users[row.id]))))


def create(visit: Visit) -> Told:
    new: NewCampaign = visit.body
    terms = agree(new.mode, new.given())
    try:
        account = accounts.find_account(visit.conn, visit.tenant.id, new.vendor)
    except NotFound:
        raise invalid("vendor", "must be the name of a vendor account") from None
    made = directory.create_campaign(visit.conn, visit.now, account, new.code, new.mode, terms, visit.actor)
    return Told(shown(visit, made), tagged=True, location=f"/campaigns/{made.code}")


def get(visit: Visit) -> Told:
    return Told(shown(visit, of(visit)), tagged=True)


def _held(visit: Visit) -> Told:
    """The campaign before a change of it. It is held first: what is kept as `before` must be what the change found."""
    revising.hold(visit.conn, visit.tenant.id, visit.path["code"])
    return get(visit)


def patch(visit: Visit) -> Told:
    campaign = revising.hold(visit.conn, visit.tenant.id, visit.path["code"])
    revising.revise(visit.conn, visit.now, campaign, amend(campaign.mode, visit.body.given()), visit.actor)
    return get(visit)


def _command(wanted: Wanted, resuming: bool = False) -> Work:
    def command(visit: Visit) -> Told:
        campaign = revising.hold(visit.conn, visit.tenant.id, visit.path["code"])
        revising.command(visit.conn, visit.now, campaign, wanted, visit.actor, resuming)
        return get(visit)

    return command


def status(visit: Visit) -> BaseModel:
    seen = reports.standing(visit.conn, visit.now, visit.settings.timing, of(visit))
    return Standing.model_validate(seen, from_attributes=True)


def of(visit: Visit) -> Any:
    """The campaign that the path names. Raises `NotFound`."""
    return directory.find_campaign(visit.conn, visit.tenant.id, visit.path["code"])


def shown(visit: Visit, row: Any) -> Campaign:
    return _campaign(row, agents.users_by_campaign(visit.conn, visit.tenant.id, [row.id])[row.id])


def _campaign(row: Any, users: Mapping[str, str | None]) -> Campaign:
    told = dict(row._mapping) | {"state": row.wanted, "queue": row.queue_state, "agents": users}
    return Campaign.model_validate({name: told[name] for name in Campaign.model_fields})


READ, WRITE = (Right.CAMPAIGN_READ,), (Right.CAMPAIGN_WRITE,)
CONFLICTS = (Problem.NOT_NOW, Problem.TAKEN)
ROUTES = (
    Route("GET", "/campaigns", "Campaigns, by their codes.", READ, list_, Campaigns, query=Which),
    Route(
        "POST", "/campaigns", "Make a campaign, as a draft.", WRITE, create, Campaign,
        body=NewCampaign, status=201, tagged=True, problems=CONFLICTS,
    ),
    Route("GET", "/campaigns/{code}", "One campaign.", READ, get, Campaign, tagged=True),
    Route(
        "PATCH", "/campaigns/{code}", "Change a campaign, also while it runs: acts from the next claim on.", WRITE,
        patch, Campaign, body=Terms, tagged=True, problems=CONFLICTS, shows=_held,
    ),
    *(
        Route(
            "POST", f"/campaigns/{{code}}/{verb}", summary, WRITE, work, Campaign,
            tagged=True, problems=CONFLICTS, shows=_held,
        )
        for verb, summary, work in (
            ("start", "Call its customers, as soon as an engine serves and the rules allow.", _command(Wanted.RUNNING)),
            ("pause", "Place no more calls; those that ring or talk go on.", _command(Wanted.PAUSED)),
            ("resume", "Go on with a paused campaign.", _command(Wanted.RUNNING, resuming=True)),
            ("stop", "Place no more calls and take back what the vendor holds.", _command(Wanted.STOPPED)),
        )
    ),
    Route("GET", "/campaigns/{code}/status", "How it stands.", (Right.REPORT_READ,), status, Standing),
)  # fmt: skip
