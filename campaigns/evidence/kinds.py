"""Which rows are evidence, which of their columns are sealed, and the one line of text that stands for a row.

A column is sealed where nothing honest ever changes it. A call's state and outcome do change: its facts are sealed,
and a call can be folded again from them. An entry of the do-not-call list is sealed twice: as it was made, and as it
was lifted.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlmodel import SQLModel

from campaigns.evidence.pseudonyms import Pseudonyms
from campaigns.models import (
    Act,
    Call,
    Callback,
    Change,
    Consent,
    Contact,
    Decision,
    Fact,
    ListImport,
    Register,
    RulebookText,
    Suppression,
)
from campaigns.rows import columns_of

encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class Kind:
    """One kind of evidence. `moment` is when a row was recorded, `personal` columns are sealed as pseudonyms, and of
    `documents` only what is personal is."""

    name: str
    model: type[SQLModel]
    moment: str
    plain: tuple[str, ...]
    personal: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    prompt: bool = True
    """Whether the moment is that of the transaction. That of a long piece of work may be long before."""

    @cached_property
    def columns(self) -> Any:
        return columns_of(self.model)

    @cached_property
    def chosen(self) -> Select[Any]:
        """The sealed columns; `moment` is among them under that name, too."""
        names = ("id", "tenant_id", *self.plain, *self.personal, *self.documents)
        return select(*(self.columns[name] for name in names), self.columns[self.moment].label("moment"))

    def line(self, row: Any, pseudonyms: Pseudonyms) -> str:
        """The row in canonical form: JSON with sorted keys, moments in UTC to the microsecond, no blanks."""
        told = {name: _plain(getattr(row, name)) for name in ("id", "tenant_id", *self.plain)}
        told |= {name: pseudonyms.veiled(getattr(row, name)) for name in self.personal}
        told |= {name: pseudonyms.document(getattr(row, name)) for name in self.documents}
        return encode([self.name, told])

    def between(
        self, conn: Connection, tenant_id: int, after: int, upto: int, limit: int | None = None
    ) -> Sequence[Any]:
        """A tenant's rows with these ids, in their order."""
        chosen = self.chosen.where(self.columns.tenant_id == tenant_id, self.columns.id > after)
        return conn.execute(chosen.where(self.columns.id <= upto).order_by(self.columns.id).limit(limit)).all()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


LIFTING = Kind("lifting", Suppression, "until", plain=("until", "lifted_by"))
"""Not in the order of ids: a row is lifted long after it was made."""

KINDS: tuple[Kind, ...] = (
    Kind(
        "call",
        Call,
        "intended_at",
        plain=(
            "vendor_account_id",
            "campaign_id",
            "customer_id",
            "person_id",
            "run_id",
            "origin",
            "mode",
            "purpose",
            "advertiser",
            "role",
            "reference",
            "attempt",
            "agent_id",
            "rulebook",
            "rulebook_version",
            "intended_at",
        ),
        personal=("phone", "contracts"),
    ),
    Kind(
        "fact",
        Fact,
        "recorded_at",
        plain=("call_id", "kind", "verdict", "before", "after", "reason", "receipt_id", "at", "recorded_at"),
        documents=("detail",),
    ),
    Kind(
        "change",
        Change,
        "at",
        plain=("campaign_id", "customer_id", "call_id", "before", "after", "reason", "actor", "at"),
        personal=("detail",),
    ),
    Kind(
        "decision",
        Decision,
        "at",
        plain=(
            "campaign_id",
            "customer_id",
            "call_id",
            "cleared",
            "reason",
            "until",
            "rulebook",
            "rulebook_version",
            "at",
        ),
        documents=("facts",),
    ),
    Kind(
        "suppression",
        Suppression,
        "since",
        plain=("scope", "campaign_id", "subject_kind", "purpose", "source", "actor", "since"),
        personal=("subject", "reason"),
    ),
    Kind(
        "consent",
        Consent,
        "recorded_at",
        plain=("person_id", "purpose", "granted", "channel", "at", "until", "actor", "recorded_at"),
        personal=("proof",),
    ),
    Kind(
        "contact",
        Contact,
        "recorded_at",
        plain=(
            "person_id",
            "channel",
            "purpose",
            "advertiser",
            "conversation",
            "source",
            "actor",
            "at",
            "recorded_at",
        ),
        personal=("phone", "contract_number"),
    ),
    Kind("rulebook", RulebookText, "added_at", plain=("name", "version", "digest", "text", "added_at")),
    Kind(
        "register",
        Register,
        "loaded_at",
        plain=("name", "as_of", "entries", "file_name", "actor", "loaded_at"),
        prompt=False,
    ),
    Kind(
        "callback",
        Callback,
        "created_at",
        plain=("campaign_id", "customer_id", "at", "zone", "actor", "created_at"),
        personal=("note",),
    ),
    Kind(
        "list",
        ListImport,
        "imported_at",
        plain=("campaign_id", "run_id", "file_name", "sha256", "imported_by", "imported_at"),
    ),
    Kind(
        "act",
        Act,
        "at",
        plain=(
            "actor",
            "client",
            "request_id",
            "method",
            "route",
            "object",
            "asked",
            "before",
            "after",
            "result",
            "milliseconds",
            "at",
        ),
    ),
)


def by_name() -> dict[str, Kind]:
    return {kind.name: kind for kind in KINDS}


def runs_of(ids: Sequence[int]) -> list[list[int]]:
    """Ascending ids as runs of neighbours: `[[1, 3], [7, 7]]` for 1, 2, 3 and 7."""
    runs: list[list[int]] = []
    for one in ids:
        if runs and runs[-1][1] == one - 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return runs


def ids_of(runs: Sequence[Sequence[int]]) -> Iterator[int]:
    """The ids again."""
    for first, last in runs:
        yield from range(first, last + 1)
