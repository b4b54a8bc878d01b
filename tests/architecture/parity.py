"""What can be typed and what can be asked for, side by side, and which functions of the domain each comes to."""

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

import typer

from campaigns.words import JobKind
from dialer.__main__ import NOUNS
from dialer.api.resources import ROUTES
from dialer.errands import RUN

PAIRS: Mapping[str, str] = {
    "GET /agents": "agent list",
    "POST /agents/{extension}/pause": "agent pause",
    "POST /agents/{extension}/ready": "agent ready",
    "GET /audit": "audit log",
    "POST /audit/check": "audit check",
    "GET /audit/key": "audit key",
    "POST /audit/replays": "audit replay",
    "GET /audit/replays/{job}/file": "audit replay",
    "POST /audit/verifications": "audit verify",
    "GET /callflows": "callflow list",
    "POST /callflows": "callflow add",
    "DELETE /callflows/{callflow}": "callflow remove",
    "GET /callflows/{callflow}": "callflow list",
    "PATCH /callflows/{callflow}": "callflow set",
    "GET /calls": "call list",
    "POST /calls": "call trigger",
    "DELETE /calls/{id}": "call cancel",
    "GET /calls/{id}": "call show",
    "POST /calls/{id}/cancel": "call cancel",
    "GET /calls/{id}/events": "call events",
    "GET /campaigns": "campaign list",
    "POST /campaigns": "campaign create",
    "DELETE /campaigns/{code}": "campaign delete",
    "GET /campaigns/{code}": "campaign set",
    "PATCH /campaigns/{code}": "campaign set",
    "GET /campaigns/{code}/callbacks": "callback list",
    "GET /campaigns/{code}/check": "campaign check",
    "GET /campaigns/{code}/customers": "customer list",
    "POST /campaigns/{code}/customers": "customer add",
    "DELETE /campaigns/{code}/customers/{customer}": "list withdraw",
    "GET /campaigns/{code}/customers/{customer}": "customer show",
    "PATCH /campaigns/{code}/customers/{customer}": "customer set",
    "DELETE /campaigns/{code}/customers/{customer}/callback": "callback remove",
    "GET /campaigns/{code}/customers/{customer}/callback": "callback list",
    "PUT /campaigns/{code}/customers/{customer}/callback": "callback add",
    "GET /campaigns/{code}/customers/{customer}/events": "customer show",
    "GET /campaigns/{code}/explanation": "campaign explain",
    "POST /campaigns/{code}/imports": "list import",
    "POST /campaigns/{code}/pause": "campaign pause",
    "POST /campaigns/{code}/rerun": "campaign rerun",
    "POST /campaigns/{code}/resume": "campaign resume",
    "POST /campaigns/{code}/start": "campaign start",
    "GET /campaigns/{code}/status": "campaign status",
    "POST /campaigns/{code}/stop": "campaign stop",
    "POST /campaigns/{code}/withdrawals": "list withdraw",
    "GET /clients": "client list",
    "POST /clients": "client add",
    "POST /clients/keys/rotate": "client rotate-keys",
    "DELETE /clients/{name}": "client revoke",
    "POST /consents/imports": "person consent",
    "POST /contacts/imports": "contact import",
    "GET /deliveries": "webhook deliveries",
    "GET /deliveries/{id}": "webhook deliveries",
    "POST /deliveries/{id}/replay": "webhook dead",
    "GET /doubtful-numbers": "person doubtful",
    "GET /event-kinds": "webhook events",
    "GET /exports": "export list",
    "POST /exports": "export order",
    "GET /exports/{export}": "job show",
    "GET /exports/{export}/file": "export fetch",
    "GET /jobs": "job list",
    "POST /jobs": "job start",
    "GET /jobs/{job}": "job show",
    "GET /monitor": "vendor monitor",
    "GET /numbers/{number}": "number show",
    "POST /numbers/{number}/review": "person review",
    "POST /optouts": "optout",
    "POST /optouts/lift": "optout",
    "GET /orders": "call orders",
    "GET /outcomes": "call outcomes",
    "DELETE /persons/{person}": "person erase",
    "GET /persons/{person}": "person show",
    "POST /persons/{person}/consents": "person consent",
    "GET /persons/{person}/contacts": "contact list",
    "GET /persons/{person}/everything": "person export",
    "PUT /persons/{person}/hours": "person hours",
    "POST /persons/{person}/refusals": "person refuse",
    "GET /registers": "dnc registers",
    "POST /registers/imports": "dnc import",
    "GET /rulebooks": "rulebook list",
    "POST /rulebooks": "rulebook add",
    "POST /rulebooks/texts/check": "rulebook check",
    "POST /rulebooks/texts/diff": "rulebook diff",
    "DELETE /rulebooks/{name}": "rulebook remove",
    "GET /rulebooks/{name}": "rulebook show",
    "GET /security/allowlist": "allowlist list",
    "POST /security/allowlist": "allowlist add",
    "DELETE /security/allowlist/{source}": "allowlist remove",
    "GET /suppressions": "dnc list",
    "POST /suppressions": "dnc add",
    "POST /suppressions/check": "dnc check",
    "POST /suppressions/imports": "dnc import",
    "POST /suppressions/lift": "dnc remove",
    "GET /vendors": "vendor list",
    "POST /vendors": "vendor add",
    "DELETE /vendors/{name}": "vendor remove",
    "GET /vendors/{name}": "vendor list",
    "PATCH /vendors/{name}": "vendor set",
    "POST /vendors/{name}/check": "vendor check",
    "GET /webhooks": "webhook list",
    "POST /webhooks": "webhook add",
    "DELETE /webhooks/{name}": "webhook remove",
    "GET /webhooks/{name}": "webhook list",
    "POST /webhooks/{name}/enable": "webhook enable",
    "POST /webhooks/{name}/rotate": "webhook rotate",
    "POST /webhooks/{name}/test": "webhook test",
}
"""Each route with the command that does the same."""
OF_THE_HOUSE = {
    "db prune": "it runs the house, and is of no company",
    "db upgrade": "it runs the house, and is of no company",
    "demo": "it brings a house of its own",
    "serve": "it is the house, and answers the routes",
    "simulate tel4vn": "it is a vendor, and none of ours",
}
"""Commands without a route, and why."""
TYPED_ONLY = {"campaign report": "POST /exports"}
"""Commands that do at once what a route has done by a job, which is ordered by a command of its own."""
TWICE = {
    "GET /callflows/{callflow}": "one of those that the command lists",
    "GET /campaigns": "pages by code here, every campaign with its numbers there",
    "GET /campaigns/{code}": "one row, which both find by its code",
    "GET /event-kinds": "both read one table of kinds",
    "GET /outcomes": "both read one table of words",
    "GET /webhooks/{name}": "one of those that the command lists",
}
"""Pairs that come to no function in common, and why that is well."""
EVERYWHERE = (
    "campaigns.directory.ensure_tenant",
    "campaigns.directory.find_",
    "campaigns.directory.missing",
    "campaigns.accounts.find_account",
    "campaigns.accounts.seek_account",
    "campaigns.phones.",
    "campaigns.revising.hold",
    "campaigns.rows.",
    "campaigns.sheets.as_json",
    "campaigns.terms.",
    "campaigns.withdrawals.customers_by_id",
    "campaigns.withdrawals.underway",
    "dialer.database.",
    "dialer.inquiring.as_data",
    "dialer.logs.",
    "dialer.naming.",
    "dialer.vault.",
)
"""What finds, reads and spells for everybody, and by itself does nothing."""
OURS = ("dialer.commands", "dialer.api", "dialer.errands", "dialer.ordering")
"""Rooms that are gone through: what they call is what is done."""


def commands() -> dict[str, Callable[..., Any]]:
    """Every command by its words, with the function that does it."""
    found: dict[str, Callable[..., Any]] = {}
    for noun in NOUNS:
        app = importlib.import_module(f"dialer.commands.{noun}").app
        command: Any = typer.main.get_command(app)
        if hasattr(command, "commands"):
            found |= {f"{noun} {verb}": one.callback for verb, one in command.commands.items()}
        else:
            found[noun] = command.callback
    return found


def routes() -> dict[str, Callable[..., Any]]:
    """Every route, with the function that does its work."""
    return {f"{route.verb} {route.path}": route.work for route in ROUTES}


def reached(function: Callable[..., Any]) -> set[str]:
    """The functions of the domain and of the rooms below that somebody's function comes to, by their names."""
    found: set[str] = set()
    seen: set[Any] = set()
    waiting: list[Any] = [inspect.unwrap(function)]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, FunctionType) or one in seen:
            continue
        seen.add(one)
        if not one.__module__.startswith(OURS):
            name = f"{one.__module__}.{one.__name__}"
            if name.startswith(("campaigns.", "dialer.")) and not name.startswith(EVERYWHERE):
                found.add(name)
            continue
        waiting += _named(one)
    return found


def _named(function: FunctionType) -> Iterator[Any]:
    """Every function that the code of this one names, also of a job that it orders."""
    names = {name for code in _codes(function.__code__) for name in (*code.co_names, *code.co_freevars)}
    held = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    # What is imported only where it is needed.
    for room in (importlib.import_module(name) for name in names if name.startswith(("campaigns.", "dialer."))):
        held |= {name: one for name, one in vars(room).items() if name in names}
    for name in names & held.keys():
        yield inspect.unwrap(held[name]) if callable(held[name]) else held[name]
        if isinstance(held[name], ModuleType):
            yield from (getattr(held[name], other) for other in names if hasattr(held[name], other))
        if isinstance(held[name], type) and held[name].__module__ == function.__module__:
            yield from (one for one in vars(held[name]).values() if isinstance(one, FunctionType))
    if "JobKind" in names:
        yield from (RUN[kind] for kind in JobKind if kind.name in names)
    for value in (one for name in names & held.keys() if isinstance(one := held[name], dict)):
        yield from value.values()


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)
