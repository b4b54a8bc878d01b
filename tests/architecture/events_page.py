"""Draws docs/events.md from the kinds of events: `PYTHONPATH=tests python -m architecture.events_page`."""

from collections.abc import Iterator
from typing import Any

from campaigns.events.kinds import KINDS, Event, Kind

from .source import ROOT
from .states_page import table

PAGE = ROOT / "docs" / "events.md"
HEAD = """# Events

Drawn by `make docs` from the kinds that the code has, never by hand; a test fails when this page is stale. `dialer
webhook events --json` prints the JSON schemas. How sinks and webhooks are set up is told in
[operations.md](operations.md).

An event is made from a committed row of the ledger, and told at least once. The same `id` is the same event. Within a
`key` events come in order: one that is told again comes after its first telling, and may be passed over. A field is
never taken away nor given another meaning without a larger `version`; fields may be added."""
ENVELOPE = """
## Every event

An event is one JSON object. Moments are RFC 3339 in UTC, numbers of telephones E.164."""
VERIFYING = """
## Posts to webhooks

Posts are as the Standard Webhooks specification has them, so its libraries verify them. `webhook-id` is the event's id,
`webhook-timestamp` is in seconds, `webhook-signature` holds one or more signatures, separated by blanks; one that is
good is enough. Refuse timestamps that are older than some minutes.

```python
import base64, hashlib, hmac


def genuine(headers: dict[str, str], body: bytes, secret: str) -> bool:
    told = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = "v1," + base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode()
    return any(hmac.compare_digest(good, one) for one in headers["webhook-signature"].split())
```

Answer 2xx within 15 seconds, and work afterwards. 410 means: never again. Everything else is tried again, with growing
pauses, for a day. Of one call, customer or entry a later event waits for the earlier one.

Whoever orders a call with a `callback_url` is posted its `call.*` there, or its `order.ended`, signed by the secret of
the webhook `per-call`. Of one order a later event waits for the earlier one, whatever calls it took."""
FOR_KAFKA = """
## Messages in Kafka

The message's key is the event's `key`, its value the event, its timestamp the event's; the headers `event-id` and
`event-type` repeat what they say."""


def page() -> str:
    """The whole page."""
    lines = [HEAD, ENVELOPE, *_fields(Event.model_json_schema(mode="serialization"))]
    for kind in KINDS:
        lines += _kind(kind)
    return "\n".join([*lines, VERIFYING, FOR_KAFKA]) + "\n"


def _kind(kind: Kind) -> list[str]:
    schema = kind.model.model_json_schema(mode="serialization")
    return ["", f"## `{kind.name}`", "", f"{kind.said} Version {kind.version}.", *_fields(schema)]


def _fields(schema: dict[str, Any]) -> list[str]:
    rows = [
        (f"`{name}`", _type(field, schema.get("$defs", {})), field.get("description", ""))
        for name, field in schema["properties"].items()
    ]
    return table(["field", "type", "means"], rows)


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    return " or ".join(_types(field, definitions))


def _types(field: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    if "anyOf" in field:
        for one in field["anyOf"]:
            yield from _types(one, definitions)
    elif "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        yield "object" if "enum" not in definitions[name] else f"word of [{name}](glossary.md)"
    elif field.get("format") == "date-time":
        yield "moment"
    else:
        yield str(field.get("type", "object"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
