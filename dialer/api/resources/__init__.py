"""What can be asked for, one file a noun; all of it in one table."""

from collections.abc import Sequence

from dialer.api.resources import (
    agents,
    calls,
    campaigns,
    customers,
    exports,
    imports,
    jobs,
    rulebooks,
    suppressions,
    vendors,
)
from dialer.api.routes import Route

ROUTES: Sequence[Route] = (
    *campaigns.ROUTES,
    *customers.ROUTES,
    *imports.ROUTES,
    *suppressions.ROUTES,
    *calls.ROUTES,
    *agents.ROUTES,
    *vendors.ROUTES,
    *rulebooks.ROUTES,
    *jobs.ROUTES,
    *exports.ROUTES,
)
