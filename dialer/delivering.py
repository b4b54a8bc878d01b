"""The delivering loop: claims what is due to webhooks, posts it, and writes what came of it."""

import random
import secrets
from collections.abc import Sequence
from datetime import datetime

import anyio
from sqlalchemy import Connection

from campaigns.events import deliveries
from campaigns.events.deliveries import Answer, Errand
from campaigns.words import Miss
from dialer import subscribing
from dialer.database import Database, clock
from dialer.logs import log
from dialer.metrics import Metrics
from dialer.posting import Poster
from dialer.vault import KeyLost, Vault


class DeliveringLoop:
    def __init__(self, database: Database, vault: Vault, poster: Poster, metrics: Metrics) -> None:
        self._database = database
        self._vault = vault
        self._poster = poster
        self._metrics = metrics
        self._log = log("delivering")

    async def step(self, now: datetime) -> bool:
        """One round: to each webhook a few at once; whether there may be more."""
        token = secrets.token_hex(16)
        errands = await self._database.write(_claim, token)
        if not errands:
            return False
        answers: list[Answer] = []

        async def run(errand: Errand) -> None:
            answers.append(await self._poster.post(errand, self._secrets(errand, now), now))

        async with anyio.create_task_group() as tasks:
            for errand in errands:
                tasks.start_soon(run, errand)
        await self._database.write(_settle, token, answers)
        for answer in answers:
            self._tell(answer)
        return True

    def _secrets(self, errand: Errand, now: datetime) -> list[str]:
        try:
            return subscribing.signing_secrets(self._vault, errand.webhook, now)
        except KeyLost:
            return []

    def _tell(self, answer: Answer) -> None:
        outcome = answer.miss.value if answer.miss else "delivered"
        self._metrics.deliveries.labels(outcome).inc()
        delivery, webhook = answer.errand.delivery, answer.errand.webhook
        told = {"webhook": webhook.name, "kind": delivery.kind, "subject": delivery.subject, "status": answer.status}
        if answer.miss is Miss.GONE and not webhook.per_call:
            self._log.error("webhook disabled: it answered that it is gone", **told)
        elif answer.miss is not None and delivery.attempts == 0:
            # Later tries are counted and not told: a target that is away for a day would fill the log.
            self._log.warning("not delivered", miss=answer.miss.value, **told)


def _claim(conn: Connection, token: str) -> list[Errand]:
    return deliveries.claim(conn, clock(conn), token)


def _settle(conn: Connection, token: str, answers: Sequence[Answer]) -> None:
    chance = random.random()  # noqa: S311 (spreads tries, guards nothing)
    deliveries.settle(conn, clock(conn), token, answers, chance)
