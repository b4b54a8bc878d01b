"""Hooks and records in the vendor's words become ours, with every quirk of contract section 12."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.words import FactKind, Outcome
from dialer.gateways import AgentStatus, Hook, LiveCall, Malformed, Record
from dialer.gateways.tel4vn import Tel4vnSettings, reading
from dialer.gateways.tel4vn.words import local, moment, parties, phone, seconds, spoken, text, whole

SETTINGS = Tel4vnSettings()
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
EXAMPLE = {
    "call_id": "avavavav-1111-2222-3333-eeeeeeee",
    "sip_call_id": "dddddddd-1111-2222-3333-eeeeeeee",
    "domain": "test.tel4vn.com",
    "direction": "outbound",
    "from_number": "0899888999",
    "to_number": "101",
    "hotline": "19001919",
    "state": "hangup",
    "duration": 10,
    "billsec": 5,
    "recording_url": "http://recording.demo/ad4c9b90-c071-405a-9723-980d2e5e1623",
}
DEFAULT = {
    "id": "01b7d166-b564-42ec-80a1-4ad343225934 ",
    "sip_call_id": "s-1",
    "cause": "NORMAL_CLEARING",
    "duration": 11,
    "direction": 3,
    "recording_url": "",
    "extension": "101",
    "from_number": "19001919",
    "to_number": "0899888999",
    "receive_dest": "",
    "time_started": "2021-02-18 17:20:47",
    "time_answered": "2021-02-18 17:20:50",
    "time_ended": "2021-02-18 17:20:58",
    "status": "ANSWERED",
    "customer_id": "KH01",
}
FLEX = {
    "cdrId": "ad4c9b90-c071-405a-9723-980d2e5e1623",
    "sip_call_id": "s-2",
    "duration": 25,
    "billsec": 23,
    "direction": "outbound",
    "recordFile": "http://recording.demo/ad4c9b90",
    "extensionId": "101",
    "to": "0899888999",
    "dialAt": "2021-06-08 14:14:31",
    "ringAt": "2021-06-08 14:14:36",
    "answeredAt": "2021-06-08 14:14:33",
    "hangupAt": "2021-06-08 14:14:56",
    "status": "answered",
    "customerId": "KH02",
}


def read(**changed: Any) -> Hook | Malformed:
    """The example hook with some fields changed; None takes a field out."""
    said = {key: value for key, value in (EXAMPLE | changed).items() if value is not None}
    return reading.hook(json.dumps(said).encode(), SETTINGS)


def record(row: dict[str, Any], **changed: Any) -> Record | Malformed:
    return reading.record({key: value for key, value in (row | changed).items() if value is not None}, SETTINGS)


def test_the_vendor_s_own_example_is_read_though_it_breaks_its_table_twice():
    assert read() == Hook(
        kind=FactKind.HANGUP,
        call_id="avavavav-1111-2222-3333-eeeeeeee",
        sip_call_id="dddddddd-1111-2222-3333-eeeeeeee",
        phone="+84899888999",
        extension="101",
        hotline="19001919",
        duration=10,
        billsec=5,
        recording_url="http://recording.demo/ad4c9b90-c071-405a-9723-980d2e5e1623",
    )


MALFORMED = [
    (b"", "not JSON"),
    (b"\xff\xfe\x00", "not JSON"),
    (b"<html>0899888999</html>", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b"null", "not JSON"),
    (b"[]", "not an object"),
    (b'"0899888999"', "not an object"),
    (b"{}", "no call_id"),
    (b'{"call_id": " ", "state": "ringing"}', "no call_id"),
    (b'{"call_id": 1.5, "state": "ringing"}', "no call_id"),
    (b'{"call_id": "c-1"}', "no state"),
    (b'{"call_id": "c-1", "state": null}', "no state"),
    (b'{"call_id": "c-1", "state": "create"}', "an undocumented state"),
    (b'{"call_id": "c-1", "state": "0899888999"}', "an undocumented state"),
]


@pytest.mark.parametrize(("body", "why"), MALFORMED)
def test_a_hook_without_sense_names_what_is_wrong_and_nobody_s_number(body, why):
    assert reading.hook(body, SETTINGS) == Malformed(why)


@pytest.mark.parametrize("word", ["ringing", "Answered", "HANGUP", " cdr "])
def test_the_four_states_are_read_in_any_case(word):
    assert read(state=word).kind is FactKind(word.strip().lower())


@pytest.mark.parametrize("state", ["ringing", "answered", "hangup", "cdr"])
def test_optional_fields_are_taken_in_any_state_and_missed_in_none(state):
    full = read(state=state, status="BUSY")
    assert (full.duration, full.billsec, full.disposition) == (10, 5, Outcome.BUSY)
    bare = reading.hook(json.dumps({"call_id": "c-1", "state": state}).encode(), SETTINGS)
    assert bare == Hook(kind=FactKind(state), call_id="c-1")


def test_whole_numbers_may_come_as_text_and_nonsense_is_no_number():
    assert (read(duration="10", billsec="5.0").duration, read(billsec="5.0").billsec) == (10, 5)
    for nonsense in ("", "ten", -1, 2**40, True, [5], 1.5):
        assert read(billsec=nonsense).billsec is None


def test_a_number_for_a_call_id_and_unknown_keys_are_taken_as_they_are():
    assert read(call_id=12345, queue="Q1", extra={"a": []}).call_id == "12345"


def test_a_byte_order_mark_before_the_json_does_no_harm():
    assert reading.hook(b"\xef\xbb\xbf" + json.dumps(EXAMPLE).encode(), SETTINGS) == read()


def test_characters_that_no_database_stores_are_left_out():
    assert read(call_id="c\u0000-\ud800 1\n").call_id == "c- 1"


WHOSE_NUMBER = [
    # direction, from, to, hotline -> phone, extension
    ("outbound", "101", "0899888999", "19001919", "+84899888999", "101"),
    ("outbound", "0899888999", "101", "19001919", "+84899888999", "101"),
    ("outbound", "19001919", "0899888999", "19001919", "+84899888999", None),
    ("outbound", "02873001919", "0899888999", "02873001919", "+84899888999", None),
    ("outbound", "0899888999", "02873001919", "02873001919", "+84899888999", None),
    ("outbound", "02873001919", "101", "842873001919", None, "101"),
    ("outbound", "0912345678", "0899888999", "19001919", "+84899888999", None),
    ("outbound", "101", "102", "19001919", None, "101"),
    ("outbound", "101", "+84 899-888-999", None, "+84899888999", "101"),
    ("inbound", "0899888999", "101", "19001919", "+84899888999", "101"),
    ("inbound", "101", "0899888999", "19001919", "+84899888999", "101"),
    ("inbound", "0899888999", "0912345678", "19001919", "+84899888999", None),
    ("inbound", "anonymous", "101", "19001919", None, "101"),
    (None, "101", "0899888999", "19001919", "+84899888999", "101"),
    ("outbound", None, None, None, None, None),
]


@pytest.mark.parametrize(("direction", "caller", "called", "hotline", "customer", "extension"), WHOSE_NUMBER)
def test_the_customer_s_number_is_found_by_its_shape_and_never_the_hotline(
    direction, caller, called, hotline, customer, extension
):
    hook = read(direction=direction, from_number=caller, to_number=called, hotline=hotline)
    assert (hook.phone, hook.extension) == (customer, extension)
    assert hook.inbound is (direction == "inbound")


def test_the_default_mapping_is_read_and_its_talk_time_counted_from_the_stamps():
    assert record(DEFAULT) == Record(
        record_id="01b7d166-b564-42ec-80a1-4ad343225934",
        sip_call_id="s-1",
        started_at=datetime(2021, 2, 18, 10, 20, 47, tzinfo=UTC),
        answered_at=datetime(2021, 2, 18, 10, 20, 50, tzinfo=UTC),
        ended_at=datetime(2021, 2, 18, 10, 20, 58, tzinfo=UTC),
        disposition=Outcome.ANSWERED,
        phone="+84899888999",
        extension="101",
        hotline="19001919",
        customer_id="KH01",
        duration=11,
        billsec=8,
        cause="NORMAL_CLEARING",
    )


def test_the_flex_mapping_is_read_though_it_rings_after_it_was_answered():
    assert record(FLEX) == Record(
        record_id="ad4c9b90-c071-405a-9723-980d2e5e1623",
        sip_call_id="s-2",
        started_at=datetime(2021, 6, 8, 7, 14, 31, tzinfo=UTC),
        answered_at=datetime(2021, 6, 8, 7, 14, 33, tzinfo=UTC),
        ended_at=datetime(2021, 6, 8, 7, 14, 56, tzinfo=UTC),
        disposition=Outcome.ANSWERED,
        phone="+84899888999",
        extension="101",
        customer_id="KH02",
        duration=25,
        billsec=23,
        recording_url="http://recording.demo/ad4c9b90",
    )


@pytest.mark.parametrize("never", ["", None, "0001-01-01 00:00:00", "0001-01-01T00:00:00Z"])
def test_a_call_that_was_never_answered_has_no_talk_time(never):
    missed = record(DEFAULT, time_answered=never, status="BUSY", cause="NORMAL_CLEARING")
    assert (missed.answered_at, missed.billsec, missed.disposition) == (None, 0, Outcome.BUSY)
    assert record(FLEX, answeredAt=never, billsec=None, status="busy").billsec == 0


def test_a_call_that_has_not_ended_has_no_talk_time_yet():
    assert record(DEFAULT, time_ended="").billsec is None


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("ANSWERED", Outcome.ANSWERED),
        ("Busy", Outcome.BUSY),
        ("no-answered", Outcome.NO_ANSWERED),
        ("CANCEL", Outcome.CANCEL),
        ("Not-Available", Outcome.NOT_AVAILABLE),
        ("invalid ", Outcome.INVALID),
        ("abandoned", Outcome.UNKNOWN),
        ("no-answer", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
        (None, Outcome.UNKNOWN),
        (17, Outcome.UNKNOWN),
    ],
)
def test_a_status_is_read_in_any_case_and_an_undocumented_one_is_unknown(word, outcome):
    assert record(DEFAULT, status=word).disposition is outcome
    assert record(FLEX, status=word).disposition is outcome


@pytest.mark.parametrize(
    ("code", "caller", "called", "destination", "inbound", "customer"),
    [
        (3, "19001919", "0899888999", "", False, "+84899888999"),
        ("3", "02873001919", "0899888999", "", False, "+84899888999"),
        ("inbound", "0899888999", "101", "", True, "+84899888999"),
        ("INBOUND", "0899888999", "19001919", "Q1", True, "+84899888999"),
        ("local", "101", "102", "", False, None),
        (1, "0899888999", "101", "", True, "+84899888999"),
        (1, "0899888999", "02873001919", "Q1", True, "+84899888999"),
        (4, "19001919", "0899888999", "Q1", False, "+84899888999"),
        (None, "101", "0899888999", "", False, "+84899888999"),
    ],
)
def test_a_direction_comes_as_a_code_or_a_word_and_else_shows_in_the_numbers(
    code, caller, called, destination, inbound, customer
):
    told = record(DEFAULT, direction=code, from_number=caller, to_number=called, receive_dest=destination)
    assert (told.inbound, told.phone) == (inbound, customer)


def test_an_account_s_own_direction_codes_are_used():
    settings = Tel4vnSettings(direction_codes={"3": "inbound"})
    assert reading.record(DEFAULT | {"from_number": "0899888999", "to_number": "101"}, settings).inbound


def test_an_account_s_zone_is_used_for_times_without_one():
    settings = Tel4vnSettings(zone="Asia/Tokyo")
    assert reading.record(DEFAULT, settings).started_at == datetime(2021, 2, 18, 8, 20, 47, tzinfo=UTC)


def test_a_record_without_a_start_began_at_its_first_known_moment():
    assert record(DEFAULT, time_started="").started_at == datetime(2021, 2, 18, 10, 20, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, "no id"),
        ({"id": " "}, "no id"),
        (DEFAULT | {"time_started": "", "time_answered": "", "time_ended": "soon"}, "no time"),
    ],
)
def test_a_record_that_nobody_can_read_says_why(row, why):
    assert record(row) == Malformed(why)


def test_a_live_call_is_read_with_its_customer_and_its_agent():
    row = {
        "call_id": "c-1",
        "created_time": "2021-06-08 17:37:37",
        "destination": "0899123456",
        "direction": "outbound",
        "source": "101",
        "state": "CS_EXECUTE",
    }
    at = datetime(2021, 6, 8, 10, 37, 37, tzinfo=UTC)
    assert reading.live_call(row, SETTINGS) == LiveCall("c-1", "+84899123456", "101", False, at)
    assert reading.live_call({}, SETTINGS) is None


@pytest.mark.parametrize(
    ("word", "logged_in"),
    [("true", True), ("TRUE ", True), (True, True), ("false", False), ("1", False), (None, False)],
)
def test_logged_in_is_the_text_true_and_not_any_text(word, logged_in):
    status = reading.agent_status({"ext_loggedin": word, "extension": "101", "agent_name": "A"}, "test.user01")
    assert status == AgentStatus("101", logged_in, "A", "test.user01")


def test_a_customer_s_times_come_with_their_zone_and_never_is_none():
    row = {
        "customer_id": "u-1",
        "customer_code": "KH01",
        "status": "NEW",
        "phone_number": "0899888999",
        "created_at": "2021-07-15T12:50:23.805319Z",
        "updated_at": "0001-01-01T00:00:00Z",
    }
    customer = reading.customer(row, SETTINGS)
    assert (customer.status, customer.updated_at) == ("new", None)
    assert customer.created_at == datetime(2021, 7, 15, 12, 50, 23, 805319, tzinfo=UTC)
    assert reading.customer({"customer_code": "KH01"}, SETTINGS) is None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def rows_like(example: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any subset of an example's fields, each as it is or as anything."""
    return st.fixed_dictionaries({}, optional={key: st.just(value) | ANY_JSON for key, value in example.items()})


@given(st.binary() | rows_like(EXAMPLE).map(lambda said: json.dumps(said).encode()))
def test_no_body_makes_the_reading_of_hooks_fail(body):
    assert isinstance(reading.hook(body, SETTINGS), Hook | Malformed)


@given(rows_like(DEFAULT) | rows_like(FLEX) | st.dictionaries(st.text(), ANY_JSON))
def test_no_row_makes_the_reading_of_records_and_other_rows_fail(row):
    assert isinstance(reading.record(row, SETTINGS), Record | Malformed)
    reading.live_call(row, SETTINGS)
    reading.agent_status(row, "user")
    reading.customer(row, SETTINGS)


@given(ANY_JSON)
def test_no_value_makes_a_small_word_fail(value):
    for reader in (text, whole, seconds, phone, spoken):
        reader(value)
    moment(value, VIETNAM)


@given(
    mobile=st.from_regex(r"09[0-46-9][0-9]{7}", fullmatch=True),
    extension=st.from_regex(r"[1-9][0-9]{1,5}", fullmatch=True),
    inbound=st.booleans(),
    swapped=st.booleans(),
)
def test_a_mobile_and_an_extension_are_told_apart_in_any_position(mobile, extension, inbound, swapped):
    ends = (extension, mobile) if swapped else (mobile, extension)
    assert parties(*ends, inbound) == ("+84" + mobile[1:], extension)


@given(st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_moment_sent_in_the_vendor_s_zone_comes_back_to_the_second(at):
    sent = at.replace(tzinfo=UTC)
    assert moment(local(sent, VIETNAM), VIETNAM) == sent.replace(microsecond=0)


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True), st.text(max_size=20))
def test_no_number_survives_in_words_that_are_shown(number, around):
    assert number not in spoken(f"{around} {number} {around}")
