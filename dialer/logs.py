"""Structured logs. Telephone numbers are masked here, once, whatever event carries them; secrets are dropped."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

NUMBER = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=%2B))"
    r"(?!\d{4}-\d\d-\d\d)(?!(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}(?!\d))"
    r"\+?\d(?:[ .()-]{0,2}\d){8,14}(?![A-Za-z0-9])"
)
"""Nine to fifteen digits in a row, however they are grouped; not the beginning of a date, nor an IP address."""
SECRET_WORDS = ("key", "token", "password", "secret", "authorization", "credentials")
# Numbers that identify rows and durations, not people.
PLAIN = (
    "timestamp",
    "at",
    "until",
    "ms",
    "count",
    "n",
    "port",
    "pid",
    "version",
    "reference",
    "lease",
    "call",
    "customer",
    "row",
)


def configure(level: str, style: str) -> None:
    """One configuration for a process; `auto` writes JSON unless somebody watches a terminal."""
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            guard,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def guard(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what looks like a telephone number and drop what is named like a secret."""
    for name, value in event.items():
        if name not in PLAIN:
            event[name] = _shown(name, value)
    return event


def _shown(name: object, value: Any) -> Any:
    secret = isinstance(name, str) and any(word in name.lower() for word in SECRET_WORDS)
    return "***" if secret and not isinstance(value, bool) else masked(value)


def masked(value: Any) -> Any:
    """A value with every telephone number in it hidden but for its ends, whatever holds it."""
    match value:
        case None | bool() | float():
            return value
        case str():
            return NUMBER.sub(_hide, value)
        case int():
            hidden = NUMBER.sub(_hide, str(value))
            return value if hidden == str(value) else hidden
        case dict():
            return {masked(key): _shown(key, inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [masked(inner) for inner in value]
        case bytes():
            return masked(value.decode(errors="replace"))
    return masked(str(value))


def _hide(match: re.Match[str]) -> str:
    text = match[0]
    return f"{text[:4]}***{text[-2:]}"


def request_id() -> str:
    """The id under which this is done, of a request to us or of one of ours; empty: none."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def under(request_id: str) -> Any:
    """A context in which every line of log carries this id."""
    return structlog.contextvars.bound_contextvars(request_id=request_id)


def log(room: str) -> Any:
    """The logger of a room."""
    return structlog.get_logger(room=room)
