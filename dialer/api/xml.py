"""JSON as XML and back, by a mapping that needs no schema, so that the same models validate both.

A field is an element of its name, a list's items are elements `item`. A name that no element can have stands in
`<entry key="…">`. `type` is `null`, `boolean`, `number`, `list`, `object` or `base64`; without it, an element with
`item` children is a list, one with other children an object, and any other a text. Text that XML cannot hold (control
characters) goes in `base64`. Attributes beside `type` and `key`, namespaces, DTDs, entities and texts between elements
are refused.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

NAME = re.compile(r"(?!(?i:xml))[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
HOLDS = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
ITEM, ENTRY = "item", "entry"
TYPES = ("null", "boolean", "number", "list", "object", "base64", "string")
DEEPEST = 16
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class BadXml(ValueError):
    """It cannot be read; the message says why, and shows nothing of it."""


def written(root: str, told: Any) -> bytes:
    """A value of JSON as an XML document."""
    return (HEAD + _element(root, told)).encode()


def problem(told: Mapping[str, Any]) -> bytes:
    """Problem details as appendix B of RFC 9457 has them: items are elements `i`, and nothing is typed."""
    inner = "".join(_untyped(name, value) for name, value in told.items())
    return f'{HEAD}<problem xmlns="urn:ietf:rfc:7807">{inner}</problem>'.encode()


def _untyped(name: str, value: Any) -> str:
    if isinstance(value, list):
        inner = "".join(_untyped("i", one) for one in value)
    elif isinstance(value, Mapping):
        inner = "".join(_untyped(*pair) for pair in value.items())
    else:
        inner = _escaped(str(value)) if HOLDS.fullmatch(str(value)) else ""
    return f"<{name}>{inner}</{name}>"


def _element(name: str, value: Any) -> str:
    plain = NAME.fullmatch(name) and name not in (ITEM, ENTRY)
    return _as(name if plain else ENTRY, "" if plain else f" key={_attribute(name)}", value)


def _as(tag: str, key: str, value: Any) -> str:
    kind, inner = _content(value)
    told = f' type="{kind}"' if kind else ""
    return f"<{tag}{key}{told}>{inner}</{tag}>" if inner else f"<{tag}{key}{told}/>"


def _content(value: Any) -> tuple[str, str]:
    match value:
        case None:
            return "null", ""
        case bool():
            return "boolean", str(value).lower()
        case int() | float():
            return "number", json.dumps(value)
        case list():
            return "list", "".join(_as(ITEM, "", one) for one in value)
        case dict():
            return "" if value else "object", "".join(_element(name, one) for name, one in value.items())
    text = str(value)
    if HOLDS.fullmatch(text):
        return "", _escaped(text)
    return "base64", base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def _escaped(text: str) -> str:
    # A carriage return in clear would be read as a line feed.
    return escape(text, {"\r": "&#13;"})


def _attribute(name: str) -> str:
    if not HOLDS.fullmatch(name):
        return quoteattr("base64:" + base64.b64encode(name.encode("utf-8", "surrogatepass")).decode("ascii"))
    return quoteattr(("text:" if name.startswith(("base64:", "text:")) else "") + name, {"\r": "&#13;"})


def read(body: bytes) -> Any:
    """A document as a value of JSON. Raises `BadXml`."""
    reader = _Reader()
    parser = DefusedXMLParser(target=reader, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body)
        parser.close()
    except DefusedXmlException:
        raise BadXml("It has a DTD or an entity.") from None
    except BadXml:
        raise
    except (ParseError, ValueError, LookupError):
        raise BadXml("It is not XML.") from None
    return reader.value


@dataclass
class _Open:
    """An element whose end has not come yet."""

    key: str
    kind: str
    names: dict[str, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def take(self, tag: str, key: str, value: Any) -> None:
        if tag == ITEM:
            self.items.append(value)
        elif key in self.names:
            raise BadXml("A name stands there twice.")
        else:
            self.names[key] = value

    def value(self) -> Any:
        text = "".join(self.text)
        if self.items or self.names:
            return self._of_children(text)
        match self.kind:
            case "null" | "list" | "object":
                if text.strip():
                    raise BadXml("A text stands where none can.")
                return {"null": None, "list": [], "object": {}}[self.kind]
            case "boolean" | "number":
                return _scalar(self.kind, text)
            case "base64":
                return base64.b64decode(text, validate=True).decode()
        return text

    def _of_children(self, text: str) -> Any:
        if text.strip() or (self.items and self.names):
            raise BadXml("Texts, fields and items stand side by side.")
        if self.kind not in ("", "list" if self.items else "object"):
            raise BadXml("Its type and what stands in it do not agree.")
        return self.items or self.names


class _Reader:
    """What the parser tells, element by element: nothing deep is ever built."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[tuple[str, _Open]] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise BadXml("It is nested too deeply.")
        if tag.startswith("{") or attributes.keys() - {"type", "key"}:
            raise BadXml("A namespace or an attribute has no meaning here.")
        if ("key" in attributes) != (tag == ENTRY and bool(self._open)):
            raise BadXml("`key` names an entry.")
        if (kind := attributes.get("type", "")) not in ("", *TYPES):
            raise BadXml("A type is not known.")
        self._open.append((tag, _Open(_key(attributes["key"]) if "key" in attributes else tag, kind)))

    def data(self, text: str) -> None:
        self._open[-1][1].text.append(text)

    def end(self, _tag: str) -> None:
        tag, done = self._open.pop()
        value = done.value()
        if self._open:
            self._open[-1][1].take(tag, done.key, value)
        else:
            self.value = value

    def close(self) -> None: ...


def _key(told: str) -> str:
    if told.startswith("base64:"):
        return base64.b64decode(told.removeprefix("base64:"), validate=True).decode()
    return told.removeprefix("text:")


def _scalar(kind: str, text: str) -> Any:
    value = json.loads(text, parse_constant=lambda _: None)
    if isinstance(value, bool) != (kind == "boolean") or not isinstance(value, (bool, int, float)):
        raise BadXml(f"A {kind} is none.")
    return value
