"""Structured logs. Telephone numbers are masked here, once, whatever event carries them; secrets are dropped."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

NUMBER = re.compile(r"(?<![\w.:-])(\+?\d[\d .-]{7,16}\d)(?![\w:-])")
SECRET_WORDS = ("key", "token", "password", "secret", "authorization", "credentials")
# Numbers that identify rows and durations, not people.
PLAIN = ("timestamp", "at", "until", "ms", "count", "n", "port", "pid", "version", "reference", "lease")


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
        if name in PLAIN or isinstance(value, (int, float, bool)):
            continue
        hidden = any(word in name.lower() for word in SECRET_WORDS)
        event[name] = "***" if hidden else masked(value)
    return event


def masked(value: Any) -> Any:
    """A value with every telephone number in it hidden but for its ends."""
    if isinstance(value, dict):
        return {key: masked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner) for inner in value]
    return NUMBER.sub(_hide, value) if isinstance(value, str) else value


def _hide(match: re.Match[str]) -> str:
    text = match[1]
    return f"{text[:4]}***{text[-2:]}"


def log(room: str) -> Any:
    """The logger of a room."""
    return structlog.get_logger(room=room)
