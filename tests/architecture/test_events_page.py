"""The page of events is the one that the code makes, and what it shows verifies what we sign."""

from datetime import UTC, datetime
from typing import Any

from dialer.signing import headers, spelled

from . import events_page


def test_the_page_is_not_stale() -> None:
    assert events_page.PAGE.read_text(encoding="utf-8") == events_page.page(), "run `make docs`"


def test_the_code_on_the_page_verifies_what_we_sign_and_nothing_else() -> None:
    code = events_page.PAGE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    told: dict[str, Any] = {}
    exec(code, told)
    old, new, body = spelled(b"o" * 32), spelled(b"n" * 32), b'{"id": "fact-1"}'
    signed = headers([new, old], "fact-1", datetime(2026, 3, 2, tzinfo=UTC), body)
    assert all(told["genuine"](signed, body, secret) for secret in (old, new))
    assert not told["genuine"](signed, body, spelled(b"x" * 32))
    assert not told["genuine"](signed, body + b" ", new)
