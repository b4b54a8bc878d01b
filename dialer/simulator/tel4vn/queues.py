"""Feeding, pausing and withdrawing queues (8)."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from dialer.simulator.calls import Mode
from dialer.simulator.pbx import Pbx
from dialer.simulator.queues import Entry, Terms
from dialer.simulator.tel4vn.answers import Json, answer, body_of, text, whole
from dialer.simulator.tel4vn.misfortune import Misfortune

Handled = Callable[[web.Request], Awaitable[web.Response]]


class VendorQueues:
    def __init__(self, pbx: Pbx, misfortune: Misfortune) -> None:
        self._pbx = pbx
        self._misfortune = misfortune

    def routes(self) -> list[web.RouteDef]:
        queues = self._pbx.queues
        verbs = {"stop": queues.stop, "start": queues.start, "delete": queues.delete}
        return [
            web.post("/v2/autodialer/queue", self.feed_autodialer),
            web.post("/v2/autocall/queue", self.feed_autocall),
            web.post("/v2/autocall/queue/dnc", self.block),
            *(
                web.post(f"/v2/{mode}/queue/{verb}", self._commanding(mode, command))
                for mode in (Mode.AUTODIALER, Mode.AUTOCALL)
                for verb, command in verbs.items()
            ),
        ]

    async def feed_autodialer(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        known = self._pbx.settings.campaign_ids
        try:
            terms = self._autodialer_terms(body)
            entries, _ = _entries(body)
        except ValueError:
            return answer(self._pbx, {"message": "campaign is invalid"}, 400)
        if not text(body, "queue_code") or (known and terms.script not in known):
            return answer(self._pbx, {"message": "campaign is invalid"}, 400)
        self._pbx.queues.feed(Mode.AUTODIALER, text(body, "queue_code"), terms, entries)
        return answer(self._pbx, {"message": "successfully"})

    async def feed_autocall(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        try:
            terms = self._autocall_terms(body)
            entries, failed = _entries(body)
        except ValueError:
            refusal = {"code": 400, "content": "import fail", "data": {"fail": [], "success": []}}
            return answer(self._pbx, refusal, 400)
        taken: list[Entry] = []
        for entry in entries:
            if self._misfortune.strikes(self._pbx.faults.import_fail_rate):
                failed.append(entry.customer_id)
            else:
                taken.append(entry)
        self._pbx.queues.feed(Mode.AUTOCALL, text(body, "queue_code"), terms, taken)
        data = {"fail": failed, "success": [entry.customer_id for entry in taken]}
        return answer(self._pbx, {"code": 200, "content": "successfully", "data": data})

    async def block(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        rows = body.get("customers") or []
        ids = [text(row, "id") for row in rows if isinstance(row, dict)]
        return self._told(Mode.AUTOCALL, self._pbx.queues.block(Mode.AUTOCALL, text(body, "queue_code"), ids))

    def _commanding(self, mode: Mode, command: Callable[[Mode, str], bool]) -> Handled:
        async def handle(request: web.Request) -> web.Response:
            body = await body_of(request)
            return self._told(mode, command(mode, text(body, "queue_code")))

        return handle

    def _told(self, mode: Mode, found: bool) -> web.Response:
        words, status = ("successfully", 200) if found else ("queue not found", 404)
        body: Json = {"message": words} if mode is Mode.AUTODIALER else {"code": status, "content": words}
        return answer(self._pbx, body, status)

    def _autodialer_terms(self, body: Json) -> Terms:
        """All but `queue_agents` are required (8.1). Raises ValueError."""
        return Terms(
            precall_ratio=whole(_required(body, "precall_ratio"), 0),
            members=self._pbx.settings.agent_groups.get(text(body, "queue_agents")),
            max_recall_count=whole(_required(body, "max_recall_count"), 0),
            script=str(_required(body, "campaign_id")),
        )

    def _autocall_terms(self, body: Json) -> Terms:
        """Queue and template are required (8.2). Raises ValueError."""
        _required(body, "queue_code")
        return Terms(
            concurrent_call=whole(body.get("concurrent_call"), self._pbx.settings.default_concurrent_call),
            max_recall_count=whole(body.get("max_recall_count"), 0),
            min_recall_duration=whole(body.get("min_recall_duration"), 0),
            script=str(_required(body, "template")),
        )


def _required(body: Json, name: str) -> Any:
    if body.get(name) in (None, ""):
        raise ValueError(f"{name} is missing")
    return body[name]


def _entries(body: Json) -> tuple[list[Entry], list[str]]:
    """The customers that can be dialed, and the ids of those that cannot. Raises ValueError where there is no list."""
    rows = body.get("customers")
    if not isinstance(rows, list) or not rows:
        raise ValueError("customers are missing")
    entries: list[Entry] = []
    failed: list[str] = []
    for row in rows:
        entry = _entry(row)
        if entry is not None:
            entries.append(entry)
        elif isinstance(row, dict):
            failed.append(text(row, "id"))
    return entries, failed


def _entry(row: object) -> Entry | None:
    """Further keys are variables for the script, which nobody here plays."""
    if not isinstance(row, dict) or not row.get("id"):
        return None
    mobiles = row.get("mobiles")
    if (
        not isinstance(mobiles, list)
        or not mobiles
        or not all(isinstance(mobile, str) and mobile for mobile in mobiles)
    ):
        return None
    return Entry(str(row["id"]), tuple(mobiles))
