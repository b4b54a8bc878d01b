"""XML says what JSON says: on reads, on errors and in bodies; and nothing in it can do harm."""

import json
from typing import Any

import founding
import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st

from api.conftest import Client
from campaigns.words import Mode
from dialer.api import bodies, media, xml
from dialer.api.media import Media
from dialer.api.problems import Refused
from dialer.api.resources.campaigns import RecallIn, Terms
from dialer.api.resources.suppressions import Bar

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
TOLD_AS_XML = {"Content-Type": "application/xml"}


@settings(max_examples=60)
@given(JSON)
def test_whatever_json_says_comes_back_from_xml(told: Any) -> None:
    assert json.dumps(xml.read(xml.written("Anything", told))) == json.dumps(told)


@settings(max_examples=30)
@given(
    st.builds(Bar, numbers=st.lists(st.from_regex(r"[0-9]{9,12}", fullmatch=True), max_size=3), reason=st.just("x"))
    | st.builds(
        Terms,
        weight=st.none() | st.integers(),
        creditor=st.none() | st.text("ậé<&>\r\n\t ]x", max_size=5),
        agents=st.none() | st.dictionaries(st.from_regex("[0-9]{2,6}", fullmatch=True), st.none(), max_size=2),
        variables=st.none() | st.lists(st.just("dpd"), max_size=2),
        recalls=st.none() | st.just({"no-answered": RecallIn(delay=5, growth=1.5)}),
    )
)
def test_a_model_told_in_json_and_in_xml_is_the_same_object(said: Any) -> None:
    shape = type(said)
    told = said.model_dump_json(exclude_unset=True)
    by_xml = json.dumps(bodies.of_xml(xml.written("Body", json.loads(told))))
    assert shape.model_validate_json(by_xml, strict=False) == shape.model_validate_json(told, strict=True)


def test_a_person_may_write_xml_without_a_type_in_it(crm: Client) -> None:
    crm.run(lambda conn: founding.campaign(conn, crm.company, Mode.AUTOCALL, code="C"))
    body = b"<change><weight>7</weight><variables><item>dpd</item></variables><template>IVR-2</template></change>"
    answer = crm.ask("PATCH", "/v1/campaigns/C", data=body, headers=TOLD_AS_XML)
    assert (answer.status, answer.json["weight"], answer.json["variables"]) == (200, 7, ["dpd"])
    nobody = crm.ask("PATCH", "/v1/campaigns/C", data=b"<c><weight>many</weight></c>", headers=TOLD_AS_XML)
    assert (nobody.status, nobody.paths) == (422, ["weight"])


def test_what_is_read_is_the_same_in_both_forms(crm: Client) -> None:
    crm.run(lambda conn: founding.campaign(conn, crm.company, Mode.AUTOCALL))
    for path in ("/v1/campaigns", "/v1/vendors/vendor", "/v1/rulebooks/vn-debt", "/v1/agents"):
        answer = crm.ask("GET", path, headers={"Accept": "application/xml"})
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/xml")
        assert "Accept" in answer.headers["Vary"]
        assert xml.read(answer.text.encode()) == crm.ask("GET", path).json


def test_what_goes_wrong_is_told_in_xml_to_who_likes_it_better(crm: Client) -> None:
    answer = crm.ask("GET", "/v1/campaigns/NOBODY?x=1", headers={"Accept": "application/xml, application/json;q=0.5"})
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+xml")
    assert '<problem xmlns="urn:ietf:rfc:7807"><type>urn:dialer:problem:invalid</type>' in answer.text
    assert "<errors><i><path>x</path>" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"<a><b/>text</a>",
        b"<a><b/><b/></a>",
        b"<a><item/><b/></a>",
        b'<a x="1"/>',
        b'<a xmlns="urn:x"/>',
        b'<a type="set"/>',
        b'<a type="number">NaN</a>',
        b'<a type="number">true</a>',
        b'<a type="base64">!</a>',
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<!DOCTYPE a><a/>",
        b"<a>&e;</a>",
        b"<a>" * 20 + b"</a>" * 20,
        b"<a>" * 60_000,
        b'<?xml version="1.0" encoding="nobody"?><a/>',
        b"\xff\xfe<",
        b'<a type="base64">AA==</a>',
        b'<a><entry key="base64:AA==">x</entry></a>',
    ],
)
def test_xml_that_is_no_good_is_malformed(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        bodies.of_xml(body)
    assert refused.value.problem == "malformed"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", Media.JSON),
        ("application/xml", Media.XML),
        ("text/xml", Media.XML),
        ("application/xml, application/json", Media.JSON),
        ("application/xml;q=0.9, application/json;q=0.8", Media.XML),
        ("application/json;q=0, */*", Media.XML),
        ("application/*;q=0.4, application/json;q=0.2", Media.XML),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", Media.XML),
        ("application/json; q=0.000, application/xml;q=0", None),
        ("image/png", None),
        ("", Media.JSON),
    ],
)
def test_the_form_is_the_one_that_is_liked_best(accept: str, form: Media | None) -> None:
    request = make_mocked_request("GET", "/", headers={"Accept": accept})
    if form is not None:
        assert media.wanted(request) is form
        return
    with pytest.raises(Refused) as refused:
        media.wanted(request)
    assert refused.value.problem == "not-acceptable"
