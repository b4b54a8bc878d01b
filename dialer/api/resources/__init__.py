"""What can be asked for, one file a noun; all of it in one table."""

from collections.abc import Sequence

from dialer.api.resources import (
    acts,
    agents,
    allowlist,
    callbacks,
    callflows,
    calls,
    campaigns,
    customers,
    explanations,
    exports,
    imports,
    jobs,
    monitor,
    numbers,
    outcomes,
    persons,
    records,
    rulebooks,
    suppressions,
    triggers,
    vendors,
    webhooks,
)
from dialer.api.routes import Route

ROUTES: Sequence[Route] = (
    *campaigns.ROUTES,
    *explanations.ROUTES,
    *customers.ROUTES,
    *callbacks.ROUTES,
    *imports.ROUTES,
    *persons.ROUTES,
    *numbers.ROUTES,
    *suppressions.ROUTES,
    *records.ROUTES,
    *calls.ROUTES,
    *triggers.ROUTES,
    *outcomes.ROUTES,
    *agents.ROUTES,
    *vendors.ROUTES,
    *monitor.ROUTES,
    *callflows.ROUTES,
    *rulebooks.ROUTES,
    *allowlist.ROUTES,
    *jobs.ROUTES,
    *exports.ROUTES,
    *webhooks.ROUTES,
    *acts.ROUTES,
)
