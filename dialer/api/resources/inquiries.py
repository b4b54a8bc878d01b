"""What is asked of a vendor: how things stand there, and that we leave. It speaks to the vendor, so a job does it."""

from pydantic import Field

from campaigns import accounts
from campaigns.words import JobKind, Right
from dialer.api.problems import Problem
from dialer.api.resources import jobs
from dialer.api.resources.jobs import Job
from dialer.api.routes import Route, Strict, Told, Visit


class Leaving(Strict):
    keep_hooks: bool = Field(default=False, description="Do not ask the vendor: it is gone.")


def check(visit: Visit) -> Told:
    account = accounts.find_account(visit.conn, visit.tenant.id, visit.path["name"])
    return jobs.ordered(visit, JobKind.VENDOR_CHECK, {"vendor": account.name}, None)


def remove(visit: Visit) -> Told:
    account = accounts.find_account(visit.conn, visit.tenant.id, visit.path["name"])
    accounts.check_unused(visit.conn, account)
    asked = {"vendor": account.name, "keep_hooks": visit.query.keep_hooks}
    return jobs.ordered(visit, JobKind.VENDOR_REMOVAL, asked, None)


ROUTES = (
    Route(
        "POST", "/vendors/{name}/check", "Log in and look around: hooks, extensions, clock. A job does it.",
        (Right.CAMPAIGN_WRITE,), check, Job, status=202, problems=(Problem.NOT_NOW,),
    ),
    Route(
        "DELETE", "/vendors/{name}", "Take our hooks off at the vendor, and the account out of use. A job does it.",
        (Right.ADMIN,), remove, Job, query=Leaving, status=202, problems=(Problem.NOT_NOW,),
    ),
)  # fmt: skip
