"""No telephone number in clear, no secret at all, whatever event carries them."""

import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from dialer.logs import configure, guard, log, masked

DIGITS = "912345678"
WRITTEN = [
    "+84912345678",
    "84912345678",
    "0912345678",
    "0912 345 678",
    "0912.345.678",
    "0912-345-678",
    "+84 91 234 56 78",
    "(+84912345678)",
    "number=0912345678",
    "called 0912345678, twice",
    "'0912345678'",
    "mailto 0912345678; and 0987654321",
]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process configured for machines writes."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure("INFO", "json")
    yield stream
    structlog.reset_defaults()


def shown(**event: Any) -> str:
    return json.dumps(guard(None, "info", event), default=str)


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_hidden_but_for_its_ends(text: str) -> None:
    assert "***" in masked(text)
    assert "2345" not in digits(masked(text))


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_hidden_wherever_it_stands(text: str) -> None:
    for event in (shown(detail=text), shown(detail=[text]), shown(detail={"to": [text]}), shown(event=text)):
        assert "2345" not in digits(event)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:00:00.123456Z",
        "d0123456789abcdef0123",
        "01b7d166-b564-42ec-80a1-4ad343225934",
        "http://127.0.0.1:54321/hooks",
        "1.5 s",
    ],
)
def test_what_is_no_number_of_anybody_stays_legible(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "name", ["api_key", "token", "Password", "hook_secret", "Authorization", "sealed_credentials", "lease_token"]
)
def test_what_is_named_like_a_secret_is_not_written(name: str) -> None:
    assert "s3cr3t" not in shown(**{name: "s3cr3t"})


def test_counts_and_rows_stay_legible() -> None:
    assert guard(None, "info", {"count": 123456789012, "ok": True, "ratio": 0.5}) == {
        "count": 123456789012,
        "ok": True,
        "ratio": 0.5,
    }


@given(st.from_regex(r"(\+84|84|0)(3|5|7|8|9)[0-9]{8}", fullmatch=True), st.sampled_from([" ", ", ", "='", "(", "\n"]))
def test_any_mobile_is_hidden_in_any_sentence(number: str, before: str) -> None:
    assert len(digits(masked(f"said{before}{number} and hung up"))) <= 6


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_masking_twice_changes_nothing_more(value: Any) -> None:
    assert masked(masked(value)) == masked(value)


def test_an_exceptions_text_is_masked_too(written: io.StringIO) -> None:
    try:
        raise ValueError("no such subscriber: 0912345678")
    except ValueError:
        log("test").exception("step failed")
    line = json.loads(written.getvalue())
    assert "no such subscriber" in line["exception"]
    assert "0912345678" not in written.getvalue()


def test_an_event_is_one_line_with_its_room_and_time(written: io.StringIO) -> None:
    log("placing").info("placed", campaign="C1", reference="d0123456789")
    line = json.loads(written.getvalue())
    assert (line["event"], line["room"], line["campaign"], line["level"]) == ("placed", "placing", "C1", "info")
    assert line["reference"] == "d0123456789"
    assert line["timestamp"].endswith("Z")


def test_below_the_level_nothing_is_written(written: io.StringIO) -> None:
    log("test").debug("noise")
    assert written.getvalue() == ""


@pytest.mark.parametrize(
    "text",
    [
        "sip:0912345678@pbx.example",
        "tel:0912345678",
        "/v2/cdr?phone=%2B84912345678",
        "phone:0912345678",
        "0912345678:busy",
        "rec-0912345678-1.wav",
        '{"to_number":912345678}',
    ],
)
def test_a_number_is_hidden_whatever_stands_beside_it(text: str) -> None:
    assert "2345" not in digits(masked(text))


@pytest.mark.parametrize(
    "value",
    [{"0912345678": 1}, {"0912345678"}, b"0912345678", ValueError("0912345678"), 84912345678],
    ids=["key", "set", "bytes", "exception", "integer"],
)
def test_a_number_is_hidden_in_whatever_holds_it(value: object) -> None:
    assert "2345" not in str(guard(None, "info", {"detail": value}))


def test_a_secret_within_a_dictionary_is_not_written() -> None:
    assert "s3cr3t" not in shown(headers={"Authorization": "Bearer s3cr3t"})
